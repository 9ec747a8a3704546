"""Splits a stack or a plan so that no two shards write one thing, and puts plans together again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from wfprov.core.address import Address
from wfprov.core.resource import Managed, Resource
from wfprov.desired.graph import Because, Desired, dependencies
from wfprov.plan.allowed import Preflight
from wfprov.plan.change import (
    AccessChange,
    Action,
    Change,
    Delete,
    NoOp,
    Plan,
    action_of,
    address_of,
)
from wfprov.plan.division import Division
from wfprov.resources.workflow import Workflow

_SHARD: Final = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})")
_API: Final = "api_service"


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """One of some parts, `2/5`: `index` counts from 1."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @classmethod
    def of(cls, text: str) -> Shard:
        """The shard that `2/5` names.

        Raises:
            ValueError: it names none.
        """
        found = _SHARD.fullmatch(text.strip())
        if found is None or int(found[1]) > int(found[2]):
            raise ValueError(f"{text!r} is no shard: write 2/5 for the second of five")
        return cls(int(found[1]), int(found[2]))


class MergeError(ValueError):
    """Plans that are no shards of one plan."""


def workflows_of(desired: Desired, shard: Shard) -> tuple[frozenset[str], Division]:
    """The names of the shard's workflows: those that share a policy stay together."""
    things: tuple[Managed, ...] = (*desired.resources, *desired.accesses)
    reasons = {a: [b for why in by.values() for b in why] for a, by in desired.because.items()}
    groups = _groups(things, _ties(things, reasons))
    named = {r.address: r.workflow_id for r in desired.resources if isinstance(r, Workflow)}
    parts = _dealt(groups, shard.count)
    mine = frozenset(named[a] for a in parts[shard.index - 1] if a in named)
    return mine, _division(shard, groups, named.keys(), len(mine))


def part_of(plan: Plan, shard: Shard) -> Plan:
    """The changes of a plan that are the shard's, with the APIs that they need.

    An API may be enabled by several shards: enabling it again changes nothing.
    """
    things = {address_of(change): _thing(change) for change in plan.changes}
    reasons = {
        address_of(c): [b for why in c.because.values() for b in why]
        for c in plan.changes
        if isinstance(c, AccessChange)
    }
    ties = [*_ties(things.values(), reasons), *_moves(plan)]
    for change in plan.changes:
        before = getattr(change, "before", None)
        if isinstance(before, Resource):  # what it has used until now belongs to it too
            ties.append((address_of(change), *before.needs()))
    groups = _groups(things.values(), ties)
    mine = {a for group in (_dealt(groups, shard.count)[shard.index - 1],) for a in group}
    needs = dependencies(things.values())
    mine |= {n for a in mine for n in needs[a] if n.kind == _API}
    if shard.index == 1:
        needed = {n for after in needs.values() for n in after}
        mine |= {a for a in things if a.kind == _API and a not in needed}
    workflows = [a for a, thing in things.items() if isinstance(thing, Workflow)]
    return replace(
        plan,
        changes=tuple(c for c in plan.changes if address_of(c) in mine),
        drift=(),
        preflight=None,
        division=_division(shard, groups, workflows, sum(a in mine for a in workflows)),
    )


def merged(plans: Iterable[Plan]) -> Plan:
    """The plan whose shards these are; it is good until the first of them expires.

    Raises:
        MergeError: one is missing, twice there, or of another plan; or two write one thing.
    """
    shards = sorted(plans, key=lambda p: p.division.index if p.division else 0)
    first = _first(shards)
    changes: dict[Address, Change] = {}
    for plan in shards:
        for change in plan.changes:
            address = address_of(change)
            was = changes.setdefault(address, change)
            if was != change and not (address.kind == _API and _same_end(was, change)):
                raise MergeError(f"two of them plan {address.name}, and differently")
            if isinstance(change, AccessChange) and was is not change and _writes(change):
                raise MergeError(f"two of them write the policy of {change.access.subject}")
    asked = [plan.preflight for plan in shards if plan.preflight is not None]
    return replace(
        first,
        created=min(plan.created for plan in shards),
        expires=min(plan.expires for plan in shards),
        changes=tuple(changes[a] for a in sorted(changes)),
        drift=tuple(dict.fromkeys(d for plan in shards for d in plan.drift)),
        notes=tuple(dict.fromkeys(note for plan in shards for note in plan.notes)),
        owned=frozenset().union(*(plan.owned for plan in shards)),
        deployer_permissions=tuple(sorted({p for s in shards for p in s.deployer_permissions})),
        above=tuple({a.address: a for plan in shards for a in plan.above}.values()),
        existing=_identities(shards),
        preflight=Preflight(
            lacking=tuple(dict.fromkeys(lack for one in asked for lack in one.lacking)),
            unasked=tuple(dict.fromkeys(u for one in asked for u in one.unasked)),
        )
        if asked and len(asked) == sum(1 for plan in shards if plan.due)
        else None,
        division=None,
    )


