"""Carries a plan out: one just made, or one that was saved and reviewed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from wfprov.app.load import Selection, stack_of
from wfprov.app.wiring import ControlPlane, Reach, facts
from wfprov.apply.execute import execute, still_true
from wfprov.apply.outcome import Report
from wfprov.core.errors import InputError, StalePlanError
from wfprov.core.ports import Clock, Dice
from wfprov.core.resource import digest_of
from wfprov.desired.model import Stack
from wfprov.plan.change import Change, Create, Plan, Replace, Update, address_of
from wfprov.plan.live import Live
from wfprov.plan.stale import spent
from wfprov.store.plan_file import load_plan


def saved(path: Path, selection: Selection) -> tuple[Plan, Stack]:
    """A saved plan, and the stack that says where it is carried out.

    Raises:
        InputError: the file is no plan, or it is of another stack, environment or project.
        StalePlanError: the configuration has other values of variables now.
    """
    plan = load_plan(path, facts())
    environment = selection.environment or plan.environment or None
    stack = stack_of(
        Selection(
            environment=environment,
            config=selection.config,
            project=selection.project,
        )
    )
    if stack.project is None:
        stack = replace(stack, project=plan.project or None)
    _fits(path, "environment", plan.environment, environment or "")
    _fits(path, "stack", plan.stack, stack.name)
    _fits(path, "project", plan.project, stack.project or "")
    _fits(path, "control plane", plan.endpoint, stack.control_plane)
    return _filled(path, plan, stack), stack


def _filled(path: Path, plan: Plan, stack: Stack) -> Plan:
    """The plan with the values of variables, which no file holds, from the configuration.

    Raises:
        StalePlanError: the configuration has another value now.
    """
    known = {digest_of(value): value for w in stack.workflows for value in w.env.values()}

    def filled(change: Change) -> Change:
        try:
            match change:
                case Create(after=after):
                    return replace(change, after=after.with_values(known))
                case Update(after=after) | Replace(after=after):
                    return replace(change, after=after.with_values(known))
                case _:
                    return change
        except KeyError as missing:
            raise StalePlanError(
                f"the configuration has another value for {missing.args[0]} of "
                f"{address_of(change).name.rpartition('/')[2]} than {path} was made with",
                help="plan again",
            ) from missing

    return replace(plan, changes=tuple(map(filled, plan.changes)))


def resumed(plan: Plan, control: ControlPlane, clock: Clock, parallel: int) -> Live | None:
    """What is live now, if the plan may still be applied; None when all of it is done already.

    Raises:
        StalePlanError: what it rests on has moved, or it has expired.
        CloudError: what the control plane refused.
    """
    live = still_true(plan, control.reader, clock.now(), parallel=parallel)
    return None if spent(plan, live) else live


def carry_out(
    plan: Plan,
    live: Live,
    control: ControlPlane,
    *,
    clock: Clock,
    dice: Dice,
    reach: Reach,
) -> Report:
    """Does what the plan says, and reports every step."""
    return execute(
        plan,
        control.cloud,
        clock=clock,
        dice=dice,
        live=live,
        parallel=reach.parallel,
        patience=reach.patience,
        observe=reach.on_event,
    )


def _fits(path: Path, what: str, planned: str, here: str) -> None:
    if planned != here:
        raise InputError(
            f"{path} is for the {what} {planned or '(none)'}, and this is {here or '(none)'}",
            help=f"give the {what} that it was made for, or plan again",
        )
