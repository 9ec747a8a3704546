"""API Gateway: the token is checked against the API's own configuration, IAM is not asked.

Source: https://docs.cloud.google.com/api-gateway/docs/authenticate-service-account (2026-11-23)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.target import Kind, TargetUse
from wfprov.catalog.use import plain

NOTE = (
    "no IAM role opens it: name the service account and the audience in the API's configuration "
    "(x-google-issuer, x-google-audiences)"
)


def recognise(sighting: Sighting) -> TargetUse | None:
    """A request to a gateway.dev address."""
    url = sighting.request.url
    if url is None or url.host is None or not url.host.endswith(".gateway.dev"):
        return None
    return replace(plain(sighting.request, Kind.API_GATEWAY), note=NOTE)


TARGET: Final = TargetKind(kind=Kind.API_GATEWAY, recognise=recognise)
