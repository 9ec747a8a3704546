"""Endpoints behind Identity-Aware Proxy: an OIDC token whose audience is an OAuth client id.

The address gives no hint, an audience that ends in `.apps.googleusercontent.com` does; an answer
names the IAP resource, on which roles/iap.httpsResourceAccessor is granted. What carries no token
of the workflow's account is granted nothing: its account is not who asks.
Source: https://docs.cloud.google.com/iap/docs/authentication-howto (2026-11-23)
Source: https://docs.cloud.google.com/iap/docs/managing-access (2026-11-23)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.question import ask
from wfprov.catalog.target import Certainty, Kind, Need, TargetUse, Tier
from wfprov.catalog.use import plain
from wfprov.core.address import Permission, ResourceName, RoleName, is_pattern, segment_after

CLIENT_ID = ".apps.googleusercontent.com"
SOURCE = "https://docs.cloud.google.com/iap/docs/managing-access"


def recognise(sighting: Sighting) -> TargetUse | None:
    """A request that an answer or its audience says to be behind IAP."""
    request = sighting.request
    told = request.answer is not None and request.answer.kind == "iap"
    audience = request.auth.audience if request.auth and request.auth.type == "OIDC" else None
    if not told and not (audience or "").endswith(CLIENT_ID):
        return None
    if not request.is_http:
        return None
    path = "projects/{iap_project}/iap_web/{iap_resource}"
    if told and request.answer is not None:
        given = request.answer.value
        named = given.get("resource", "") if isinstance(given, Mapping) else given
        if isinstance(named, str) and named:
            path = named.removeprefix("//iap.googleapis.com/")
    resource = ResourceName(f"//iap.googleapis.com/{path}")
    project = segment_after(resource, "projects") or request.place.project
    need = Need(
        permission=Permission("iap.webServiceVersions.accessViaIAP"),
        on=resource,
        tier=Tier.CURATED,
        policy_on=resource,
        role=RoleName("roles/iap.httpsResourceAccessor"),
        source=SOURCE,
        project=project,
    )
    doubt = None
    if is_pattern(resource):
        doubt = ask(
            request,
            f"{request.url.shown_host if request.url else 'the endpoint'} is behind IAP "
            "(the audience is an OAuth client id): which IAP resource is it?",
            "{iap: {resource: projects/NUMBER/iap_web/...}}",
            "iap_resource",
        )
    return replace(
        plain(request, Kind.IAP),
        resource=resource,
        needs=(need,) if request.is_signed else (),
        question=doubt if request.is_signed else None,
        confidence=Certainty.PATTERN if doubt else plain(request, Kind.IAP).confidence,
        apis=() if doubt else (("iap.googleapis.com", project),),
    )


TARGET: Final = TargetKind(kind=Kind.IAP, recognise=recognise, answers=("iap",))
