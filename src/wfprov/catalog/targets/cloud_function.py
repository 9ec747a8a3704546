"""Cloud Run functions at cloudfunctions.net, of the first and the second generation.

The first takes roles/cloudfunctions.invoker on the function, the second roles/run.invoker on the
Cloud Run service beneath it; the address does not tell which it is, the function itself does.
Source: https://docs.cloud.google.com/workflows/docs/authentication (2026-11-23)
Source: https://docs.cloud.google.com/functions/docs/reference/iam/permissions (2026-11-23)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.question import ask, holes_in
from wfprov.catalog.resource import pairs_of
from wfprov.catalog.run_app import (
    first_generation,
    function_at,
    function_name,
    run_service,
    service_beneath,
)
from wfprov.catalog.target import Certainty, Kind, Need, TargetUse, Tier
from wfprov.catalog.use import certainty, plain
from wfprov.core.address import Permission, ResourceName, RoleName
from wfprov.language.terraform_address import FUNCTIONS

SOURCE = "https://docs.cloud.google.com/functions/docs/reference/iam/permissions"
GENERATION: Final = "generation_of_the_function"
"""The hole of the question which generation a function is of."""
_ORDINAL: Final = {"1": "1st", "2": "2nd"}


def recognise(sighting: Sighting) -> TargetUse | None:
    """A request to a cloudfunctions.net address, or one that an answer says to be a function."""
    request, place = sighting.request, sighting.request.place
    at = None if request.url is None else function_at(request.url)
    answer = request.answer
    told = answer.value if answer is not None and answer.kind == "function" else None
    if not request.is_http or (at is None and told is None):
        return None
    project, region, name = at or (place.project, place.region, "{function}")
    of_first = request.url is not None and first_generation(request.url)
    generation = "1" if of_first else _as_named(request.address)
    if isinstance(told, Mapping):
        project, region, name = _told(told.get("name", ""), (project, region, name))
        generation = told.get("generation")
    project = place.project if project == place.project_number else project
    resource = function_name(project, region, name)
    base = replace(
        plain(request, Kind.CLOUD_FUNCTION),
        resource=resource,
        confidence=certainty(request.address, resource),
    )
    if not request.is_signed:
        return base
    needs = _needs(resource, project)
    seen = place.functions.get(resource)
    note = ""
    if generation is None and seen is not None and seen.generation:
        generation, note = seen.generation, f"{_ORDINAL[seen.generation]} generation, {seen.by}"
        if seen.service:
            beneath = run_service(project, region, seen.service)
            needs = needs[0], replace(needs[1], on=beneath)
    if generation is not None:
        chosen = needs[0] if str(generation) == "1" else needs[1]
        host = "cloudfunctions" if str(generation) == "1" else "run"
        return replace(
            base,
            needs=(replace(chosen, when=None),),
            resource=chosen.on,
            apis=((f"{host}.googleapis.com", project),),
            note=note,
        )
    return replace(
        base,
        needs=needs,
        confidence=Certainty.PATTERN,
        apis=(("cloudfunctions.googleapis.com", project),),
        question=ask(
            request,
            f"is {name} a function of the 1st or of the 2nd generation? "
            "The address does not tell, and they take different roles"
            + (f"; {seen.why}" if seen is not None else ""),
            f"{{function: {{name: {name if '{' not in name else 'NAME'}, generation: 2}}}}",
            GENERATION,
        ),
    )


def _as_named(address: str | None) -> str | None:
    """The generation that the type in Terraform's name for a part of the address says."""
    for hole in holes_in(address or ""):
        kind = hole.removeprefix("data.").partition(".")[0]
        if kind in FUNCTIONS:
            return FUNCTIONS[kind][0]
    return None


def _told(given: str, known: tuple[str, str, str]) -> tuple[str, str, str]:
    """Project, region and name of an answer's `name`, a plain or a whole one."""
    parts, _ = pairs_of(given.partition("googleapis.com/")[2] or given)
    if "functions" not in parts:
        return known[0], known[1], given or known[2]
    return parts.get("projects", known[0]), parts.get("locations", known[1]), parts["functions"]


def _needs(resource: ResourceName, project: str) -> tuple[Need, Need]:
    first = Need(
        permission=Permission("cloudfunctions.functions.invoke"),
        on=resource,
        tier=Tier.CURATED,
        when="the function is of the 1st generation",
        role=RoleName("roles/cloudfunctions.invoker"),
        source=SOURCE,
        project=project,
    )
    second = replace(
        first,
        permission=Permission("run.routes.invoke"),
        on=service_beneath(resource),
        when="the function is of the 2nd generation",
        role=RoleName("roles/run.invoker"),
    )
    return first, second


TARGET: Final = TargetKind(kind=Kind.CLOUD_FUNCTION, recognise=recognise, answers=("function",))
