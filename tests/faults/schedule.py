"""Schedules of faults: one fault at every request, and random ones that a seed repeats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from judge import WrongError, difference, empty, foreign, granted, judge, settled, shown
from scene import Blocked, Scene, Stage
from stack import FOREIGN, SCENES

from wfprov.apply.execute import still_true
from wfprov.apply.outcome import Ended, Event, Finished, Report
from wfprov.core.errors import StalePlanError, WfprovError
from wfprov.core.ports import Cloud
from wfprov.core.resource import Body, Call
from wfprov.emulator.objects import POLICIES

KINDS = {
    "reset": {"kind": "reset"},
    "429": {"kind": "error", "status": "RESOURCE_EXHAUSTED"},
    "503": {"kind": "error", "status": "UNAVAILABLE"},
    "409": {"kind": "error", "status": "ABORTED"},
    "lost": {"kind": "lost"},
    "stale": {"kind": "stale"},
}
RANDOM = {
    **KINDS,
    "500": {"kind": "error", "status": "INTERNAL"},
    "409 exists": {"kind": "error", "status": "ALREADY_EXISTS"},
    "403": {"kind": "error", "status": "PERMISSION_DENIED"},
    "400": {"kind": "error", "status": "INVALID_ARGUMENT"},
}
"""No 404 that lies: what is said not to be there by every answer is taken to be gone."""
TIMES = {"plan": (1, -1), "apply": (1, 7, -1)}
"""Once; more often than a request is tried again; from then on for ever."""
ANSWERED = {"RESOURCE_EXHAUSTED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "ABORTED"}
"""Refusals after which nothing was done for sure."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Faults of the planning and of the carrying out, who meddles, and how it goes on."""

    scene: str
    planning: tuple[dict[str, object], ...] = ()
    applying: tuple[dict[str, object], ...] = ()
    meddling: float = 0.0
    late: float = 0.0
    resumed: bool = False
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a schedule went: the command that failed, if any, the hits, the requests, in order."""

    failed: str
    hits: int
    trace: tuple[str, ...]


class Dice(Random):
    """Chance that a seed repeats."""


class Meddling:
    """A cloud where somebody else changes a policy just before it is read or written.

    Nobody but them changes what is foreign, so it is at any time as they left it.
    """

    def __init__(self, cloud: Cloud, stage: Stage, dice: Random, share: float) -> None:
        self._cloud, self._stage, self._dice, self._share = cloud, stage, dice, share
        self.edits = 0
        self._left = foreign(stage)

    def send(self, call: Call) -> Body:
        name = self._name(call)
        if name is not None and self._dice.random() < self._share:
            self.check()
            meddle(self._stage, name, f"user:rival-{self.edits}@example.com", self._dice)
            self.edits += 1
            self._left = foreign(self._stage)
        return self._cloud.send(call)

    def check(self) -> None:
        """Holds what is foreign against what they left.

        Raises:
            WrongError: it is something else.
        """
        now = foreign(self._stage)
        if now != self._left:
            raise WrongError(f"foreign content changed: {difference(self._left, now)}")

    def _name(self, call: Call) -> str | None:
        if not call.method.endswith("IamPolicy") or "resource" not in call.request:
            return None
        path = str(call.request["resource"])
        name = self._stage.plane.world.full_name(call.client.partition(":")[0], path)
        return name if self._stage.plane.world.objects.peek(POLICIES, name) else None


def meddle(stage: Stage, name: str, member: str, dice: Random, *, remove: bool = True) -> None:
    """Adds a member, or a binding, or removes a member that was added so, behind wfprov's back."""
    objects = stage.plane.world.objects
    with objects.transaction():
        policy = objects.get(POLICIES, name) or {"bindings": []}
        mine = [b for b in policy["bindings"] if any("rival-" in m for m in b["members"])]
        choice = dice.randrange(0 if remove else 1, 3)
        if choice == 0 and mine:
            binding = dice.choice(mine)
            binding["members"] = [m for m in binding["members"] if "rival-" not in m]
            policy["bindings"] = [b for b in policy["bindings"] if b["members"]]
        elif choice == 1 and policy["bindings"]:
            binding = dice.choice(policy["bindings"])
            binding["members"] = [*binding["members"], member]
        else:
            policy["bindings"] = [*policy["bindings"], {**FOREIGN[1], "members": [member]}]
            policy["bindings"][-1]["condition"] = {
                **policy["bindings"][-1]["condition"],
                "description": member,
            }
        policy["etag"] = stage.plane.world.etag()
        policy.pop("_schedule", None)
        objects.put(POLICIES, name, policy)


def every_request(
    stage: Stage, scenes: tuple[str, ...] = SCENES
) -> Iterator[tuple[str, str, Schedule]]:
    """A schedule for each request of each command, each kind of fault, and each persistence."""
    for name in scenes:
        counts = requests(stage, stage.scenes[name])
        for phase, times in TIMES.items():
            for at in range(counts[phase]):
                for kind, fault in KINDS.items():
                    for count in times:
                        body = ({**fault, "skip": at, "count": count},)
                        key = "planning" if phase == "plan" else "applying"
                        schedule = Schedule(
                            scene=name, resumed=bool(at % 2), seed=at, **{key: body}
                        )
                        yield _command(name, phase), kind, schedule


def _command(scene: str, phase: str) -> str:
    if phase == "plan":
        return "plan"
    return {"destroy": "destroy", "bootstrap": "bootstrap", "again": "bootstrap"}.get(
        scene, "apply"
    )


