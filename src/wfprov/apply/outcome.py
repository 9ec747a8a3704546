"""What became of each step, as events while it happens and as a report at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from wfprov.core.address import Address
from wfprov.core.errors import CloudError, WfprovError
from wfprov.core.resource import Call
from wfprov.plan.change import Plan
from wfprov.plan.stages import Step, StepId


class State(StrEnum):
    """What became of a step.

    `UNKNOWN`: it may have been done. A write was sent, no answer came, and reading back did not
    settle it; or the run was broken off while the step was under way.
    """

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_STARTED = "not-started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a step, after how many seconds.

    `notes` say what a user would wonder about: retries, waits, edits of others that were kept.
    `waits_for`: the steps whose failure kept it from starting.
    """

    step: Step
    state: State
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    error: WfprovError | None = None
    waits_for: tuple[StepId, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """A step begins."""

    step: Step


@dataclass(frozen=True, slots=True)
class Retried:
    """A step sends a request again after so many seconds, and why."""

    step: Step
    call: Call
    error: CloudError
    seconds: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step pauses, for so many seconds, and why."""

    step: Step
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """A step is over, or will not begin."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Stopping:
    """Somebody interrupted: the steps under way end, no other begins."""

    running: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan was made, or a saved one was taken up."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Finished:
    """All is over, and this is what became of it."""

    report: Report


Event: TypeAlias = "Planned | Started | Retried | Waiting | Ended | Stopping | Finished"
Observer: TypeAlias = Callable[[Event], None]
"""Called from several threads, one at a time."""


def unobserved(_event: Event) -> None:
    """Looks away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an apply did, in the order of the plan's stages."""

    outcomes: tuple[Outcome, ...]
    interrupted: bool = False

    @property
    def ok(self) -> bool:
        """Whether everything was done."""
        return not self.interrupted and all(o.state is State.DONE for o in self.outcomes)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The steps that failed, and those of which nobody knows."""
        return tuple(o for o in self.outcomes if o.state in {State.FAILED, State.UNKNOWN})

    def count(self, state: State) -> int:
        """How many of the plan's things are in a state; one with two steps counts as its worst."""
        order = (State.DONE, State.NOT_STARTED, State.FAILED, State.UNKNOWN)
        worst: dict[Address, State] = {}
        for outcome in self.outcomes:
            address = outcome.step.id.address
            worst[address] = max(worst.get(address, State.DONE), outcome.state, key=order.index)
        return sum(1 for found in worst.values() if found is state)
