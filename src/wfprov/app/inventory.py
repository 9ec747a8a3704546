"""Reads many things at once, and lists the resources of a project whose policies wfprov binds."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

from wfprov.core.address import ResourceName
from wfprov.core.crew import Crew
from wfprov.core.errors import (
    BusyError,
    CloudError,
    InvalidError,
    NotFoundError,
    RefusedError,
    ServiceDisabledError,
)
from wfprov.core.ports import Cloud
from wfprov.core.resource import Body, Call

K = TypeVar("K", bound=Hashable)

PAGE: Final = 500


@dataclass(frozen=True, slots=True, order=True)
class Unseen:
    """Something that was not looked at, and why."""

    what: str
    why: str


SEARCHED_BY_NOBODY: Final = (
    Unseen(
        "policies of Identity-Aware Proxy",
        "no list shows them; those that the workflows call are read",
    ),
)
_OTHER_KINDS: Final = (
    "only Cloud Asset search sees them: enable cloudasset.googleapis.com and grant "
    "roles/cloudasset.viewer"
)


class Gathering:
    """Requests sent in parallel; what is refused is noted in `unseen`."""

    def __init__(self, cloud: Cloud, parallel: int) -> None:
        self._cloud = cloud
        self.parallel = parallel
        self._pool = Crew(parallel)
        self.unseen: list[Unseen] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.__exit__(kind, error, trace)

    def answers(
        self,
        calls: Mapping[K, Call],
        shown: Callable[[K], str],
        *,
        absent: tuple[type[CloudError], ...] = (NotFoundError, ServiceDisabledError),
        gone: set[K] | None = None,
    ) -> dict[K, Body | None]:
        """The answer to each call; None where there is nothing, or where it was not to be seen.

        `absent` are the errors that say that there is nothing; their keys are added to `gone`.

        Raises:
            CloudError: no answer, or no credentials.
        """
        found: dict[K, Body | None] = {}
        for key, outcome in self._outcomes(calls):
            if not isinstance(outcome, CloudError):
                found[key] = outcome
                if places := outcome.get("unreachable"):
                    self.unseen.append(Unseen(shown(key), f"not reachable: {_listed(places)}"))
                continue
            found[key] = None
            if isinstance(outcome, absent):
                if gone is not None:
                    gone.add(key)
                continue
            if not isinstance(outcome, RefusedError | BusyError | InvalidError | NotFoundError):
                raise outcome
            self.unseen.append(Unseen(shown(key), why(outcome)))
        return found

    def quietly(self, calls: Mapping[K, Call]) -> dict[K, Body | None]:
        """The answer to each call, None for one that is refused: there is another way.

        Raises:
            CloudError: no answer, or no credentials.
        """
        found: dict[K, Body | None] = {}
        for key, outcome in self._outcomes(calls):
            if not isinstance(outcome, CloudError):
                found[key] = outcome
                continue
            if not isinstance(
                outcome,
                RefusedError | BusyError | InvalidError | NotFoundError | ServiceDisabledError,
            ):
                raise outcome
            found[key] = None
        return found

    def _outcomes(self, calls: Mapping[K, Call]) -> Iterator[tuple[K, Body | CloudError]]:
        futures = {
            key: self._pool.submit(partial(self._outcome, call)) for key, call in calls.items()
        }
        for key, future in futures.items():
            yield key, future.result()

    def _outcome(self, call: Call) -> Body | CloudError:
        try:
            return self._cloud.send(call)
        except CloudError as error:
            return error


def why(error: CloudError) -> str:
    """Why something could not be looked at, in a few words."""
    if isinstance(error, RefusedError):
        return f"{error.permission} is missing" if error.permission else "access is refused"
    return error.message[:200]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How one kind of resource is listed.

    `place` is the request's parameter that says where. `locations` is the API that lists the
    locations, empty where one list shows all of them. `name` gives the full resource name.
    """

    what: str
    client: str
    method: str
    place: str
    key: str
    name: Callable[[str, Mapping[str, object]], str]
    at: str = "projects/{project}"
    locations: str = ""
    sized: str = "pageSize"


def _named(service: str) -> Callable[[str, Mapping[str, object]], str]:
    """The full name of an item that carries its relative name, the project by id."""

    def name(project: str, item: Mapping[str, object]) -> str:
        parts = str(item["name"]).split("/")
        parts[1] = project
        return f"//{service}/{'/'.join(parts)}"

    return name


def _bucket(_project: str, item: Mapping[str, object]) -> str:
    return f"//storage.googleapis.com/projects/_/buckets/{item['name']}"


def _account(_project: str, item: Mapping[str, object]) -> str:
    return f"//iam.googleapis.com/projects/-/serviceAccounts/{item['email']}"


def _dataset(project: str, item: Mapping[str, object]) -> str:
    reference = item.get("datasetReference")
    assert isinstance(reference, Mapping), "a listed dataset has a reference"
    return f"//bigquery.googleapis.com/projects/{project}/datasets/{reference['datasetId']}"


