"""Hosts that are not Google's: nothing to grant.

A request is external when its author sends an Authorization header, or when nothing signs it and
its host is known and not Google's, as the IP address of a virtual machine is; or when an answer
says so.
Source: https://docs.cloud.google.com/workflows/docs/authenticate-from-workflow (2026-11-23)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.target import Kind, TargetUse
from wfprov.catalog.url import MACHINE, has_hole
from wfprov.catalog.use import plain


def recognise(sighting: Sighting) -> TargetUse | None:
    """A request that is known to leave Google."""
    request = sighting.request
    if request.answer is not None and request.answer.kind == "external":
        return replace(plain(request, Kind.EXTERNAL), note=str(request.answer.value))
    if not request.is_http:
        return None
    if request.auth is not None and request.auth.type == "header":
        return plain(request, Kind.EXTERNAL)
    if request.is_signed or request.url is None or request.url.host is None:
        return None
    if request.url.shown_host.startswith("{" + MACHINE):
        return plain(request, Kind.EXTERNAL)
    if not request.url.host or has_hole(request.url.host):
        return None
    return plain(request, Kind.EXTERNAL)


TARGET: Final = TargetKind(kind=Kind.EXTERNAL, recognise=recognise, answers=("external",))
