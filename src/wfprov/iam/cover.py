"""The roles that together hold some permissions with the least excess: an exact set cover."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from wfprov.core.address import Permission, RoleName
from wfprov.core.facts import Facts, Role

DEFAULT_ROLES: Final[Mapping[Permission, RoleName]] = {
    # Google's pages name it for every call of a service; on a service it opens no more.
    # https://docs.cloud.google.com/workflows/docs/calling-run-functions (2026-11-23)
    Permission("run.routes.invoke"): RoleName("roles/run.invoker"),
}

SPECIAL: Final = re.compile(
    r"(?i)serviceagent|[.]legacy|[.]\w*(?:migration|migrator|express)|[.]system$"
    r"|^roles/bigquery[.]routine|^roles/storage[.]\w+Service$|^roles/resourcemanager[.]\w+Mover$"
)
"""Names of roles that are not for a workflow's account: agents', services' own, legacy, migration
and moving, Authorized Routines.

Source: https://docs.cloud.google.com/iam/docs/roles-overview (2026-11-23)
Source: https://docs.cloud.google.com/bigquery/docs/authorized-routines (2026-11-23)
"""

READING: Final = re.compile(
    r"(?:get(?!AccessToken|OpenIdToken|Credentials)|list|search|view|query|fetch|lookup|check)\w*"
)
"""The verbs of permissions that change nothing and hand out no token.

Source: https://docs.cloud.google.com/iam/docs/permissions-reference (2026-11-23)
"""

BASIC: Final = re.compile(r"roles/(?!browser$)\w+")
"""Roles of no service: owner, editor, viewer and their like, but not the project browser.

Source: https://docs.cloud.google.com/iam/docs/roles-overview (2026-11-23)
"""

NEAR: Final = 3
"""How much more excess than the least, or a tenth of it, still counts as about the same."""

STEPS: Final = 20_000
"""Where the search stops and takes the best cover so far; no method needs a hundredth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Roles in stable order; `uncovered` are permissions that no grantable role holds.

    `excess` counts what the roles hold beside the needed permissions and can take effect.
    """

    roles: tuple[Role, ...]
    excess: int
    uncovered: frozenset[Permission] = frozenset()


def is_grantable(role: Role) -> bool:
    """Whether a role may be offered: no basic, deprecated, legacy or service agent's role."""
    return (
        not BASIC.fullmatch(role.name)
        and role.stage != "DEPRECATED"
        and not SPECIAL.search(role.name)
        and not role.title.endswith("Service Agent")
    )


def least_cover(
    needed: Iterable[Permission],
    facts: Facts,
    *,
    working: frozenset[Permission] | None = None,
    hints: frozenset[RoleName] = frozenset(),
    prefer: Mapping[Permission, RoleName] | None = None,
) -> Cover:
    """The roles that hold the permissions with the least that can take effect beside them.

    `working` is what can take effect where they are granted, None on a project: there everything
    can. Only roles of the permission's own service compete, where one holds it, and those
    that Google's pages name (`hints`). For a permission that only reads, a role that can change
    things does not compete with one that can change less, unless it is there for a wanted change.
    Of covers with equal excess: fewer roles, then hinted ones, then no beta ones, then the least
    inert permissions, then by name. One hinted role that covers all takes the place of a cover that
    has about as much excess (`NEAR`).
    """
    wanted = frozenset(needed)
    preferred = {**DEFAULT_ROLES, **(prefer or {})}
    forced: dict[RoleName, Role] = {}
    for permission in sorted(wanted):
        role = facts.role(preferred[permission]) if permission in preferred else None
        if role is not None and permission in role.permissions:
            forced[role.name] = role
    rest = wanted - {p for role in forced.values() for p in role.permissions}
    choices: dict[Permission, list[Role]] = {}
    for permission in sorted(rest):
        holders = _holders(permission, hints, facts)
        choices[permission] = _calm(permission, holders, wanted, working)
    uncovered = frozenset(p for p, roles in choices.items() if not roles)
    candidates = {role.name: role for roles in choices.values() for role in roles}
    search = _Search(
        wanted=wanted,
        working=working,
        hints=hints,
        choices={p: [r.name for r in roles] for p, roles in choices.items() if roles},
        roles=_undominated(candidates.values(), rest, working, hints),
    )
    least = search.best(tuple(forced.values()), rest - uncovered)
    chosen = _named(least, tuple(forced.values()), rest - uncovered, candidates, search)
    names = {role.name: role for role in (*forced.values(), *chosen)}
    roles = tuple(names[name] for name in sorted(names))
    return Cover(
        roles=roles,
        excess=len(effective_excess(roles, wanted, working)),
        uncovered=uncovered,
    )


def effective_excess(
    roles: Iterable[Role], wanted: frozenset[Permission], working: frozenset[Permission] | None
) -> frozenset[Permission]:
    """What the roles hold beside the wanted and what works where they are granted."""
    held = frozenset().union(*(role.permissions for role in roles)) - wanted
    return held if working is None else held & working


@cache
def is_reading(permission: Permission) -> bool:
    """Whether a permission changes nothing and hands out no token, as its verb tells."""
    return READING.fullmatch(permission.rpartition(".")[2]) is not None