_LOCATED: Final = "projects/{project}/locations/{location}"
_KINDS: Final = (
    # Pages and parameters by the discovery documents of google-api-python-client (2026-11-23);
    # run v2 takes no wildcard for the location, cloudfunctions v1 does.
    _Kind(what="Cloud Run services", client="run:v2", method="projects.locations.services.list",
          place="parent", at=_LOCATED, locations="run:v1", key="services",
          name=_named("run.googleapis.com")),
    _Kind(what="Cloud Run jobs", client="run:v2", method="projects.locations.jobs.list",
          place="parent", at=_LOCATED, locations="run:v1", key="jobs",
          name=_named("run.googleapis.com")),
    _Kind(what="functions", client="cloudfunctions:v1", method="projects.locations.functions.list",
          place="parent", at="projects/{project}/locations/-", key="functions",
          name=_named("cloudfunctions.googleapis.com")),
    _Kind(what="secrets", client="secretmanager:v1", method="projects.secrets.list",
          place="parent", key="secrets", name=_named("secretmanager.googleapis.com")),
    _Kind(what="topics", client="pubsub:v1", method="projects.topics.list", place="project",
          key="topics", name=_named("pubsub.googleapis.com")),
    _Kind(what="subscriptions", client="pubsub:v1", method="projects.subscriptions.list",
          place="project", key="subscriptions", name=_named("pubsub.googleapis.com")),
    _Kind(what="queues", client="cloudtasks:v2", method="projects.locations.queues.list",
          place="parent", at=_LOCATED, locations="cloudtasks:v2", key="queues",
          name=_named("cloudtasks.googleapis.com")),
    _Kind(what="key rings", client="cloudkms:v1", method="projects.locations.keyRings.list",
          place="parent", at=_LOCATED, locations="cloudkms:v1", key="keyRings",
          name=_named("cloudkms.googleapis.com")),
    _Kind(what="buckets", client="storage:v1", method="buckets.list", place="project",
          at="{project}", key="items", name=_bucket, sized="maxResults"),
    _Kind(what="BigQuery datasets", client="bigquery:v2", method="datasets.list",
          place="projectId", at="{project}", key="datasets", name=_dataset, sized="maxResults"),
    _Kind(what="service accounts", client="iam:v1", method="projects.serviceAccounts.list",
          place="name", key="accounts", name=_account),
)  # fmt: skip
_KEYS: Final = _Kind(
    what="keys",
    client="cloudkms:v1",
    method="projects.locations.keyRings.cryptoKeys.list",
    place="parent",
    key="cryptoKeys",
    name=_named("cloudkms.googleapis.com"),
)


def resources_of(
    project: str, gathering: Gathering, accounts: Iterable[str] | None = None
) -> list[ResourceName]:
    """The full names of a project's resources of the kinds that wfprov binds most.

    `accounts` are the e-mail addresses of its accounts where they were listed a moment ago. Notes
    in the gathering what no list shows.
    """
    locations = _locations(project, gathering)
    calls: dict[tuple[_Kind, str], Call] = {}
    for kind in _KINDS:
        if kind.key == "accounts" and accounts is not None:
            continue
        for location in locations[kind.locations] if kind.locations else ("",):
            at = kind.at.format(project=project, location=location)
            calls[kind, at] = _list_call(kind, at)
    names = list(_names(project, calls, gathering))
    names += [ResourceName(_account(project, {"email": email})) for email in accounts or ()]
    rings = [n.removeprefix("//cloudkms.googleapis.com/") for n in names if "/keyRings/" in n]
    in_rings = {(_KEYS, ring): _list_call(_KEYS, ring) for ring in rings}
    names += _names(project, in_rings, gathering)
    gathering.unseen += (
        Unseen(f"regional secrets of {project}", _OTHER_KINDS),
        Unseen(f"tables, Compute Engine, Spanner and other kinds in {project}", _OTHER_KINDS),
    )
    return names


def _locations(project: str, gathering: Gathering) -> dict[str, tuple[str, ...]]:
    """The locations of each API that lists by location."""
    calls = {
        client: Call(
            client=client,
            method="projects.locations.list",
            request={"name": f"projects/{project}", "pageSize": PAGE},
            pages="locations",
        )
        for client in {kind.locations for kind in _KINDS if kind.locations}
    }
    answers = gathering.answers(calls, lambda c: f"locations of {c.partition(':')[0]} in {project}")
    return {
        client: tuple(
            str(item["locationId"]) for item in _items((answers[client] or {}).get("locations"))
        )
        for client in calls
    }


def _list_call(kind: _Kind, at: str) -> Call:
    request = {kind.place: at, kind.sized: PAGE if kind.client != "iam:v1" else 100}
    return Call(client=kind.client, method=kind.method, request=request, pages=kind.key)


def _names(
    project: str, calls: Mapping[tuple[_Kind, str], Call], gathering: Gathering
) -> Iterator[ResourceName]:
    answers = gathering.answers(calls, lambda key: f"{key[0].what} of {key[1]}")
    for (kind, _), body in answers.items():
        for item in _items((body or {}).get(kind.key)):
            yield ResourceName(kind.name(project, item))


def _items(value: object) -> Iterable[Mapping[str, object]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list | tuple) else ()


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
