"""wfprov killed at a request: real processes, kill -9, before and after the effect."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass

from judge import WrongError, difference, foreign, granted, settled, shown
from scene import FIRST, PROJECT, Stage
from schedule import Dice

from wfprov.emulator.objects import RESOURCES

COMMANDS = {
    "plan": ("create", ("plan", "-e", "shop")),
    "apply": ("create", ("apply", "-e", "shop", "--auto-approve")),
    "destroy": ("destroy", ("destroy", "-e", "shop", "--auto-approve")),
}
SECONDS = 120.0


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
    stage.write_folder(FIRST)
    before, held = foreign(stage), granted(stage)
    # What the command will show; the plan of a fresh process from the same state is the same.
    plan, _ = stage.plan(scene, stage.client, Dice(at))
    stage.admin("DELETE", "requests")
    stage.admin(
        "POST",
        "faults",
        {"kind": "hold", "skip": at, "when": when, "drop": True},
    )
    events = stage.folder / "events.ndjson"
    events.unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "wfprov", *arguments, "--events", str(events)],
        cwd=stage.folder,
        env=stage.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with process:
        reached = _reached(stage, process)
        process.kill()
        said = process.communicate()[0].decode()
    stage.admin("DELETE", "faults")
    if not reached and process.returncode != 0:
        raise WrongError(f"ended with {process.returncode}: {said[-1500:]}")
    _quiet(stage)
    told = _told(events)
    _true(stage, told)
    if foreign(stage) != before:
        raise WrongError(f"foreign content changed: {difference(before, foreign(stage))}")
    if command == "plan" and granted(stage) != held:
        raise WrongError("a plan changed something")
    extra = granted(stage) - held - shown(stage, plan)
    if extra:
        raise WrongError(f"granted, and no plan showed it: {sorted(extra)}")
    settled(stage, scene, stage.client, Dice(at), before)
    return Killed(reached=reached, events=len(told))


def _reached(stage: Stage, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if any(f["hits"] for f in stage.admin("GET", "faults")["faults"]):
            time.sleep(0.03)  # what else is under way gets its answer
            return True
        time.sleep(0.01)
    if process.poll() is None:
        raise WrongError(f"did not end in {SECONDS:.0f} s")
    return any(f["hits"] for f in stage.admin("GET", "faults")["faults"])


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


def _true(stage: Stage, told: list[dict]) -> None:
    """Checks that what was told done is there, or gone."""
    objects = stage.plane.world.objects
    for event in told:
        if event["kind"] != "change_done":
            continue
        step = event["step"]
        name = step["address"].replace("/projects/-/", f"/projects/{PROJECT}/")
        if step["type"] in {"service_account", "workflow"}:
            there = objects.peek(RESOURCES, name) is not None
            if there != (step["part"] == "make"):
                raise WrongError(f"told done, and is not: {step}")
        if step["type"] == "custom_role":
            role = objects.peek(RESOURCES, name)
            there = role is not None and not role.get("deleted")
            if there != (step["part"] == "make"):
                raise WrongError(f"told done, and is not: {step}")
