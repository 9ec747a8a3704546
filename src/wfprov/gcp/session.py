"""Who asks, and where: credentials, endpoints, time-outs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from wfprov.core.errors import InputError, NotAuthenticatedError

SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
TIMEOUT: Final = 60.0
GOOGLE: Final = "googleapis.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The credentials and the addresses that all requests of a run share.

    `root` is the address of a control plane that serves every API below a path of its own,
    `http://127.0.0.1:8085` for `http://127.0.0.1:8085/workflows/...`; empty for Google's own hosts.
    `grpc_target` is where it speaks gRPC. `endpoints` overrides single APIs,
    `{"run": "https://run.private.example"}`. `timeout` is in seconds, for each request.
    """

    credentials: Any = field(repr=False)
    root: str = ""
    grpc_target: str = ""
    endpoints: Mapping[str, str] = field(default_factory=dict)
    universe_domain: str = GOOGLE
    timeout: float = TIMEOUT

    def endpoint(self, api: str) -> str:
        """The address that serves an API, without a slash at the end; empty for Google's own."""
        if api in self.endpoints:
            return self.endpoints[api].rstrip("/")
        return f"{self.root.rstrip('/')}/{api}" if self.root else ""


def cloud_session(
    *,
    access_token: str = "",
    endpoints: Mapping[str, str] | None = None,
    universe_domain: str = GOOGLE,
    timeout: float = TIMEOUT,
) -> Session:
    """A session with Google Cloud, by an access token or by application default credentials.

    Raises:
        NotAuthenticatedError: when there are no credentials.
    """
    for api, endpoint in (endpoints or {}).items():
        _check(f"endpoints.{api}", endpoint)
    return Session(
        credentials=_token(access_token) if access_token else _application_default(),
        endpoints=endpoints or {},
        universe_domain=universe_domain,
        timeout=timeout,
    )


def embedded_session(
    *, root: str, grpc_target: str, token: str, timeout: float = TIMEOUT
) -> Session:
    """A session with a control plane at `root`, `http://127.0.0.1:PORT`, by its own token.

    Raises:
        InputError: when `root` is no address.
    """
    _check("endpoint", root)
    return Session(credentials=_token(token), root=root, grpc_target=grpc_target, timeout=timeout)


def _check(name: str, address: str) -> None:
    parts = urlsplit(address)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if not parts.hostname or parts.scheme not in ({"http", "https"} if local else {"https"}):
        raise InputError(
            f"{name} is no address of a control plane: {address}",
            help="write https://HOST, or http://127.0.0.1:PORT on this machine",
        )


def _token(token: str) -> Any:
    from google.oauth2.credentials import Credentials

    return Credentials(token)  # type: ignore[no-untyped-call]


def _application_default() -> Any:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError as error:
        raise NotAuthenticatedError(
            f"there are no application default credentials: {error}",
            help="run `gcloud auth application-default login`, or set an access token",
        ) from error
    return credentials
