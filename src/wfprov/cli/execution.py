"""Asks, applies and reports: what apply and destroy have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from wfprov.cli.output import Output
from wfprov.core.errors import InputError, StalePlanError

if TYPE_CHECKING:
    from wfprov.app.plan import Planned
    from wfprov.app.wiring import ControlPlane, Reach
    from wfprov.plan.change import Plan
    from wfprov.plan.live import Live

INTERRUPTED = 130


def confirmed(question: str, output: Output) -> bool:
    """Whether the user said yes.

    Raises:
        InputError: there is nobody to ask.
    """
    if not output.interactive:
        raise InputError(
            "there is no terminal to ask on, and nothing was changed",
            help="--auto-approve applies without asking; a saved plan asks nothing",
        )
    return typer.confirm(question, err=True)


def approved(
    planned: Planned,
    control: ControlPlane,
    reach: Reach,
    output: Output,
    *,
    question: str,
    again: str,
) -> int:
    """Asks, and carries a plan out with a line for each step; the exit code.

    While somebody reads the question the cloud goes on: what the plan rests on is read again then.
    An empty question is not asked.

    Raises:
        StalePlanError: it has moved meanwhile.
    """
    live = planned.live
    if question:
        from wfprov.app.apply import resumed
        from wfprov.gcp.clock import SystemClock

        if not confirmed(question, output):
            output.message("Nothing was changed.")
            return 0
        found = resumed(planned.plan, control, SystemClock(), reach.parallel)
        if found is None:
            output.result("Nothing left to do: somebody else has done all of it meanwhile.")
            return 0
        live = found
    return carried_out(planned.plan, live, control, reach, output, again=again)


def carried_out(
    plan: Plan,
    live: Live,
    control: ControlPlane,
    reach: Reach,
    output: Output,
    *,
    again: str,
) -> int:
    """Carries a plan out with a line for each step; the exit code."""
    from wfprov.app.apply import carry_out
    from wfprov.gcp.clock import SystemClock, SystemDice
    from wfprov.render.apply_text import report_text

    output.result("")
    report = carry_out(
        plan,
        live,
        control,
        clock=SystemClock(),
        dice=SystemDice(),
        reach=reach,
    )
    output.result("\n" + report_text(report, again, output.style))
    if report.interrupted:
        return INTERRUPTED
    stale = any(isinstance(o.error, StalePlanError) for o in report.failed)
    return 0 if report.ok else StalePlanError.exit_code if stale else 1
