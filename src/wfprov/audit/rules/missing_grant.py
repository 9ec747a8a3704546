"""A call will be refused because nothing grants what it needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.command import added
from wfprov.audit.model import Finding, Fix
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey, canonical
from wfprov.audit.words import called, email, needed, places, workflows
from wfprov.core.policy import Membership
from wfprov.core.rule import Confidence, Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The gaps that no other identity's grant explains."""
    for gap in survey.gaps:
        if gap.instead is not None:
            continue
        on = canonical(gap.grant.on)
        where = places(gap.asks)
        conditions = sorted({a.need.when for a in gap.asks if a.need.when})
        reasons = [
            f"{called(gap.asks)}: needs {needed(gap.asks)}, and no policy that was read gives it"
        ]
        reasons += [f"only when {text}" for text in conditions]
        reasons += gap.doubts
        sure = Confidence.HIGH
        if all(a.need.when for a in gap.asks):
            sure = Confidence.MEDIUM
        if gap.above:
            reasons.append("it may come from above, where a policy was not read")
            sure = Confidence.MEDIUM
        if gap.doubts:
            sure = Confidence.LOW
        fix = added(on, Membership(gap.asks[0].key, gap.member))
        if on in survey.estate.absent:
            reasons.append("the resource itself is not there")
            fix = Fix(text=f"make {on.removeprefix('//')} first; then {fix.text}")
        yield Finding(
            rule=RULE.rule,
            message=f"{called(gap.asks, 1)} will be refused: {gap.grant.role_name} is not granted",
            on=on,
            identity=gap.member,
            role=gap.grant.role_name,
            workflows=workflows(gap.asks),
            reasons=(*reasons, f"the call is signed by {email(gap.member)}"),
            fixes=(fix,),
            at=where[0][0],
            related=where[1:],
            confidence=sure,
        )


RULE: Final = AuditRule(
    rule=Rule(
        slug="missing-grant",
        severity=Severity.ERROR,
        summary="A call that will be refused",
        docs="A step makes a call that needs a permission, and neither the policy of the resource "
        "nor one above it gives it to the identity that signs the call. The call fails with 403 "
        "when the step runs. Grant the role that the finding names, on that resource.",
        source="https://cloud.google.com/workflows/docs/authentication (2026-11-23)",
    ),
    look=look,
)
