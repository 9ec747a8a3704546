"""The findings about a stack as a whole: names, projects, identities, grants."""

from __future__ import annotations

from typing import Final

from wfprov.core.rule import Rule, Severity

UNKNOWN_PLACE: Final = Rule(
    slug="unknown-place",
    severity=Severity.ERROR,
    summary="Nothing says in which project and region a workflow is",
    docs="A workflow is deployed in one region of one project: `project:` and `region:` of the "
    "environment, of the workflow, or `--project` and `--region`.",
    source="https://docs.cloud.google.com/workflows/docs/locations (2026-11-23)",
)
ACCOUNT_COLLISION: Final = Rule(
    slug="account-name-collision",
    severity=Severity.ERROR,
    summary="Two identities of a project would have one name",
    docs="The id of a service account is derived from its workflow's name, in lower case and with "
    "hyphens. Two workflows whose names differ only in that would share the account and every "
    "grant. Rename one, or say that they share: `service_account: {shared: NAME}`.",
    source="https://docs.cloud.google.com/iam/docs/service-accounts-create (2026-11-23)",
)
WORKFLOW_COLLISION: Final = Rule(
    slug="workflow-name-collision",
    severity=Severity.ERROR,
    summary="Two definitions would be deployed as one workflow",
    docs="A workflow's name is unique in its project and region.",
)
DEFAULT_IDENTITY: Final = Rule(
    slug="default-identity",
    severity=Severity.ERROR,
    summary="A workflow runs as the default service account where a dedicated one is required",
    docs="The Compute Engine default service account is shared by everything that names no other "
    "account, and may be an editor of the project. `policy.dedicated_identity: required` forbids "
    "it: remove `service_account:`, or name an account made for the purpose.",
    source="https://docs.cloud.google.com/workflows/docs/authentication (2026-11-23)",
)
NO_POLICY: Final = Rule(
    slug="resource-without-policy",
    severity=Severity.ERROR,
    summary="A grant is asked on a resource that takes no IAM policy",
    docs="The API of the resource has no setIamPolicy for it: the grant has to be made on a "
    "resource above.",
    source="https://docs.cloud.google.com/iam/docs/resource-types-with-policies (2026-11-23)",
)

UNFILLED_TEMPLATE: Final = Rule(
    slug="unfilled-template",
    severity=Severity.ERROR,
    summary="A definition is a template, and nothing fills in a part of it",
    docs="What is deployed is the rendered definition. Write the value into `template_values:` of "
    "the workflow, in wfprov.yaml or in the environment:\n\n"
    "```yaml\ntemplate_values: {region: europe-west1, var: {bucket: orders}}\n```",
    source="https://developer.hashicorp.com/terraform/language/functions/templatefile (2026-11-23)",
)

TRIGGERS_NOT_APPLIED: Final = Rule(
    slug="triggers-not-applied",
    severity=Severity.WARNING,
    summary="Triggers are read, and not yet made",
    docs="`triggers:` is checked for its shape. Scheduler jobs and Eventarc triggers are not yet "
    "planned or applied: make them by other means, with an identity of their own that holds "
    "`roles/workflows.invoker`.",
)
RULES: Final = (
    TRIGGERS_NOT_APPLIED,
    UNKNOWN_PLACE,
    ACCOUNT_COLLISION,
    WORKFLOW_COLLISION,
    DEFAULT_IDENTITY,
    NO_POLICY,
    UNFILLED_TEMPLATE,
)
