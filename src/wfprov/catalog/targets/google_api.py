"""Google APIs, by connector or by an address under googleapis.com.

Source: https://docs.cloud.google.com/workflows/docs/authenticate-from-workflow (2026-11-23)
"""

from __future__ import annotations

from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.methods import service_host
from wfprov.catalog.target import Kind, TargetUse
from wfprov.catalog.use import of_method


def recognise(sighting: Sighting) -> TargetUse | None:
    """A connector call, a request to a Google host, or one whose method an answer names."""
    request = sighting.request
    told = request.answer is not None and request.answer.kind in {"api_method", "permissions"}
    google = request.url is not None and service_host(request.url, sighting.facts) is not None
    if told or google or request.function.startswith("googleapis."):
        return of_method(sighting, Kind.GOOGLE_API)
    return None


TARGET: Final = TargetKind(
    kind=Kind.GOOGLE_API, recognise=recognise, answers=("api_method", "permissions")
)
