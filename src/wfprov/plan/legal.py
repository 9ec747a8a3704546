"""What no plan may hold, whether it was just made or read from a file."""

from __future__ import annotations

from collections.abc import Iterator

from wfprov.core.resource import Replace as Unchangeable
from wfprov.plan.change import (
    AccessChange,
    Change,
    Create,
    Delete,
    Mode,
    NoOp,
    Plan,
    Replace,
    Update,
    address_of,
)


class IllegalPlanError(AssertionError):
    """A plan that cannot come from the planner: our bug, or a file that was written by hand."""


def check_legal(plan: Plan) -> None:
    """Passes a plan that could have been made.

    Raises:
        IllegalPlanError: with everything that is wrong.
    """
    wrong = tuple(_wrong(plan))
    if wrong:
        raise IllegalPlanError("; ".join(wrong))


def _wrong(plan: Plan) -> Iterator[str]:
    seen = set()
    if plan.expires < plan.created:
        yield "it expires before it was created"
    for change in plan.changes:
        address = address_of(change)
        if address in seen:
            yield f"{address} is changed twice"
        seen.add(address)
        yield from (f"{address}: {message}" for message in _wrong_change(plan, change))


def _wrong_change(plan: Plan, change: Change) -> Iterator[str]:
    if plan.offline and not isinstance(change, Create | AccessChange):
        yield "an offline plan knows of nothing that is live"
    match change:
        case Create():
            if plan.mode is Mode.DESTROY:
                yield "a plan to destroy makes nothing"
        case Update(before=before, after=after) | Replace(before=before, after=after):
            if before.address != after.address:
                yield "before and after are two things"
            elif before.owner not in {"", plan.mark}:
                yield f"it is the stack {before.owner}'s"
            elif isinstance(change, Update) and isinstance(after.update(before), Unchangeable):
                yield "it can only be replaced"
        case Delete(before=before):
            if before.owner != plan.mark:
                yield "only what carries the stack's mark is removed"
            if plan.mode not in {Mode.DESTROY, Mode.PRUNE}:
                yield "only destroying and pruning remove"
        case AccessChange():
            yield from _wrong_access(plan, change)
        case NoOp():
            return


def _wrong_access(plan: Plan, change: AccessChange) -> Iterator[str]:
    if change.add & change.before or change.remove - change.before:
        yield "it adds what is there, or removes what is not"
    if not change.add <= change.access.memberships:
        yield "it adds what is not wanted"
    for m in change.remove:
        if m.member.removeprefix("deleted:").partition("?")[0] not in plan.owned:
            yield f"{m.member} is not the stack's"
