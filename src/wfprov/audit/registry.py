"""The rules of the audit, found by listing their package."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Final

from wfprov.audit import rules as package
from wfprov.audit.model import Estate, Finding
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import survey
from wfprov.core.rule import Confidence, Rule, Severity

SEVERITIES: Final = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
CONFIDENCES: Final = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)


def load() -> tuple[AuditRule, ...]:
    """All rules, by slug.

    Raises:
        LookupError: a module without RULE, or one whose name is not its rule's slug.
    """
    found = []
    for info in pkgutil.iter_modules(package.__path__):
        rule = getattr(import_module(f"{package.__name__}.{info.name}"), "RULE", None)
        if not isinstance(rule, AuditRule):
            raise LookupError(f"audit rule {info.name} has no RULE")  # noqa: TRY004
        if rule.rule.slug != info.name.replace("_", "-"):
            raise LookupError(f"audit rule {info.name} is called {rule.rule.slug}")
        found.append(rule)
    return tuple(found)


ALL: Final = load()
RULES: Final[tuple[Rule, ...]] = tuple(one.rule for one in ALL)


def findings(estate: Estate) -> tuple[Finding, ...]:
    """What every rule finds, the worst and surest first."""
    surveyed = survey(estate)
    found = [finding for one in ALL for finding in one.look(surveyed)]
    return tuple(sorted(found, key=_order))


def _order(finding: Finding) -> tuple[int, int, str, str, str, str, str]:
    return (
        SEVERITIES.index(finding.rule.severity),
        CONFIDENCES.index(finding.confidence),
        finding.rule.slug,
        finding.identity,
        finding.on,
        finding.role,
        finding.message,
    )
