"""What the pure layers ask of the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from wfprov.core.resource import Call


class Cloud(Protocol):
    """The control plane. Safe to use from several threads."""

    def send(self, call: Call) -> Mapping[str, object]:
        """The answer to one request, as JSON.

        A long-running operation is waited for, its answer is the resource that it made; pages are
        gathered where the call says so.

        Raises:
            CloudError: what the control plane refused, translated.
        """


class Clock(Protocol):
    """Time."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""

    def sleep(self, seconds: float) -> None:
        """Waits."""


class Dice(Protocol):
    """Randomness, for jitter."""

    def uniform(self, low: float, high: float) -> float:
        """A number between the two."""
