"""Two applies at once, and somebody else who changes the same policies all the while."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event

from judge import WrongError, difference, foreign, granted, judge, ours, settled, shown
from scene import Scene, Stage
from schedule import Dice, meddle

from wfprov.apply.outcome import Report
from wfprov.core.errors import ExistsError, StalePlanError
from wfprov.emulator.objects import POLICIES


def race(stage: Stage, scene: Scene, seed: int) -> int:
    """Runs two applies and a rival at once, and checks what must hold; how often the rival wrote.

    Raises:
        WrongError: something does not hold.
    """
    stage.restore(scene)
    dice = Random(seed)
    before, held = foreign(stage), granted(stage)
    names = [
        name
        for name in stage.plane.world.objects.names(POLICIES)
        if "/serviceAccounts/" not in name and not name.endswith("/datasets/sales")
    ]
    over, wrote, kept = Event(), 0, set()

    def rival() -> None:
        nonlocal wrote
        while not over.wait(0.002):
            name, member = dice.choice(names), f"user:rival-{wrote}@example.com"
            meddle(stage, name, member, dice, remove=False)
            kept.add((name, member))
            wrote += 1

    with stage.cloud() as one, stage.cloud() as two, ThreadPoolExecutor(3) as pool:
        plans = [stage.plan(scene, cloud, Dice(seed)) for cloud in (one, two)]
        added = shown(stage, plans[0][0]) | shown(stage, plans[1][0])
        busy = pool.submit(rival)
        runs = [
            pool.submit(stage.execute, plan, live, cloud, Dice(seed + i), parallel=4)
            for i, ((plan, live), cloud) in enumerate(zip(plans, (one, two), strict=True))
        ]
        reports: list[Report] = [run.result() for run in runs]
        over.set()
        busy.result()
    for (plan, _), report in zip(plans, reports, strict=True):
        judge(stage, plan, report, stage.client, alone=False)
        for outcome in report.failed:
            if not isinstance(outcome.error, StalePlanError | ExistsError):
                raise WrongError(f"{outcome.step.id} failed: {outcome.error}")
    lost = {(n, m) for n, m in kept if not _has(stage, n, m)}
    if lost:
        raise WrongError(f"a rival's members are lost: {sorted(lost)[:5]}")
    now = {k: without_rivals(v) for k, v in foreign(stage).items()}
    if {k: v for k, v in now.items() if v != NOTHING} != before:
        raise WrongError(f"foreign content changed: {difference(before, now)}")
    extra = granted(stage) - held - added
    if extra:
        raise WrongError(f"granted, and no plan showed it: {sorted(extra)}")
    settled(stage, scene, stage.client, Dice(seed), foreign(stage))
    return wrote


NOTHING: tuple[list, None] = ([], None)


def without_rivals(found: object) -> object:
    """What is foreign in a policy but for the rival's own members."""
    if not isinstance(found, tuple):
        return found
    kept = [
        {**b, "members": [m for m in b["members"] if not m.startswith("user:rival-")]}
        for b in found[0]
    ]
    return [b for b in kept if b["members"]], found[1]


def _has(stage: Stage, name: str, member: str) -> bool:
    policy = stage.plane.world.objects.peek(POLICIES, name) or {}
    return any(member in b["members"] for b in policy["bindings"] if not ours(member))
