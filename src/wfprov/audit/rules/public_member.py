"""Everybody on the internet in the policy of something that a workflow calls or runs in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.command import removed
from wfprov.audit.model import Finding
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import INVOKING, PUBLIC, Ask, Survey
from wfprov.audit.words import called, places, workflows
from wfprov.core.policy import Membership
from wfprov.core.rule import Confidence, Rule, Severity

_WHO: Final = {
    "allUsers": "everybody on the internet, without logging in",
    "allAuthenticatedUsers": "everybody with any Google account",
}


def look(survey: Survey) -> Iterator[Finding]:
    """The public members of the policies that the workflows' calls and starts go by."""
    estate = survey.estate
    for name, memberships in sorted(estate.policies.items()):
        public = [m for m in memberships if m.member in PUBLIC]
        for m in sorted(public, key=Membership.sort_key):
            permissions = estate.permissions(m.key.role)
            reaching = [a for a in survey.asks if name in estate.chain(a.on, a.project)]
            calling = [a for a in reaching if permissions and a.need.permission in permissions]
            started = [s for s in estate.subjects if name in estate.chain(s.resource, s.project)]
            starts = bool(started) and permissions is not None and INVOKING in permissions
            if not reaching and not starts:
                continue
            yield Finding(
                rule=RULE.rule,
                message=f"{m.member} holds {m.key.role}"
                + (" and may start the workflows" if starts else ""),
                on=name,
                identity=m.member,
                role=m.key.role,
                workflows=workflows(reaching) or tuple(sorted(s.name for s in started)),
                reasons=(_WHO[m.member], *_why(calling)),
                fixes=(removed(name, m),),
                at=places(reaching)[0][0] if reaching else started[0].head,
                related=places(reaching)[1:],
                confidence=Confidence.MEDIUM if m.key.condition else Confidence.HIGH,
            )


def _why(calling: list[Ask]) -> Iterator[str]:
    if calling:
        yield f"{called(calling)} needs no grant while it stands; give the workflow its own first"


RULE: Final = AuditRule(
    rule=Rule(
        slug="public-member",
        severity=Severity.ERROR,
        summary="allUsers or allAuthenticatedUsers where a workflow calls",
        docs="A policy that names `allUsers` or `allAuthenticatedUsers` opens the resource to "
        "everybody. A service that a workflow calls with an ID token seldom means to be public, "
        "and a public `workflows.invoker` lets anybody start the workflow. Where it is meant, "
        "ignore the finding with a reason.",
        source="https://cloud.google.com/iam/docs/principal-identifiers (2026-11-23)",
    ),
    look=look,
)
