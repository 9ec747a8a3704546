"""Callbacks: making an endpoint and waiting at it needs nothing, calling its address does.

Whoever sends to a callback needs `workflows.callbacks.send` on the project and an OAuth2 token.
Source: https://docs.cloud.google.com/workflows/docs/creating-callback-endpoints (2026-11-23)
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.methods import service_host
from wfprov.catalog.question import ask_value, holes_in, origin
from wfprov.catalog.request import Request
from wfprov.catalog.target import Certainty, Kind, Need, TargetUse, Tier
from wfprov.catalog.use import plain
from wfprov.core.address import Permission, RoleName, project_name

HOST = "workflowexecutions.googleapis.com"
SOURCE = "https://docs.cloud.google.com/workflows/docs/creating-callback-endpoints"


def recognise(sighting: Sighting) -> TargetUse | None:
    """A callback endpoint that is made, waited at, or sent to."""
    request = sighting.request
    if request.function.startswith("events."):
        return plain(request, Kind.CALLBACK)
    if not request.is_http or request.url is None:
        return None
    if service_host(request.url, sighting.facts) != HOST:
        return None
    found = re.search(r"/callbacks/[^/]+$", request.url.path.rstrip("/"))
    if found is None:
        return None
    return _sent(request)


def _sent(request: Request) -> TargetUse:
    assert request.url is not None, "a callback has an address"
    path = request.url.path.split("/")
    project = request.place.project
    if "projects" in path[:-1]:
        project = request.url.show(path[path.index("projects") + 1])
    if project in {request.place.project_number, "{project_number}"}:
        project = request.place.project
    use = replace(
        plain(request, Kind.CALLBACK),
        api_method="workflowexecutions.v1.projects.locations.workflows.executions.callbacks",
        resource=project_name(project),
        apis=((HOST, project),),
    )
    if not request.is_signed:
        return use
    need = Need(
        permission=Permission("workflows.callbacks.send"),
        on=project_name(project),
        tier=Tier.CURATED,
        policy_on=project_name(project),
        role=RoleName("roles/workflows.invoker"),
        source=SOURCE,
        project=project,
    )
    doubt = None
    for hole in holes_in(project):
        doubt = ask_value(
            request,
            f"the project of the callback comes from {origin(hole)}",
            hole,
            '{permissions: ["workflows.callbacks.send on //FULL/RESOURCE/NAME"]}',
        )
    confidence = Certainty.PATTERN if doubt else use.confidence
    return replace(use, needs=(need,), question=doubt, confidence=confidence)


TARGET: Final = TargetKind(kind=Kind.CALLBACK, recognise=recognise)
