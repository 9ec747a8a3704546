"""The steps of a plan in the order in which they may run, for explainer and executor alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from wfprov.core import graph
from wfprov.core.address import Address
from wfprov.core.policy import Membership
from wfprov.core.resource import Access, Managed
from wfprov.desired.graph import dependencies
from wfprov.plan.change import (
    AccessChange,
    Change,
    Create,
    Delete,
    NoOp,
    Replace,
    Update,
    address_of,
)


class Part(StrEnum):
    """What a step does of its change."""

    MAKE = "make"
    GRANT = "grant"
    REVOKE = "revoke"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, order=True)
class StepId:
    """A step by address and part."""

    address: Address
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that is done. `after`: the steps that must have succeeded before it."""

    id: StepId
    change: Change
    after: tuple[StepId, ...] = ()


def stages(changes: Iterable[Change]) -> tuple[tuple[Step, ...], ...]:
    """The steps of all changes that do something, in stages; within one, any order will do.

    APIs, accounts and roles come before grants, grants before the workflow that works with them.
    What is taken away goes in reverse, and only when nothing uses it any more: grants are revoked
    after the workflow was changed or removed, an account goes after its grants.
    """
    steps = {s.id: s for change in changes for s in _steps(change)}
    after = _order(steps)
    return tuple(
        tuple(replace(steps[id_], after=tuple(sorted(after[id_]))) for id_ in stage)
        for stage in graph.stages(after)
    )


def grants_of(change: AccessChange) -> tuple[frozenset[Membership], frozenset[Membership]]:
    """What the grant step adds, and the remains of deleted accounts that it clears away."""
    return change.add, frozenset(m for m in change.remove if m.member.startswith("deleted:"))


def revokes_of(change: AccessChange) -> frozenset[Membership]:
    """What the revoke step removes."""
    return change.remove - grants_of(change)[1]


def _steps(change: Change) -> Iterable[Step]:
    address = address_of(change)
    match change:
        case Create() | Update():
            parts: tuple[Part, ...] = (Part.MAKE,)
        case Replace():
            parts = (Part.REMOVE, Part.MAKE)
        case Delete():
            parts = (Part.REMOVE,)
        case NoOp():
            parts = ()
        case AccessChange():
            granted = any(grants_of(change))
            parts = ((Part.GRANT,) if granted else ()) + (
                (Part.REVOKE,) if revokes_of(change) else ()
            )
    return tuple(Step(id=StepId(address, part), change=change) for part in parts)


def _order(steps: Mapping[StepId, Step]) -> dict[StepId, set[StepId]]:
    after: dict[StepId, set[StepId]] = {id_: set() for id_ in steps}
    making: list[Managed] = []
    removing: list[Managed] = []
    for id_, step in steps.items():
        match step.change, id_.part:
            case ((Create(after=thing) | Update(after=thing) | Replace(after=thing)), Part.MAKE):
                making.append(thing)
            case ((Delete(before=thing) | Replace(before=thing)), Part.REMOVE):
                removing.append(thing)
            case AccessChange() as change, Part.GRANT:
                making.append(_holding(change.access, change.add))
            case AccessChange() as change, Part.REVOKE:
                removing.append(_holding(change.access, revokes_of(change)))
            case _:
                raise AssertionError(f"{id_} is no step of its change")
    made = {id_.address: id_ for id_ in steps if id_.part in {Part.MAKE, Part.GRANT}}
    gone = {id_.address: id_ for id_ in steps if id_.part in {Part.REMOVE, Part.REVOKE}}
    for address, needed in dependencies(making).items():
        after[made[address]] |= {made[n] for n in needed}
    for address, users in _reversed(removing).items():
        after[gone[address]] |= {gone[user] for user in users}
    for address, id_ in gone.items():
        if address not in made:
            continue
        if id_.part is Part.REVOKE:
            after[id_].add(made[address])
        else:
            after[made[address]].add(id_)
    _last(steps, after)
    return after


def _last(steps: Mapping[StepId, Step], after: Mapping[StepId, set[StepId]]) -> None:
    """Lets what is taken away wait for the updates that stop using it."""
    removed = {id_.address: id_ for id_ in steps if id_.part is Part.REMOVE}
    revoked: dict[str, set[StepId]] = {}
    for id_, step in steps.items():
        if id_.part is Part.REVOKE and isinstance(step.change, AccessChange):
            for member in {m.member for m in revokes_of(step.change)}:
                revoked.setdefault(member, set()).add(id_)
    made = {str(id_.address.name): id_ for id_ in steps if id_.part is Part.MAKE}
    for id_, step in steps.items():
        if isinstance(step.change, Delete) and step.change.moved_to:
            # The new one runs before the old one goes.
            old = str(step.change.before.address.name)
            service = old.removeprefix("//").partition("/")[0]
            new = f"//{service}/{step.change.moved_to}/{'/'.join(old.split('/')[-2:])}"
            after[id_] |= {made[new]} if new in made else set()
    for id_, step in steps.items():
        if not isinstance(step.change, Update):
            continue
        before, now = step.change.before, step.change.after
        for address in set(before.needs()) - set(now.needs()):
            if address in removed:
                after[removed[address]].add(id_)
        for member in {before.runs_as, now.runs_as} - {""}:
            for taken in revoked.get(member, ()):
                after[taken].add(id_)


def _holding(access: Access, memberships: frozenset[Membership]) -> Access:
    return replace(access, memberships=memberships)  # type: ignore[type-var]


def _reversed(things: list[Managed]) -> dict[Address, set[Address]]:
    """For each thing, those that must be gone before it."""
    before: dict[Address, set[Address]] = {thing.address: set() for thing in things}
    for user, needed in dependencies(things).items():
        for address in needed:
            before[address].add(user)
    return before
