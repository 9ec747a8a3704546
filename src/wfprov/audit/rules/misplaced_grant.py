"""A grant that one identity holds and another one makes the call with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.command import added, removed
from wfprov.audit.model import Finding
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Gap, Survey, canonical, is_default
from wfprov.audit.words import called, email, needed, places, workflows
from wfprov.core.policy import Membership
from wfprov.core.rule import Confidence, Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The gaps that a grant of the workflow's other identities would fill."""
    agents = {s.agent for s in survey.estate.subjects if s.agent}
    for gap in survey.gaps:
        held = gap.instead
        if held is None:
            continue
        on = canonical(gap.grant.on)
        where = places(gap.asks)
        fixes = [added(on, Membership(gap.asks[0].key, gap.member))]
        if not is_default(held.member) and _useless(gap, survey):
            fixes.append(removed(held.on, held.membership))
        signer = _called(gap.member, agents)
        yield Finding(
            rule=RULE.rule,
            message=f"{held.role} is granted to {_called(held.member, agents)}, "
            f"and {signer} makes the call",
            on=on,
            identity=gap.member,
            role=gap.grant.role_name,
            workflows=workflows(gap.asks),
            reasons=(
                f"{called(gap.asks)}: needs {needed(gap.asks)}, signed by {email(gap.member)}",
                f"the grant names {email(held.member)}",
            ),
            fixes=tuple(fixes),
            at=where[0][0],
            related=where[1:],
            confidence=Confidence.LOW if gap.doubts else Confidence.HIGH,
            detail=held.member,
        )


def _useless(gap: Gap, survey: Survey) -> bool:
    """Whether the grant answers nothing of the one that holds it."""
    return not any(s.held is gap.instead and s.answers for s in survey.standings)


def _called(member: str, agents: set[str]) -> str:
    if member in agents:
        return "the Workflows service agent"
    return "the default compute account" if is_default(member) else "the workflow's account"


RULE: Final = AuditRule(
    rule=Rule(
        slug="misplaced-grant",
        severity=Severity.ERROR,
        summary="A grant given to the wrong identity",
        docs="Most calls are signed as the workflow's service account; a private endpoint is "
        "reached, and a key is used, by the Workflows service agent of the project "
        "(`service-NUMBER@gcp-sa-workflows.iam.gserviceaccount.com`). A grant to one does not "
        "help the other: the call is refused, and the grant is in excess where it is.",
        source="https://docs.cloud.google.com/iam/docs/service-agents (2026-11-23)",
    ),
    look=look,
)