def requests(stage: Stage, scene: Scene) -> dict[str, int]:
    """How many requests planning and carrying out make when nothing goes wrong."""
    stage.restore(scene)
    with stage.cloud() as cloud:
        plan, live = stage.plan_whole(scene, cloud, Dice(0))
        planned = cloud.requests
        assert stage.execute(plan, live, cloud, Dice(0)).ok
        return {"plan": planned, "apply": cloud.requests - planned}


def drawn(seed: int) -> Schedule:
    """The random schedule of a seed."""
    dice = Random(seed)
    paths = ("", "", "IamPolicy", "serviceAccounts", "roles", "workflows", "operations", "datasets")

    def faults(most: int) -> tuple[dict[str, object], ...]:
        return tuple(
            {
                **dice.choice(list(RANDOM.values())),
                "skip": dice.randrange(30),
                "count": dice.choice((1, 1, 1, 2, 3, 8, -1)),
                "path": dice.choice(paths),
            }
            for _ in range(dice.randint(0, most))
        )

    return Schedule(
        scene=dice.choice(SCENES),
        planning=faults(2) if dice.random() < 0.3 else (),
        applying=faults(6),
        meddling=dice.choice((0.0, 0.0, 0.2, 0.6)),
        late=dice.choice((0.0, 0.0, 5.0, 60.0)),
        resumed=dice.random() < 0.5,
        seed=seed,
    )


def itself(cloud: Cloud) -> Cloud:
    """The cloud as it is."""
    return cloud


def play(stage: Stage, schedule: Schedule, through: Callable[[Cloud], Cloud] = itself) -> Run:
    """Runs a schedule and everything that must hold after it.

    `through` wraps the cloud of the run that meets the faults.

    Raises:
        WrongError: something does not.
    """
    scene = stage.scenes[schedule.scene]
    stage.restore(scene)
    dice = Dice(schedule.seed)
    clean = stage.client
    rival = Meddling(through(clean), stage, dice, schedule.meddling)
    cloud: Cloud = rival if schedule.meddling else through(clean)
    held = granted(stage)
    stage.admin("PATCH", "settings", {"visibilityDelay": schedule.late})
    for fault in schedule.planning:
        stage.admin("POST", "faults", fault)
    failed, hits = "", 0
    try:
        make = stage.plan_whole if schedule.planning else stage.plan
        plan, live = make(scene, cloud, dice)
    except (WfprovError, Blocked):
        failed, plan, live = "plan", None, None
    hits += _clear(stage)
    if plan is None:
        rival.check()
        if granted(stage) != held:
            raise WrongError("a plan that failed changed something")
        plan, live = stage.plan(scene, cloud, dice)
    added = shown(stage, plan)
    for fault in schedule.applying:
        stage.admin("POST", "faults", fault)
    told: list[Event] = []
    report = stage.execute(plan, live, cloud, dice, observe=told.append)
    hits += _clear(stage)
    if not report.ok:
        failed = failed or _command(scene.name, "apply")
    ends = {e.outcome.step.id: e.outcome for e in told if isinstance(e, Ended)}
    if ends != {o.step.id: o for o in report.outcomes} or told[-1] != Finished(report):
        raise WrongError("the events tell something else than the report")
    stage.admin("PATCH", "settings", {"visibilityDelay": 0.0})
    stage.time.sleep(600)
    judge(stage, plan, report, clean, answered=_is_answered(schedule))
    rival.check()
    if schedule.resumed and not report.ok:
        _resume(stage, plan, clean, dice, meddled=bool(schedule.meddling))
    after = settled(stage, scene, clean, dice, foreign(stage))
    added |= shown(stage, after)
    extra = granted(stage) - held - added
    if extra:
        raise WrongError(f"granted, and no plan showed it: {sorted(extra)}")
    if report.ok and not schedule.meddling and after.due and not _stale_plan(schedule):
        raise WrongError("a run that reported success left something to do")
    trace = tuple(f"{r['verb']} {r['path']} {r.get('status')}" for r in stage.plane.requests())
    return Run(failed=failed, hits=hits, trace=trace)


def _is_answered(schedule: Schedule) -> bool:
    """Whether no fault could leave a write without an answer, or hide what it did."""
    return not (schedule.meddling or schedule.late) and all(
        fault["kind"] == "error" and fault["status"] in ANSWERED for fault in schedule.applying
    )


def _stale_plan(schedule: Schedule) -> bool:
    """Whether the plan was made from old reads, and so may have missed something."""
    return any(f["kind"] in {"stale", "error"} for f in schedule.planning)


def _resume(
    stage: Stage, plan: object, cloud: Cloud, dice: Dice, *, meddled: bool
) -> Report | None:
    """Applies the same plan again, as `wfprov apply plan.json` does."""
    try:
        live = still_true(plan, cloud, plan.created, parallel=1)
    except StalePlanError as error:
        if meddled:
            return None  # somebody joined a binding that the plan changes: it says so, rightly
        raise WrongError(f"the same plan is refused: {error}") from error
    report = stage.execute(plan, live, cloud, dice)
    if not report.ok:
        raise WrongError(f"the same plan failed again: {[str(o.error) for o in report.failed]}")
    return report


def _clear(stage: Stage) -> int:
    hits = sum(f["hits"] for f in stage.admin("GET", "faults")["faults"])
    stage.admin("DELETE", "faults")
    return hits


__all__ = ["Run", "Schedule", "drawn", "empty", "every_request", "meddle", "play", "requests"]
