"""A workflow that runs as the project's default compute account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.model import Finding, Fix
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey, canonical, is_default
from wfprov.audit.words import email
from wfprov.core.address import ResourceName
from wfprov.core.rule import Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The workflows whose account is a default one."""
    for subject in survey.estate.subjects:
        if not is_default(subject.member):
            continue
        account = ResourceName(
            f"//iam.googleapis.com/projects/-/serviceAccounts/{email(subject.member)}"
        )
        yield Finding(
            rule=RULE.rule,
            message=f"{subject.name} runs as the project's default compute account",
            on=canonical(account),
            identity=subject.member,
            workflows=(subject.name,),
            reasons=(
                (
                    "virtual machines, functions and other workflows run as it too: "
                    "what one needs, all have"
                ),
                "in projects of before May 2024 it holds roles/editor unless somebody took it",
            ),
            fixes=(
                Fix(
                    text="leave `service_account:` out of wfprov.yaml, so that a dedicated "
                    "account is made, and apply"
                    if subject.configured
                    else "deploy the workflow with an account of its own (`--service-account`)",
                ),
            ),
            at=subject.head,
            detail=subject.resource,
        )


RULE: Final = AuditRule(
    rule=Rule(
        slug="default-compute-account",
        severity=Severity.ERROR,
        summary="A workflow that runs as the default compute account",
        docs="A workflow that is deployed without a service account runs as "
        "`NUMBER-compute@developer.gserviceaccount.com`. So do virtual machines and functions "
        "that name none, and in many projects the account is an editor. A grant for one of them "
        "is a grant for all.",
        source="https://cloud.google.com/workflows/docs/authentication (2026-11-23)",
    ),
    look=look,
)
