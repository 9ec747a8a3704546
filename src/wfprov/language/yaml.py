"""Reads YAML and JSON into nodes with places, the YAML 1.2 core way."""

from __future__ import annotations

import re
from typing import Final

import yaml as pyyaml

from wfprov.language.composer import LOADER, Composer
from wfprov.language.findings import Findings
from wfprov.language.hiding import directives, has_hidden, hidden_holes, hidden_signs, with_filler
from wfprov.language.nodes import Node
from wfprov.language.rules_text import INVALID_CHARACTER, INVALID_YAML, TEMPLATE_DIRECTIVE

_FORBIDDEN: Final = re.compile(
    r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
# JSON writes a character beyond the BMP as two escapes, which YAML refuses.
_SURROGATES: Final = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def read(findings: Findings, loader: type = LOADER, *, template: bool = False) -> Node | None:
    """The first document of the source as nodes; None when it has none.

    A text that is not YAML gives what was read before the error. An alias is the same node as its
    anchor. JSON is read as YAML, of which it is a subset but for what is seen to here.
    `loader` is a reader of PyYAML, the one written in C where there is one. In a template what
    Terraform fills in may hold signs of YAML.
    """
    text = findings.source.text
    origin = 1 if text.startswith("\ufeff") else 0
    text = text[origin:]
    escapes = 0
    # A text that holds the characters that hide others is read as it stands.
    can_hide = not has_hidden(text)
    if "\\u" in text:
        can_hide &= not any(has_hidden(_character(pair)) for pair in _SURROGATES.finditer(text))
        text, escapes = _SURROGATES.subn(_padded if can_hide else _long_escape, text)
    bad = _FORBIDDEN.search(text)
    if bad is not None:
        _report_character(findings, bad.start() + origin, bad.group())
        text = _FORBIDDEN.sub("\ufffd", text)
    if template and can_hide:
        text = hidden_holes(_without_directives(findings, text, origin))
    if loader is pyyaml.SafeLoader and text.lstrip()[:1] in ("{", "["):
        text = text.replace("\t", " ")  # the reader written in Python refuses tabs in JSON
    hides = can_hide and (template or escapes > 0)
    first = Composer(findings.source, origin, hidden=hides, loader=loader)
    error = first.compose(text)
    if error is None:
        findings.extend(first.findings)
        return first.root
    hidden = hidden_signs(text) if can_hide else text
    if hidden != text:
        second = Composer(findings.source, origin, hidden=True, loader=loader)
        later = second.compose(hidden)
        if second.shown and (later is None or _index(later, text) > _index(error, text)):
            findings.extend(second.findings)
            if later is not None:
                _report_error(findings, later, text, origin)
            return second.root
    findings.extend(first.findings)
    _report_error(findings, error, text, origin)
    return first.root


def _without_directives(findings: Findings, text: str, origin: int) -> str:
    """The text with its directives blank: what they repeat or choose stands once."""
    parts, done = [], 0
    for start, end in directives(text):
        findings.add(
            TEMPLATE_DIRECTIVE,
            findings.span(start + origin, end + origin),
            "A directive of Terraform: the lines it governs are read once, whatever it decides.",
        )
        parts += [text[done:start], " " * (end - start)]
        done = end
    return "".join([*parts, text[done:]])


def _character(pair: re.Match[str]) -> str:
    high, low = int(pair[1], 16), int(pair[2], 16)
    return chr(0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))


def _padded(pair: re.Match[str]) -> str:
    return with_filler(_character(pair), len(pair[0]))


def _long_escape(pair: re.Match[str]) -> str:
    """Two columns shorter: places after it on its line are so much too early."""
    return f"\\U{ord(_character(pair)):08X}"


def _index(error: pyyaml.YAMLError, text: str) -> int:
    """Where reading stopped; the end of the text when the error does not say."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return min(mark.index, len(text)) if mark is not None else len(text)


def _report_character(findings: Findings, index: int, character: str) -> None:
    findings.add(
        INVALID_CHARACTER,
        findings.span(index, index + 1),
        f"The character U+{ord(character):04X} may not stand in YAML.",
        help="Remove it; inside double quotes it can be written as an escape.",
    )


# What libyaml says, and what helps. https://yaml.org/spec/1.2.2/ (2026-11-23)
_COLUMN: Final = "Check the indentation: what belongs together begins in one column."
_BRACKET: Final = "Close the bracket, or quote a value that holds brackets or braces: '${...}'."
_COLON: Final = (
    "Quote the value if the colon is part of it; else check the indentation: a key cannot begin on "
    "the line of another value."
)
_TABS: Final = "Indent with spaces, not tabs, and quote a value that begins with @, ` or %."
_HELP: Final = (
    ("mapping values are not allowed", _COLON),
    ("cannot start any token", _TABS),
    ("could not find expected ':'", "Check the indentation of this line, or add the colon."),
    ("did not find expected key", _COLUMN),
    ("did not find expected '-' indicator", _COLUMN),
    ("did not find expected ',' or", _BRACKET),
    ("did not find expected node content", _BRACKET),
    ("unexpected end of stream", "Close the quotation mark."),
    ("unknown escape character", "Double the backslash, or use single quotes."),
)


def _report_error(findings: Findings, error: pyyaml.YAMLError, text: str, origin: int) -> None:
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    context = getattr(error, "context", None)
    index = _index(error, text)
    if index >= len(text) or not text[index:].strip():
        index = max(len(text.rstrip()) - 1, 0)
    end = min(index + 1, len(text))
    advice = next((help_ for sign, help_ in _HELP if sign in problem), "")
    findings.add(
        INVALID_YAML,
        findings.span(index + origin, end + origin),
        f"Not valid YAML: {problem}{f' ({context})' if context else ''}. What follows is not read.",
        help=advice,
    )
