"""Which Cloud Run service answers at an address that does not name one: the services say it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from wfprov.app.inventory import PAGE, Gathering
from wfprov.catalog.target import Kind, SeenServices, TargetUse
from wfprov.core.address import ResourceName
from wfprov.core.resource import Body, Call
from wfprov.desired.model import Inspected

_HOST: Final = "//run.googleapis.com/"
_UNNAMED: Final = re.compile(r"\{(?:host|service|region):")
"""The holes of a service whose address is known and does not tell which service it is."""


def places_asked_about(inspected: Iterable[Inspected]) -> tuple[str, ...]:
    """Where the workflows run that call an address which names no service.

    A custom domain is looked for there and nowhere else, as `projects/p/locations/r`.
    """
    found = {
        f"projects/{one.workflow.project}/locations/{one.workflow.region}"
        for one in inspected
        if one.workflow.project and one.workflow.region
        if any(_is_unnamed(target) for use in one.sites for target in use.targets)
    }
    return tuple(sorted(found))


def _is_unnamed(target: TargetUse) -> bool:
    return (
        target.kind is Kind.CLOUD_RUN_SERVICE
        and target.question is not None
        and _UNNAMED.search(target.resource or "") is not None
    )


def listings(places: Iterable[str]) -> dict[str, Call]:
    """The request for each place.

    Source: https://docs.cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/list
    (not opened; the fields by the discovery document of google-api-python-client)
    """
    return {
        place: Call(
            client="run:v2",
            method="projects.locations.services.list",
            request={"parent": place, "pageSize": PAGE},
            pages="services",
        )
        for place in places
    }


def look(places: Iterable[str], gathering: Gathering) -> dict[str, SeenServices]:
    """What the services of each place say, or why they were not seen.

    Raises:
        CloudError: no answer, or no credentials.
    """
    gone: set[str] = set()
    before = len(gathering.unseen)
    answers = gathering.answers(listings(places), _shown, gone=gone)
    refused = {unseen.what: unseen.why for unseen in gathering.unseen[before:]}
    return {place: _seen(place, body, refused, gone) for place, body in answers.items()}


def _seen(
    place: str, body: Body | None, refused: Mapping[str, str], gone: set[str]
) -> SeenServices:
    where = _shown(place)
    if place in gone:
        return SeenServices(why=f"there are no {where}: is run.googleapis.com enabled?")
    if body is None:
        return SeenServices(why=f"the {where} could not be listed: {refused.get(where, 'refused')}")
    listed = body.get("services")
    by: dict[str, set[ResourceName]] = defaultdict(set)
    for service in listed if isinstance(listed, list | tuple) else ():
        short = str(service.get("name", "")).rpartition("/")[2]
        for word in _words(service):
            by[word].add(ResourceName(f"{_HOST}{place}/services/{short}"))
    only = {word: next(iter(names)) for word, names in by.items() if len(names) == 1}
    return SeenServices(names=only, why=f"it is none of the {where}")


def _words(service: Mapping[str, object]) -> Iterator[str]:
    """The hosts that a service answers at, tags included, and the audiences that it accepts.

    Source: https://docs.cloud.google.com/run/docs/configuring/custom-audiences (not opened)
    """
    statuses = service.get("trafficStatuses")
    tagged = [s.get("uri") for s in statuses] if isinstance(statuses, list | tuple) else []
    urls = service.get("urls")
    for url in (service.get("uri"), *(urls if isinstance(urls, list | tuple) else ()), *tagged):
        if isinstance(url, str) and (host := urlsplit(url).hostname):
            yield host
    audiences = service.get("customAudiences")
    yield from map(str, audiences if isinstance(audiences, list | tuple) else ())


def _shown(place: str) -> str:
    _, project, _, region = place.split("/")
    return f"services in {region} of {project}"
