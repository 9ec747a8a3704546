"""A role that the stack's own policy forbids, held by a workflow's identity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.command import removed
from wfprov.audit.model import Finding
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey, Verdict
from wfprov.audit.words import called, email, head, keeping, names, places, used
from wfprov.core.rule import Confidence, Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The grants of forbidden roles that are not basic ones."""
    estate = survey.estate
    for standing in survey.standing(Verdict.FORBIDDEN):
        held = standing.held
        need = f"it answers {called(standing.answers)}" if standing.answers else "no call needs it"
        yield Finding(
            rule=RULE.rule,
            message=f"{email(held.member)} holds {held.role}, which the policy forbids",
            on=held.on,
            identity=held.member,
            role=held.role,
            workflows=names(estate, held.member),
            reasons=("`policy: forbidden_roles` in wfprov.yaml names the role", need),
            fixes=(*keeping(standing.answers, estate), removed(held.on, held.membership)),
            at=head(estate, held.member),
            related=places(standing.answers),
            confidence=Confidence.HIGH if held.fresh else Confidence.MEDIUM,
            used=used(held, estate),
        )


RULE: Final = AuditRule(
    rule=Rule(
        slug="forbidden-role",
        severity=Severity.ERROR,
        summary="A role that the configuration forbids",
        docs="`policy: {forbidden_roles: [...]}` in wfprov.yaml lists roles that no identity of "
        "the stack may hold. wfprov never grants them; somebody else did. Revoke it, or take the "
        "role from the list with a reason.",
        source="wfprov.yaml, policy.forbidden_roles",
    ),
    look=look,
)
