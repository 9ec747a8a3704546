"""Collects what one pass over one source finds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wfprov.core.diagnostic import Diagnostic, Related, in_order
from wfprov.core.rule import Confidence, Rule
from wfprov.core.span import Source, Span
from wfprov.language.spelling import suggestion

MAX_FINDINGS: Final = 1000
MAX_SUGGESTIONS: Final = 100


class Findings:
    """The findings of a pass, in the order they were made; those beyond a bound are dropped.

    Nobody reads the thousand and first, and hostile text can give one for each character.
    """

    __slots__ = ("_found", "_suggested", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self._found: list[Diagnostic] = []
        self._suggested = 0

    def add(
        self,
        rule: Rule,
        at: Span,
        message: str,
        *,
        help: str = "",  # noqa: A002 (the word users read)
        related: tuple[Related, ...] = (),
        confidence: Confidence = Confidence.HIGH,
    ) -> None:
        """Record one finding."""
        if len(self._found) < MAX_FINDINGS:
            self._found.append(
                Diagnostic(
                    rule=rule,
                    message=message,
                    at=at,
                    help=help,
                    related=related,
                    confidence=confidence,
                )
            )

    def nearest(self, word: str, known: Iterable[str]) -> str:
        """What a user may have meant by a word, for the first findings of a pass only."""
        self._suggested += 1
        return suggestion(word, known) if self._suggested <= MAX_SUGGESTIONS else ""

    def extend(self, other: Findings) -> None:
        """Record what another pass over the same source found."""
        self._found += other._found[: MAX_FINDINGS - len(self._found)]

    def span(self, start: int, end: int) -> Span:
        """The place between two code points of the source."""
        return Span(self.source, start, end)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """What was found, by place."""
        return in_order(self._found)
