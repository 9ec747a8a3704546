"""Carries a plan out: one just made, or one that was saved and reviewed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from wfprov.app.load import Selection, stack_of
from wfprov.app.wiring import ControlPlane, facts
from wfprov.apply.execute import execute, still_true
from wfprov.apply.outcome import Observer, Report
from wfprov.core.errors import InputError
from wfprov.core.ports import Clock, Dice
from wfprov.desired.model import Stack
from wfprov.plan.change import Plan
from wfprov.plan.live import Live
from wfprov.plan.stale import spent
from wfprov.store.plan_file import load_plan


def saved(path: Path, selection: Selection) -> tuple[Plan, Stack]:
    """A saved plan, and the stack that says where it is carried out.

    Raises:
        InputError: the file is no plan, or it is of another stack, environment or project.
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
    return plan, stack


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
    parallel: int,
    observe: Observer,
) -> Report:
    """Does what the plan says, and reports every step."""
    return execute(
        plan,
        control.cloud,
        clock=clock,
        dice=dice,
        live=live,
        parallel=parallel,
        observe=observe,
    )


def _fits(path: Path, what: str, planned: str, here: str) -> None:
    if planned != here:
        raise InputError(
            f"{path} is for the {what} {planned or '(none)'}, and this is {here or '(none)'}",
            help=f"give the {what} that it was made for, or plan again",
        )
