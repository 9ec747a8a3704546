"""Of which generation the called functions are, where no address tells: the functions say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from wfprov.app.inventory import Gathering
from wfprov.catalog.target import SeenFunction
from wfprov.catalog.targets.cloud_function import GENERATION
from wfprov.core.address import ResourceName, is_pattern, segment_after
from wfprov.core.resource import Body, Call
from wfprov.desired.model import Inspected

_HOST: Final = "//cloudfunctions.googleapis.com/"
_GENERATIONS: Final[dict[object, Literal["1", "2"]]] = {"GEN_1": "1", "GEN_2": "2"}


def asked_about(inspected: Iterable[Inspected]) -> tuple[ResourceName, ...]:
    """The functions whose generation is a question, by their full names."""
    names = {
        target.resource
        for one in inspected
        for use in one.sites
        for target in use.targets
        if target.question is not None and target.question.hole == GENERATION
        if target.resource is not None and not is_pattern(target.resource)
    }
    return tuple(sorted(names))


def listings(names: Iterable[ResourceName]) -> dict[str, Call]:
    """The request for each place, `projects/p/locations/r`, in which a function is asked about.

    Version 2 of the API shows functions of both generations and says of each which it is.

    Source: https://cloud.google.com/sdk/gcloud/reference/functions/list (2026-11-24)
    Source: https://docs.cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions
    (not opened)
    """
    return {
        place: Call(
            client="cloudfunctions:v2",
            method="projects.locations.functions.list",
            request={"parent": place, "pageSize": 1000},
            pages="functions",
        )
        for place in sorted(set(map(_place, names)))
    }


class Functions:
    """What the cloud says of functions, as far as it was asked; each place is listed once."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self._bodies: dict[str, Body | None] = {}
        self._gone: set[str] = set()
        self._refused: dict[str, str] = {}
        self.seen: Mapping[ResourceName, SeenFunction] = {}

    def look(self, inspected: Iterable[Inspected]) -> bool:
        """Looks for the functions whose generation is a question; False when there are none.

        Raises:
            CloudError: no answer, or no credentials; what is refused is told with the function.
        """
        names = asked_about(inspected)
        calls = {p: call for p, call in listings(names).items() if p not in self._bodies}
        before = len(self._gathering.unseen)
        self._bodies |= self._gathering.answers(calls, _shown, gone=self._gone)
        self._refused |= {unseen.what: unseen.why for unseen in self._gathering.unseen[before:]}
        self.seen = {**self.seen, **{name: self._seen(name) for name in names}}
        return bool(names)

    def _seen(self, name: ResourceName) -> SeenFunction:
        place = _place(name)
        body, where, refused = self._bodies[place], _shown(place), self._refused
        if place in self._gone:
            return SeenFunction(
                why=f"there are no {where}: is cloudfunctions.googleapis.com enabled?"
            )
        if body is None:
            return SeenFunction(
                why=f"the {where} could not be listed: {refused.get(where, 'refused')}"
            )
        listed = body.get("functions")
        for function in listed if isinstance(listed, list | tuple) else ():
            if str(function.get("name", "")).rpartition("/")[2] == name.rpartition("/")[2]:
                settings = function.get("serviceConfig") or {}
                generation = _GENERATIONS.get(function.get("environment"))
                if generation is None:
                    return SeenFunction(why="the function itself does not tell it either")
                service = str(settings.get("service", "")).rpartition("/")[2]
                return SeenFunction(generation=generation, service=service)
        if where in refused:
            return SeenFunction(why=f"not all {where} were listed: {refused[where]}")
        return SeenFunction(why=f"it is not among the {where}")


def _place(name: ResourceName) -> str:
    """`projects/p/locations/r`."""
    return name.removeprefix(_HOST).partition("/functions/")[0]


def _shown(place: str) -> str:
    return f"functions in {segment_after(place, 'locations')} of {segment_after(place, 'projects')}"
