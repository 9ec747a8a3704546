"""The role that starts workflows, held by the account that the workflow runs as."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.command import removed
from wfprov.audit.model import Finding, Fix
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey, Verdict
from wfprov.audit.words import email, head, names, surety, used
from wfprov.core.rule import Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The grants that may start workflows, where no call of the account does."""
    estate = survey.estate
    for standing in survey.standing(Verdict.TRIGGER):
        held = standing.held
        sure, doubts = surety(standing, estate)
        running = ", ".join(names(estate, held.member))
        yield Finding(
            rule=RULE.rule,
            message=f"{held.role} lets {running} start workflows, and no call of it does",
            on=held.on,
            identity=held.member,
            role=held.role,
            workflows=names(estate, held.member),
            reasons=(
                (
                    f"the role is for who starts a workflow (Scheduler, Eventarc, a caller); "
                    f"{email(held.member)} is what it runs as"
                ),
                *doubts,
            ),
            fixes=(
                Fix(text="give the trigger an account of its own, with this role"),
                removed(held.on, held.membership),
            ),
            at=head(estate, held.member),
            confidence=sure,
            used=used(held, estate),
        )


RULE: Final = AuditRule(
    rule=Rule(
        slug="trigger-role-on-account",
        severity=Severity.WARNING,
        summary="The trigger's role on the workflow's own account",
        docs="A workflow needs no `roles/workflows.invoker` to run: whoever starts it does. Held "
        "by the workflow's account, and on the project as it must be, it lets the workflow start "
        "every workflow of the project, each with that one's access. Where Cloud Scheduler or "
        "Eventarc uses the same account to start it, give the trigger one of its own.",
        source="https://cloud.google.com/workflows/docs/authentication (2026-11-23)",
    ),
    look=look,
)
