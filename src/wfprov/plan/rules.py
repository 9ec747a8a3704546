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
LIMIT_BROKEN: Final = Rule(
    slug="limit-broken",
    severity=Severity.ERROR,
    summary="The plan asks for more than Google allows, and nobody can raise it",
    docs="A policy holds 1,500 members, each counted as often as it appears, a principal has a "
    "role under at most 20 conditions, a project has at most 300 custom roles. The write would be "
    "refused half-way through an apply. Share accounts, or spread workflows over projects.",
    source="https://docs.cloud.google.com/iam/quotas (2026-11-23)",
)
LIMIT_NEAR: Final = Rule(
    slug="limit-near",
    severity=Severity.WARNING,
    summary="The plan comes near to a limit of Google's, or above a quota that can be raised",
    docs="100 service accounts and 10,000 workflows a project, 600 writes to IAM and 1,200 "
    "requests to Workflows a minute are quotas: your project may have more. 1,500 members of a "
    "policy and 300 custom roles of a project are fixed; this plan takes nine tenths or more.",
    source="https://docs.cloud.google.com/iam/quotas (2026-11-23), "
    "https://cloud.google.com/workflows/quotas (2026-11-23)",
)
LOOSENED: Final = Rule(
    slug="federation-loosened",
    severity=Severity.ERROR,
    summary="A provider is there that admits other pipelines than those asked for",
    docs="To change the issuer, the mapping or the condition of a Workload Identity Federation "
    "provider decides who may become the deployer. One that is there is taken over only where its "
    "condition is the same or has more terms; else somebody must look at it first.",
    source="https://docs.cloud.google.com/iam/docs/best-practices-for-using-workload-identity-federation"
    " (not opened)",
)
NO_ACCESS_YET: Final = Rule(
    slug="deployer-not-granted",
    severity=Severity.WARNING,
    summary="The deployer cannot be let to a resource that does not exist yet",
    docs="The deployer gets access to the policy of each resource that workflows call, on that "
    "resource. One that is made later needs another bootstrap.",
)
RULES: Final = (
    MISSING_RESOURCE,
    OTHER_STACK,
    ADOPTED,
    PROTECTED,
    MISSING_ACCOUNT,
    LIMIT_BROKEN,
    LIMIT_NEAR,
    LOOSENED,
    NO_ACCESS_YET,
)
