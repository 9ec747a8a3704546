"""Real time and real chance."""

from __future__ import annotations

import random
import time


class SystemClock:
    """The machine's time."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


class SystemDice:
    """The machine's randomness."""

    def uniform(self, low: float, high: float) -> float:
        """A number between the two."""
        return random.uniform(low, high)  # noqa: S311 (jitter, no secret)
