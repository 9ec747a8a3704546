"""What can be wrong with the arguments of an outbound call, whatever it reaches."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Final

from wfprov.analysis.domain import Abstract, Const, ListOf, MapOf, alternatives, shown
from wfprov.catalog import value
from wfprov.catalog.methods import Reached
from wfprov.catalog.request import Request
from wfprov.catalog.resource import PROJECTS
from wfprov.catalog.url import masked
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.rule import Confidence, Rule, Severity
from wfprov.language.rules import WRONG_ARGUMENTS

# Read on 2026-11-28: the reference of connectors and the sample of Cloud Storage; not the others.
_CONNECTORS: Final = "https://docs.cloud.google.com/workflows/docs/reference/googleapis"
_HTTP: Final = "https://docs.cloud.google.com/workflows/docs/http-requests"

UNKNOWN_HTTP_METHOD: Final = Rule(
    slug="unknown-http-method",
    severity=Severity.WARNING,
    summary="An HTTP method that Workflows does not send",
    docs="`http.request` takes GET, HEAD, POST, PUT, DELETE, OPTIONS and PATCH, in capitals; a "
    "callback endpoint takes the same ones.",
    source=_HTTP,
)
TIMEOUT_OUT_OF_BOUNDS: Final = Rule(
    slug="timeout-out-of-bounds",
    severity=Severity.ERROR,
    summary="A timeout that is no number, or longer than the service waits",
    docs="An HTTP request waits 1,800 seconds at most. A connector may wait for what it began, "
    "31,536,000 seconds (a year) at most, written in `connector_params`.",
    source=_CONNECTORS,
)
UNKNOWN_OPTION: Final = Rule(
    slug="unknown-option",
    severity=Severity.WARNING,
    summary="A key inside `auth` or `connector_params` that means nothing",
    docs="`auth` has `type`, `audience`, `scope` and `scopes`; `connector_params` has `timeout`, "
    "`polling_policy` (`initial_delay`, `multiplier`, `max_delay`), `skip_polling` and `scopes`. "
    "What a misspelt key says is not heeded: the default counts.",
    source=_CONNECTORS,
)
CONNECTOR_WITHOUT_LOCATION: Final = Rule(
    slug="connector-without-location",
    severity=Severity.WARNING,
    summary="A connector of Cloud Run's version 1 that names no `location`",
    docs="Without `location` the connector `googleapis.run.v1` calls the global address, which "
    "only lists; every other method fails there.\n\n```yaml\ncall: googleapis.run.v1.namespaces."
    "jobs.run\nargs:\n  name: namespaces/my-project/jobs/report\n  location: europe-west1\n```",
    source="https://docs.cloud.google.com/workflows/docs/troubleshooting",
)
UNENCODED_OBJECT_NAME: Final = Rule(
    slug="unencoded-object-name",
    severity=Severity.WARNING,
    summary="The name of a Cloud Storage object whose slashes are not encoded",
    docs="The connector puts the name into the address as it is, so a slash ends it and the object "
    'is not found.\n\n```yaml\nobject: ${text.url_encode("reports/2026.csv")}\n```',
    source="https://docs.cloud.google.com/workflows/docs/samples/workflows-connector-storage",
)
GKE_BY_ADDRESS: Final = Rule(
    slug="gke-control-plane-by-address",
    severity=Severity.WARNING,
    summary="A request to the control plane of a GKE cluster by its IP address",
    docs="Since 2025-01-28 Workflows refuses requests to the IP addresses of GKE control planes. "
    "Use the cluster's DNS-based endpoint, or `gke.request`.",
    source="https://docs.cloud.google.com/workflows/docs/release-notes",
)

RULES: Final = (
    UNKNOWN_HTTP_METHOD,
    TIMEOUT_OUT_OF_BOUNDS,
    UNKNOWN_OPTION,
    CONNECTOR_WITHOUT_LOCATION,
    UNENCODED_OBJECT_NAME,
    GKE_BY_ADDRESS,
)

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
_LONGEST_REQUEST: Final = 1800
_LONGEST_OPERATION: Final = 31_536_000
_AUTH_KEYS: Final = ("type", "audience", "scope", "scopes")
_CONNECTOR_KEYS: Final = ("timeout", "polling_policy", "skip_polling", "scopes")
_POLLING_KEYS: Final = ("initial_delay", "multiplier", "max_delay")
_OBJECTS: Final = ("object", "sourceObject", "destinationObject")
_IP: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_CONTROL_PLANE: Final = re.compile(
    r"/+(?:api/v1|apis/[\w.-]+/v\d\w*)/(?:namespaces|nodes|pods|services|deployments|jobs)\b"
)


def of_arguments(request: Request) -> Iterator[Diagnostic]:
    """What is wrong with the arguments, from the call alone."""
    call = request.call
    if request.function == "http.request":
        yield from _of_http_method(request, "method")
    elif request.function == "events.create_callback_endpoint":
        yield from _of_http_method(request, "http_callback_method")
    if request.is_http:
        yield from _of_timeout(request, "timeout", call.arg("timeout"), _LONGEST_REQUEST)
        yield from _unknown_keys(request, "auth", call.arg("auth"), _AUTH_KEYS)
        yield from _of_address(request)
    if request.function.startswith("googleapis."):
        given = call.arg("connector_params")
        yield from _unknown_keys(request, "connector_params", given, _CONNECTOR_KEYS)
        for seconds in value.at(given, "timeout"):
            path = "connector_params.timeout"
            yield from _of_timeout(request, path, seconds, _LONGEST_OPERATION)
        for policy in value.at(given, "polling_policy"):
            path = "connector_params.polling_policy"
            yield from _unknown_keys(request, path, policy, _POLLING_KEYS)


def of_connector(request: Request, reached: Reached) -> Iterator[Diagnostic]:
    """What is wrong with the arguments of a connector, whose method is known."""
    call, method = request.call, reached.method
    if request.is_http or method is None:
        return
    if call.open_args is not None or "arg1" in call.args:  # positions that are not documented
        return
    for name in method.params:
        if name not in call.args and name not in PROJECTS:
            near = get_close_matches(name, [a for a in call.args if a not in method.params], n=1)
            yield Diagnostic(
                rule=WRONG_ARGUMENTS,
                message=f"{request.function} needs '{name}'",
                at=call.place_of(near[0]) if near else call.span,
                help=f"is '{near[0]}' meant for it?" if near else "",
            )
    at_run_v1 = reached.id[:2] == ("run", "v1") and method.id.name.startswith("namespaces.")
    if at_run_v1 and "location" not in call.args and not method.id.name.endswith(".list"):
        yield Diagnostic(
            rule=CONNECTOR_WITHOUT_LOCATION,
            message=f"{request.function} names no location, and the global address only lists",
            at=call.span,
            help=f"write `location: {request.place.region}`",
        )
    if reached.id.api == "storage":
        for name in _OBJECTS:
            text = request.text(name) if name in method.params else None
            if text is not None and "/" in masked(text).text:
                yield Diagnostic(
                    rule=UNENCODED_OBJECT_NAME,
                    message=f"the slashes of {text} end the name of the object",
                    at=call.place_of(name),
                    help="encode the name with text.url_encode",
                )


def _of_http_method(request: Request, name: str) -> Iterator[Diagnostic]:
    given = request.call.arg(name)
    for choice in () if given is None else alternatives(given):
        written = shown(choice)
        if written is None or "{" in written or written in _METHODS:
            continue
        meant = written.upper() if written.upper() in _METHODS else None
        yield Diagnostic(
            rule=UNKNOWN_HTTP_METHOD,
            message=f"{written} is no HTTP method that is sent",
            at=request.call.place_of(name),
            help=f"write {meant}" if meant else f"one of {', '.join(_METHODS)}",
        )


def _of_timeout(
    request: Request, path: str, given: Abstract | None, longest: int
) -> Iterator[Diagnostic]:
    for choice in () if given is None else alternatives(given):
        match choice:
            case Const(None):
                continue
            case Const(int() | float() as seconds) if not isinstance(seconds, bool):
                if 0 <= seconds <= longest:
                    continue
                message = f"a timeout of {seconds} seconds; at most {longest:,} are waited"
            case Const() | MapOf() | ListOf():
                message = "a timeout is a number of seconds"
            case _:
                continue
        yield Diagnostic(
            rule=TIMEOUT_OUT_OF_BOUNDS,
            message=message,
            at=request.call.place_of(path),
            help=f"write a number of seconds up to {longest}",
        )


def _unknown_keys(
    request: Request, path: str, given: Abstract | None, known: Collection[str]
) -> Iterator[Diagnostic]:
    told: dict[str, None] = {}
    for choice in () if given is None else alternatives(given):
        if isinstance(choice, MapOf):
            told |= dict.fromkeys(key for key, _ in choice.entries if key not in known)
    for key in told:
        near = get_close_matches(key, known, n=1)
        yield Diagnostic(
            rule=UNKNOWN_OPTION,
            message=f"'{key}' is no key of `{path.rpartition('.')[2]}`",
            at=request.call.place_of(f"{path}.{key}"),
            help=f"did you mean '{near[0]}'?" if near else f"one of {', '.join(known)}",
        )


def _of_address(request: Request) -> Iterator[Diagnostic]:
    url = request.url
    if url is None or url.scheme == "http" or url.host is None or not _IP.fullmatch(url.host):
        return
    if _CONTROL_PLANE.match(url.path):
        yield Diagnostic(
            rule=GKE_BY_ADDRESS,
            message=f"{url.host} looks like a control plane of GKE, which is refused by address",
            at=request.call.place_of("url"),
            help="use the cluster's DNS-based endpoint, or `gke.request`",
            confidence=Confidence.MEDIUM,
        )
