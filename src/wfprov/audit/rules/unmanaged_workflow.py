"""A workflow that runs in a project of the stack and is in no configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.model import Finding, Fix
from wfprov.audit.rule import AuditRule
from wfprov.audit.survey import Survey
from wfprov.audit.words import email
from wfprov.core.rule import Rule, Severity


def look(survey: Survey) -> Iterator[Finding]:
    """The live workflows that nobody configured; with `--fleet` none is expected to be."""
    if survey.estate.fleet:
        return
    for subject in survey.estate.subjects:
        if subject.configured or subject.foreign:
            continue
        calls = len(subject.inspected.sites)
        yield Finding(
            rule=RULE.rule,
            message=f"{subject.name} runs in {subject.project} and no configuration names it",
            on=subject.resource,
            identity=subject.member,
            workflows=(subject.name,),
            reasons=(
                f"it makes {calls} call{'s' if calls != 1 else ''} as {email(subject.member)}",
            ),
            fixes=(
                Fix(
                    text="take it into wfprov.yaml, or delete it",
                    command=f"gcloud workflows describe {subject.name} "
                    f"--location={subject.inspected.workflow.region} --project={subject.project}",
                ),
            ),
            at=subject.head,
        )


RULE: Final = AuditRule(
    rule=Rule(
        slug="unmanaged-workflow",
        severity=Severity.WARNING,
        summary="A workflow that is in no configuration",
        docs="A workflow is deployed in a project of the stack, without the mark of this or "
        "another stack, and wfprov.yaml does not name it. Nobody reviews what it calls.",
        source="wfprov.yaml, workflows",
    ),
    look=look,
)
