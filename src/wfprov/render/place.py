"""Lines and columns of places, computed here and nowhere else."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from wfprov.core.span import Source, Span

_BREAK: Final = re.compile(r"\r\n|\r|\n")


class Lines:
    """The lines of one text: one pass to find them, a bisection for each place."""

    def __init__(self, text: str) -> None:
        self._text = text
        breaks = [(m.start(), m.end()) for m in _BREAK.finditer(text)]
        self._starts = [0, *(end for _, end in breaks)]
        self._ends = [*(start for start, _ in breaks), len(text)]

    def position(self, offset: int) -> tuple[int, int]:
        """The line and column, from 1, in code points, of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def text(self, line: int) -> str:
        """A line, from 1, without its break."""
        return self._text[self._starts[line - 1] : self._ends[line - 1]]


class Places:
    """The lines of every source that is shown in one report."""

    def __init__(self) -> None:
        self._lines: dict[Source, Lines] = {}

    def lines(self, source: Source) -> Lines:
        """The lines of a source, found once."""
        if source not in self._lines:
            self._lines[source] = Lines(source.text)
        return self._lines[source]

    def start(self, span: Span) -> tuple[int, int]:
        """The line and column at which a span begins."""
        return self.lines(span.source).position(span.start)

    def end(self, span: Span) -> tuple[int, int]:
        """The line and column behind a span."""
        return self.lines(span.source).position(span.end)

    def short(self, span: Span) -> str:
        """`10:7`."""
        line, column = self.start(span)
        return f"{line}:{column}"
