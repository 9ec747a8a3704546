"""What no plan may hold, whether it was just made or read from a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.core.facts import Facts
from wfprov.core.resource import Replace as Unchangeable
from wfprov.plan.change import (
    LIFETIME,
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
from wfprov.plan.stages import revokes_of
from wfprov.resources.custom_role import ProjectRole
from wfprov.resources.eventarc_trigger import EventarcTrigger
from wfprov.resources.iam_policy import IamPolicy, policy_route
from wfprov.resources.scheduler_job import SchedulerJob
from wfprov.resources.workflow import Workflow

_REMOVING: Final = frozenset({Mode.DESTROY, Mode.PRUNE})


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
    if not plan.expires - plan.created >= 0:
        yield "it expires before it was created"
    elif plan.expires - plan.created > LIFETIME + 1:
        yield "it expires later than any plan does"
    if plan.mode is Mode.REFRESH and plan.changes:
        yield "a plan that only looks changes nothing"
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
        case Create(after=after) if after.owner not in plan.marks and after.delete() is not None:
            yield "what is made carries the stack's mark"
        case Create():
            if plan.mode is Mode.DESTROY:
                yield "a plan to destroy makes nothing"
        case Update(before=before, after=after) | Replace(before=before, after=after):
            if before.address != after.address:
                yield "before and after are two things"
            elif before.owner not in {"", *plan.marks}:
                yield f"it is the stack {before.owner}'s"
            elif before.owner and after.owner != before.owner:
                yield f"it stays the stack {before.owner}'s"
            elif isinstance(change, Update) and isinstance(after.update(before), Unchangeable):
                yield "it can only be replaced"
        case Delete(before=before):
            if before.owner != plan.mark:
                yield "only what carries the stack's mark is removed"
            if plan.mode not in _REMOVING and not _moved(plan, change):
                yield "only destroying and pruning remove"
        case AccessChange():
            yield from _wrong_access(plan, change)
        case NoOp():
            return


def _roles(plan: Plan) -> Iterator[str]:
    """The custom roles that a plan has, which it may bind otherwise than before."""
    for change in plan.changes:
        if not isinstance(change, AccessChange | Delete):
            resource = change.resource if isinstance(change, NoOp) else change.after
            if isinstance(resource, ProjectRole):
                yield f"projects/{resource.project}/roles/{resource.role_id}"


def _moved(plan: Plan, change: Delete) -> bool:
    """Whether a thing is removed where it was, because the plan has it elsewhere."""
    before = change.before
    return isinstance(before, Workflow | SchedulerJob | EventarcTrigger) and any(
        made.scope == change.moved_to != before.scope
        and made.address.name.rpartition("/")[2] == before.address.name.rpartition("/")[2]
        for other in plan.changes
        if isinstance(other, Create | Update | NoOp | Replace)
        for made in (other.resource if isinstance(other, NoOp) else other.after,)
        if made.kind == before.kind
    )


def check_routes(plan: Plan, facts: Facts) -> None:
    """Passes a plan whose every policy is reached by the way that the facts give.

    A plan shows the name of a resource and carries the way to its policy: a file written by hand
    could show one and write another, or send credentials to a host of its own.

    Raises:
        IllegalPlanError: with the first policy that is reached otherwise.
    """
    accesses = [c.access for c in plan.changes if isinstance(c, AccessChange)]
    for access in (*accesses, *plan.above):
        if isinstance(access, IamPolicy):
            route = policy_route(access.subject_name, facts)
            if route != access.route:
                raise IllegalPlanError(f"{access.subject_name}: its policy is reached otherwise")


def _wrong_access(plan: Plan, change: AccessChange) -> Iterator[str]:
    if change.add & change.before or change.remove - change.before:
        yield "it adds what is there, or removes what is not"
    if not change.add <= change.access.memberships:
        yield "it adds what is not wanted"
    roles = set(_roles(plan)) if plan.mode is Mode.BOOTSTRAP else set()
    if plan.mode not in _REMOVING and any(m.key.role not in roles for m in revokes_of(change)):
        yield "only destroying and pruning take access away"
    for m in change.remove:
        if m.member.removeprefix("deleted:").partition("?")[0] not in plan.owned:
            yield f"{m.member} is not the stack's"
