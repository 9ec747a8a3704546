"""What a pass returns: as much as it could make, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from wfprov.core.diagnostic import Diagnostic

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Checked(Generic[T]):
    """A value, or None when nothing could be made, and the findings, in order.

    A partial value may come with errors; a pass never raises for a user's mistake.
    """

    value: T | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is a value and no finding is an error."""
        return self.value is not None and not any(d.is_error for d in self.diagnostics)
