"""What the requests of a stack's plans ask of the one who sends them, place by place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wfprov.core.address import Permission, segment_after
from wfprov.core.facts import Facts, MethodId
from wfprov.core.resource import Access, Call, Resource
from wfprov.plan.change import AccessChange, Create, Plan
from wfprov.plan.deployer import method_of
from wfprov.resources.iam_policy import IamPolicy
from wfprov.resources.service_account import ServiceAccount

ACT_AS: Final = Permission("iam.serviceAccounts.actAs")

_GIVEN: Final = frozenset({"api_service", "service_account", "custom_role"})
"""The kinds that bootstrap makes, so that the deployer only lists them."""

_ALWAYS: Final = (
    MethodId("iam", "v1", "projects.serviceAccounts.list"),
    MethodId("iam", "v1", "projects.roles.list"),
    MethodId("cloudresourcemanager", "v3", "projects.get"),
)
"""What every plan asks of a project: its accounts, its custom roles, and its number, by which Cloud
Run names it in addresses and Google in its agents.
"""

_IAP_LEVELS: Final = {3: "web", 4: "webTypes", 6: "webServices", 8: "webServiceVersions"}
"""What stands in a permission of IAP, by the length of the resource's path.

Source: https://docs.cloud.google.com/iap/docs/reference/rest/v1/V1/setIamPolicy (not opened)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploying:
    """The permissions that planning and applying need.

    `projects` on a project; `policies` on the resource of each policy that is written; `accounts`
    on each account of the stack in a project.
    """

    projects: Mapping[str, frozenset[Permission]]
    policies: tuple[tuple[Access, frozenset[Permission]], ...]
    accounts: Mapping[str, frozenset[Permission]]


def deploying(
    whole: Plan,
    facts: Facts,
    *,
    asked: Iterable[tuple[str, Call]] = (),
    may_remove: bool = False,
) -> Deploying:
    """What the deployer of a stack needs, by the stack's plan in an empty project.

    It reads what a plan reads, makes and changes workflows, and writes the policies. `asked` is
    what it reads besides to know what is wanted, with the place of each request. With `may_remove`
    it also deletes what the stack owns.
    """
    made = [change.after for change in whole.changes if isinstance(change, Create)]
    projects: dict[str, set[Permission]] = {}
    accounts: dict[str, set[Permission]] = {}
    for resource in made:
        project = segment_after(resource.address.name, "projects") or ""
        projects.setdefault(project, set()).update(_on_project(resource, facts, may_remove))
        if isinstance(resource, ServiceAccount):
            found = {ACT_AS, *_asked(_sibling(method_of(resource.create()), "update"), facts)}
            if may_remove and (deletion := resource.delete()) is not None:
                found |= _asked(method_of(deletion), facts)
            accounts.setdefault(project, set()).update(found)
    always = {p for method in _ALWAYS for p in _asked(method, facts)}
    for permissions in projects.values():
        permissions.update(always)
    for place, call in asked:
        project = segment_after(place, "projects") or ""
        projects.setdefault(project, set()).update(_asked(method_of(call), facts))
    return Deploying(
        projects=_frozen(projects),
        policies=tuple(
            (change.access, frozenset(_on_policy(change.access, facts)))
            for change in whole.changes
            if isinstance(change, AccessChange) and change.access.memberships
        ),
        accounts=_frozen(accounts),
    )


def _on_project(resource: Resource, facts: Facts, may_remove: bool) -> Iterator[Permission]:  # noqa: FBT001
    create = method_of(resource.create())
    seen = type(resource).listing(resource.scope) if resource.scope else resource.read()
    yield from _asked(method_of(seen), facts)
    deletion = resource.delete()
    if resource.kind not in _GIVEN:
        yield from _asked(create, facts)
        for verb in ("patch", "pause", "resume"):
            yield from _asked(_sibling(create, verb), facts)
        if not resource.shown_whole() or resource.kind == "workflow":
            yield from _asked(method_of(resource.read()), facts)
    if may_remove and deletion is not None and not isinstance(resource, ServiceAccount):
        yield from _asked(method_of(deletion), facts)


def _on_policy(access: Access, facts: Facts) -> Iterator[Permission]:
    path = access.subject.removeprefix("//").partition("/")[2].split("/")
    written = access.write(access.changed({}, add=access.memberships))
    for call in (access.read(), written):
        if isinstance(access, IamPolicy) and access.subject.startswith("//iap."):
            action = call.method.rpartition(".")[2]
            yield Permission(f"iap.{_IAP_LEVELS.get(len(path), 'web')}.{action}")
            continue
        yield from _asked(method_of(call), facts)


def _asked(method: MethodId, facts: Facts) -> set[Permission]:
    needs = facts.needs(method)
    return set() if needs is None else {*needs.permissions, *needs.polling}


def _sibling(create: MethodId, verb: str) -> MethodId:
    return MethodId(create.api, create.version, f"{create.name.rpartition('.')[0]}.{verb}")


def _frozen(found: Mapping[str, Iterable[Permission]]) -> dict[str, frozenset[Permission]]:
    return {key: frozenset(values) for key, values in found.items()}