def _first(shards: list[Plan]) -> Plan:
    if not shards:
        raise MergeError("there is no plan to merge")
    first = shards[0]
    for plan in shards:
        if plan.division is None:
            raise MergeError("one of them is no shard: it was planned without --shard")
        for what in ("stack", "mark", "environment", "project", "endpoint", "mode"):
            if getattr(plan, what) != getattr(first, what):
                one, other = getattr(first, what) or "(none)", getattr(plan, what) or "(none)"
                raise MergeError(f"they are of two plans: {what} {one} and {what} {other}")
    found = [(p.division.index, p.division.count) for p in shards if p.division is not None]
    counts = {count for _, count in found}
    if len(counts) > 1:
        words = " and of ".join(map(str, sorted(counts)))
        raise MergeError(f"they are shards of {words}: plan all of them again")
    indices, count = [index for index, _ in found], counts.pop()
    missing = sorted(set(range(1, count + 1)) - set(indices))
    if missing:
        raise MergeError(f"shard {', '.join(f'{i}/{count}' for i in missing)} is missing")
    if len(indices) > count:
        twice = next(i for i in indices if indices.count(i) > 1)
        raise MergeError(f"shard {twice}/{count} is there twice")
    return first


def _identities(shards: Iterable[Plan]) -> dict[str, str]:
    found: dict[str, str] = {}
    for plan in shards:
        for email, identity in plan.existing.items():
            if found.setdefault(email, identity) != identity:
                raise MergeError(f"{email} was made anew between two of the plans")
    return dict(sorted(found.items()))


def _same_end(one: Change, other: Change) -> bool:
    """Whether both leave an API enabled, one of them having found it so."""
    return Action.DELETE not in {action_of(one), action_of(other)}


def _writes(change: AccessChange) -> bool:
    return bool(change.add or change.remove)


def _thing(change: Change) -> Managed:
    match change:
        case AccessChange(access=access):
            touched = access.memberships | change.add | change.remove | set(change.inherited)
            return replace(access, memberships=frozenset(touched))  # type: ignore[type-var]
        case Delete(before=before):
            return before
        case NoOp(resource=resource):
            return resource
        case _:
            return change.after


def _moves(plan: Plan) -> list[tuple[Address, ...]]:
    """A workflow that moves, where it was and where it is: the old one goes after the new one."""
    at: dict[str, list[Address]] = {}
    for change in plan.changes:
        thing = _thing(change)
        if isinstance(thing, Workflow):
            at.setdefault(thing.workflow_id, []).append(thing.address)
    return [tuple(addresses) for addresses in at.values() if len(addresses) > 1]


def _ties(
    things: Iterable[Managed], reasons: Mapping[Address, Iterable[Because]]
) -> list[tuple[Address, ...]]:
    """Each policy with the workflows that ask for its grants, whoever they run as."""
    named = {t.workflow_id: t.address for t in things if isinstance(t, Workflow)}
    return [
        (address, *(named[b.workflow] for b in why if b.workflow in named))
        for address, why in reasons.items()
    ]


def _groups(
    things: Iterable[Managed], ties: Iterable[tuple[Address, ...]]
) -> tuple[frozenset[Address], ...]:
    """What must stay together: what needs each other, APIs left out, and what is tied."""
    needs = dependencies(things)
    above = {address: address for address in needs if address.kind != _API}

    def top(address: Address) -> Address:
        while above[address] != address:
            above[address] = above[above[address]]
            address = above[address]
        return address

    for some in (*((a, *after) for a, after in needs.items()), *ties):
        known = [a for a in some if a in above]
        for address in known[1:]:
            above[top(address)] = top(known[0])
    groups: dict[Address, set[Address]] = {}
    for address in above:
        groups.setdefault(top(address), set()).add(address)
    return tuple(sorted(map(frozenset, groups.values()), key=_by_size))


def _by_size(group: frozenset[Address]) -> tuple[int, Address]:
    """The largest first; of equal ones by name, so that every task deals the same."""
    return -len(group), min(group)


def _dealt(groups: Iterable[frozenset[Address]], count: int) -> list[set[Address]]:
    """The groups, each to the shard that has least so far."""
    parts: list[set[Address]] = [set() for _ in range(count)]
    for group in groups:
        min(parts, key=len).update(group)
    return parts


def _division(
    shard: Shard, groups: Iterable[frozenset[Address]], workflows: Iterable[Address], mine: int
) -> Division:
    every = frozenset(workflows)
    sizes = sorted((len(group & every) for group in groups), reverse=True)
    return Division(
        index=shard.index,
        count=shard.count,
        workflows=mine,
        of=len(every),
        together=sizes[0] if sizes else 0,
    )
