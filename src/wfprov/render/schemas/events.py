"""The JSON Schema of one line of `--events`."""

from __future__ import annotations

from collections.abc import Mapping

from wfprov.plan.change import Action
from wfprov.plan.stages import Part
from wfprov.render.events import FORMAT_VERSION
from wfprov.render.schemas.shape import (
    BOOLEAN,
    COUNT,
    FILLED,
    TEXT,
    closed,
    document,
    listed,
    matching,
    one_of,
    optional,
)

_SECONDS: dict[str, object] = {"type": "number", "minimum": 0}


def events_schema() -> dict[str, object]:
    """The schema of an event; a file holds one on each line, in their order."""
    step = closed({"address": FILLED, "type": FILLED, "part": one_of(p.value for p in Part)})
    error = closed({"message": TEXT, "status": TEXT, "help": TEXT})
    request = {"call": FILLED, "resource": TEXT}
    answer = {**request, "seconds": _SECONDS, "error": optional(error)}
    ended = {"step": step, "seconds": _SECONDS}
    change = closed({"address": FILLED, "type": FILLED, "action": one_of(a.value for a in Action)})
    counts = closed({"done": COUNT, "failed": COUNT, "unknown": COUNT, "not_started": COUNT})
    kinds: Mapping[str, tuple[str, Mapping[str, object]]] = {
        "started": ("A command begins.", {"command": FILLED, "version": FILLED}),
        "read": ("A request that changes nothing was answered.", answer),
        "written": ("A request that may change something was answered.", answer),
        "retried": (
            "A request is sent again after a pause in seconds; `step` is null while planning.",
            {**request, "error": error, "pause": _SECONDS, "step": optional(step)},
        ),
        "planned": (
            "A plan was made, or a saved one taken up; `changes` are those that do something.",
            {
                "stack": TEXT,
                "environment": TEXT,
                "project": TEXT,
                "shard": optional(TEXT),
                "changes": listed(change),
                "questions": COUNT,
                "errors": COUNT,
            },
        ),
        "change_started": ("A step of the plan begins.", {"step": step}),
        "waiting": (
            "A step pauses, because of what was just made or because somebody was faster.",
            {"step": step, "reason": TEXT, "pause": _SECONDS},
        ),
        "change_done": ("A step is done.", {**ended, "notes": listed(TEXT)}),
        "failed": ("A step failed, and was not done.", {**ended, "error": error}),
        "unknown": ("A step may have been done: no answer told.", {**ended, "error": error}),
        "not_started": ("A step was not begun.", {"step": step, "waits_for": listed(step)}),
        "interrupted": ("Ctrl-C: so many steps end first.", {"running": COUNT}),
        "error": ("The command ends with an error.", {"error": error, "exit_code": COUNT}),
        "summary": (
            "The end; a file without it is of a run that was killed.",
            {
                "requests": COUNT,
                "refused": COUNT,
                "seconds": _SECONDS,
                "changes": optional(counts),
                "interrupted": BOOLEAN,
            },
        ),
    }
    head = {
        "format_version": {"const": FORMAT_VERSION},
        "number": {"type": "integer", "minimum": 1},
        "time": matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    }
    one = [
        {"description": words, **closed({**head, "kind": {"const": kind}, **fields})}
        for kind, (words, fields) in kinds.items()
    ]
    return document(
        "An event of wfprov plan, apply or destroy: one line of --events", {"oneOf": one}
    )
