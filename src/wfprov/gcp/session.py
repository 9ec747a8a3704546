"""Who asks, and where: credentials, endpoints, time-outs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from wfprov.core.errors import InputError
from wfprov.gcp.credentials import GOOGLE, NOBODY, Identity, found

TIMEOUT: Final = 60.0
APIS: Final = {"google.cloud.workflows_v1": "workflows", "google.cloud.iam_admin_v1": "iam"}
"""The name under which an endpoint is configured, by client library."""
OVER_GRPC: Final = frozenset({"google.cloud.iam_admin_v1"})
"""The client libraries that do not speak REST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The credentials and the addresses that all requests of a run share.

    `source` says in words where the credentials come from; `impersonates` are the service accounts
    that they go through, the last being the one that asks.

    `root` is the address of a control plane that serves every API below a path of its own,
    `http://127.0.0.1:8085` for `http://127.0.0.1:8085/workflows/...`; empty for Google's own hosts.
    `grpc_target` is where it speaks gRPC. `endpoints` overrides single APIs,
    `{"run": "https://run.private.example"}`. `timeout` is in seconds, for each request.
    """

    credentials: Any = field(repr=False)
    source: str = ""
    impersonates: tuple[str, ...] = ()
    root: str = ""
    grpc_target: str = ""
    endpoints: Mapping[str, str] = field(default_factory=dict)
    universe_domain: str = GOOGLE
    timeout: float = TIMEOUT
    _refreshing: Lock = field(default_factory=Lock, repr=False, compare=False)

    def endpoint(self, api: str) -> str:
        """The address that serves an API, without a slash at the end; empty for Google's own."""
        if api in self.endpoints:
            return self.endpoints[api].rstrip("/")
        return f"{self.root.rstrip('/')}/{api}" if self.root else ""

    def fresh_credentials(self) -> Any:
        """The credentials with a token that has not expired.

        Raises:
            GoogleAuthError: no token is to be had. Over gRPC that would come back as an unavailable
                service, and be tried again for nothing.
        """
        with self._refreshing:
            if not self.credentials.valid:
                from google.auth.transport.requests import Request

                self.credentials.refresh(Request())
        return self.credentials


def cloud_session(
    *,
    identity: Identity = NOBODY,
    endpoints: Mapping[str, str] | None = None,
    universe_domain: str = GOOGLE,
    timeout: float = TIMEOUT,
) -> Session:
    """A session with Google Cloud.

    Raises:
        NotAuthenticatedError: there are no credentials, or they are of another universe.
        InputError: an endpoint is no address.
    """
    endpoints = endpoints or {}
    for api, endpoint in endpoints.items():
        _check(f"endpoints.{api}", endpoint)
    made = found(
        identity,
        universe_domain=universe_domain,
        impersonation=endpoints.get("iamcredentials", "").rstrip("/"),
        own_addresses="iamcredentials" in endpoints,
    )
    return Session(
        credentials=made.credentials,
        source=made.source,
        impersonates=identity.impersonate,
        endpoints=endpoints,
        universe_domain=universe_domain,
        timeout=timeout,
    )


def embedded_session(
    *,
    root: str,
    grpc_target: str,
    token: str = "",
    identity: Identity = NOBODY,
    timeout: float = TIMEOUT,
) -> Session:
    """A session with a control plane at `root`, `http://127.0.0.1:PORT`.

    `token` is one of its own; without it the identity's credentials are used.

    Raises:
        NotAuthenticatedError: there are no credentials.
        InputError: when `root` is no address.
    """
    _check("endpoint", root)
    who = Identity(
        access_token=token or identity.access_token,
        token_variable=identity.token_variable,
        impersonate=identity.impersonate,
        billing_project=identity.billing_project,
    )
    made = found(
        who,
        universe_domain=GOOGLE,
        impersonation=f"{root.rstrip('/')}/iamcredentials",
        own_addresses=True,
    )
    return Session(
        credentials=made.credentials,
        source=made.source,
        impersonates=identity.impersonate,
        root=root,
        grpc_target=grpc_target,
        timeout=timeout,
    )


def _check(name: str, address: str) -> None:
    parts = urlsplit(address)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if not parts.hostname or parts.scheme not in ({"http", "https"} if local else {"https"}):
        raise InputError(
            f"{name} is no address of a control plane: {address}",
            help="write https://HOST, or http://127.0.0.1:PORT on this machine",
        )
