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

    A pause is drawn between nothing and a ceiling that doubles from `first` up to `longest`.
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
"""How often a policy is read, changed and written again because somebody else was faster."""

VISIBLE: Final = Retry(errors=(), attempts=14, first=1.0, longest=30.0)
"""How long to wait for what was just made: at most five minutes.

Source: https://docs.cloud.google.com/iam/docs/access-change-propagation (2026-11-23)
"""

OnRetry: TypeAlias = Callable[[Call, CloudError, float], None]


def silent(_call: Call, _error: CloudError, _pause: float) -> None:
    """Says nothing of a retry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """A cloud that sends a request again when the answer is one that may pass.

    A write whose answer was lost may have been done: whoever sends it must be ready to find it so.
    """

    cloud: Cloud
    clock: Clock
    dice: Dice
    retry: Retry = REQUEST
    on_retry: OnRetry = silent

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
                self.clock.sleep(pause)
        return self.cloud.send(call)
