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
KEY_ELSEWHERE: Final = Rule(
    slug="key-in-another-region",
    severity=Severity.ERROR,
    summary="A workflow is encrypted with a key of another region",
    docs="Workflows accepts a key only of the region that the workflow is in; the key's project "
    "may be another. The service agent of the workflow's project is granted the key.",
    source="https://docs.cloud.google.com/workflows/docs/troubleshooting (not opened)",
)
FOREIGN_ACCOUNT: Final = Rule(
    slug="account-of-another-project",
    severity=Severity.NOTE,
    summary="A workflow runs as a service account of another project, or may",
    docs="The service agent of the workflow's project is granted "
    "roles/iam.serviceAccountTokenCreator on that account. Beside it, the organization policy "
    "`iam.disableCrossProjectServiceAccountUsage` must not be enforced in the account's project, "
    "and the deployer must be allowed to act as the account. A default account carries its "
    "project's number: where that is not known, whether it is of another project is not either.",
    source="https://docs.cloud.google.com/workflows/docs/authentication (2026-11-28)",
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

TRIGGER_COLLISION: Final = Rule(
    slug="trigger-name-collision",
    severity=Severity.ERROR,
    summary="Two triggers would have one name",
    docs="The name of a trigger is that of its workflow with `-schedule` or `-event`, unless "
    "`name:` gives another; it is unique in its project and region.",
)
TRIGGER_ACCOUNT: Final = Rule(
    slug="trigger-account-elsewhere",
    severity=Severity.ERROR,
    summary="A trigger would run as an account of another project",
    docs="A Cloud Scheduler job sends tokens only of accounts of its own project. Eventarc can use "
    "accounts of other projects when its agents are granted access there, which wfprov does not "
    "do. Leave `service_account:` out: the trigger gets an account of its own.",
    source="https://cloud.google.com/scheduler/docs/http-target-auth (2026-11-23)",
)
AUDIT_LOGS: Final = Rule(
    slug="audit-logs-needed",
    severity=Severity.NOTE,
    summary="Events that come only when Data Access audit logs are on",
    docs="A trigger for `google.cloud.audit.log.v1.written` sees what is written to the audit "
    "logs. Admin Activity is always logged; reading and writing of data only where the project's "
    "policy turns Data Access audit logs on for the service. wfprov never changes audit "
    "configurations: turn them on by other means when the method is one of those.",
    source="https://cloud.google.com/eventarc/docs/workflows/route-trigger-cloud-audit-logs "
    "(2026-11-23)",
)
RULES: Final = (
    TRIGGER_COLLISION,
    TRIGGER_ACCOUNT,
    AUDIT_LOGS,
    UNKNOWN_PLACE,
    ACCOUNT_COLLISION,
    WORKFLOW_COLLISION,
    DEFAULT_IDENTITY,
    KEY_ELSEWHERE,
    FOREIGN_ACCOUNT,
    NO_POLICY,
    UNFILLED_TEMPLATE,
)
