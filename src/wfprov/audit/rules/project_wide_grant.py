"""A grant on the project, or above the resource, where the resource itself takes one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.command import removed
from wfprov.audit.model import Finding
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey, Verdict
from wfprov.audit.words import called, head, keeping, kept, names, needed, places, surety, used
from wfprov.core.rule import Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The grants whose calls all reach resources with a policy of their own, further down."""
    estate = survey.estate
    for standing in survey.standing(Verdict.WIDE):
        held = standing.held
        sure, doubts = surety(standing, estate)
        below = ["/".join(on.split("/")[-2:]) for on, _, _ in kept(standing.answers, estate)]
        yield Finding(
            rule=RULE.rule,
            message=f"{held.role} is granted on all of {held.on.rpartition('/')[2]}, "
            f"and is needed on {', '.join(below[:3])}{' ...' if len(below) > 3 else ''}",  # noqa: PLR2004
            on=held.on,
            identity=held.member,
            role=held.role,
            workflows=names(estate, held.member),
            reasons=(
                (
                    f"{called(standing.answers)}: needs {needed(standing.answers)} further down, "
                    "where the resource takes a policy of its own"
                ),
                *doubts,
            ),
            fixes=(*keeping(standing.answers, estate), removed(held.on, held.membership)),
            at=head(estate, held.member),
            related=places(standing.answers),
            confidence=sure,
            used=used(held, estate),
        )


RULE: Final = AuditRule(
    rule=Rule(
        slug="project-wide-grant",
        severity=Severity.WARNING,
        summary="A grant on a whole project where one resource would do",
        docs="A role on the project reaches every resource of its kind there, those of tomorrow "
        "too. Cloud Run services, secrets, topics, queues, buckets and many others take a policy "
        "of their own. Grant on those that the calls reach, then revoke on the project.",
        source="https://cloud.google.com/iam/docs/resource-types-with-policies (2026-11-23)",
    ),
    look=look,
)
