"""The composition root: the only place that picks adapters for the ports."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from wfprov.apply.outcome import Observer, unobserved
from wfprov.apply.retry import REQUEST, OnRetry, Retrying, silent
from wfprov.apply.waiting import PATIENCE, Patience
from wfprov.core.errors import InputError
from wfprov.core.facts import Facts
from wfprov.core.ports import Cloud
from wfprov.desired.model import Stack
from wfprov.store.facts import open_facts

if TYPE_CHECKING:
    from wfprov.app.rehearsal import Rehearsal
    from wfprov.gcp.credentials import Identity
    from wfprov.gcp.dispatch import GoogleCloud, OnSent
    from wfprov.gcp.session import Session

READ_ATTEMPTS: Final = 4
"""Somebody waits for a plan: it gives up sooner than an apply."""

GOOGLE: Final = "googleapis.com"
TRUST_VARIABLE: Final = "WFPROV_TRUSTED_HOSTS"
"""Hosts, by commas, beside Google's and this machine's that may be sent credentials."""

TOKEN_VARIABLES: Final = ("GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN")
"""Where an access token is looked for before application default credentials."""

IMPERSONATE_VARIABLE: Final = "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT"
BILLING_VARIABLE: Final = "GOOGLE_CLOUD_QUOTA_PROJECT"


@cache
def facts() -> Facts:
    """Google's facts, opened once a process."""
    return open_facts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How the cloud is reached: requests at the same time, who watches each and each retry.

    `on_event` watches the plan and its steps; `patience` says how long what was just made is waited
    for. `impersonate` are service accounts with commas, the one to become last; `billing_project`
    is where quota is counted. Each is looked for in the environment when it is empty.
    """

    impersonate: str = ""
    billing_project: str = ""
    parallel: int = 10
    patience: Patience = PATIENCE
    on_event: Observer = unobserved
    on_sent: OnSent | None = None
    on_retry: OnRetry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """The cloud of one run, and the embedded control plane behind it, if it is that.

    `reader` is the same cloud, and sends again what may pass: what planning reads with.
    """

    cloud: GoogleCloud
    reader: Cloud
    rehearsal: Rehearsal | None = field(default=None, repr=False)


@contextmanager
def control_plane(stack: Stack, reach: Reach) -> Iterator[ControlPlane]:
    """The control plane that a stack names: Google's, another address, or the embedded one.

    Raises:
        WfprovError: no credentials, or no usable address.
    """
    from wfprov.gcp.dispatch import GoogleCloud, unwatched

    on_sent = reach.on_sent or unwatched
    if stack.endpoint == "embedded":
        from wfprov.app.rehearsal import rehearsal

        with (
            rehearsal(stack) as running,
            GoogleCloud(running.session_as(_identity(reach)), on_sent=on_sent) as cloud,
        ):
            yield ControlPlane(cloud=cloud, reader=_reader(cloud, reach), rehearsal=running)
        return
    with GoogleCloud(_session(stack, reach), on_sent=on_sent) as cloud:
        yield ControlPlane(cloud=cloud, reader=_reader(cloud, reach))


def _trusted(stack: Stack) -> None:
    """Stops before a token goes where only a file of the repository says: it may be a stranger's.

    Raises:
        InputError: an address is neither Google's nor this machine's, and nobody allowed it.
    """
    allowed = set(os.environ.get(TRUST_VARIABLE, "").split(","))
    addresses = [stack.endpoint, *stack.endpoints.values()]
    hosts = [urlsplit(a).hostname or "" for a in addresses if "://" in a]
    if stack.universe_domain != GOOGLE:
        hosts.append(stack.universe_domain)
    for host in hosts:
        local = host in {"127.0.0.1", "localhost", "::1"}
        if not (local or host.endswith(f".{GOOGLE}") or host in allowed):
            raise InputError(
                f"the configuration sends your credentials to {host}, which is not Google's",
                help=f"if you trust it, set {TRUST_VARIABLE}={host}",
            )


def _reader(cloud: Cloud, reach: Reach) -> Cloud:
    from wfprov.gcp.clock import SystemClock, SystemDice

    return Retrying(
        cloud=cloud,
        clock=SystemClock(),
        dice=SystemDice(),
        retry=replace(REQUEST, attempts=READ_ATTEMPTS),
        on_retry=reach.on_retry or silent,
    )


def _identity(reach: Reach) -> Identity:
    from wfprov.gcp.credentials import Identity

    variable = next((v for v in TOKEN_VARIABLES if os.environ.get(v)), "")
    return Identity.of(
        access_token=os.environ.get(variable, "") if variable else "",
        token_variable=variable,
        impersonate=reach.impersonate or os.environ.get(IMPERSONATE_VARIABLE, ""),
        billing_project=reach.billing_project or os.environ.get(BILLING_VARIABLE, ""),
    )


def _session(stack: Stack, reach: Reach) -> Session:
    from wfprov.gcp.session import cloud_session, embedded_session

    identity = _identity(reach)
    _trusted(stack)
    if stack.endpoint == "cloud":
        return cloud_session(
            identity=identity,
            endpoints=stack.endpoints,
            universe_domain=stack.universe_domain,
        )
    if not (identity.access_token or os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")):
        raise InputError(
            f"{stack.endpoint} wants an access token, and none is set",
            help=f"set {TOKEN_VARIABLES[0]}; `wfprov emulator serve` prints one",
        )
    grpc = urlsplit(stack.endpoints.get("iam", "")).netloc
    if not grpc:
        raise InputError(
            f"service accounts are reached over gRPC, and {stack.endpoint} speaks HTTP",
            help="write its gRPC address too: endpoints: {iam: http://127.0.0.1:PORT}",
        )
    return embedded_session(root=stack.endpoint, grpc_target=grpc, identity=identity)
