"""What running a workflow asks for its project's service agent, besides what its calls need.

Source: https://docs.cloud.google.com/workflows/docs/use-cmek (2026-11-28)
Source: https://docs.cloud.google.com/workflows/docs/authentication (2026-11-28)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wfprov.core.address import ResourceName, RoleName
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.ownership import account_home
from wfprov.core.span import Span
from wfprov.desired import rules
from wfprov.desired.model import Existing, WorkflowSpec
from wfprov.desired.names import identity_email

_KEY: Final = RoleName("roles/cloudkms.cryptoKeyEncrypterDecrypter")
_TOKENS: Final = RoleName("roles/iam.serviceAccountTokenCreator")
CONSTRAINT: Final = "iam.disableCrossProjectServiceAccountUsage"


def agent_grants(spec: WorkflowSpec) -> Iterator[tuple[ResourceName, RoleName, str]]:
    """The resources and roles that the agent needs, each with the key of the workflow that asks.

    A key of Cloud KMS is used by the agent of the workflow's project, wherever the key lies; an
    account of another project makes no tokens for it until that agent is let.
    """
    if spec.crypto_key:
        yield ResourceName(f"//cloudkms.googleapis.com/{spec.crypto_key}"), _KEY, "crypto_key"
    if lent(spec):
        email = identity_email(spec)
        on = ResourceName(f"//iam.googleapis.com/projects/-/serviceAccounts/{email}")
        yield on, _TOKENS, "service_account"


def lent(spec: WorkflowSpec) -> bool | None:
    """Whether the account is of another project; None when only its number would tell."""
    home = account_home(identity_email(spec))
    if home is None or home in {spec.project, spec.project_number}:
        return False
    return None if home.isdigit() and spec.project_number is None else True


def findings(spec: WorkflowSpec, at: Span) -> Iterator[Diagnostic]:
    """What is wrong with the workflow's key, and what no policy shows of a foreign account."""
    place = re.search(r"/locations/([^/]+)/", spec.crypto_key or "")
    if place is not None and place[1] != spec.region:
        yield Diagnostic(
            rule=rules.KEY_ELSEWHERE,
            message=f"{spec.name} is in {spec.region}, its key in {place[1]}",
            at=at,
            help=f"name a key of a key ring in {spec.region}; its project may be another",
        )
    choice, foreign = spec.service_account, lent(spec)
    if not isinstance(choice, Existing) or foreign is False:
        return
    yield Diagnostic(
        rule=rules.FOREIGN_ACCOUNT,
        message=f"{spec.name} runs as {choice.email}, an account of another project"
        if foreign
        else f"{spec.name} runs as {choice.email}, and nothing tells the number of {spec.project}",
        at=choice.at or at,
        help=f"see that {CONSTRAINT} is not enforced in the account's project"
        if foreign
        else "write `project_number:` into the environment; a plan made live reads it",
    )
