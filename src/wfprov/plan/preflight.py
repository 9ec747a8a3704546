"""What a plan asks of the one who applies it: on which resource, and how to ask before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wfprov.core.address import Address, Permission, ResourceName, project_name, segment_after
from wfprov.core.facts import Facts, MethodId
from wfprov.core.ownership import account_address
from wfprov.core.resource import Access, Call
from wfprov.iam.cover import least_cover
from wfprov.plan.allowed import Lack, Preflight, Unasked
from wfprov.plan.change import (
    AccessChange,
    Action,
    Change,
    Create,
    Replace,
    Update,
    action_of,
    address_of,
    calls_of,
)
from wfprov.plan.deployer import ACT_AS, method_of
from wfprov.resources.iam_policy import PolicyRoute, policy_route

_ACCOUNT: Final = "//iam.googleapis.com/projects/-/serviceAccounts/"
_IAP: Final = "//iap.googleapis.com/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What some changes need on one resource, sorted.

    `call` asks which of the permissions the caller has, None where the API has no way to ask; `why`
    says so. `above`: it is asked on the project since the resource itself cannot be asked, so a
    "no" leaves open whether the resource's own policy says yes.
    """

    on: ResourceName
    permissions: tuple[Permission, ...]
    changes: Mapping[Permission, tuple[str, ...]]
    call: Call | None
    above: bool = False
    why: str = ""


def demands(changes: Iterable[Change], facts: Facts) -> tuple[Demand, ...]:
    """What the requests of the changes need, one demand for each resource that is asked.

    What is not there yet is asked of its project. Deploying a workflow needs actAs on its account.
    A permission that one has by a condition on the roles that one may give counts as had: the
    question names no roles.

    Source: https://docs.cloud.google.com/iam/docs/testing-permissions (not opened)
    Source: https://cloud.google.com/resource-manager/reference/rest/v1/projects/testIamPermissions
    (2026-11-23)
    """
    due = [c for c in changes if action_of(c) not in {Action.NO_OP, Action.INHERITED}]
    made = {address_of(change) for change in due if isinstance(change, Create)}
    found: dict[tuple[ResourceName, bool], dict[Permission, set[str]]] = {}
    for change in due:
        for on, above, permission in _needs(change, made, facts):
            by = found.setdefault((on, above), {})
            by.setdefault(permission, set()).add(address_of(change).name)
    return tuple(
        _demand(on, by, facts, above=above)
        for (on, above), by in sorted(found.items(), key=lambda row: row[0])
    )


def verdict(
    answers: Iterable[tuple[Demand, frozenset[str] | None, str]], facts: Facts
) -> Preflight:
    """What the answers say: of each demand the permissions that are had, or why nobody knows."""
    lacking: list[Lack] = []
    unasked: list[Unasked] = []
    roles: dict[tuple[Permission, str], str] = {}
    for demand, held, why in answers:
        missing = [p for p in demand.permissions if held is None or p not in held]
        if not missing:
            continue
        if held is None or demand.above:
            reason = why or f"{demand.why}; its project does not give them"
            unasked.append(Unasked(resource=demand.on, permissions=tuple(missing), why=reason))
            continue
        kind = _kind(demand.on)
        for permission in missing:
            if (permission, kind) not in roles:
                roles[permission, kind] = least_role(permission, kind, facts)
            lacking.append(
                Lack(
                    permission=permission,
                    resource=demand.on,
                    role=roles[permission, kind],
                    changes=demand.changes[permission],
                )
            )
    return Preflight(lacking=tuple(lacking), unasked=tuple(unasked))


def least_role(permission: Permission, kind: str, facts: Facts) -> str:
    """The predefined role with the permission that opens least on a kind of resource; or none."""
    cover = least_cover([permission], facts, working=facts.effective(kind))
    return next((role.name for role in cover.roles), "")


def _needs(
    change: Change, made: set[Address], facts: Facts
) -> Iterator[tuple[ResourceName, bool, Permission]]:
    """Resource, whether that stands in for one that cannot be asked, and permission."""
    on, above = _place(change, made, facts)
    for call in calls_of(change):
        needs = facts.needs(method_of(call))
        if needs is None:
            continue
        for permission in needs.permissions:
            yield on, above, permission
        project = segment_after(address_of(change).name, "projects")
        for permission in needs.polling:
            yield project_name(project or ""), False, permission
    if isinstance(change, Create | Update | Replace) and change.after.runs_as:
        email = change.after.runs_as.partition(":")[2]
        account = account_address(email)
        if account is not None and account in made:
            yield project_name(segment_after(account.name, "projects") or ""), False, ACT_AS
        else:
            yield ResourceName(f"{_ACCOUNT}{email}"), False, ACT_AS


def _place(change: Change, made: set[Address], facts: Facts) -> tuple[ResourceName, bool]:
    address = address_of(change)
    project = project_name(segment_after(address.name, "projects") or "")
    if isinstance(change, AccessChange):
        return _policy_place(change.access, made, facts)
    if address.kind == "service_account" and not isinstance(change, Create):
        return ResourceName(f"{_ACCOUNT}{address.name.rpartition('/')[2]}"), False
    return project, False  # workflows, roles and APIs have no policy of their own


def _policy_place(access: Access, made: set[Address], facts: Facts) -> tuple[ResourceName, bool]:
    name = ResourceName(access.subject)
    email = name.rpartition("/serviceAccounts/")[2]
    account = account_address(email)
    if account is not None and account in made:
        return project_name(segment_after(account.name, "projects") or ""), False
    if name.startswith(_IAP) or _question(name, facts) is not None:
        return name, False
    project = segment_after(name, "projects")
    return (name, False) if project in {None, "_", "-"} else (name, True)


def _demand(
    on: ResourceName, by: Mapping[Permission, set[str]], facts: Facts, *, above: bool
) -> Demand:
    permissions = tuple(sorted(by))
    asked = project_name(segment_after(on, "projects") or "") if above else on
    route = None if on.startswith(_IAP) else _question(asked, facts)
    why = ""
    if on.startswith(_IAP):
        why = "which permission it takes depends on the resource"
    elif above or route is None:
        why = "this kind of resource cannot be asked"
    return Demand(
        on=on,
        permissions=permissions,
        changes={p: tuple(sorted(names)) for p, names in by.items()},
        call=None if route is None else _call(route, permissions),
        above=above,
        why=why,
    )


def _question(name: ResourceName, facts: Facts) -> PolicyRoute | None:
    """The way to a resource whose API has testIamPermissions; None when it has not."""
    route = policy_route(name, facts)
    return route if route is not None and _tests(route, facts) else None


def _tests(route: PolicyRoute, facts: Facts) -> bool:
    api, _, version = route.client.partition(":")
    return (
        facts.method(MethodId(api, version, f"{route.collection}.testIamPermissions")) is not None
    )


def _call(route: PolicyRoute, permissions: Iterable[Permission]) -> Call:
    """Buckets take the permissions in the query, all others in the body.

    Source: https://cloud.google.com/storage/docs/json_api/v1/buckets/testIamPermissions (not
    opened); the discovery documents of google-api-python-client (2026-11-23)
    """
    asked: dict[str, object] = {"permissions": list(permissions)}
    more = asked if route.client.startswith("storage:") else {"body": asked}
    return Call(
        client=route.client,
        method=f"{route.collection}.testIamPermissions",
        request={**route.parameters, **more},
        host=route.host,
    )


def _kind(name: ResourceName) -> str:
    service, _, path = name.removeprefix("//").partition("/")
    return f"{service}/{'/'.join(path.split('/')[::2])}"
