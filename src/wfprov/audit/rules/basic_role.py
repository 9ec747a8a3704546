"""Owner, editor or viewer, held by a workflow's identity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.command import removed
from wfprov.audit.model import Finding
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey, Verdict, is_default
from wfprov.audit.words import called, email, head, keeping, names, places, surety, used
from wfprov.core.rule import Confidence, Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The grants of basic roles."""
    estate = survey.estate
    for standing in survey.standing(Verdict.BASIC):
        held = standing.held
        _, doubts = surety(standing, estate)
        permissions = len(held.permissions or ())
        reasons = [f"the role holds {permissions:,} permissions in all services"]
        reasons.append(
            f"it answers {called(standing.answers)}, for which narrow roles are there"
            if standing.answers
            else "no call needs it"
        )
        if held.role in estate.policy.forbidden_roles:
            reasons.append("`policy: forbidden_roles` forbids it")
        if is_default(held.member):
            reasons.append("other things run as the default account: see what they need first")
        yield Finding(
            rule=RULE.rule,
            message=f"{email(held.member)} holds the basic role {held.role}",
            on=held.on,
            identity=held.member,
            role=held.role,
            workflows=names(estate, held.member),
            reasons=(*reasons, *doubts),
            fixes=(*keeping(standing.answers, estate), removed(held.on, held.membership)),
            at=head(estate, held.member),
            related=places(standing.answers),
            confidence=Confidence.HIGH if held.fresh else Confidence.MEDIUM,
            used=used(held, estate),
        )


RULE: Final = AuditRule(
    rule=Rule(
        slug="basic-role",
        severity=Severity.ERROR,
        summary="A basic role on a workflow's account",
        docs="`roles/owner`, `roles/editor` and `roles/viewer` hold thousands of permissions in "
        "all services; Google says not to grant them in production. With editor, a workflow may "
        "change and delete nearly everything in the project. Grant the narrow roles that the "
        "finding lists, then revoke the basic one.",
        source="https://docs.cloud.google.com/iam/docs/roles-overview (2026-11-23)",
    ),
    look=look,
)
