"""What is live, as far as a plan looks: one list per kind and scope, one read per policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from wfprov.core.address import Address, segment_after
from wfprov.core.crew import Crew
from wfprov.core.errors import (
    BusyError,
    CloudError,
    InvalidError,
    NotFoundError,
    RefusedError,
    ServiceDisabledError,
)
from wfprov.core.ownership import account_address
from wfprov.core.policy import Membership
from wfprov.core.ports import Cloud
from wfprov.core.resource import Access, Body, Call, Resource
from wfprov.desired.graph import Desired
from wfprov.resources.api_service import ApiService
from wfprov.resources.custom_role import ProjectRole
from wfprov.resources.eventarc_trigger import EventarcTrigger
from wfprov.resources.scheduler_job import SchedulerJob
from wfprov.resources.service_account import CLIENT as ACCOUNTS
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import ANYWHERE, Workflow

T = TypeVar("T")

PARALLEL: Final = 10
TRIGGERS: Final[Mapping[type[Resource], str]] = {
    SchedulerJob: "cloudscheduler.googleapis.com",
    EventarcTrigger: "eventarc.googleapis.com",
}
"""Kinds that are looked for although none is wanted, with the API of each: what was wanted once
still starts things.
"""
LISTED_ANYWHERE: Final[tuple[type[Resource], ...]] = (Workflow, EventarcTrigger)
"""Kinds that one list shows of all regions; of jobs each region has its own.

Source: https://docs.cloud.google.com/eventarc/docs/managing-triggers (2026-11-23), whose example
lists with `--location=-`
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The live state around a stack.

    `resources` holds all of the listed scopes. `bodies` are the policies as they were read; one
    whose resource is not there is in `absent`; one above that may not be read in `unread`.
    `numbers` are the numbers of projects. `accounts` are those of others that were looked for, by
    e-mail address: the unique id, empty for one that does not exist, none for one that may not be
    read. `not_looked` says what was not looked at, in words. `offline`: nothing was read.
    """

    resources: Mapping[Address, Resource] = field(default_factory=dict)
    bodies: Mapping[Address, Body] = field(default_factory=dict)
    absent: Mapping[Address, str] = field(default_factory=dict)
    unread: frozenset[Address] = frozenset()
    numbers: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    not_looked: tuple[str, ...] = ()
    offline: bool = False

    def members(self, access: Access) -> frozenset[Membership]:
        """Every live membership, empty for a policy that was not read."""
        body = self.bodies.get(access.address)
        return access.members(body) if body is not None else frozenset()


NOTHING: Final = Live(offline=True)
"""An empty project that was not looked at: what an offline plan rests on."""


def read_live(desired: Desired, cloud: Cloud, *, parallel: int = PARALLEL) -> Live:
    """What is live of a stack, read `parallel` requests at a time.

    Raises:
        CloudError: the first refusal, once every other read is done.
    """
    scopes = scopes_of(desired)
    accesses = (*desired.accesses, *desired.above)
    above = {access.address for access in desired.above}
    lists = [partial(_listed, cloud, kind, scope, desired.regions) for kind, scope in scopes]
    known = {f"projects/{project}" for project in desired.projects}
    named = [email for email in desired.existing if _home(email) not in known]
    policies = [partial(_policy, cloud, a, optional=a.address in above) for a in accesses]
    numbers = [partial(numbered, cloud, project) for project in desired.unnumbered]
    with Crew(parallel) as pool:
        listing = [pool.submit(work) for work in lists]
        reading = [pool.submit(work) for work in policies]
        counting = [pool.submit(work) for work in numbers]
        looking = {email: pool.submit(partial(_account, cloud, email)) for email in named}
        lists_read = [read for future in listing if (read := future.result()) is not None]
        told = {
            scope
            for (kind, scope), future in zip(scopes, listing, strict=True)
            if kind is ServiceAccount and future.result() is not None
        }
        found = [resource for resources, _ in lists_read for resource in resources]
        left = [
            partial(_seen, cloud, kind, scope, desired.regions)
            for kind, scope in _left(desired, found, scopes)
        ]
        futures = [pool.submit(work) for work in left]
        seen = [more for future in futures if (more := future.result()) is not None]
        lists_read += seen
        found += [resource for resources, _ in seen for resource in resources]
        partial_ones = [resource for resource in found if not resource.shown_whole()]
        wanted = {r.address for r in desired.resources}
        whole = [
            pool.submit(partial(_resource, cloud, r))
            for r in (
                *(r for r in partial_ones if r.address in wanted),
                *(r for r in desired.resources if not r.scope),
            )
        ]
        resources = {resource.address: resource for resource in found}
        resources |= {r.address: r for future in whole if (r := future.result()) is not None}
        bodies = dict(future.result() for future in reading)
        accounts = {e: _found(resources, e) for e in desired.existing if _home(e) in told}
        accounts |= {
            e: id_ for e, future in looking.items() if (id_ := future.result()) is not None
        }
        return Live(
            resources=resources,
            accounts=accounts,
            not_looked=tuple(words for _, not_looked in lists_read for words in not_looked),
            bodies={a: body for a, body in bodies.items() if isinstance(body, Mapping)},
            absent={a: body.why for a, body in bodies.items() if isinstance(body, _Absent)},
            unread=frozenset(a for a, body in bodies.items() if isinstance(body, _Unread)),
            numbers=dict(future.result() for future in counting),
        )


@dataclass(frozen=True, slots=True)
class _Absent:
    """There is no policy, since the resource is not there; `why` where the API says more."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class _Unread:
    """There may be a policy, and it may not be read."""


