"""The names that wfprov gives: ids of service accounts, the members that principals become."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from wfprov.catalog.target import SERVICE_AGENT, WORKFLOW_IDENTITY
from wfprov.core.ownership import account_email
from wfprov.core.policy import canonical_member
from wfprov.desired.model import Dedicated, Existing, Shared, WorkflowSpec

SHORTEST: Final = 6
LONGEST: Final = 30
PADDING: Final = "-workflow"
DIGITS: Final = 6
DEFAULT_COMPUTE: Final = re.compile(r"\d+-compute@developer\.gserviceaccount\.com")
NUMBER: Final = re.compile(r"\{number:([^}]+)\}")


def service_account_id(name: str) -> str:
    """The id of the account for a workflow, or for a shared name: 6 to 30 characters.

    Lower case, everything but letters and digits as single hyphens. A short one is padded,
    `order` -> `order-workflow`; of a long one the first 23 characters stay and a digest of the
    whole name follows, so that the id changes only with the name.

    Source: https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create
    (2026-11-23)
    """
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not plain[:1].isalpha():
        plain = f"wf-{plain}".rstrip("-")
    if len(plain) < SHORTEST:
        return plain + PADDING
    if len(plain) <= LONGEST:
        return plain
    digest = sha256(name.encode()).hexdigest()[:DIGITS]
    return f"{plain[: LONGEST - DIGITS - 1].rstrip('-')}-{digest}"


def identity_email(spec: WorkflowSpec) -> str:
    """The e-mail address that a workflow runs as; `{project}` stands for an unknown project."""
    match spec.service_account:
        case Existing(email=email):
            return email.lower()
        case Dedicated():
            name = spec.name
        case Shared(name=shared):
            name = shared
    return account_email(spec.project or "{project}", service_account_id(name))


def service_agent_email(project: str, number: str | None) -> str:
    """The Workflows service agent of a project; `{number:PROJECT}` stands for an unknown number.

    Source: https://docs.cloud.google.com/iam/docs/service-agents (2026-11-23)
    """
    return f"service-{number or f'{{number:{project}}}'}@gcp-sa-workflows.iam.gserviceaccount.com"


def member_of(principal: str, spec: WorkflowSpec) -> str:
    """The policy member for the principal of a grant: `workflow`, `service_agent`, an e-mail."""
    if principal == WORKFLOW_IDENTITY:
        return canonical_member(f"serviceAccount:{identity_email(spec)}")
    if principal == SERVICE_AGENT:
        agent = service_agent_email(spec.project or "{project}", spec.project_number)
        return f"serviceAccount:{agent}"
    if ":" in NUMBER.sub("", principal):
        return canonical_member(principal)
    kind = "serviceAccount" if principal.endswith("gserviceaccount.com") else "user"
    return canonical_member(f"{kind}:{principal}")
