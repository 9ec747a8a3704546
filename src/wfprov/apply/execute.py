"""Runs the stages of a plan: independent steps at once, and each after what it waits for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from threading import Event as Flag
from threading import Lock
from typing import Final

from wfprov.apply.doing import UnsettledError, World
from wfprov.apply.outcome import (
    Ended,
    Event,
    Finished,
    Observer,
    Outcome,
    Report,
    Started,
    State,
    Stopping,
    unobserved,
)
from wfprov.apply.step import carry_out
from wfprov.apply.waiting import PATIENCE, Patience
from wfprov.core.crew import Crew
from wfprov.core.errors import StalePlanError, WfprovError
from wfprov.core.ports import Clock, Cloud, Dice
from wfprov.plan.change import Delete, Plan, address_of
from wfprov.plan.legal import check_legal
from wfprov.plan.live import PARALLEL, Live, read_live
from wfprov.plan.stages import Step, StepId, stages
from wfprov.plan.stale import looked_at, moved

_AHEAD: Final = 600.0
"""Seconds by which the clock of another machine may be ahead."""


def still_true(plan: Plan, cloud: Cloud, now: float, *, parallel: int = PARALLEL) -> Live:
    """What is live of all that a saved plan will write, when the plan may still be applied.

    Raises:
        StalePlanError: it has expired or is of the future, or something is neither as it was found
            nor as planned.
        CloudError: what the control plane refused.
    """
    if now > plan.expires:
        raise StalePlanError("the plan has expired", help="plan again")
    if now < plan.created - _AHEAD:
        raise StalePlanError(
            "the plan was made later than it is now", help="set the clock, or plan again"
        )
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
    patience: Patience = PATIENCE,
    observe: Observer = unobserved,
) -> Report:
    """Does what a plan says, `parallel` steps at a time, and reports every step.

    `live` is what the plan was made from, or what `still_true` returned: its policies are not read
    again unless somebody changed them. After a failure, whatever does not depend on it goes on.

    A KeyboardInterrupt lets the requests under way end, starts no other step, waits for nothing
    more, and is in the report; a second one leaves the running steps alone and reports them as
    unknown.
    """
    assert plan.applyable, "a plan with open questions is not applied"
    check_legal(plan)
    stop = Flag()
    lock = Lock()

    def observed(event: Event) -> None:
        with lock:
            observe(event)

    world = World(
        cloud=cloud,
        clock=clock,
        dice=dice,
        observe=observed,
        owned=plan.owned,
        bodies=live.bodies,
        managed=frozenset(address_of(c) for c in plan.changes if not isinstance(c, Delete)),
        patience=patience,
        stopped=stop.is_set,
    )
    report = _Run(world, parallel, stop).through(stages(plan.changes))
    observed(Finished(report))
    return report


class _Run:
    """One pass through the stages."""

    def __init__(self, world: World, parallel: int, stop: Flag) -> None:
        self._world = world
        self._parallel = parallel
        self._stop = stop
        self._lock = Lock()
        self._running: dict[StepId, float] = {}
        self._outcomes: dict[StepId, Outcome] = {}

    def through(self, all_stages: tuple[tuple[Step, ...], ...]) -> Report:
        with Crew(self._parallel) as crew:
            try:
                try:
                    for stage in all_stages:
                        for step in stage:
                            crew.submit(partial(self._do, step))
                        crew.wait()
                except KeyboardInterrupt:
                    self._stopped()
                    crew.wait()
            except KeyboardInterrupt:
                self._stop.set()
        ordered = [step for stage in all_stages for step in stage]
        with self._lock:
            begun, outcomes = dict(self._running), dict(self._outcomes)
        left_alone = WfprovError(
            "it was under way when the run was broken off, and whether it was done is not known",
            help="run again: what was done is then found and kept",
        )
        for step in ordered:
            if step.id in begun:
                seconds = self._world.clock.now() - begun[step.id]
                outcomes[step.id] = Outcome(
                    step=step, state=State.UNKNOWN, error=left_alone, seconds=seconds
                )
            elif step.id not in outcomes:
                outcomes[step.id] = Outcome(step=step, state=State.NOT_STARTED)
            else:
                continue
            self._world.observe(Ended(outcomes[step.id]))
        return Report(
            outcomes=tuple(outcomes[step.id] for step in ordered),
            interrupted=self._stop.is_set(),
        )

    def _stopped(self) -> None:
        self._stop.set()
        with self._lock:
            running = len(self._running)
        self._world.observe(Stopping(running))

    def _do(self, step: Step) -> None:
        with self._lock:
            failed = tuple(id_ for id_ in step.after if self._state(id_) is not State.DONE)
            begins = not (failed or self._stop.is_set())
            started = self._world.clock.now()
            if begins:
                self._running[step.id] = started
        if not begins:
            self._end(Outcome(step=step, state=State.NOT_STARTED, waits_for=failed))
            return
        self._world.observe(Started(step))
        try:
            notes = carry_out(step, self._world)
        except UnsettledError as error:
            outcome = Outcome(step=step, state=State.UNKNOWN, error=error)
        except WfprovError as error:
            outcome = Outcome(step=step, state=State.FAILED, error=error)
        except Exception as bug:  # noqa: BLE001 (what was done before it must be reported all the same)
            wrong = WfprovError(
                f"a bug in wfprov: {type(bug).__name__}: {bug}", help="report it with the plan"
            )
            outcome = Outcome(step=step, state=State.UNKNOWN, error=wrong)
        else:
            outcome = Outcome(step=step, state=State.DONE, notes=notes)
        self._end(replace(outcome, seconds=self._world.clock.now() - started))

    def _state(self, step: StepId) -> State:
        outcome = self._outcomes.get(step)
        return State.NOT_STARTED if outcome is None else outcome.state

    def _end(self, outcome: Outcome) -> None:
        with self._lock:
            self._running.pop(outcome.step.id, None)
            self._outcomes[outcome.step.id] = outcome
        self._world.observe(Ended(outcome))
