"""Child workflows: executions started by connector, by experimental.executions, by plain HTTP.

The lowest resource that takes a Workflows role is the project.
Source: https://docs.cloud.google.com/workflows/docs/access-control (2026-11-23)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.methods import Reached
from wfprov.catalog.resource import Parts
from wfprov.catalog.target import Kind, TargetUse
from wfprov.catalog.use import of_method
from wfprov.core.facts import MethodId

HELPER = "projects.locations.workflows.executions.run"


def recognise(sighting: Sighting) -> TargetUse | None:
    """A call of the Executions API, whichever way it is written."""
    request = sighting.request
    if request.function.startswith("experimental.executions."):
        names = {name: text for name in request.call.args if (text := request.text(name))}
        reached = Reached(
            id=MethodId("workflowexecutions", "v1", HELPER),
            method=None,
            parts=Parts(named=names),
            service="workflowexecutions.googleapis.com",
        )
        return of_method(replace(sighting, reached=(reached,)), Kind.WORKFLOW)
    if sighting.reached and all(r.id.api == "workflowexecutions" for r in sighting.reached):
        return of_method(sighting, Kind.WORKFLOW)
    return None


TARGET: Final = TargetKind(kind=Kind.WORKFLOW, recognise=recognise)
