"""What can be wrong with an outbound call, whatever it reaches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.catalog.request import Request
from wfprov.catalog.url import HOLE
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.rule import Confidence, Rule, Severity
from wfprov.core.span import Span

_PAGE = "https://docs.cloud.google.com/workflows/docs/authenticate-from-workflow"

OIDC_OVER_HTTP: Final = Rule(
    slug="oidc-over-http",
    severity=Severity.ERROR,
    summary="A signed request over plain http",
    docs="Workflows refuses to send a token to an address that does not begin with `https://`: "
    "the call fails when it is reached.",
    source=_PAGE,
)
OAUTH2_TO_FOREIGN_HOST: Final = Rule(
    slug="oauth2-to-foreign-host",
    severity=Severity.ERROR,
    summary="An OAuth2 token for a host that is not a Google API",
    docs="`auth: {type: OAuth2}` works for hosts that end in `.googleapis.com` only. Cloud Run, "
    "functions and IAP take `type: OIDC`; other hosts take a header of your own.",
    source=_PAGE,
)
OIDC_TO_GOOGLE_API: Final = Rule(
    slug="oidc-to-google-api",
    severity=Severity.ERROR,
    summary="An OIDC token for a Google API",
    docs="Google APIs at `*.googleapis.com` take OAuth2 access tokens. With `auth: {type: OIDC}` "
    "the call is answered with 401.",
    source=_PAGE,
)
UNSIGNED_GOOGLE_API: Final = Rule(
    slug="unsigned-google-api",
    severity=Severity.WARNING,
    summary="A request to a Google API that nothing signs",
    docs="Without `auth`, the request carries no identity, so no grant can make it work: "
    "the API answers 401 or 403 unless it takes an API key.",
    source=_PAGE,
)
NARROW_SCOPE: Final = Rule(
    slug="scope-too-narrow",
    severity=Severity.ERROR,
    summary="A token whose scopes do not reach the method",
    docs="An access token works only for methods that list one of its scopes, whatever the "
    "account is granted. Ask for one that the method lists.",
    source="https://developers.google.com/identity/protocols/oauth2/scopes",
)
UNKNOWN_METHOD: Final = Rule(
    slug="unknown-api-method",
    severity=Severity.WARNING,
    summary="A Google API method that the catalog does not know",
    docs="The name or address fits no method of the discovery documents that come with wfprov. "
    "It may be misspelt, or newer than the catalog.",
    source="https://docs.cloud.google.com/workflows/docs/reference/googleapis",
)

RULES: Final = (
    OIDC_OVER_HTTP,
    OAUTH2_TO_FOREIGN_HOST,
    OIDC_TO_GOOGLE_API,
    UNSIGNED_GOOGLE_API,
    NARROW_SCOPE,
    UNKNOWN_METHOD,
)


def of_transport(request: Request) -> Iterator[Diagnostic]:
    """What is wrong with how a request is signed, from its scheme and host alone."""
    url, auth = request.url, request.auth
    if url is None or auth is None or auth.type == "header" or not request.is_http:
        return
    at = _place(request)
    host = url.show(url.host) if url.host is not None else None
    if url.scheme == "http":
        yield Diagnostic(
            rule=OIDC_OVER_HTTP,
            message=f"Workflows sends no {auth.type} token over http, as to {request.address}",
            at=at,
            help="write https://",
        )
    if host is None or HOLE.search(host[-len(".googleapis.com") :]):
        return
    google = host.endswith(".googleapis.com")
    if auth.type == "OAuth2" and not google:
        yield Diagnostic(
            rule=OAUTH2_TO_FOREIGN_HOST,
            message=f"OAuth2 is refused for {host}, which does not end in .googleapis.com",
            at=at,
            help="Cloud Run, functions and IAP take `type: OIDC`",
        )
    elif auth.type == "OIDC" and google:
        yield Diagnostic(
            rule=OIDC_TO_GOOGLE_API,
            message=f"{host} takes no OIDC token",
            at=at,
            help="write `auth: {type: OAuth2}`",
            confidence=Confidence.HIGH,
        )


def _place(request: Request) -> Span:
    return request.call.span