def scopes_of(desired: Desired) -> list[tuple[type[Resource], str]]:
    """The lists that are read: one for each kind and project, or region where it has those."""
    scopes: dict[tuple[type[Resource], str], None] = {}
    for resource in desired.resources:
        if resource.scope:
            scopes[type(resource), resource.scope] = None
    scopes |= {(Workflow, region): None for region in desired.regions}
    if desired.everywhere:
        scopes = {_everywhere(kind, scope): None for kind, scope in scopes}
    for project in desired.projects:
        scopes[ServiceAccount, f"projects/{project}"] = None
        scopes[ProjectRole, f"projects/{project}"] = None
    return list(scopes)


def _everywhere(kind: type[Resource], scope: str) -> tuple[type[Resource], str]:
    region = segment_after(scope, "locations") if kind in LISTED_ANYWHERE else None
    return kind, f"{scope.removesuffix(region)}{ANYWHERE}" if region else scope


def _listed(
    cloud: Cloud, kind: type[Resource], scope: str, regions: Iterable[str]
) -> tuple[tuple[Resource, ...], tuple[str, ...]] | None:
    """What is in a scope, and what of it was not looked at; None where the API is disabled."""
    try:
        body = cloud.send(kind.listing(scope))
    except ServiceDisabledError:
        return None
    except (InvalidError, NotFoundError):
        if not scope.endswith(f"/{ANYWHERE}"):
            raise
        project = scope.removesuffix(ANYWHERE)
        own = tuple(region for region in regions if region.startswith(project))
        lists = [_listed(cloud, kind, region, ()) for region in own]
        found = tuple(r for some in lists if some is not None for r in some[0])
        return found, (f"regions of {project.split('/')[1]} that the stack is not in",)
    missed = body.get("unreachable", ())
    assert isinstance(missed, list | tuple), "unreachable is a list"
    for place in map(str, missed):
        if any(place.startswith(region) for region in (*regions, scope)):
            raise BusyError(f"the list of {kind.kind}s is incomplete now: {place} is not reached")
    return tuple(kind.listed(scope, body)), tuple(f"{place} (not reached)" for place in missed)


def _seen(
    cloud: Cloud, kind: type[Resource], scope: str, regions: Iterable[str]
) -> tuple[tuple[Resource, ...], tuple[str, ...]] | None:
    """The same of a kind of which nothing is wanted: who may not look for it is told so."""
    try:
        return _listed(cloud, kind, scope, regions)
    except RefusedError:
        return (), (f"{kind.kind.replace('_', ' ')}s of {scope} (access is refused)",)


def _left(
    desired: Desired, found: Iterable[Resource], scopes: Iterable[tuple[type[Resource], str]]
) -> list[tuple[type[Resource], str]]:
    """Where triggers may be left that are wanted no more: where the stack is, or has been.

    A project in which the API of a kind is not enabled has none of it.
    """
    found = list(found)
    places = {r.scope for r in found if isinstance(r, Workflow) and r.owner == desired.mark}
    enabled = {(r.scope, r.service) for r in found if isinstance(r, ApiService)}
    looked_at = {scope for kind, scope in scopes if kind is ApiService}
    left: dict[tuple[type[Resource], str], None] = {}
    for kind, service in TRIGGERS.items():
        for place in (*desired.regions, *sorted(places - set(desired.regions))):
            project = place.partition("/locations/")[0]
            if (project, service) in enabled or project not in looked_at:
                left[_everywhere(kind, place) if desired.everywhere else (kind, place)] = None
    return [one for one in left if one not in set(scopes)]


def _home(email: str) -> str:
    address = account_address(email)
    return f"projects/{segment_after(address.name, 'projects')}" if address is not None else ""


def _found(resources: Mapping[Address, Resource], email: str) -> str:
    address = account_address(email)
    account = resources.get(address) if address is not None else None
    return "" if account is None else account.identity or email


def _account(cloud: Cloud, email: str) -> str | None:
    """The unique id of an account in a project that is not the stack's, "" when it is not there."""
    call = Call(
        client=ACCOUNTS,
        method="get_service_account",
        request={"name": f"projects/-/serviceAccounts/{email}"},
    )
    try:
        return str(cloud.send(call).get("uniqueId", email))
    except NotFoundError:
        return ""
    except (RefusedError, ServiceDisabledError):
        return None


def _resource(cloud: Cloud, resource: Resource) -> Resource | None:
    body = _or_none(lambda: cloud.send(resource.read()), NotFoundError, ServiceDisabledError)
    return None if body is None else resource.parse(body)


def _policy(
    cloud: Cloud, access: Access, *, optional: bool
) -> tuple[Address, Body | _Absent | _Unread]:
    try:
        return access.address, cloud.send(access.read())
    except (NotFoundError, ServiceDisabledError):
        return access.address, _Absent()
    except InvalidError as error:
        # A name that the API cannot accept names nothing that is there.
        return access.address, _Absent(error.message)
    except RefusedError:
        if not optional:
            raise
        return access.address, _Unread()


def numbered(cloud: Cloud, project: str) -> tuple[str, str]:
    """A project and its number, read live.

    Raises:
        CloudError: what the control plane refused.
    """
    return project, str(cloud.send(project_call(project))["name"]).rpartition("/")[2]


def project_call(project: str) -> Call:
    """The request that tells the number of a project by its id, or the id by its number.

    Source: https://docs.cloud.google.com/resource-manager/reference/rest/v3/projects/get
    (2026-11-23)
    """
    return Call(
        client="cloudresourcemanager:v3",
        method="projects.get",
        request={"name": f"projects/{project}"},
    )


def _or_none(read: Callable[[], T], *errors: type[CloudError]) -> T | None:
    try:
        return read()
    except errors:
        return None
