"""`sys.log`: an entry in the log of the workflow's own project, written by its account.

Source: https://docs.cloud.google.com/workflows/docs/authentication (2026-11-23)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.target import Kind, Need, TargetUse, Tier
from wfprov.catalog.use import certainty, plain
from wfprov.core.address import Permission, RoleName, project_name

SOURCE = "https://docs.cloud.google.com/workflows/docs/authentication"


def recognise(sighting: Sighting) -> TargetUse | None:
    """A call of `sys.log`."""
    request = sighting.request
    if request.function != "sys.log":
        return None
    project = project_name(request.place.project)
    need = Need(
        permission=Permission("logging.logEntries.create"),
        on=project,
        tier=Tier.CURATED,
        policy_on=project,
        role=RoleName("roles/logging.logWriter"),
        source=SOURCE,
        project=request.place.project,
    )
    return replace(
        plain(request, Kind.LOGGING),
        resource=project,
        needs=(need,),
        confidence=certainty(project),
        apis=(("logging.googleapis.com", request.place.project),),
    )


TARGET: Final = TargetKind(kind=Kind.LOGGING, recognise=recognise)
