"""The graph as one page that loads nothing: search, filters, and the lines behind each grant.

Definitions are untrusted: texts reach the page escaped, or as JSON that its script puts in as text;
a policy of the page names its own style and script by their digest, so that nothing else runs.
Source: https://www.w3.org/TR/CSP3/ (not opened)
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from itertools import takewhile
from typing import Final

from wfprov.render.graph import Edge, Graph, Reason
from wfprov.render.names import counted

_SLOT: Final = re.compile(r"\{\{([A-Z_]+)\}\}")
_UNSAFE_IN_SCRIPT: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that change the direction of a text, or are none."""


def page(graph: Graph, version: str) -> str:
    """The whole page."""
    room = files("wfprov.render") / "page"
    style = (room / "page.css").read_text("utf-8")
    script = (room / "page.js").read_text("utf-8")
    counts = ", ".join(
        (
            counted(len(graph.sources), "workflow"),
            counted(len({e.identity for e in graph.edges}), "identity", "identities"),
            counted(graph.grants, "grant"),
            counted(graph.questions, "open question"),
        )
    )
    slots = {
        "STYLE": style,
        "SCRIPT": script,
        "STYLE_HASH": _digest(style),
        "SCRIPT_HASH": _digest(script),
        "TITLE": _text(f"Access of {counted(len(graph.sources), 'workflow')}"),
        "COUNTS": _text(counts),
        "ROWS": "\n".join(_rows(graph.edges)),
        "DATA": _data(graph),
        "VERSION": _text(version),
    }
    template = (room / "page.html").read_text("utf-8")
    return _SLOT.sub(lambda found: slots[found[1]], template)


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _clean(text: str) -> str:
    return _UNSEEN.sub("\ufffd", text)


def _text(text: str) -> str:
    return escape(_clean(text), quote=True)


def _rows(edges: tuple[Edge, ...]) -> Iterator[str]:
    """The rows of the table: it is whole without the script."""
    for number, edge in enumerate(edges):
        style = "question" if edge.sort == "question" else "project" if edge.project_level else ""
        asked = dict.fromkeys((r.site, f"{r.file}:{r.line}") for r in edge.because)
        by = "".join(
            f'<span class="sub"><strong>{_text(site)}</strong> {_text(at)}</span>'
            for site, at in asked
        )
        cells = (edge.workflow, edge.identity, edge.role)
        yield (
            f'<tr data-row="{number}" class="{style}">'
            + "".join(f"<td>{_text(cell)}</td>" for cell in cells)
            + f'<td title="{_text(edge.resource)}">{_text(edge.label)}</td>'
            + f'<td>{by}<button type="button" class="open-row" hidden aria-label="Why '
            + f'{_text(edge.role)} on {_text(edge.label)}">Why</button></td>'
            + f"<td>{_text('; '.join(_remarks(edge)))}</td></tr>"
        )


def _remarks(edge: Edge) -> Iterator[str]:
    if edge.message:
        yield edge.message
    if edge.project_level:
        yield "whole project"
    if edge.excess:
        yield f"{edge.excess} more than asked"
    if edge.inert:
        yield f"{edge.inert} inert"
    if edge.permissions:
        yield f"custom role: {', '.join(edge.permissions)}"
    yield from edge.remarks


def _data(graph: Graph) -> str:
    """What the script reads: rows by short keys, reasons once each."""
    reasons: dict[Reason, int] = {}
    rows = [
        {
            "s": edge.sort, "w": edge.workflow, "i": edge.identity, "r": edge.role,
            "o": edge.resource, "l": edge.label, "k": edge.kind, "p": edge.project_level,
            "x": edge.excess, "n": edge.inert, "m": edge.remarks, "c": edge.permissions,
            "q": edge.message, "a": edge.answer,
            "b": [reasons.setdefault(reason, len(reasons)) for reason in edge.because],
        }
        for edge in graph.edges
    ]  # fmt: skip
    document = {
        "sources": graph.sources,
        "folders": _folders(graph.sources),
        "rows": rows,
        "reasons": [_reason(reason) for reason in reasons],
    }
    cleaned = json.dumps(_cleaned(document), ensure_ascii=False, separators=(",", ":"))
    return cleaned.translate(_UNSAFE_IN_SCRIPT)


def _reason(reason: Reason) -> dict[str, object]:
    return {
        "s": reason.site, "f": reason.file, "n": reason.line, "c": reason.shown_column,
        "d": reason.width, "a": reason.first, "t": reason.lines, "p": reason.permission,
        "o": reason.on, "w": reason.when, "u": reason.source,
    }  # fmt: skip


def _folders(sources: Mapping[str, str]) -> dict[str, str]:
    """The folder of each workflow below the one that they share, where they are in several."""
    found = {name: path.split("/")[:-1] for name, path in sources.items()}
    same = takewhile(lambda parts: len(set(parts)) == 1, zip(*found.values(), strict=False))
    shared = len(list(same))
    names = {name: "/".join(parts[shared:]) for name, parts in found.items()}
    return names if len(set(names.values())) > 1 else {}


def _cleaned(value: object) -> object:
    match value:
        case str():
            return _clean(value)
        case Mapping():
            return {_clean(str(k)): _cleaned(v) for k, v in value.items()}
        case list() | tuple():
            return [_cleaned(v) for v in value]
        case _:
            return value
