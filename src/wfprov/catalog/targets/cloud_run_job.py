"""Running a Cloud Run job, by connector or by address.

Source: https://docs.cloud.google.com/run/docs/execute/jobs (2026-11-23)
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.methods import Reached
from wfprov.catalog.resource import Parts, pairs_of
from wfprov.catalog.target import Kind, TargetUse
from wfprov.catalog.use import of_method
from wfprov.core.facts import MethodId

RUN = MethodId("run", "v2", "projects.locations.jobs.run")


def recognise(sighting: Sighting) -> TargetUse | None:
    """A call of `jobs.run` of any version, or a call that an answer says to run a job."""
    request = sighting.request
    if request.answer is not None and request.answer.kind == "cloud_run_job":
        given = str(request.answer.value)
        collected, _ = pairs_of(given.partition("googleapis.com/")[2] or given)
        place = request.place
        default = {"projects": place.project, "locations": place.region, "jobs": given}
        reached = Reached(
            id=RUN,
            method=sighting.facts.method(RUN),
            parts=Parts(collected={**default, **collected}),
            service="run.googleapis.com",
        )
        return of_method(replace(sighting, reached=(reached,)), Kind.CLOUD_RUN_JOB)
    one = sighting.one
    if one is None or one.id.api != "run" or not re.fullmatch(r".*\bjobs\.run", one.id.name):
        return None
    return of_method(sighting, Kind.CLOUD_RUN_JOB)


TARGET: Final = TargetKind(kind=Kind.CLOUD_RUN_JOB, recognise=recognise, answers=("cloud_run_job",))
