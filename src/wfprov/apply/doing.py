"""A step under way: what it may use, how it sends, waits and takes notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from wfprov.apply.outcome import Observer, Retried, Waiting
from wfprov.apply.retry import CYCLE, REQUEST, Retry, Retrying, Stopped, never, rested
from wfprov.apply.waiting import PATIENCE, Patience, is_young
from wfprov.core.address import Address
from wfprov.core.errors import (
    BusyError,
    CloudError,
    ConflictError,
    InvalidError,
    NotFoundError,
    RefusedError,
    ServiceDisabledError,
    UnfinishedError,
    UnreachableError,
    WfprovError,
)
from wfprov.core.ports import Clock, Cloud, Dice
from wfprov.core.resource import Body, Call
from wfprov.plan.stages import Step

T = TypeVar("T")


class UnsettledError(WfprovError):
    """A write was sent, and whether it was done is not known; `cause` is what came instead."""

    def __init__(self, cause: CloudError) -> None:
        super().__init__(
            f"{cause.message}; whether it was done is not known",
            help="run again: what was done is then found and kept",
        )
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What steps work with.

    `bodies` are policies that the plan has read a moment ago; `managed` everything that the plan
    makes or has found made; `stopped` says that somebody interrupted.
    """

    cloud: Cloud
    clock: Clock
    dice: Dice
    observe: Observer
    owned: frozenset[str]
    bodies: Mapping[Address, Body] = field(default_factory=dict)
    managed: frozenset[Address] = frozenset()
    request: Retry = REQUEST
    cycle: Retry = CYCLE
    patience: Patience = PATIENCE
    stopped: Stopped = never


_MOMENT: Final = 0.01
"""Seconds that are not worth waiting for; less may be lost when it is added to a time."""

_WRITES: Final = (ConflictError,)
"""What is tried again for a write that is bound to no etag: another operation was under way."""


class Doing:
    """A step under way, and the notes it takes."""

    def __init__(self, step: Step, world: World) -> None:
        self.step = step
        self.world = world
        self.lost = False
        self._notes: dict[str, int] = {}
        self._again = Retrying(
            cloud=world.cloud,
            clock=world.clock,
            dice=world.dice,
            retry=world.request,
            on_retry=self._retried,
            stopped=world.stopped,
        )
        self._bound = replace(self._again, on_retry=self._rewritten)
        self._alone = replace(
            self._bound, retry=replace(world.request, errors=(*world.request.errors, *_WRITES))
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user would wonder about, each with how often it happened."""
        return tuple(n if c == 1 else f"{n} ({c} times)" for n, c in self._notes.items())

    def note(self, text: str) -> None:
        """Takes a note."""
        self._notes[text] = self._notes.get(text, 0) + 1

    def send(self, call: Call) -> Body:
        """The answer to a request that changes nothing, sent again when that may help."""
        return self._again.send(call)

    def write(self, call: Call) -> Body:
        """The answer to a write that is bound to no etag: it waits for its turn too.

        `lost` says afterwards whether an attempt got no answer, and so may have been done.
        """
        try:
            return self._alone.send(call)
        except CloudError as error:
            self.lost |= _may_be_done(error)
            raise

    def swap(self, call: Call) -> Body:
        """The answer to a write that is bound to an etag.

        `lost` is as for `write`. A 409 alone says that this write was not done; after an attempt
        without an answer it may be that attempt which has moved the etag.
        """
        try:
            return self._bound.send(call)
        except CloudError as error:
            self.lost |= _may_be_done(error)
            raise

    def pause(self, reason: str, seconds: float) -> bool:
        """Waits, and says so; False when somebody interrupted."""
        self.world.observe(Waiting(self.step, reason, seconds))
        return rested(self.world.clock, seconds, self.world.stopped)

    def seen(self, act: Callable[[], T]) -> T:
        """Does what rests on something just made, and waits while that is not seen yet.

        Raises:
            CloudError: what is wrong, or still wrong when the patience is at its end.
        """
        patience, started = self.world.patience, self.world.clock.now()
        ceiling = patience.first
        while True:
            try:
                return act()
            except (InvalidError, NotFoundError, RefusedError, ServiceDisabledError) as error:
                waited = self.world.clock.now() - started
                left = patience.limit(error) - waited
                if not self.young(error):
                    raise
                if left < _MOMENT:
                    _explain(error, waited)
                    raise
                pause = min(left, self.world.dice.uniform(ceiling / 2, ceiling))
                ceiling = min(ceiling * 2, patience.ceiling)
                self.note("waited for what was just made to be seen")
                if not self.pause(f"waits to be seen: {error.message}", pause):
                    raise

    def young(self, error: CloudError) -> bool:
        """Whether an error may only say that something new is not seen everywhere yet."""
        rests_on = {id_.address for id_ in self.step.after} | self.world.managed
        return is_young(error, waited_for=rests_on, owned=self.world.owned)

    def _retried(self, call: Call, error: CloudError, pause: float) -> None:
        self.note(f"tried {call.method} again: {error.status or error.message}")
        self.world.observe(Retried(self.step, call, error, pause))

    def _rewritten(self, call: Call, error: CloudError, pause: float) -> None:
        self.lost |= _may_be_done(error)
        self._retried(call, error, pause)


def _may_be_done(error: CloudError) -> bool:
    """Whether a write with such an answer may have been done: over gRPC a reset is a 503 too.

    A refusal by quota, by a permission or by an etag says that it was not, unless the library has
    sent the same request before, on a connection that then broke. So does one that was never sent.
    """
    if error.resent or error.unsent:
        return error.resent
    if isinstance(error, BusyError):
        return error.status != "RESOURCE_EXHAUSTED"
    return isinstance(error, UnreachableError | UnfinishedError)


def _explain(error: CloudError, waited: float) -> None:
    """Says beside an error that it was waited for, where waiting was meant to help."""
    told = f"waited {waited:.0f} s for it; " if waited else ""
    again = "what was just made may be seen only later: run again in some minutes"
    error.help = f"{told}{error.help + '; or ' if error.help else ''}{again}"
