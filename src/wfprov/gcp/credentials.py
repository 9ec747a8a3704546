"""As whom requests are sent: credentials found, borrowed and held to one universe."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from wfprov.core.errors import InputError, NotAuthenticatedError

SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
GOOGLE: Final = "googleapis.com"
LOGIN: Final = "run `gcloud auth application-default login`, or set an access token"
_EMAIL: Final = re.compile(r"[a-z0-9._-]{1,100}@[a-z0-9.-]{1,150}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """As whom the cloud is reached, as the user says it.

    `access_token` was found in the environment variable `token_variable`. `impersonate` are service
    accounts by e-mail: the last is the one that requests are sent as, each before it may become the
    next. `billing_project` is where quota is counted.

    Source: https://docs.cloud.google.com/sdk/gcloud/reference#--impersonate-service-account
    (not opened)
    """

    access_token: str = field(default="", repr=False)
    token_variable: str = ""
    impersonate: tuple[str, ...] = ()
    billing_project: str = ""

    @classmethod
    def of(
        cls,
        *,
        access_token: str = "",
        token_variable: str = "",
        impersonate: str = "",
        billing_project: str = "",
    ) -> Identity:
        """The identity that options and variables name; `impersonate` is a list with commas.

        Raises:
            InputError: what is to be impersonated is no service account.
        """
        chain = tuple(email.strip().lower() for email in impersonate.split(",") if email.strip())
        for email in chain:
            if _EMAIL.fullmatch(email) is None or not email.endswith(".gserviceaccount.com"):
                raise InputError(
                    f"{email} is no service account, and only those are impersonated",
                    help="write its e-mail address, NAME@PROJECT.iam.gserviceaccount.com; "
                    "a chain with commas, the one to become last",
                )
        return cls(
            access_token=access_token,
            token_variable=token_variable,
            impersonate=chain,
            billing_project=billing_project,
        )


NOBODY: Final = Identity()
"""Whoever application default credentials stand for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Credentials of Google's library, and in words where they come from."""

    credentials: Any = field(repr=False)
    source: str


def found(
    identity: Identity,
    *,
    universe_domain: str,
    impersonation: str = "",
    own_addresses: bool = False,
) -> Found:
    """The credentials of an identity: its token or application default ones, then borrowed ones.

    `impersonation` is the address of the IAM Credentials API where it is not Google's own.
    `own_addresses`: requests do not go to Google's hosts, so nothing else may either.

    Raises:
        NotAuthenticatedError: there are none, or they are not of this universe.
    """
    if identity.access_token:
        base = _token(identity.access_token, universe_domain)
        source = f"the access token in {identity.token_variable or 'the environment'}"
    else:
        base, source = _application_default()
    actual = str(getattr(base, "universe_domain", GOOGLE))
    if actual != universe_domain:
        raise NotAuthenticatedError(
            f"{source} is of the universe {actual}, and the environment is in {universe_domain}",
            help="log in to that universe, or correct `universe_domain:` of the environment",
        )
    made = base
    if identity.impersonate:
        made = _borrowed(base, identity.impersonate, impersonation)
        source += f", as {identity.impersonate[-1]}"
    if identity.billing_project and hasattr(made, "with_quota_project"):
        made = made.with_quota_project(identity.billing_project)
    return Found(credentials=_alone(made) if own_addresses else made, source=source)


def _token(token: str, universe_domain: str) -> Any:
    from google.oauth2.credentials import Credentials

    return Credentials(token, universe_domain=universe_domain)  # type: ignore[no-untyped-call]


def _application_default() -> tuple[Any, str]:
    import os

    import google.auth
    from google.auth.credentials import with_scopes_if_required
    from google.auth.exceptions import GoogleAuthError

    path = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    try:
        # With scopes the library would exchange the token of a pipeline now, and ask Google's own
        # host for the name of a project that nobody wants to know.
        unscoped, _ = google.auth.default()
        credentials = with_scopes_if_required(unscoped, SCOPES)  # type: ignore[no-untyped-call]
    except (GoogleAuthError, LookupError, ValueError, TypeError, AttributeError, OSError) as error:
        # Of a file whose parts are missing the library tells by whatever it stumbles over.
        said = " ".join(str(error).split())[:300]
        if path:
            raise NotAuthenticatedError(
                f"GOOGLE_APPLICATION_CREDENTIALS names no usable credentials: {said}",
                help=f"correct {path}, or unset the variable and {LOGIN}",
            ) from error
        raise NotAuthenticatedError(
            "there are no application default credentials", help=LOGIN
        ) from error
    return credentials, "application default credentials" + (f" ({path})" if path else "")


def _borrowed(base: Any, chain: tuple[str, ...], address: str) -> Any:
    from google.auth.impersonated_credentials import Credentials

    target = chain[-1]
    override = (
        f"{address}/v1/projects/-/serviceAccounts/{target}:generateAccessToken" if address else None
    )
    return Credentials(  # type: ignore[no-untyped-call]
        source_credentials=base,
        target_principal=target,
        target_scopes=list(SCOPES),
        delegates=[f"projects/-/serviceAccounts/{email}" for email in chain[:-1]],
        iam_endpoint_override=override,
    )


def _alone(source: Any) -> Any:
    """Credentials that take their tokens from others, and ask nothing else of anybody.

    The library's own also ask Google's hosts, with the token, in which regions it may be used: not
    for those who named an address of their own.
    """
    from google.auth import credentials

    class Alone(credentials.Credentials):
        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.token = source.token
            self.expiry = source.expiry if source.token else None

        @property
        def universe_domain(self) -> Any:
            return source.universe_domain

        @property
        def quota_project_id(self) -> Any:
            return getattr(source, "quota_project_id", None)

        def refresh(self, request: Any) -> None:
            source.refresh(request)
            self.token, self.expiry = source.token, source.expiry

        def apply(self, headers: Any, token: Any = None) -> None:
            super().apply(headers, token)  # type: ignore[no-untyped-call]
            if self.quota_project_id:
                headers["x-goog-user-project"] = self.quota_project_id

    return Alone()
