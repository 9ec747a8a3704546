"""Workspace APIs: Drive, Sheets, Docs, Gmail and so on, whose access is no matter of IAM.

A file is shared with the service account's address; mail and directories need domain-wide
delegation by an administrator.
Source: https://developers.google.com/workspace/guides/auth-overview (2026-11-23)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.target import Kind, TargetUse
from wfprov.catalog.use import of_method, plain

APIS = frozenset(
    {
        "admin", "alertcenter", "appsactivity", "calendar", "chat", "classroom", "cloudidentity",
        "docs", "drive", "driveactivity", "drivelabels", "forms", "gmail", "groupsmigration",
        "groupssettings", "keep", "licensing", "meet", "people", "reseller", "script", "sheets",
        "slides", "tasks", "vault",
    }
)  # fmt: skip

NOTE = (
    "no IAM role opens it: share the file with the service account's address, "
    "or let an administrator delegate"
)


def recognise(sighting: Sighting) -> TargetUse | None:
    """A call of a Workspace API, or one that an answer says to be."""
    request = sighting.request
    if request.answer is not None and request.answer.kind == "workspace":
        return replace(plain(request, Kind.WORKSPACE_API), note=str(request.answer.value))
    if not sighting.reached or any(r.id.api not in APIS for r in sighting.reached):
        return None
    use = of_method(sighting, Kind.WORKSPACE_API)
    # The catalog's remark tells what to do instead of a grant; there is nothing to ask.
    return replace(use, needs=(), question=None, note=use.note or NOTE)


TARGET: Final = TargetKind(kind=Kind.WORKSPACE_API, recognise=recognise, answers=("workspace",))