def _calm(
    permission: Permission,
    roles: list[Role],
    wanted: frozenset[Permission],
    working: frozenset[Permission] | None,
) -> list[Role]:
    """The roles that can change the least when only reading is wanted of them."""
    if not is_reading(permission):
        return roles
    changes = {p for p in wanted if not is_reading(p)}
    apart = [role for role in roles if not role.permissions & changes]
    if not apart:
        return roles

    def changing(role: Role) -> int:
        excess = effective_excess((role,), wanted, working)
        return sum(not is_reading(p) for p in excess)

    fewest = min(changing(role) for role in apart)
    return [role for role in roles if role.permissions & changes or changing(role) == fewest]


def _named(
    least: tuple[Role, ...],
    forced: tuple[Role, ...],
    rest: frozenset[Permission],
    candidates: Mapping[RoleName, Role],
    search: _Search,
) -> tuple[Role, ...]:
    """The least cover, or one role that Google's page names when its excess is about the same."""
    if not rest or all(role.name in search.hints for role in least):
        return least

    def excess(roles: tuple[Role, ...]) -> int:
        return len(effective_excess((*forced, *roles), search.wanted, search.working))

    fewest = excess(least)
    named = [
        (excess((role,)), len(role.permissions), name, role)
        for name, role in candidates.items()
        if name in search.hints and rest <= role.permissions
    ]
    near = [n for n in named if n[0] <= fewest + max(NEAR, fewest // 10)]
    return (min(near, key=lambda n: n[:3])[3],) if near else least


def _holders(permission: Permission, hints: frozenset[RoleName], facts: Facts) -> list[Role]:
    """The roles that may be granted for a permission: its own service's and hinted, else any."""
    home = facts.roles_of(permission.partition(".")[0])
    hinted = [role for name in sorted(hints) if (role := facts.role(name)) is not None]
    near = {
        role.name: role
        for role in (*home, *hinted)
        if permission in role.permissions and is_grantable(role)
    }
    if near:
        return list(near.values())
    return [role for role in facts.roles_with(permission) if is_grantable(role)]


def _undominated(
    roles: Iterable[Role],
    wanted: frozenset[Permission],
    working: frozenset[Permission] | None,
    hints: frozenset[RoleName],
) -> dict[RoleName, Role]:
    """The roles that no other beats in both what they cover and what they add."""
    weighed = [
        (role, role.permissions & wanted, effective_excess((role,), wanted, working))
        for role in sorted(roles, key=lambda r: _taste(r, hints))
    ]
    kept: list[tuple[Role, frozenset[Permission], frozenset[Permission]]] = []
    for role, covers, adds in sorted(weighed, key=lambda w: (len(w[2]), -len(w[1]))):
        if not any(covers <= c and a <= adds for _, c, a in kept):
            kept.append((role, covers, adds))
    return {role.name: role for role, _, _ in kept}


def _taste(role: Role, hints: frozenset[RoleName]) -> tuple[bool, bool, int, str]:
    return (role.name not in hints, role.stage != "GA", len(role.permissions), role.name)


@dataclass(slots=True, kw_only=True)
class _Search:
    """Branch and bound over the roles for the permission that fewest roles hold."""

    wanted: frozenset[Permission]
    working: frozenset[Permission] | None
    hints: frozenset[RoleName]
    choices: Mapping[Permission, list[RoleName]]
    roles: Mapping[RoleName, Role]
    steps: int = 0
    found: tuple[Role, ...] = ()
    score: tuple[object, ...] | None = None
    weights: dict[RoleName, frozenset[Permission]] = field(default_factory=dict)

    def best(self, forced: tuple[Role, ...], rest: frozenset[Permission]) -> tuple[Role, ...]:
        """The best roles to add to the forced ones."""
        self.weights = {
            name: effective_excess((role,), self.wanted, self.working)
            for name, role in self.roles.items()
        }
        held = effective_excess(forced, self.wanted, self.working)
        self._descend((), rest, held)
        return self.found

    def _descend(
        self, chosen: tuple[Role, ...], rest: frozenset[Permission], held: frozenset[Permission]
    ) -> None:
        self.steps += 1
        if not rest:
            if self._is_better(chosen, len(held)):
                self.found, self.score = chosen, self._score(chosen, len(held))
            return
        options = {p: [self.roles[n] for n in self.choices[p] if n in self.roles] for p in rest}
        permission = min(rest, key=lambda p: (len(options[p]), p))
        more: Callable[[Role], tuple[object, ...]] = lambda role: (  # noqa: E731 (typed key)
            len(held | self.weights[role.name]),
            -len(role.permissions & rest),
            _taste(role, self.hints),
        )
        for role in sorted(options[permission], key=more):
            after = held | self.weights[role.name]
            if self.score is not None:
                least = self.score[0]
                assert isinstance(least, int), "the first of a score is the excess"
                if len(after) > least or self.steps > STEPS:
                    continue
            self._descend((*chosen, role), rest - role.permissions, after)

    def _is_better(self, chosen: tuple[Role, ...], excess: int) -> bool:
        return self.score is None or self._score(chosen, excess) < self.score

    def _score(self, chosen: tuple[Role, ...], excess: int) -> tuple[object, ...]:
        return (
            excess,
            len(chosen),
            sum(role.name not in self.hints for role in chosen),
            sum(role.stage != "GA" for role in chosen),
            sum(len(role.permissions) for role in chosen),
            tuple(sorted(role.name for role in chosen)),
        )
