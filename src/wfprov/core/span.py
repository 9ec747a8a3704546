"""Sources of text and places in them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One text that was read, and the name a user knows it by.

    Identity is the object: two reads of one file are two sources.
    """

    name: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points, `start <= end`, in a source.

    Lines and columns are computed only when a place is shown.
    """

    source: Source
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The smallest span that covers both, which must share a source."""
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))

    @property
    def text(self) -> str:
        """The text that the span covers."""
        return self.source.text[self.start : self.end]
