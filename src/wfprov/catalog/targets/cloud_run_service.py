"""Cloud Run services, called with an OIDC token: roles/run.invoker on the service.

A host that nothing names is presumed to be one when the request carries an OIDC token: it is shown
as a pattern and asked about, never granted, unless a service of the workflow's place was seen to
answer there or to accept the token's audience.
Source: https://docs.cloud.google.com/workflows/docs/calling-run-functions (2026-11-23)
Source: https://docs.cloud.google.com/run/docs/authenticating/service-to-service (2026-11-23)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.question import ask, ask_value, holes_in, origin
from wfprov.catalog.request import Request
from wfprov.catalog.resource import pairs_of
from wfprov.catalog.run_app import RunService, audience_service, run_service, service_at
from wfprov.catalog.target import Certainty, Kind, Need, Question, TargetUse, Tier
from wfprov.catalog.url import parsed
from wfprov.catalog.use import plain
from wfprov.core.address import Permission, ResourceName, RoleName

SOURCE = "https://docs.cloud.google.com/workflows/docs/calling-run-functions"


def recognise(sighting: Sighting) -> TargetUse | None:
    """A request to run.app, with a run.app audience, by an answer, or with an OIDC token."""
    request = sighting.request
    if not request.is_http:
        return None
    answer = request.answer
    if answer is not None and answer.kind == "cloud_run":
        return _use(request, _told(str(answer.value), request), None)
    found = None if request.url is None else service_at(request.url, request.place)
    found = found or audience_service(request)
    if found is None or holes_in(found.name):
        seen = _seen(request)
        if seen is not None:
            service, note = seen
            return replace(_use(request, service, None), note=note)
    if found is not None:
        return _use(request, found, _hidden(request, found))
    if request.auth is None or request.auth.type != "OIDC":
        return None
    return _presumed(request)


def _seen(request: Request) -> tuple[RunService, str] | None:
    """The service that was seen to answer at the host, or to accept the audience, and by which."""
    services = request.place.services
    if services is None:
        return None
    host = None if request.url is None or request.url.host is None else request.url.shown_host
    audience = request.auth.audience if request.auth and request.auth.type == "OIDC" else None
    for word, note in (
        (host, "seen live"),
        (audience, f"the one that accepts the audience in {request.place.region}, seen live"),
    ):
        name = services.names.get(word or "")
        if name is not None:
            exact = word == host  # a service of another region may accept the audience too
            return RunService(name=name, project=request.place.project, exact=exact), note
    return None


def _unseen(request: Request) -> str:
    """What looking for the service has found, to be said with the question."""
    services = request.place.services
    return "" if services is None or not services.why else f" ({services.why})"


def _told(given: str, request: Request) -> RunService:
    """The service of an answer: a plain name in the workflow's own region, a whole one, a URL."""
    url = parsed(given)
    at = None if url is None else service_at(url, request.place)
    if at is not None:
        return at
    parts, _ = pairs_of(given.partition("googleapis.com/")[2] or given)
    project = parts.get("projects", request.place.project)
    region = parts.get("locations", request.place.region)
    name = run_service(project, region, parts.get("services", given))
    return RunService(name=name, project=project, exact="{" not in name)


def _use(request: Request, service: RunService, doubt: Question | None) -> TargetUse:
    base = replace(
        plain(request, Kind.CLOUD_RUN_SERVICE),
        resource=service.name,
        confidence=Certainty.EXACT if service.exact else Certainty.PATTERN,
    )
    if not request.is_signed:
        return base
    return replace(
        base,
        needs=(_invoke(service.name, service.project),),
        question=doubt,
        apis=(("run.googleapis.com", service.project),),
    )


def _invoke(service: ResourceName, project: str) -> Need:
    return Need(
        permission=Permission("run.routes.invoke"),
        on=service,
        tier=Tier.CURATED,
        policy_on=service,
        role=RoleName("roles/run.invoker"),
        source=SOURCE,
        project=project,
    )


def _hidden(request: Request, service: RunService) -> Question | None:
    """The question when the service's name, project or region is not told."""
    for hole in holes_in(service.name):
        known = not hole.startswith(("service:", "region:"))
        message = (
            f"which service {request.address} is depends on {origin(hole)}"
            if known
            else f"the address {request.address} does not tell service and region apart"
        )
        return ask_value(request, message, hole if known else "", "{cloud_run: SERVICE}")
    return None


def _presumed(request: Request) -> TargetUse:
    """An OIDC call to a host that nothing names."""
    holes = holes_in(request.address or "")
    hidden = request.url is None or request.url.host is None or "{" in request.url.shown_host
    hole = holes[0] if holes and hidden else ""
    host = request.url.shown_host if request.url is not None else request.address or "an address"
    name = "{" + (hole or f"host:{host}") + "}"
    # Every part is a hole, so that nothing is granted before the question is answered.
    service = ResourceName(f"//run.googleapis.com/projects/{name}/locations/{name}/services/{name}")
    fallback = "{cloud_run: SERVICE}"
    doubt = (
        ask_value(
            request,
            f"the host comes from {origin(hole)}: which service is it?",
            hole,
            fallback,
        )
        if hole
        else ask(
            request,
            f"nothing tells what answers at {host}: a Cloud Run service with a domain of its own?"
            + _unseen(request),
            fallback,
        )
    )
    return replace(
        plain(request, Kind.CLOUD_RUN_SERVICE),
        resource=service,
        needs=(_invoke(service, name),),
        question=doubt,
        confidence=Certainty.PATTERN,
    )


TARGET: Final = TargetKind(kind=Kind.CLOUD_RUN_SERVICE, recognise=recognise, answers=("cloud_run",))
