"""What an audit reports: the findings that stand, those that are suppressed, what was not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wfprov.audit.model import Finding
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.rule import Severity
from wfprov.core.span import Span


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why a finding is left out: a comment in the source, or the baseline file."""

    kind: Literal["inSource", "external"]
    reason: str
    at: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of an audit.

    `title` says of what it is; `workflows`, `identities` and `policies` count what was looked at.
    `searched` are the projects that Cloud Asset search covered. `diagnostics` are about the
    comments that ignore findings; `gone` counts the entries of the baseline that match nothing any
    more. `not_looked` are pairs of what and why. `with_usage`: Google's record of use was read.
    """

    title: str
    projects: tuple[str, ...] = ()
    workflows: int = 0
    identities: int = 0
    policies: int = 0
    searched: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[tuple[Finding, Suppression], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    gone: int = 0
    not_looked: tuple[tuple[str, str], ...] = ()
    with_usage: bool = False

    def count(self, severity: Severity) -> int:
        """How many findings of a severity stand, those about comments among them."""
        found = [f.rule.severity for f in self.findings]
        found += [d.severity for d in self.diagnostics]
        return found.count(severity)

    def reaches(self, severity: Severity) -> bool:
        """Whether a finding is at or above the severity."""
        order = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
        return any(self.count(s) for s in order[: order.index(severity) + 1])
