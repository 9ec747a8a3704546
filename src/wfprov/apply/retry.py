"""When a request is sent again, as data, and the cloud that does so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from wfprov.core.errors import BusyError, CloudError, UnreachableError
from wfprov.core.ports import Clock, Cloud, Dice
from wfprov.core.resource import Body, Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Which errors are tried again: at most `attempts` requests, pauses in seconds.

    A pause is drawn between half of a ceiling and all of it; the ceiling doubles from `first` up to
    `longest`.
    """

    errors: tuple[type[CloudError], ...]
    attempts: int
    first: float
    longest: float

    def pauses(self, dice: Dice) -> Iterator[float]:
        """The pauses between the attempts, one fewer than those."""
        ceiling = self.first
        for _ in range(self.attempts - 1):
            yield dice.uniform(ceiling / 2, ceiling)
            ceiling = min(ceiling * 2, self.longest)


REQUEST: Final = Retry(errors=(BusyError, UnreachableError), attempts=6, first=0.5, longest=16.0)
"""429, 5xx, resets and time-outs: what the same request may get past.

Source: https://docs.cloud.google.com/iam/docs/retry-strategy (2026-11-23)
"""

CYCLE: Final = Retry(errors=(), attempts=12, first=0.1, longest=8.0)
"""How often something is read and written again because somebody else was faster (409, 412)."""

OnRetry: TypeAlias = Callable[[Call, CloudError, float], None]
Stopped: TypeAlias = Callable[[], bool]

SLICE: Final = 0.25
"""Seconds after which somebody who sleeps looks whether he is to stop."""


def silent(_call: Call, _error: CloudError, _pause: float) -> None:
    """Says nothing of a retry."""


def never() -> bool:
    """Nobody stops it."""
    return False


def rested(clock: Clock, seconds: float, stopped: Stopped) -> bool:
    """Whether a pause could be slept through; False as soon as it is stopped."""
    left = seconds
    while left > 0 and not stopped():
        clock.sleep(min(left, SLICE))
        left -= SLICE
    return not stopped()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """A cloud that sends a request again when the answer is one that may pass.

    A write whose answer was lost may have been done: whoever sends it must be ready to find it so.
    Once it is stopped, it sends nothing again.
    """

    cloud: Cloud
    clock: Clock
    dice: Dice
    retry: Retry = REQUEST
    on_retry: OnRetry = silent
    stopped: Stopped = never

    def send(self, call: Call) -> Body:
        """The answer of the first attempt that succeeds.

        Raises:
            CloudError: of the last attempt, or the first that no retry helps.
        """
        for pause in self.retry.pauses(self.dice):
            try:
                return self.cloud.send(call)
            except self.retry.errors as error:
                self.on_retry(call, error, pause)
                if not rested(self.clock, pause, self.stopped):
                    raise
        return self.cloud.send(call)
