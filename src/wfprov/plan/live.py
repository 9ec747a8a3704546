"""What is live, as far as a plan looks: one list per kind and scope, one read per policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from wfprov.core.address import Address
from wfprov.core.errors import (
    CloudError,
    InvalidError,
    NotFoundError,
    RefusedError,
    ServiceDisabledError,
)
from wfprov.core.policy import Membership
from wfprov.core.ports import Cloud
from wfprov.core.resource import Access, Body, Call, Resource
from wfprov.desired.graph import Desired
from wfprov.resources.custom_role import ProjectRole
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import Workflow

T = TypeVar("T")

PARALLEL: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The live state around a stack.

    `resources` holds all of the listed scopes. `bodies` are the policies as they were read; one
    whose resource is not there is in `absent`; one above that may not be read in `unread`.
    `numbers` are the numbers of projects. `offline`: nothing was read.
    """

    resources: Mapping[Address, Resource] = field(default_factory=dict)
    bodies: Mapping[Address, Body] = field(default_factory=dict)
    absent: Mapping[Address, str] = field(default_factory=dict)
    unread: frozenset[Address] = frozenset()
    numbers: Mapping[str, str] = field(default_factory=dict)
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
    scopes = _scopes(desired)
    accesses = (*desired.accesses, *desired.above)
    above = {access.address for access in desired.above}
    lists = [partial(_listed, cloud, kind, scope) for kind, scope in scopes]
    policies = [partial(_policy, cloud, a, optional=a.address in above) for a in accesses]
    numbers = [partial(numbered, cloud, project) for project in desired.unnumbered]
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        listing = [pool.submit(work) for work in lists]
        reading = [pool.submit(work) for work in policies]
        counting = [pool.submit(work) for work in numbers]
        found = [resource for future in listing for resource in future.result()]
        partial_ones = [resource for resource in found if not resource.shown_whole()]
        wanted = {r.address for r in desired.resources}
        whole = [
            pool.submit(_resource, cloud, r)
            for r in (
                *(r for r in partial_ones if r.address in wanted),
                *(r for r in desired.resources if not r.scope),
            )
        ]
        resources = {resource.address: resource for resource in found}
        resources |= {r.address: r for future in whole if (r := future.result()) is not None}
        bodies = dict(future.result() for future in reading)
        return Live(
            resources=resources,
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


def _scopes(desired: Desired) -> list[tuple[type[Resource], str]]:
    scopes: dict[tuple[type[Resource], str], None] = {}
    for resource in desired.resources:
        if resource.scope:
            scopes[type(resource), resource.scope] = None
    scopes |= {(Workflow, region): None for region in desired.regions}
    for project in desired.projects:
        scopes[ServiceAccount, f"projects/{project}"] = None
        scopes[ProjectRole, f"projects/{project}"] = None
    return list(scopes)


def _listed(cloud: Cloud, kind: type[Resource], scope: str) -> Iterable[Resource]:
    body = _or_none(lambda: cloud.send(kind.listing(scope)), ServiceDisabledError)
    return () if body is None else kind.listed(scope, body)


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
    call = Call(
        client="cloudresourcemanager:v3",
        method="projects.get",
        request={"name": f"projects/{project}"},
    )
    return project, str(cloud.send(call)["name"]).rpartition("/")[2]


def _or_none(read: Callable[[], T], *errors: type[CloudError]) -> T | None:
    try:
        return read()
    except errors:
        return None
