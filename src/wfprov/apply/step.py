"""Carries out one step of a plan."""

from __future__ import annotations

from wfprov.apply.access import set_access
from wfprov.apply.doing import Doing, UnsettledError, World
from wfprov.apply.making import change as update
from wfprov.apply.making import make, remove
from wfprov.core.errors import CloudError
from wfprov.plan.change import AccessChange, Create, Delete, Replace, Update
from wfprov.plan.stages import Part, Step


def carry_out(step: Step, world: World) -> tuple[str, ...]:
    """Does a step, and returns what a user would wonder about.

    Raises:
        CloudError: what the control plane refused, when waiting or trying again did not help.
        StalePlanError: a membership is neither as the plan found it nor as it would leave it.
        UnsettledError: it may have been done, and nobody can tell.
    """
    doing = Doing(step, world)
    try:
        _done(step, doing)
    except CloudError as error:
        # A request without an answer may be carried out even after it was looked for.
        if doing.lost:
            raise UnsettledError(error) from error
        raise
    return doing.notes


def _done(step: Step, doing: Doing) -> None:
    match step.change:
        case AccessChange() as change:
            set_access(doing, change)
        case Create(after=after) | Replace(after=after) if step.id.part is Part.MAKE:
            doing.seen(lambda: make(doing, after))
        case Update() as change:
            doing.seen(lambda: update(doing, change))
        case Delete(before=before) | Replace(before=before):
            remove(doing, before)
        case _:
            raise AssertionError(f"{step.id} is no step of its change")
