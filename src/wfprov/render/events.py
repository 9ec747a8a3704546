"""What happens in a run, as JSON objects: one event each, by the schema `events`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
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
from wfprov.core.errors import CloudError, WfprovError
from wfprov.core.resource import Call
from wfprov.plan.change import Plan, action_of, address_of
from wfprov.plan.stages import Step, StepId

FORMAT_VERSION: Final = "1.0"
LONGEST: Final = 2000
"""How much of an error's message is told, in characters."""

_READS: Final = ("get", "list", "test", "search", "query", "batchget", "aggregatedlist")
_KINDS: Final = {
    State.DONE: "change_done",
    State.FAILED: "failed",
    State.UNKNOWN: "unknown",
    State.NOT_STARTED: "not_started",
}


def stamped(event: Mapping[str, object], number: int, now: float) -> dict[str, object]:
    """An event with its version, its number in the file (from 1) and the time `now`."""
    at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    head = {"format_version": FORMAT_VERSION, "number": number}
    return {**head, "time": at.replace("+00:00", "Z"), **event}


def started(command: str, version: str) -> dict[str, object]:
    """A command begins."""
    return {"kind": "started", "command": command, "version": version}


def answered(call: Call, seconds: float, error: CloudError | None) -> dict[str, object]:
    """A request was answered: `read` changes nothing, `written` may."""
    name = call.method.rpartition(".")[2].lower()
    return {
        "kind": "read" if name.startswith(_READS) else "written",
        **_request(call),
        "seconds": round(seconds, 3),
        "error": None if error is None else _error(error),
    }


def retried(
    call: Call, error: CloudError, pause: float, step: Step | None = None
) -> dict[str, object]:
    """A request is sent again after a pause in seconds."""
    return {
        "kind": "retried",
        **_request(call),
        "error": _error(error),
        "pause": round(pause, 3),
        "step": None if step is None else _step(step.id),
    }


def of(event: Event) -> dict[str, object] | None:
    """The JSON of an event of plan and apply; None for one that the summary tells."""
    match event:
        case Planned(plan=plan):
            return _planned(plan)
        case Started(step=step):
            return {"kind": "change_started", "step": _step(step.id)}
        case Retried(step=step, call=call, error=error, seconds=seconds):
            return retried(call, error, seconds, step)
        case Waiting(step=step, reason=reason, seconds=seconds):
            told = {"step": _step(step.id), "reason": reason[:LONGEST], "pause": round(seconds, 3)}
            return {"kind": "waiting", **told}
        case Ended(outcome=outcome):
            return _ended(outcome)
        case Stopping(running=running):
            return {"kind": "interrupted", "running": running}
        case Finished():
            return None


def failure(error: WfprovError) -> dict[str, object]:
    """The command ends with an error."""
    return {"kind": "error", "error": _error(error), "exit_code": error.exit_code}


def summary(
    *, requests: int, refused: int, seconds: float, report: Report | None, interrupted: bool
) -> dict[str, object]:
    """The last event of a run that was not killed; `changes` is null when none was carried out."""
    changes: dict[str, int] | None = None
    if report is not None:
        changes = {state.value.replace("-", "_"): report.count(state) for state in State}
    return {
        "kind": "summary",
        "requests": requests,
        "refused": refused,
        "seconds": round(seconds, 3),
        "changes": changes,
        "interrupted": interrupted,
    }


def _planned(plan: Plan) -> dict[str, object]:
    part = plan.division
    return {
        "kind": "planned",
        "stack": plan.stack,
        "environment": plan.environment,
        "project": plan.project,
        "shard": None if part is None else f"{part.index}/{part.count}",
        "changes": [
            {
                "address": address_of(change).name,
                "type": address_of(change).kind,
                "action": action_of(change).value,
            }
            for change in plan.due
        ],
        "questions": len(plan.blocked),
        "errors": len(plan.errors),
    }


def _ended(outcome: Outcome) -> dict[str, object]:
    told: dict[str, object] = {"kind": _KINDS[outcome.state], "step": _step(outcome.step.id)}
    match outcome.state:
        case State.DONE:
            return {**told, "seconds": round(outcome.seconds, 3), "notes": list(outcome.notes)}
        case State.FAILED | State.UNKNOWN:
            assert outcome.error is not None, "what failed says why"
            return {**told, "seconds": round(outcome.seconds, 3), "error": _error(outcome.error)}
        case State.NOT_STARTED:
            return {**told, "waits_for": [_step(id_) for id_ in outcome.waits_for]}


def _step(id_: StepId) -> dict[str, object]:
    return {"address": id_.address.name, "type": id_.address.kind, "part": id_.part.value}


def _request(call: Call) -> dict[str, object]:
    parts = ("name", "resource", "parent", "bucket", "datasetId")
    named = next((call.request[part] for part in parts if part in call.request), "")
    return {"call": str(call), "resource": str(named)}


def _error(error: WfprovError) -> dict[str, object]:
    status = error.status if isinstance(error, CloudError) else ""
    return {"message": error.message[:LONGEST], "status": status, "help": error.help}
