"""What an apply does, line by line, and its report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.apply.outcome import (
    Ended,
    Event,
    Finished,
    Outcome,
    Planned,
    Report,
    Retried,
    Started,
    State,
    Stopping,
    Waiting,
)
from wfprov.core.errors import RefusedError
from wfprov.plan.change import Create, Delete, Replace, Update
from wfprov.plan.stages import Part, Step
from wfprov.render.names import counted
from wfprov.render.plan_text import thing
from wfprov.render.style import PLAIN, Style, padded, safe

_WORDS: Final = {
    State.DONE: ("ok", "green"),
    State.FAILED: ("FAIL", "red"),
    State.UNKNOWN: ("?", "yellow"),
    State.NOT_STARTED: ("--", "dim"),
}
_NAME: Final = 58


def event_line(event: Event, project: str, style: Style = PLAIN) -> str | None:
    """A line for an event; None for one that says nothing yet."""
    match event:
        case Planned() | Started() | Finished():
            return None
        case Retried(step=step, error=error, seconds=seconds):
            return _pausing(step_name(step, project), error.message, seconds, style)
        case Waiting(step=step, reason=reason, seconds=seconds):
            return _pausing(step_name(step, project), reason, seconds, style)
        case Stopping(running=running):
            ends = f"{counted(running, 'step')} under way {'ends' if running == 1 else 'end'} first"
            words = f"Interrupted: {ends}, no other begins; Ctrl-C again leaves at once."
            return style.paint(words, "bold")
        case Ended(outcome=outcome):
            return outcome_line(outcome, project, style)


def _pausing(name: str, reason: str, seconds: float, style: Style) -> str:
    return style.paint(f"  ...   {name}: {safe(reason)}, again in {seconds:.1f} s", "dim")


def outcome_line(outcome: Outcome, project: str, style: Style = PLAIN) -> str:
    """`  ok    service account order-intake   0.8 s`, with what a user would wonder about."""
    word, colour = _WORDS[outcome.state]
    lead = f"  {style.paint(padded(word, 4), colour)}  {step_name(outcome.step, project)}"
    name = step_name(outcome.step, project)
    blanks = " " * max(2, _NAME - len(name))
    match outcome.state:
        case State.DONE:
            notes = f"  {'; '.join(outcome.notes)}" if outcome.notes else ""
            return f"{lead}{blanks}{outcome.seconds:.1f} s{style.paint(safe(notes), 'dim')}"
        case State.FAILED | State.UNKNOWN:
            return f"{lead}\n          {safe(str(outcome.error))}"
        case State.NOT_STARTED:
            waits = ", ".join(thing(id_.address, project) for id_ in outcome.waits_for)
            return f"{lead}{blanks}not started{f': it waits for {waits}' if waits else ''}"


def step_name(step: Step, project: str) -> str:
    """What a step does: `policy of service orders`, `remove workflow order-intake`."""
    name = thing(step.id.address, project)
    match step.id.part, step.change:
        case Part.REVOKE, _:
            return f"revoke in {name}"
        case Part.REMOVE, _:
            return f"remove {name}"
        case Part.MAKE, Create():
            return f"create {name}"
        case Part.MAKE, Update():
            return f"update {name}"
        case Part.MAKE, Replace() | Delete():
            return f"make {name} anew"
        case _:
            return name


def report_text(report: Report, again: str, style: Style = PLAIN) -> str:
    """How it ended; after a failure what was not done, and how to go on with `again`."""
    return "\n".join(_report(report, again, style))


def _report(report: Report, again: str, style: Style) -> Iterator[str]:
    done = report.count(State.DONE)
    failed, waiting = report.count(State.FAILED), report.count(State.NOT_STARTED)
    unknown = report.count(State.UNKNOWN)
    total = done + failed + unknown + waiting
    if report.ok:
        yield style.paint(f"Done: {counted(total, 'change')} made.", "bold", "green")
        return
    reason = "Interrupted. " if report.interrupted else ""
    open_ones = f" {unknown} unknown," if unknown else ""
    words = f"{reason}{done} of {total} done, {failed} failed,{open_ones} {waiting} not started."
    last = "" if unknown else " Nothing else was changed."
    yield style.paint(words + last, "bold")
    shown: set[str] = set()
    for outcome in report.failed:
        if outcome.error is not None and outcome.error.help not in {"", *shown}:
            shown.add(outcome.error.help)
            yield f"  help: {safe(outcome.error.help)}"
        if isinstance(outcome.error, RefusedError) and outcome.error.permission:
            what = outcome.error.permission
            where = f" on {outcome.error.resource}" if outcome.error.resource else ""
            yield safe(f"  The deployer lacks {what}{where}.")
    yield f"Then run again:  {again}"
