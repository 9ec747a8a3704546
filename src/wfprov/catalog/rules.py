"""What can be wrong with an outbound call, whatever it reaches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.analysis.domain import Abstract, Const, MapOf, Text, Unknown, alternatives, shown
from wfprov.catalog.request import Request, auth_type
from wfprov.catalog.run_app import function_at, service_at
from wfprov.catalog.target import Kind, TargetUse
from wfprov.catalog.url import HOLE, Url, parsed
from wfprov.catalog.value import NOTHING, at
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.rule import Confidence, Rule, Severity

CLIENT_ID: Final = ".apps.googleusercontent.com"
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

UNKNOWN_AUTH_TYPE: Final = Rule(
    slug="unknown-auth-type",
    severity=Severity.ERROR,
    summary="An `auth` block that is neither OIDC nor OAuth2",
    docs="`auth` is a map whose `type` is `OIDC` or `OAuth2`, written just so. Any other type, "
    "or none, makes the call fail when it is reached. For other schemes send an Authorization "
    "header.",
    source=_PAGE,
)
AUDIENCE_REFUSED: Final = Rule(
    slug="audience-of-another-service",
    severity=Severity.ERROR,
    summary="An OIDC token made out to somebody else than the target",
    docs="Cloud Run and functions accept a token only when its audience is an address of the "
    "service itself or one of its custom audiences. A token for another service is answered "
    "with 401, whatever the account is granted.",
    source="https://docs.cloud.google.com/run/docs/configuring/custom-audiences",
)
CUSTOM_AUDIENCE: Final = Rule(
    slug="custom-audience",
    severity=Severity.NOTE,
    summary="An OIDC token for an audience that the service has to be told of",
    docs="An audience that is no address of a Cloud Run service is accepted where it is one of the "
    "service's custom audiences, and is answered with 401 where it is not. A plan that looks for "
    "the service of a domain by its audience finds only one that accepts it.",
    source="https://docs.cloud.google.com/run/docs/configuring/custom-audiences",
)
IAP_AUDIENCE: Final = Rule(
    slug="iap-audience-not-client-id",
    severity=Severity.WARNING,
    summary="A request to IAP whose audience is no OAuth client id",
    docs="Identity-Aware Proxy accepts an OIDC token whose audience is the OAuth client id that "
    "secures the endpoint, `NUMBER-ID.apps.googleusercontent.com`. The address, which is the "
    "audience when none is written, is accepted only by endpoints without a client of their own.",
    source="https://docs.cloud.google.com/iap/docs/authentication-howto",
)
UNSIGNED_SERVICE: Final = Rule(
    slug="unsigned-request-to-service",
    severity=Severity.NOTE,
    summary="A request to Cloud Run, a function or IAP that nothing signs",
    docs="Without `auth: {type: OIDC}` the request carries no identity. Only a service that "
    "everybody may call answers it; a private one answers 401 or 403, and no grant changes that.",
    source="https://docs.cloud.google.com/run/docs/authenticating/overview",
)
CUSTOM_DOMAIN_INGRESS: Final = Rule(
    slug="custom-domain-of-service",
    severity=Severity.NOTE,
    summary="A Cloud Run service that is called at a domain of its own",
    docs="When the service's ingress is `internal`, requests of a workflow reach it at its run.app "
    "address only, not at a custom domain.",
    source="https://docs.cloud.google.com/run/docs/securing/ingress",
)
NOT_AN_ADDRESS: Final = Rule(
    slug="url-without-scheme",
    severity=Severity.WARNING,
    summary="A `url` that is not an address",
    docs="A request goes to an absolute address that begins with `https://` or `http://`. This "
    "text begins with neither; it may be a placeholder that was never filled in.",
    source="https://docs.cloud.google.com/workflows/docs/http-requests",
)

RULES: Final = (
    OIDC_OVER_HTTP,
    OAUTH2_TO_FOREIGN_HOST,
    OIDC_TO_GOOGLE_API,
    UNSIGNED_GOOGLE_API,
    NARROW_SCOPE,
    UNKNOWN_METHOD,
    UNKNOWN_AUTH_TYPE,
    AUDIENCE_REFUSED,
    CUSTOM_AUDIENCE,
    IAP_AUDIENCE,
    UNSIGNED_SERVICE,
    CUSTOM_DOMAIN_INGRESS,
    NOT_AN_ADDRESS,
)


def of_transport(request: Request) -> Iterator[Diagnostic]:
    """What is wrong with how a request is written and signed, from its scheme and host alone."""
    if not request.is_http:
        return
    yield from _of_auth_block(request)
    url, auth = request.url, request.auth
    if url is None and (written := request.no_address):
        yield Diagnostic(
            rule=NOT_AN_ADDRESS,
            message=f"{written} is no address: it does not begin with https://",
            at=request.call.place_of("url"),
            help="write the whole address, https://HOST/PATH",
        )
    if url is None or auth is None or auth.type == "header":
        return
    host = url.show(url.host) if url.host is not None else None
    if url.scheme == "http":
        yield Diagnostic(
            rule=OIDC_OVER_HTTP,
            message=f"Workflows sends no {auth.type} token over http, as to {request.address}",
            at=request.call.place_of("url"),
            help="write https://",
        )
    if host is None or HOLE.search(host[-len(".googleapis.com") :]):
        return
    google = host.endswith(".googleapis.com")
    place = request.call.place_of("auth.type")
    if auth.type == "OAuth2" and not google:
        yield Diagnostic(
            rule=OAUTH2_TO_FOREIGN_HOST,
            message=f"OAuth2 is refused for {host}, which does not end in .googleapis.com",
            at=place,
            help="Cloud Run, functions and IAP take `type: OIDC`",
        )
    elif auth.type == "OIDC" and google:
        yield Diagnostic(
            rule=OIDC_TO_GOOGLE_API,
            message=f"{host} takes no OIDC token",
            at=place,
            help="write `auth: {type: OAuth2}`",
            confidence=Confidence.HIGH,
        )


def _of_auth_block(request: Request) -> Iterator[Diagnostic]:
    """An auth block that the platform does not understand; its alternatives are told apart."""
    given = request.call.arg("auth")
    for choice in () if given is None else alternatives(given):
        if isinstance(choice, Unknown | Text) or choice == NOTHING:
            continue
        if not isinstance(choice, MapOf):
            yield _unknown_type(request, "`auth` is not a map with a `type`", choice, "auth")
            continue
        kind = next(at(choice, "type"), NOTHING)
        if kind in (Const("OIDC"), Const("OAuth2")) or isinstance(kind, Unknown | Text):
            continue
        written = shown(kind)
        message = f"there is no `auth` of type {written}" if written else "`auth` has no `type`"
        yield _unknown_type(request, message, kind, "auth.type")


def _unknown_type(request: Request, message: str, kind: Abstract, path: str) -> Diagnostic:
    meant = auth_type(kind)
    return Diagnostic(
        rule=UNKNOWN_AUTH_TYPE,
        message=message,
        at=request.call.place_of(path),
        help=f"write `auth: {{type: {meant}}}`" if meant else "its type is OIDC or OAuth2",
    )


def of_target(request: Request, use: TargetUse) -> Iterator[Diagnostic]:
    """What is wrong with how a request is signed, seeing what it reaches."""
    if not request.is_http or request.auth_hole is not None:
        return
    auth, url = request.auth, request.url
    private = use.kind in {Kind.CLOUD_RUN_SERVICE, Kind.CLOUD_FUNCTION, Kind.IAP}
    if private and auth is None and request.call.arg("auth") in (None, NOTHING):
        yield Diagnostic(
            rule=UNSIGNED_SERVICE,
            message=f"nothing signs this request to {url.shown_host if url else use.resource}",
            at=request.call.place_of("url"),
            help="write `auth: {type: OIDC}`, unless everybody may call it",
            confidence=Confidence.HIGH if use.kind is Kind.IAP else Confidence.LOW,
        )
    if auth is None or auth.type != "OIDC" or auth.audience is None:
        return
    if use.kind is Kind.IAP and not auth.audience.endswith((CLIENT_ID, "}")):
        yield Diagnostic(
            rule=IAP_AUDIENCE,
            message=f"the audience {auth.audience} is no OAuth client id",
            at=request.call.place_of("auth.audience"),
            help=f"write `audience: NUMBER-ID{CLIENT_ID}`",
            confidence=Confidence.MEDIUM,
        )
    if use.kind is Kind.CLOUD_RUN_SERVICE and url is not None and url.host is not None:
        yield from _of_run_audience(request, auth.audience, url)
    if use.kind is Kind.CLOUD_FUNCTION and url is not None:
        yield from _of_function_audience(request, auth.audience, url)


def _of_run_audience(request: Request, audience: str, url: Url) -> Iterator[Diagnostic]:
    """An audience that is another service's, or one that the called service has to be told of."""
    meant = parsed(audience)
    called = service_at(url, request.place)
    if called is None:
        host = url.show(url.host or "")
        if request.answer is not None and request.answer.kind == "cloud_run" and "{" not in host:
            yield Diagnostic(
                rule=CUSTOM_DOMAIN_INGRESS,
                message=f"{host} is not the service's own run.app address",
                at=request.call.place_of("url"),
                help="with ingress `internal`, write the run.app address",
                confidence=Confidence.LOW,
            )
        return
    if meant is not None and (meant.host is None or "{" in meant.shown_host):
        return
    other = None if meant is None else service_at(meant, request.place)
    own = f"write `audience: https://{url.show(url.host or '')}`, or leave it out"
    if other is None:
        if meant is None and "{" in audience:
            return
        yield Diagnostic(
            rule=CUSTOM_AUDIENCE,
            message=f"the audience {audience} is not an address of the called service",
            at=request.call.place_of("auth.audience"),
            help=f"see that it is one of the service's custom audiences, else {own}",
            confidence=Confidence.LOW,
        )
    elif "{" not in other.name + called.name and not _is_one(other.name, called.name):
        yield Diagnostic(
            rule=AUDIENCE_REFUSED,
            message=f"the audience {audience} is the service {_short(other.name)}, "
            "not the one called",
            at=request.call.place_of("auth.audience"),
            help=own,
        )


def _of_function_audience(request: Request, audience: str, url: Url) -> Iterator[Diagnostic]:
    """An audience that is another function's address."""
    meant = parsed(audience)
    other = None if meant is None else function_at(meant)
    called = function_at(url)
    if other is None or called is None or "{" in "".join((*other, *called)) or other == called:
        return
    yield Diagnostic(
        rule=AUDIENCE_REFUSED,
        message=f"the audience {audience} is the function {other[2]}, not the one called",
        at=request.call.place_of("auth.audience"),
        help=f"write `audience: {url.show(url.mask.text.partition('?')[0])}`, or leave it out",
    )


def _is_one(one: str, other: str) -> bool:
    """Whether two names may be one service: a hash address does not tell the project."""
    return _short(one) == _short(other)


def _short(name: str) -> str:
    return name.rpartition("/")[2]
