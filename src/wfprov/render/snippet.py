"""A finding as text: the lines it is about, with carets below the place."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from wfprov.core.credential import masked
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.rule import Confidence, Severity
from wfprov.core.span import Span
from wfprov.render.place import Lines, Places
from wfprov.render.style import Style, cells, safe, safe_lines

WIDTH: Final = 80
_LEAST: Final = 20
"""Columns that a text takes however narrow the terminal is."""
_CUT: Final = "…"
_GAP: Final = 2
"""Lines between two shown ones that are left out only from so many on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """A stretch of one line, in code points from 0, with what is written behind it."""

    line: int
    start: int
    end: int
    label: str
    primary: bool


def snippet(diagnostic: Diagnostic, places: Places, style: Style, width: int = WIDTH) -> str:
    """The finding as several lines, without a last line break."""
    return "\n".join(_rows(diagnostic, places, style, width))


def _rows(diagnostic: Diagnostic, places: Places, style: Style, width: int) -> Iterator[str]:
    rule = diagnostic.rule
    head = style.severity(rule.severity, f"{rule.severity}[{rule.slug}]")
    yield f"{head}: {style.paint(safe(diagnostic.message), 'bold')}"
    margin = " "
    elsewhere = list(diagnostic.related)
    if isinstance(diagnostic.at, Span):
        at = diagnostic.at
        lines = places.lines(at.source)
        here = [r for r in diagnostic.related if r.at.source is at.source]
        elsewhere = [r for r in diagnostic.related if r.at.source is not at.source]
        marks = [*_marks(at, "", lines, primary=True)]
        for related in here:
            marks += _marks(related.at, related.message, lines, primary=False)
        margin = " " * len(str(max(mark.line for mark in marks)))
        yield margin + style.paint("--> ", "blue") + _where(at, places)
        yield _gutter(margin, style)
        room = max(width - len(margin) - 3, _LEAST)
        yield from _Excerpt(
            lines=lines, severity=rule.severity, margin=margin, room=room, style=style
        ).rows(marks)
    else:
        yield margin + style.paint("--> ", "blue") + safe(str(diagnostic.at))
    notes = [("note", f"{_where(r.at, places)}: {r.message}") for r in elsewhere]
    if diagnostic.help:
        notes.append(("help", diagnostic.help))
    if diagnostic.confidence is not Confidence.HIGH:
        notes.append(("confidence", str(diagnostic.confidence)))
    if rule.docs:
        notes.append(("docs", f"wfprov catalog lookup {rule.slug}"))
    if notes:
        yield _gutter(margin, style)
    for name, text in notes:
        yield from _note(name, text, margin, style, width)


def _where(at: Span, places: Places) -> str:
    return f"{safe(at.source.name)}:{places.short(at)}"


def _marks(at: Span, label: str, lines: Lines, *, primary: bool) -> Iterator[_Mark]:
    """One mark, or for a place of several lines one on its first and one on its last line."""
    first, start = lines.position(at.start)
    last, end = lines.position(at.end)
    if last > first and end == 1:
        # The place ends with a line break: it does not reach the line behind it.
        last -= 1
        end = len(lines.text(last)) + 1
    if first == last:
        yield _Mark(line=first, start=start - 1, end=end - 1, label=label, primary=primary)
        return
    opening, closing = lines.text(first), lines.text(last)
    yield _Mark(line=first, start=start - 1, end=len(opening), label="", primary=primary)
    indent = len(closing) - len(closing.lstrip())
    yield _Mark(
        line=last,
        start=min(indent, end - 1),
        end=end - 1,
        label=label or "to here",
        primary=primary,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Excerpt:
    """Where lines of one source are drawn: `room` is what is left of the width for their text."""

    lines: Lines
    severity: Severity
    margin: str
    room: int
    style: Style

    def rows(self, marks: Sequence[_Mark]) -> Iterator[str]:
        """The marked lines in order; a single line between two is shown, more are left out."""
        before: int | None = None
        for line in sorted({mark.line for mark in marks}):
            if before is not None and line - before > _GAP:
                yield self.style.paint("...", "blue")
            elif before is not None:
                for between in range(before + 1, line):
                    yield from self._line(between, ())
            yield from self._line(line, [mark for mark in marks if mark.line == line])
            before = line

    def _line(self, number: int, marks: Sequence[_Mark]) -> Iterator[str]:
        """A line and a row below it for each mark, those further right first."""
        text = masked(self.lines.text(number))
        first, last = _window(text, marks, self.room)
        front = _CUT if first > 0 else ""
        back = _CUT if last < len(text) else ""
        label = self.style.paint(str(number).rjust(len(self.margin)), "blue")
        bar = self.style.paint("|", "blue")
        yield f"{label} {bar} {front}{safe(text[first:last])}{back}".rstrip()
        for mark in sorted(marks, key=lambda m: (m.start, m.end), reverse=True):
            start, end = (min(max(offset, first), last) for offset in (mark.start, mark.end))
            indent = len(front) + cells(safe(text[first:start]))
            length = max(cells(safe(text[start:end])), 1)
            row = f"{('^' if mark.primary else '-') * length} {safe(mark.label)}".rstrip()
            yield f"{_gutter(self.margin, self.style)} {' ' * indent}{self._painted(row, mark)}"

    def _painted(self, row: str, mark: _Mark) -> str:
        if mark.primary:
            return self.style.severity(self.severity, row)
        return self.style.paint(row, "blue")


def _window(text: str, marks: Sequence[_Mark], room: int) -> tuple[int, int]:
    """Which part of a line is shown: all of it, or as much as fits around its first mark."""
    if cells(safe(text)) <= room:
        return 0, len(text)
    mark = next((m for m in marks if m.primary), marks[0] if marks else None)
    # A cell for each cut, and some room in front of a mark that is not at the left.
    room -= 2
    first = 0
    if mark is not None and cells(safe(text[: mark.end])) > room:
        first = max(mark.start - room // 4, 0)
    last, used = first, 0
    while last < len(text):
        used += cells(safe(text[last]))
        if used > room:
            break
        last += 1
    return first, last


def _gutter(margin: str, style: Style) -> str:
    return f"{margin} {style.paint('|', 'blue')}"


def _note(name: str, text: str, margin: str, style: Style, width: int) -> Iterator[str]:
    lead = f"{margin} = {name}: "
    painted = f"{margin} {style.paint('=', 'blue')} {style.paint(name, 'bold')}: "
    rows = list(_wrapped(safe_lines(text), max(width - len(lead), _LEAST)))
    for number, row in enumerate(rows):
        yield f"{' ' * len(lead) if number else painted}{row}".rstrip()


def _wrapped(lines: Iterable[str], width: int) -> Iterator[str]:
    """Each line, broken at blanks; an indented line (an example to copy) as it is."""
    for line in lines:
        if line.startswith(" ") or cells(line) <= width:
            yield line
        else:
            yield from textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
