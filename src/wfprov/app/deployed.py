"""The workflows that are deployed in projects, read whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wfprov.app.inventory import Gathering, Unseen
from wfprov.core.resource import Call
from wfprov.resources.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Deployed:
    """A live workflow and its name, `projects/{p}/locations/{l}/workflows/{w}`."""

    name: str
    workflow: Workflow


def deployed_in(
    projects: Iterable[str], gathering: Gathering, regions: Iterable[str]
) -> Mapping[str, Deployed]:
    """Every workflow of the projects by name, in all locations.

    Where the locations are not told, those of `regions` are looked at and the gathering says so.

    Raises:
        CloudError: no answer, or no credentials.

    Source: https://docs.cloud.google.com/workflows/docs/reference/rest/v1/projects.locations
    (not opened)
    """
    asked = tuple(projects)
    calls = {
        project: Call(
            client="workflows:v1",
            method="projects.locations.list",
            request={"name": f"projects/{project}", "pageSize": 500},
            pages="locations",
        )
        for project in asked
    }
    told = gathering.answers(calls, lambda p: f"workflows of {p} outside the stack's regions")
    scopes = []
    for project in asked:
        body = told[project]
        items = body.get("locations") if body is not None else None
        places = {str(i["locationId"]) for i in items} if isinstance(items, list) else set()
        scopes += [f"projects/{project}/locations/{r}" for r in sorted(places | set(regions))]
    lists = {scope: Workflow.listing(scope) for scope in scopes}
    found: dict[str, Workflow] = {}
    for scope, body in gathering.answers(lists, lambda s: f"workflows in {s}").items():
        for workflow in Workflow.listed(scope, body or {}):
            found[f"{scope}/workflows/{workflow.workflow_id}"] = workflow
    partial = {n: w.read() for n, w in found.items() if not w.shown_whole()}
    for name, body in gathering.answers(partial, lambda n: f"the definition of {n}").items():
        if body is not None:
            found[name] = found[name].parse(body)
        else:
            gathering.unseen.append(Unseen(f"the definition of {name}", "it was not to be read"))
            del found[name]
    return {name: Deployed(name, workflow) for name, workflow in sorted(found.items())}
