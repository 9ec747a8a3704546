"""One account that several workflows run as, though no configuration says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from wfprov.audit.model import Finding, Fix, Subject
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey, is_default
from wfprov.audit.words import email
from wfprov.core.address import ResourceName
from wfprov.core.rule import Rule, Severity
from wfprov.desired.model import Shared


def look(survey: Survey) -> Iterator[Finding]:
    """The accounts of several workflows; the default one has a rule of its own."""
    groups: dict[str, list[Subject]] = defaultdict(list)
    for subject in survey.estate.subjects:
        if not is_default(subject.member):
            groups[subject.member].append(subject)
    for member, subjects in sorted(groups.items()):
        meant = all(isinstance(s.inspected.workflow.service_account, Shared) for s in subjects)
        if len(subjects) == 1 or meant:
            continue
        names = tuple(sorted(s.name for s in subjects))
        yield Finding(
            rule=RULE.rule,
            message=f"{len(names)} workflows run as {email(member)}: {', '.join(names[:4])}"
            f"{' ...' if len(names) > 4 else ''}",  # noqa: PLR2004
            on=ResourceName(f"//iam.googleapis.com/projects/-/serviceAccounts/{email(member)}"),
            identity=member,
            workflows=names,
            reasons=("each can do what any of them needs",),
            fixes=(
                Fix(
                    text="give each an account of its own (the default of wfprov), or say that it "
                    "is meant: `service_account: {shared: NAME}`"
                ),
            ),
            at=subjects[0].head,
            related=tuple((s.head, f"{s.name} runs as it too") for s in subjects[1:]),
        )


RULE: Final = AuditRule(
    rule=Rule(
        slug="shared-account",
        severity=Severity.WARNING,
        summary="Several workflows that run as one account",
        docs="Workflows that share an account share its grants: each can do what any of them "
        "needs, and the audit log does not tell them apart. Where it is meant, write "
        "`service_account: {shared: NAME}`, which this rule accepts.",
        source="https://cloud.google.com/iam/docs/best-practices-service-accounts (not opened)",
    ),
    look=look,
)
