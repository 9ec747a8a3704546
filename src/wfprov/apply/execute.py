"""Runs the stages of a plan: independent steps at once, and each after what it waits for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event as Flag
from threading import Lock

from wfprov.apply.outcome import (
    Ended,
    Event,
    Observer,
    Outcome,
    Report,
    Started,
    State,
    unobserved,
)
from wfprov.apply.step import World, carry_out
from wfprov.core.errors import StalePlanError, WfprovError
from wfprov.core.ports import Clock, Cloud, Dice
from wfprov.plan.change import Plan
from wfprov.plan.legal import check_legal
from wfprov.plan.live import PARALLEL, Live, read_live
from wfprov.plan.stages import Step, StepId, stages
from wfprov.plan.stale import looked_at, moved


def still_true(plan: Plan, cloud: Cloud, now: float, *, parallel: int = PARALLEL) -> Live:
    """What is live of all that a saved plan will write, when the plan may still be applied.

    Raises:
        StalePlanError: it has expired, or something is neither as it was found nor as planned.
        CloudError: what the control plane refused.
    """
    if now > plan.expires:
        raise StalePlanError("the plan has expired", help="plan again")
    live = read_live(looked_at(plan), cloud, parallel=parallel)
    words = moved(plan, live)
    if words:
        raise StalePlanError(
            f"what the plan rests on has moved: {'; '.join(words)}",
            moved=words,
            help="plan again, and look at what has changed",
        )
    return live


def execute(
    plan: Plan,
    cloud: Cloud,
    *,
    clock: Clock,
    dice: Dice,
    live: Live,
    parallel: int = PARALLEL,
    observe: Observer = unobserved,
) -> Report:
    """Does what a plan says, `parallel` steps at a time, and reports every step.

    `live` is what the plan was made from, or what `still_true` returned: its policies are not read
    again unless somebody changed them. After a failure, whatever does not depend on it goes on. A
    KeyboardInterrupt lets the running steps end, starts no other, and is in the report.
    """
    assert plan.applyable, "a plan with open questions is not applied"
    check_legal(plan)
    lock = Lock()

    def observed(event: Event) -> None:
        with lock:
            observe(event)

    world = World(
        cloud=cloud, clock=clock, dice=dice, observe=observed, owned=plan.owned, bodies=live.bodies
    )
    return _Run(world, parallel).through(stages(plan.changes))


class _Run:
    """One pass through the stages."""

    def __init__(self, world: World, parallel: int) -> None:
        self._world = world
        self._parallel = parallel
        self._outcomes: dict[StepId, Outcome] = {}
        self._stop = Flag()

    def through(self, all_stages: tuple[tuple[Step, ...], ...]) -> Report:
        with ThreadPoolExecutor(max_workers=self._parallel) as pool:
            try:
                for stage in all_stages:
                    for future in [pool.submit(self._do, step) for step in stage]:
                        future.result()
            except KeyboardInterrupt:
                # Leaving the pool waits for the steps that run; those that wait see the flag.
                self._stop.set()
        ordered = [step for stage in all_stages for step in stage]
        missing = [s for s in ordered if s.id not in self._outcomes]
        for step in missing:
            self._end(Outcome(step=step, state=State.NOT_STARTED))
        return Report(
            outcomes=tuple(self._outcomes[step.id] for step in ordered),
            interrupted=self._stop.is_set(),
        )

    def _do(self, step: Step) -> None:
        failed = tuple(id_ for id_ in step.after if self._state(id_) is not State.DONE)
        if self._stop.is_set() or failed:
            self._end(Outcome(step=step, state=State.NOT_STARTED, waits_for=failed))
            return
        self._world.observe(Started(step))
        started = self._world.clock.now()
        try:
            notes = carry_out(step, self._world)
        except WfprovError as error:
            outcome = Outcome(step=step, state=State.FAILED, error=error)
        except Exception as bug:  # noqa: BLE001 (what was done before it must be reported all the same)
            wrong = WfprovError(
                f"a bug in wfprov: {type(bug).__name__}: {bug}", help="report it with the plan"
            )
            outcome = Outcome(step=step, state=State.FAILED, error=wrong)
        else:
            outcome = Outcome(step=step, state=State.DONE, notes=notes)
        self._end(replace(outcome, seconds=self._world.clock.now() - started))

    def _state(self, step: StepId) -> State:
        outcome = self._outcomes.get(step)
        return State.NOT_STARTED if outcome is None else outcome.state

    def _end(self, outcome: Outcome) -> None:
        self._outcomes[outcome.step.id] = outcome
        self._world.observe(Ended(outcome))
