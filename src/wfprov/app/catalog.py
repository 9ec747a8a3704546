"""What is known of a method, a permission or a role, and the renewal of roles from the live API."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from wfprov.catalog.target import Need, Tier
from wfprov.core.address import Permission, ResourceName, RoleName
from wfprov.core.errors import InputError
from wfprov.core.facts import MethodId, MethodNeeds, Role
from wfprov.core.ports import Cloud
from wfprov.core.resource import Call
from wfprov.iam.cover import effective_excess, is_grantable, least_cover
from wfprov.iam.scope import Scope, narrowest_scope, working_at
from wfprov.store.facts import OVERLAY, SqliteFacts
from wfprov.store.roles import open_roles, write_roles

LIST_ROLES: Final = Call(
    client="iam:v1",
    method="roles.list",
    request={"view": "FULL", "pageSize": 1000},
    pages="roles",
)
"""https://cloud.google.com/iam/docs/reference/rest/v1/roles/list (2026-11-23)"""

SHOWN: Final = 8
"""How many roles are shown for a permission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A role that could be granted, on a type of resource ("" for a project), and its excess."""

    role: RoleName
    on: str
    excess: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Permissions that are granted on one scope, and the roles that wfprov would take.

    `uncovered`: those that no grantable role holds.
    """

    scope: Scope
    permissions: tuple[Permission, ...]
    roles: tuple[Choice, ...]
    uncovered: tuple[Permission, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodFacts:
    """A method, where its permissions would be granted, and by which roles."""

    id: MethodId
    service: str
    verb: str
    path: str
    scopes: tuple[str, ...]
    needs: MethodNeeds | None
    placed: tuple[Placed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionFacts:
    """A permission: the types of resources it works on, the roles by excess on a project."""

    name: Permission
    types: tuple[str, ...]
    choices: tuple[Choice, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFacts:
    """A role, and whether wfprov would ever offer it."""

    role: Role
    grantable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What the catalog holds. `live` is the day of the renewed roles, empty without them."""

    roles: int
    permissions: int
    date: str
    live: str
    tiers: Mapping[str, int]
    read_twice: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """What a renewal changed, against the roles in use before.

    `lost`: permissions that curated methods need and that no role holds any more.
    """

    path: Path
    roles: int
    new: tuple[RoleName, ...]
    gone: tuple[RoleName, ...]
    changed: tuple[RoleName, ...]
    lost: tuple[Permission, ...]


def info(facts: SqliteFacts) -> Info:
    """The size of the catalog, its age, and how far its methods can be trusted."""
    tiers: dict[str, int] = defaultdict(int)
    read = 0
    for needs in facts.all_needs():
        tiers[needs.tier] += 1
        read += bool(needs.read)
    return Info(
        roles=len(facts.roles.names()),
        permissions=len(facts.roles.permissions()),
        date=facts.embedded.date(),
        live=facts.roles.date() if facts.roles is not facts.embedded else "",
        tiers=dict(tiers),
        read_twice=read,
    )


def lookup(name: str, facts: SqliteFacts) -> MethodFacts | PermissionFacts | RoleFacts:
    """What is known of a method, a permission or a role, told apart by its name.

    Raises:
        InputError: when nothing is called so; the help names what is spelled like it.
    """
    if name.startswith("roles/"):
        role = facts.role(RoleName(name))
        if role is None:
            raise _unknown("role", name, facts.roles.names())
        return RoleFacts(role=role, grantable=is_grantable(role))
    if facts.exists(Permission(name)):
        return _permission(Permission(name), facts)
    short = name.removeprefix("googleapis.")
    found = _method(short, facts)
    if found is not None:
        return found
    known = (*facts.method_names(), *facts.roles.permissions())
    raise _unknown("method or permission", short, known)


def renew(cloud: Cloud, facts: SqliteFacts, *, date: str, path: Path = OVERLAY) -> Renewed:
    """Reads every predefined role of the live API and keeps them beside the project.

    Raises:
        CloudError: what the API refused.
        InputError: it answered with no roles, so that nothing was written.
    """
    answer = cloud.send(LIST_ROLES).get("roles")
    roles = {role.name: role for role in _read(answer if isinstance(answer, list) else [])}
    if not any(role.permissions for role in roles.values()):
        raise InputError(
            "the API lists no predefined roles with permissions; nothing was changed",
            help="check that the endpoint is Google's IAM API",
        )
    before = {name: facts.role(name) for name in facts.roles.names()}
    write_roles(path, roles.values(), date)
    held = frozenset().union(*(role.permissions for role in roles.values()))
    needed = {
        permission
        for needs in facts.all_needs()
        if needs.tier == "curated"
        for permission in needs.permissions
    }
    return Renewed(
        path=path,
        roles=len(roles),
        new=tuple(sorted(roles.keys() - before.keys())),
        gone=tuple(sorted(before.keys() - roles.keys())),
        changed=tuple(
            sorted(
                name
                for name, role in roles.items()
                if (old := before.get(name)) is not None and old.permissions != role.permissions
            )
        ),
        lost=tuple(sorted(needed - held)),
    )


