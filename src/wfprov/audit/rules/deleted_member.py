"""Members that stand for accounts which were deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.command import removed
from wfprov.audit.model import Finding
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey
from wfprov.core.policy import Membership
from wfprov.core.rule import Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The `deleted:` members of the policies that were read, one finding for each policy."""
    for name, memberships in sorted(survey.estate.policies.items()):
        dead = sorted(
            (m for m in memberships if m.member.startswith("deleted:")), key=Membership.sort_key
        )
        if not dead:
            continue
        who = sorted({m.member.removeprefix("deleted:").partition("?")[0] for m in dead})
        plural = "s" if len(who) > 1 else ""
        yield Finding(
            rule=RULE.rule,
            message=f"{len(who)} deleted account{plural} still in the policy: "
            f"{', '.join(who[:3])}{' ...' if len(who) > 3 else ''}",  # noqa: PLR2004
            on=name,
            identity=dead[0].member,
            role=dead[0].key.role,
            reasons=(
                (
                    "a new account of the same name does not get the grant, and undeleting the old "
                    "one brings it back"
                ),
            ),
            fixes=tuple(removed(name, m) for m in dead),
            detail=" ".join(f"{m.member} {m.key.role}" for m in dead),
        )


RULE: Final = AuditRule(
    rule=Rule(
        slug="deleted-member",
        severity=Severity.NOTE,
        summary="A deleted account that is still a member",
        docs="When a service account is deleted, policies keep it as "
        "`deleted:serviceAccount:E-MAIL?uid=NUMBER`. The grant does nothing while the account is "
        "gone, counts against the policy's size, and hides what is granted.",
        source="https://cloud.google.com/iam/docs/principal-identifiers (2026-11-23)",
    ),
    look=look,
)
