"""From requirements to grants: by principal and scope, the roles with the least excess."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from wfprov.catalog.target import Need, Tier
from wfprov.catalog.url import HOLE
from wfprov.core.address import Permission, ResourceName, RoleName
from wfprov.core.facts import Facts, Role
from wfprov.core.policy import Condition
from wfprov.iam.conditional import MOST
from wfprov.iam.cover import Cover, effective_excess, least_cover
from wfprov.iam.custom_role import CustomRoles, custom_role, is_calm, is_using, is_wanted
from wfprov.iam.grant import CustomRole, Grant
from wfprov.iam.requirement import Requirement
from wfprov.iam.scope import CONFIGURED, PROJECTS, Scope, narrowest_scope, working_at

_Where: TypeAlias = tuple[str, str, Condition | None]
"""A principal, a resource, and the condition under which a grant there counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleOptions:
    """How roles are chosen: the `policy` block, and the mark of the stack that owns them."""

    custom_roles: CustomRoles = "never"
    custom_role_threshold: int = 20
    prefer_roles: Mapping[Permission, RoleName] = field(default_factory=dict)
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choosing:
    """What roles are chosen by; `covers` are those that were worked out so far."""

    facts: Facts
    options: RoleOptions
    covers: dict[tuple[object, ...], Cover] = field(default_factory=dict)

    def cover(self, wanted: list[Requirement], scope: Scope) -> Cover:
        permissions = frozenset(r.need.permission for r in wanted)
        hints = frozenset(r.need.role for r in wanted if r.need.role is not None)
        key = (permissions, scope.type, hints)
        if key not in self.covers:
            self.covers[key] = least_cover(
                permissions,
                self.facts,
                working=working_at(scope, self.facts),
                hints=hints,
                prefer=self.options.prefer_roles,
            )
        return self.covers[key]


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A grant while others may still find that it answers them too."""

    principal: str
    scope: Scope
    role: Role | None
    custom: CustomRole | None = None
    because: list[Requirement]

    @property
    def permissions(self) -> frozenset[Permission]:
        if self.role is not None:
            return self.role.permissions
        assert self.custom is not None, "a draft has a role"
        return frozenset(self.custom.permissions)


def grants(
    requirements: Iterable[Requirement],
    facts: Facts,
    options: RoleOptions,
    unmade: frozenset[ResourceName] = frozenset(),
) -> tuple[Grant, ...]:
    """The grants that answer the requirements, by principal, resource and role.

    A need whose tier is derived never becomes a grant. What a grant higher up answers already is
    not granted again below. The result does not depend on the order of the requirements, and the
    grants of one principal and scope not on those of others beside or below. Resources that are
    `unmade` take no grant: what they lie in does.
    """
    groups: dict[tuple[str, Scope], list[Requirement]] = defaultdict(list)
    scopes: dict[object, Scope] = {}
    bare: dict[object, Scope] = {}
    for requirement in sorted(set(requirements), key=_order):
        need = requirement.need
        if need.tier is Tier.DERIVED:
            continue
        key = (need.permission, need.on, need.policy_on, need.project)
        if key not in scopes:
            scopes[key] = narrowest_scope(need, facts, unmade)
            # What else is opened is told per grant, so that it does not split one.
            bare[key] = replace(scopes[key], breadth="") if scopes[key].breadth else scopes[key]
        groups[requirement.principal, bare[key]].append(requirement)
    groups = _within_limit(groups)
    drafts: dict[tuple[str, str], list[_Draft]] = defaultdict(list)
    choosing = _Choosing(facts=facts, options=options)
    for (principal, scope), wanted in sorted(groups.items(), key=lambda g: _depth(*g[0])):
        rest = _unanswered(principal, wanted, drafts)
        drafts[principal, scope.on] += _drafts(principal, scope, rest, choosing)
    made = sorted((draft for some in drafts.values() for draft in some), key=_name_of)
    asked = _asked(made)
    return tuple(_grant(draft, asked, facts, scopes) for draft in made)


def _within_limit(
    groups: Mapping[tuple[str, Scope], list[Requirement]],
) -> dict[tuple[str, Scope], list[Requirement]]:
    """The groups, those of a principal with more conditions than a policy takes without them."""
    count = Counter(
        (principal, scope.on) for principal, scope in groups if scope.condition is not None
    )
    kept: dict[tuple[str, Scope], list[Requirement]] = defaultdict(list)
    for (principal, scope), wanted in groups.items():
        plain = scope.condition is not None and count[principal, scope.on] > MOST
        kept[principal, Scope(scope.on) if plain else scope] += wanted
    return kept


def _enclosing(need: Need) -> Iterator[str]:
    """The project and the resources that the used one is or lies in, the broadest first."""
    yield f"{PROJECTS}{need.project}"
    start = need.on.find("/", len("//"))
    while start >= 0:
        if start > len("//"):
            yield need.on[:start]
        start = need.on.find("/", start + 1)
    yield need.on


def _unanswered(
    principal: str,
    wanted: list[Requirement],
    drafts: Mapping[tuple[str, str], list[_Draft]],
) -> list[Requirement]:
    """The requirements that no grant higher up answers; the others are added to its reasons."""
    rest = []
    for requirement in wanted:
        answering = (
            draft
            for name in _enclosing(requirement.need)
            for draft in drafts.get((principal, name), ())
            if draft.scope.condition is None and requirement.need.permission in draft.permissions
        )
        draft = next(answering, None)
        if draft is None:
            rest.append(requirement)
        else:
            draft.because.append(requirement)
    return rest


def _asked(drafts: Iterable[_Draft]) -> Mapping[_Where, set[Permission]]:
    """By principal, resource and condition: what is asked of it and of all that lies in it."""
    asked: dict[_Where, set[Permission]] = defaultdict(set)
    for draft in drafts:
        for requirement in draft.because:
            need = requirement.need
            asked[draft.principal, draft.scope.on, draft.scope.condition].add(need.permission)
            for name in _enclosing(need):
                asked[draft.principal, name, None].add(need.permission)
    return asked


def _drafts(
    principal: str, scope: Scope, wanted: list[Requirement], choosing: _Choosing
) -> Iterator[_Draft]:
    if not wanted:
        return
    options, facts = choosing.options, choosing.facts
    permissions = frozenset(r.need.permission for r in wanted)
    cover = choosing.cover(wanted, scope)
    project = (
        scope.on.removeprefix(PROJECTS)
        if scope.on.startswith(PROJECTS)
        else (wanted[0].need.project)
    )
    known = bool(project) and "/" not in project and not _is_hidden(project)
    meddling = False
    if all(map(is_using, permissions)) and (working := working_at(scope, facts)) is not None:
        meddling = not all(map(is_calm, effective_excess(cover.roles, permissions, working)))
    if known and is_wanted(
        options.custom_roles, cover, options.custom_role_threshold, meddling=meddling
    ):
        able = [p for p in permissions if facts.exists(p)]
        if able:
            role = custom_role(able, project, options.owner)
            yield _Draft(
                principal=principal, scope=scope, role=None, custom=role, because=list(wanted)
            )
        return
    for chosen in _needed(cover.roles, permissions):
        because = [r for r in wanted if r.need.permission in chosen.permissions]
        yield _Draft(principal=principal, scope=scope, role=chosen, because=because)


def _needed(roles: tuple[Role, ...], permissions: frozenset[Permission]) -> tuple[Role, ...]:
    """The roles without those that the others make superfluous, the broadest looked at first."""
    kept = list(roles)
    for role in sorted(roles, key=lambda r: (-len(r.permissions), r.name)):
        others = frozenset().union(*(r.permissions for r in kept if r is not role))
        if permissions & role.permissions <= others:
            kept.remove(role)
    return tuple(kept)


def _grant(
    draft: _Draft,
    all_asked: Mapping[_Where, set[Permission]],
    facts: Facts,
    scopes: Mapping[object, Scope],
) -> Grant:
    asked = frozenset(all_asked[draft.principal, draft.scope.on, draft.scope.condition])
    excess, inert = 0, 0
    if draft.role is not None:
        excess = len(effective_excess((draft.role,), asked, working_at(draft.scope, facts)))
        inert = len(draft.role.permissions - asked) - excess
    because = tuple(sorted(set(draft.because), key=_order))
    narrowed = draft.scope.condition is not None
    opened = () if narrowed else (_opened(r, draft.scope, scopes) for r in because)
    return Grant(
        principal=draft.principal,
        role=None if draft.role is None else draft.role.name,
        custom_role=draft.custom,
        on=draft.scope.on,
        condition=draft.scope.condition,
        because=because,
        excess=excess,
        inert=inert,
        opened=tuple(opened),
    )


def _opened(requirement: Requirement, at: Scope, scopes: Mapping[object, Scope]) -> str:
    """What a grant at a scope opens besides what a requirement uses, in words."""
    need = requirement.need
    own = scopes.get((need.permission, need.on, need.policy_on, need.project))
    return own.breadth if own is not None and own.on == at.on else ""


def _is_hidden(name: str) -> bool:
    return any(hole not in CONFIGURED for hole in HOLE.findall(name))


def _order(requirement: Requirement) -> tuple[object, ...]:
    need = requirement.need
    at = requirement.at
    return (
        requirement.principal,
        requirement.site,
        at.start,
        at.end,
        need.on,
        need.permission,
        need.when or "",
        need.source,
    )


def _depth(principal: str, scope: Scope) -> tuple[object, ...]:
    """Projects before what lies in them, parents before children."""
    return (
        principal,
        not scope.on.startswith(PROJECTS),
        scope.on.count("/"),
        scope.on,
        "" if scope.condition is None else scope.condition.expression,
    )


def _name_of(draft: _Draft) -> tuple[str, ...]:
    name = draft.role.name if draft.role is not None else draft.custom.id if draft.custom else ""
    condition = draft.scope.condition
    return (draft.principal, draft.scope.on, name, condition.expression if condition else "")
