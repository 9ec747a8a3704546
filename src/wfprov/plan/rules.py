"""The findings about a stack held against what is live."""

from __future__ import annotations

from typing import Final

from wfprov.core.rule import Rule, Severity

MISSING_RESOURCE: Final = Rule(
    slug="missing-resource",
    severity=Severity.ERROR,
    summary="A grant is asked on a resource that does not exist",
    docs="A policy can only be set on what exists, and wfprov makes no services, secrets or topics "
    "of its own. Make the resource first, or correct the name in the definition or in the "
    "environment's variables.",
    source="https://docs.cloud.google.com/iam/docs/resource-types-with-policies (2026-11-23)",
)
OTHER_STACK: Final = Rule(
    slug="owned-by-another-stack",
    severity=Severity.ERROR,
    summary="Something that the stack would make is another stack's",
    docs="The label `wfprov-stack` of a workflow, or the mark in the description of a service "
    "account, names another stack. Rename the workflow, or remove the mark to hand it over.",
)
ADOPTED: Final = Rule(
    slug="adopted-resource",
    severity=Severity.WARNING,
    summary="Something that the stack would make is there already, and nobody's",
    docs="A service account or a workflow of that name exists without a mark. The plan takes it "
    "over: it is changed to what the stack wants and marked, so that destroying the stack removes "
    "it. Access that the account has beyond the definitions stays until it is pruned.",
)
PROTECTED: Final = Rule(
    slug="deletion-protected",
    severity=Severity.ERROR,
    summary="The plan would remove a workflow whose deletion is forbidden",
    docs="The workflow was deployed with `deletion_protection: true`. Apply it with `false` first.",
)
MISSING_ACCOUNT: Final = Rule(
    slug="missing-account",
    severity=Severity.ERROR,
    summary="A workflow would run as a service account that does not exist",
    docs="`service_account:` names an account by its e-mail address, so somebody else makes it; a "
    "workflow can not be deployed with one that is not there. Make it first, correct the address, "
    "or leave `service_account:` out: a dedicated account is made then.",
    source="https://docs.cloud.google.com/workflows/docs/authentication (2026-11-23)",
)
RULES: Final = (MISSING_RESOURCE, OTHER_STACK, ADOPTED, PROTECTED, MISSING_ACCOUNT)
