"""Where each character of a decoded scalar stands in the source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from wfprov.language.nodes import ScalarNode

_FOLD: Final = re.compile(r"[ \t]*(?:\r\n|[\n\r\x85\u2028\u2029])[ \t\r\n\x85\u2028\u2029]*")
_BREAK: Final = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|(?:\r\n|\n|\r)[ \t]*|.)",
    re.DOTALL,
)


def positions(source: str, node: ScalarNode) -> Sequence[int]:
    """The offset in the source of each code point of `node.text`, and one more for its end.

    A code point that stands for several (an escape, a folded line break) has the offset of the
    first of them.
    """
    text = node.text
    if node.style in ("|", ">"):
        return _block(source, node)
    start, end = (node.start + 1, node.end - 1) if node.style else (node.start, node.end)
    if source[start:end] == text:
        return range(start, end + 1)
    places: list[int] = []
    at = start
    while len(places) < len(text) and at < end:
        fold = _FOLD.match(source, at, end)
        if fold is not None:
            breaks = len(_BREAK.findall(fold.group()))
            places += [at] * max(breaks - 1, 1)
            at = fold.end()
            continue
        length = 1
        if node.style == '"' and source[at] == "\\":
            escape = _ESCAPE.match(source, at, end)
            length = escape.end() - at if escape is not None else 1
            if source[at + 1 : at + 2] in ("\n", "\r"):
                at += length
                continue
        elif node.style == "'" and source.startswith("''", at):
            length = 2
        places.append(at)
        at += length
    return _filled(places, len(text), end if len(places) < len(text) else at)


def _block(source: str, node: ScalarNode) -> Sequence[int]:
    text = node.text
    header = _BREAK.search(source, node.start, node.end)
    if header is None:
        return [node.end] * (len(text) + 1)
    digits = [c for c in source[node.start : header.start()].partition("#")[0] if c.isdigit()]
    lines = [
        (header.end() + m.start(), m.group())
        for m in re.finditer(r"[^\r\n\x85\u2028\u2029]+", source[header.end() : node.end])
    ]
    written = [line for _, line in lines if line.strip(" ")]
    if not written:
        return [node.end] * (len(text) + 1)
    first_line = next(line for line in text.splitlines() if line.strip(" "))
    indent = len(written[0]) - len(written[0].lstrip(" "))
    if digits:  # the decoded text keeps what goes beyond the indicated indentation
        indent -= len(first_line) - len(first_line.lstrip(" "))
    places: list[int] = []
    last = header.end()
    for start, line in lines:
        content = line[indent:]
        if not content:
            continue
        found = text.find(content, len(places))
        if found < 0:
            break
        places += [last] * (found - len(places))
        places += range(start + indent, start + len(line))
        last = start + len(line)
    return _filled(places, len(text), last)


def _filled(places: list[int], length: int, end: int) -> list[int]:
    del places[length:]
    places += [end] * (length + 1 - len(places))
    return places