def forget(path: Path = OVERLAY) -> bool:
    """Goes back to the roles that come with wfprov; whether there were others.

    Raises:
        InputError: when the file is none of ours.
    """
    if open_roles(path) is None:
        return False
    path.unlink()
    return True


def _read(answer: Iterable[object]) -> Iterable[Role]:
    for item in answer:
        if isinstance(item, Mapping) and str(item.get("name", "")).startswith("roles/"):
            yield Role(
                name=RoleName(str(item["name"])),
                title=str(item.get("title", "")),
                stage=str(item.get("stage", "ALPHA")),
                permissions=frozenset(
                    Permission(str(p)) for p in item.get("includedPermissions", ())
                ),
            )


def _method(name: str, facts: SqliteFacts) -> MethodFacts | None:
    api, _, rest = name.partition(".")
    version, _, path = rest.partition(".")
    for id_ in (MethodId(api, version, path), MethodId(api, "", rest)):
        method, needs = facts.method(id_), facts.needs(id_)
        if method is None and needs is None:
            continue
        return MethodFacts(
            id=id_,
            service=facts.service(api) or f"{api}.googleapis.com",
            verb="" if method is None else method.verb,
            path="" if method is None else method.path,
            scopes=() if method is None else method.scopes,
            needs=needs,
            placed=() if needs is None else tuple(_placed(needs, facts)),
        )
    return None


def _placed(needs: MethodNeeds, facts: SqliteFacts) -> Iterable[Placed]:
    """Where the permissions would be granted for a resource whose whole name is known."""
    project = ResourceName("//cloudresourcemanager.googleapis.com/projects/PROJECT")
    scopes: dict[Scope, set[Permission]] = defaultdict(set)
    wanted = [(p, needs.on_by.get(p, needs.on), needs.project_only) for p in needs.permissions]
    wanted += [(p, needs.on, needs.poll_project or "perations." in p) for p in needs.polling]
    for permission, template, whole in wanted:
        on = _example(template) if template else project
        need = Need(
            permission=permission,
            on=on,
            tier=Tier(needs.tier),
            policy_on=project if whole else None,
            project="PROJECT",
        )
        scope = narrowest_scope(need, facts)
        scopes[replace(scope, breadth="")].add(permission)
    hints = frozenset({needs.role} if needs.role else ())
    for scope, permissions in scopes.items():
        working = working_at(scope, facts)
        cover = least_cover(permissions, facts, working=working, hints=hints)
        wanted_here = frozenset(permissions)
        yield Placed(
            scope=scope,
            permissions=tuple(sorted(permissions)),
            roles=tuple(
                Choice(
                    role=role.name,
                    on=scope.type,
                    excess=len(effective_excess((role,), wanted_here, working)),
                )
                for role in cover.roles
            ),
            uncovered=tuple(sorted(cover.uncovered)),
        )


def _example(template: str) -> ResourceName:
    """A full name with the variables of the template written large, `.../topics/TOPIC`."""
    return ResourceName(
        re.sub(r"\{([^{}]*)\}", lambda found: re.sub(r"\W", "_", found[1]).upper(), template)
    )


def _permission(permission: Permission, facts: SqliteFacts) -> PermissionFacts:
    wanted = frozenset({permission})
    holders = [role for role in facts.roles_with(permission) if is_grantable(role)]
    choices = sorted(
        (
            Choice(role=role.name, on="", excess=len(effective_excess((role,), wanted, None)))
            for role in holders
        ),
        key=lambda choice: (choice.excess, choice.role),
    )
    return PermissionFacts(
        name=permission,
        types=facts.types_of(permission),
        choices=tuple(choices[:SHOWN]),
        more=max(0, len(choices) - SHOWN),
    )


def _unknown(what: str, name: str, known: Iterable[str]) -> InputError:
    near = get_close_matches(name, list(known), n=3, cutoff=0.75)
    return InputError(
        f"the catalog knows no {what} called {name}",
        help=f"did you mean {' or '.join(near)}?"
        if near
        else "methods are written pubsub.v1.projects.topics.publish, permissions "
        "pubsub.topics.publish, roles roles/pubsub.publisher",
    )
