"""A permission that was used as a workflow's identity and that no definition asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.model import Finding, Fix
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey, is_default
from wfprov.audit.words import email, head, names
from wfprov.core.rule import Confidence, Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The uses that the texts do not explain, for accounts that only workflows should use."""
    estate = survey.estate
    for use in estate.usage or ():
        subjects = estate.running_as(use.member)
        if not subjects or is_default(use.member):
            continue
        asked = {a.need.permission for a in survey.asks if a.member == use.member}
        strange = sorted(use.exercised - asked)
        if not strange:
            continue
        unresolved = any(s.unresolved for s in subjects)
        sure = Confidence.HIGH if all(s.owned for s in subjects) else Confidence.MEDIUM
        yield Finding(
            rule=RULE.rule,
            message=f"{email(use.member)} used {', '.join(strange[:3])}"
            f"{' ...' if len(strange) > 3 else ''}, and no call asks for it",  # noqa: PLR2004
            on=use.on,
            identity=use.member,
            role=use.role,
            workflows=names(estate, use.member),
            reasons=(
                f"seen in the last {use.days} days by {use.role} (policy insight)",
                (
                    "an earlier revision, another thing that runs as the account, or somebody with "
                    "its token or key"
                ),
            ),
            fixes=(
                Fix(
                    text="see who it was",
                    command="gcloud logging read "
                    f"'protoPayload.authenticationInfo.principalEmail=\"{email(use.member)}\"' "
                    f"--project={subjects[0].project} --freshness={use.days}d",
                ),
            ),
            at=head(estate, use.member),
            confidence=Confidence.LOW if unresolved else sure,
        )


RULE: Final = AuditRule(
    rule=Rule(
        slug="unexplained-use",
        severity=Severity.WARNING,
        summary="A permission that was used and that no text asks for",
        docs="Google's record of use shows a permission that the account of a workflow used, and "
        "no definition that runs as it makes such a call. Either an earlier revision did, or "
        "something else runs as the account, or its token or key is in other hands.",
        source="https://docs.cloud.google.com/policy-intelligence/docs/policy-insights "
        "(2026-11-23)",
    ),
    look=look,
)
