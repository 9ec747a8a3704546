"""A grant that a call needs by its text and that was not used for months."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.model import Finding, Fix
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey, Verdict
from wfprov.audit.words import called, names, places, usage, used
from wfprov.core.rule import Confidence, Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The needed grants of which Google saw no use."""
    estate = survey.estate
    for standing in survey.standing(Verdict.FINE):
        held = standing.held
        use = usage(held, estate)
        if use is None or use.exercised:
            continue
        where = places(standing.answers)
        yield Finding(
            rule=RULE.rule,
            message=f"{held.role} is needed by the text, and was not used in {use.days} days",
            on=held.on,
            identity=held.member,
            role=held.role,
            workflows=names(estate, held.member),
            reasons=(f"{called(standing.answers)} did not run, or never got that far",),
            fixes=(Fix(text="if the step is dead, delete it: the grant goes with it"),),
            at=where[0][0],
            related=where[1:],
            confidence=Confidence.MEDIUM,
            used=used(held, estate),
        )


RULE: Final = AuditRule(
    rule=Rule(
        slug="unexercised-grant",
        severity=Severity.NOTE,
        summary="A needed grant that nothing used",
        docs="The definition makes a call that needs the grant, and Google's record of use shows "
        "none. The step may be dead, or the workflow is not run any more. Not all uses are seen: "
        "insights leave some services and early features out.",
        source="https://docs.cloud.google.com/policy-intelligence/docs/policy-insights "
        "(2026-11-23)",
    ),
    look=look,
)
