"""wfprov killed at a request: real processes, kill -9, before and after the effect."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from signal import SIGKILL

from forks import Forked
from judge import WrongError, difference, foreign, granted, is_done, is_idle, settled, shown
from scene import Stage
from schedule import Dice

from wfprov.plan.change import Plan, address_of
from wfprov.plan.live import Live, read_live
from wfprov.plan.stages import StepId, stages
from wfprov.plan.stale import looked_at
from wfprov.store.plan_file import save_plan

SAVED = "plan.json"
COMMANDS = {
    "plan": ("change", ("plan", "-e", "shop", "--prune")),
    "apply": ("create", ("apply", "-e", "shop", "--auto-approve")),
    "apply --prune": ("change", ("apply", "-e", "shop", "--prune", "--auto-approve")),
    f"apply {SAVED}": ("revive", ("apply", "-e", "shop", SAVED)),
    "destroy": ("destroy", ("destroy", "-e", "shop", "--auto-approve")),
    "bootstrap": (
        "bootstrap",
        ("bootstrap", "-e", "shop", "--github", "acme/orders", "--auto-approve"),
    ),
}
SECONDS = 120.0
BECAME = ("change_started", "change_done", "failed", "unknown", "not_started")


@dataclass(frozen=True, kw_only=True)
class Killed:
    """Whether the process met its end at the request, and how many events it left."""

    reached: bool
    events: int


def kill(stage: Stage, command: str, at: int, when: str) -> Killed:
    """Runs a command, kills it at a request, and checks all that must hold afterwards.

    `when`: before, the request is lost with the process; after, it was carried out.

    Raises:
        WrongError: something does not hold.
    """
    name, arguments = COMMANDS[command]
    scene = stage.scenes[name]
    stage.restore(scene)
    stage.write_folder(scene.version.config, scene.version.definitions)
    before, held = foreign(stage), granted(stage)
    # What the command will show; the plan of a fresh process from the same state is the same.
    plan, live = stage.plan(scene, stage.client, Dice(at))
    idle = {s.id for stage_ in stages(plan.changes) for s in stage_ if is_done(stage, s, live)}
    if SAVED in arguments:
        now = time.time()  # a process of its own has the real clock
        save_plan(replace(plan, created=now, expires=now + 3600), stage.folder / SAVED)
    stage.admin("DELETE", "requests")
    stage.admin(
        "POST",
        "faults",
        {"kind": "hold", "skip": at, "when": when, "drop": True},
    )
    events = stage.folder / "events.ndjson"
    events.unlink(missing_ok=True)
    process = _begun(stage, *arguments, "--events", str(events))
    try:
        reached = _reached(stage, process)
    finally:
        process.kill()
    stage.admin("DELETE", "faults")
    if process.code != (-SIGKILL if reached else 0):
        raise WrongError(f"ended with {process.code}: {process.said[-1500:]}")
    _quiet(stage)
    told = _told(events)
    told_truly(stage, plan, told, read_live(looked_at(plan), stage.client, parallel=1), idle)
    if foreign(stage) != before:
        raise WrongError(f"foreign content changed: {difference(before, foreign(stage))}")
    if command == "plan" and granted(stage) != held:
        raise WrongError("a plan changed something")
    extra = granted(stage) - held - shown(stage, plan)
    if extra:
        raise WrongError(f"granted, and no plan showed it: {sorted(extra)}")
    if SAVED in arguments:
        process = _begun(stage, *arguments)
        if not process.ended(SECONDS) or process.code != 0:
            process.kill()
            raise WrongError(f"the same plan is not finished: {process.said[-1500:]}")
    after = settled(stage, scene, stage.client, Dice(at), before)
    ended = SAVED in arguments or not (reached or command == "plan")
    if after.due and ended:
        raise WrongError(f"a run that reported success left something to do: {after.due}")
    return Killed(reached=reached, events=len(told))


def _begun(stage: Stage, *arguments: str) -> Forked:
    return stage.forks.begin(stage.folder, stage.environment(), *arguments)


def _reached(stage: Stage, process: Forked) -> bool:
    deadline = time.monotonic() + SECONDS
    while not process.ended() and time.monotonic() < deadline:
        if any(f["hits"] for f in stage.admin("GET", "faults")["faults"]):
            time.sleep(0.03)  # what else is under way gets its answer
            return not process.ended()
        time.sleep(0.005)
    if not process.ended():
        raise WrongError(f"did not end in {SECONDS:.0f} s")
    return False


def _quiet(stage: Stage) -> None:
    """Waits until the control plane has done what it had begun."""
    count = -1
    while count != len(stage.plane.requests()) or any(
        r.get("status") is None and "faults" not in r for r in stage.plane.requests()
    ):
        count = len(stage.plane.requests())
        time.sleep(0.02)


def _told(events: object) -> list[dict]:
    """The events of a process that was killed: whole lines, in order, none missing."""
    if not events.exists():
        return []
    text = events.read_text()
    if text and not text.endswith("\n"):
        raise WrongError(f"a torn line: {text[-200:]!r}")
    found = [json.loads(line) for line in text.splitlines()]
    if [e["number"] for e in found] != list(range(1, len(found) + 1)):
        raise WrongError("events are missing")
    return found


def told_truly(stage: Stage, plan: Plan, told: list[dict], live: Live, idle: set[StepId]) -> None:
    """Checks that what was told is so: what is done, what was not begun, and what was planned.

    `idle` are the steps that had no effect left to bring about.
    """
    planned = [e["changes"] for e in told if e["kind"] == "planned"]
    if planned and {c["address"] for c in planned[0]} != {address_of(c).name for c in plan.due}:
        raise WrongError(f"told another plan: {planned[0]}")
    last = {tuple(e["step"].values()): e["kind"] for e in told if e["kind"] in BECAME}
    for step in (step for stage_ in stages(plan.changes) for step in stage_):
        address, done = step.id.address, is_done(stage, step, live)
        became = last.pop((address.name, address.kind, step.id.part.value), "")
        if became == "change_done" and not done:
            raise WrongError(f"told done, and is not: {step.id}")
        if not became and done and step.id not in idle and not is_idle(step):
            raise WrongError(f"not told begun, and is done: {step.id}")
        if became in {"failed", "unknown", "not_started"}:
            raise WrongError(f"{became}, and nothing was refused: {step.id}")
    if last:
        raise WrongError(f"told of steps that the plan does not have: {last}")
