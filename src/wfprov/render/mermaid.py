"""The graph as Mermaid, as GitHub draws it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Final

from wfprov.render.graph import Edge, Graph
from wfprov.render.names import counted
from wfprov.render.style import safe

MOST_CHARACTERS: Final = 50_000
MOST_EDGES: Final = 500
"""What Mermaid draws unless it is told otherwise; GitHub does not tell it.

Source: https://mermaid.js.org/config/schema-docs/config.html (not opened)
"""
_LONGEST: Final = 80
_ESCAPES: Final = str.maketrans(
    {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "\\": "#92;"}
)
_STYLES: Final = (
    "  classDef workflow fill:#e8f0fe,stroke:#1a73e8,color:#111;",
    "  classDef identity fill:#f3e8fd,stroke:#8430ce,color:#111;",
    "  classDef resource fill:#e6f4ea,stroke:#188038,color:#111;",
    "  classDef project fill:#fef7e0,stroke:#b06000,color:#111;",
    "  classDef question fill:#fce8e6,stroke:#c5221f,color:#111,stroke-dasharray:4 3;",
    "  classDef none fill:#f1f3f4,stroke:#5f6368,color:#111;",
)


def mermaid(graph: Graph) -> str:
    """The graph from left to right; resources of one kind stand as one where there are too many.

    What does not fit even so is left out, and the picture says how much.
    """
    for edges in (graph.edges, _grouped(graph.edges)):
        text = _drawn(edges)
        if text is not None:
            return text
    edges = _grouped(graph.edges)
    fitting, too_many = 0, len(edges)
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        drawn = _drawn(edges[:middle], left_out=len(edges) - middle)
        fitting, too_many = (middle, too_many) if drawn is not None else (fitting, middle)
    text = _drawn(edges[:fitting], left_out=len(edges) - fitting)
    assert text is not None, "a picture of nothing fits"
    return text


def _grouped(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Each workflow's resources of one kind and role as one."""
    together: dict[tuple[str, str, str, str, str], list[Edge]] = {}
    for edge in edges:
        key = (edge.sort, edge.workflow, edge.identity, edge.role, edge.kind)
        together.setdefault(key, []).append(edge)
    return tuple(
        same[0]
        if len({edge.resource for edge in same}) == 1
        else replace(same[0], resource=f"{key[-1]} of {key[1]}", label=f"{len(same)} {key[-1]}")
        for key, same in together.items()
    )


def _drawn(edges: tuple[Edge, ...], left_out: int = 0) -> str | None:
    lines = list(_lines(edges, left_out))
    text = "\n".join(lines)
    arrows = sum("-->" in line or "-.->" in line for line in lines)
    return text if len(text) <= MOST_CHARACTERS and arrows <= MOST_EDGES else None


def _lines(edges: tuple[Edge, ...], left_out: int) -> Iterator[str]:
    yield "flowchart LR"
    workflows = dict.fromkeys(edge.workflow for edge in edges)
    for name in workflows:
        yield f'  {_id("w", name)}(["{_label(name)}"]):::workflow'
    for name in dict.fromkeys(edge.identity for edge in edges):
        yield f'  {_id("i", name)}["{_label(name.partition("@")[0])}"]:::identity'
    resources = {edge.resource: edge for edge in edges}
    for name, edge in resources.items():
        style = {"grant": "resource", "question": "question", "none": "none"}[edge.sort]
        yield (
            f'  {_id("r", name)}["{_label(edge.label)}"]:::'
            f"{'project' if edge.project_level else style}"
        )
    for workflow, identity in dict.fromkeys((edge.workflow, edge.identity) for edge in edges):
        yield f"  {_id('w', workflow)} --> {_id('i', identity)}"
    drawn: dict[tuple[str, str, bool], list[str]] = {}
    for edge in edges:
        roles = drawn.setdefault((edge.identity, edge.resource, edge.sort == "grant"), [])
        if edge.role not in roles:
            roles.append(edge.role)
    for (identity, resource, granted), roles in drawn.items():
        arrow = "-->" if granted else "-.->"
        words = "<br>".join(_label(role.removeprefix("roles/")) for role in roles)
        yield f'  {_id("i", identity)} {arrow}|"{words}"| {_id("r", resource)}'
    if left_out:
        yield f'  more["{counted(left_out, "more way")}: inspect --format html"]:::none'
    yield from _STYLES


def _id(sort: str, name: str) -> str:
    """An id that stays the same while other things come and go."""
    return f"{sort}{sha256(name.encode('utf-8', 'replace')).hexdigest()[:10]}"


def _label(text: str) -> str:
    """A text that Mermaid shows as it is: its quotes, tags and entities mean nothing."""
    plain = " ".join(safe(text).split())
    cut = plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
    return cut.translate(_ESCAPES)
