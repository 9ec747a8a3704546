"""Findings about what the user wrote or what is live."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wfprov.core.address import Address
from wfprov.core.rule import Confidence, Rule, Severity
from wfprov.core.span import Span


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains a finding."""

    at: Span
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding; it cannot be built without a primary place.

    `message` says what is wrong and why, `help` what to do.
    """

    rule: Rule
    message: str
    at: Span | Address
    related: tuple[Related, ...] = ()
    help: str = ""
    confidence: Confidence = Confidence.HIGH

    @property
    def severity(self) -> Severity:
        """The rule's severity."""
        return self.rule.severity

    @property
    def is_error(self) -> bool:
        """Whether it stops what was asked for."""
        return self.rule.severity is Severity.ERROR


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings without repetitions, by source, place and rule."""

    def key(d: Diagnostic) -> tuple[str, int, int, str, str]:
        if isinstance(d.at, Span):
            return (d.at.source.name, d.at.start, d.at.end, d.rule.slug, d.message)
        return (str(d.at), 0, 0, d.rule.slug, d.message)

    seen: dict[tuple[str, int, int, str, str], Diagnostic] = {}
    for diagnostic in diagnostics:
        seen.setdefault(key(diagnostic), diagnostic)
    return tuple(seen[k] for k in sorted(seen))
