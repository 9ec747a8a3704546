"""A grant that a workflow's identity has from a folder or an organisation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.command import removed
from wfprov.audit.model import Finding
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey, Verdict
from wfprov.audit.words import called, head, keeping, names, places, surety, used
from wfprov.core.rule import Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The grants above the project."""
    estate = survey.estate
    for standing in survey.standing(Verdict.INHERITED):
        held = standing.held
        sure, doubts = surety(standing, estate)
        above = held.on.partition(".googleapis.com/")[2]
        what = (
            f"{called(standing.answers)} is answered by it; a grant further down would do"
            if standing.answers
            else "no call of its workflows needs the role at all"
        )
        yield Finding(
            rule=RULE.rule,
            message=f"{held.role} comes from {above} and reaches every project below it",
            on=held.on,
            identity=held.member,
            role=held.role,
            workflows=names(estate, held.member),
            reasons=(what, *doubts),
            fixes=(*keeping(standing.answers, estate), removed(held.on, held.membership)),
            at=head(estate, held.member),
            related=places(standing.answers),
            confidence=sure,
            used=used(held, estate),
        )


RULE: Final = AuditRule(
    rule=Rule(
        slug="inherited-grant",
        severity=Severity.WARNING,
        summary="A grant from a folder or the organisation",
        docs="A role on a folder or an organisation holds in every project below it, and nobody "
        "who looks at the project's own policy sees it. The account of a workflow needs grants on "
        "the resources that it calls, and none above.",
        source="https://docs.cloud.google.com/iam/docs/resource-hierarchy-access-control "
        "(2026-11-23)",
    ),
    look=look,
)
