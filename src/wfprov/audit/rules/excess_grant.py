"""A workflow's identity holds a grant that its calls do not need, or not that much of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.command import removed
from wfprov.audit.model import Estate, Finding
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Standing, Survey, Verdict
from wfprov.audit.words import called, email, head, keeping, names, needed, places, surety, used
from wfprov.core.rule import Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The grants that answer nothing, and those broader than what they answer."""
    for standing in survey.standing(Verdict.UNUSED, Verdict.BROAD):
        yield _finding(standing, survey.estate)


def _finding(standing: Standing, estate: Estate) -> Finding:
    held = standing.held
    sure, doubts = surety(standing, estate)
    running = ", ".join(names(estate, held.member))
    if standing.verdict is Verdict.UNUSED:
        message = f"no call of {running} needs {held.role}"
        reason = f"nothing that {email(held.member)} runs asks for any permission of the role there"
    else:
        message = f"{held.role} gives {standing.surplus} permissions that no call of {running} asks"
        reason = f"{called(standing.answers)}: needs only {needed(standing.answers)}"
    keep = keeping(standing.answers, estate)
    where = places(standing.answers)
    return Finding(
        rule=RULE.rule,
        message=message,
        on=held.on,
        identity=held.member,
        role=held.role,
        workflows=names(estate, held.member),
        reasons=(reason, *doubts),
        fixes=(*keep, removed(held.on, held.membership)),
        at=head(estate, held.member),
        related=where,
        confidence=sure,
        used=used(held, estate),
        detail=_condition(standing),
    )


def _condition(standing: Standing) -> str:
    condition = standing.held.membership.key.condition
    return condition.expression if condition else ""


RULE: Final = AuditRule(
    rule=Rule(
        slug="excess-grant",
        severity=Severity.WARNING,
        summary="A grant that no call needs, or needs in part",
        docs="The service account of a workflow holds a role on a resource. Either nothing that "
        "runs as the account makes a call that the role answers, or a narrower role on the same "
        "resource answers all of them. Whoever can change or start the workflow, or steals its "
        "token, has the rest too. First grant what the finding says to keep, then revoke.",
        source="https://cloud.google.com/iam/docs/using-iam-securely#least_privilege (not opened)",
    ),
    look=look,
)
