"""Writes the files of a new stack from a starter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wfprov.store import starters
from wfprov.store.starters import Starter


@dataclass(frozen=True, slots=True)
class InitResult:
    """What was written, in order, and from which starter."""

    template: str
    written: tuple[Path, ...]


def init(directory: Path, template: str | None = None) -> InitResult:
    """Writes wfprov.yaml, environments/ and workflows/; never over a file that is there.

    Raises:
        InputError: no such template, a file in the way, a folder that cannot be written.
    """
    name = template or starters.DEFAULT
    return InitResult(name, starters.write_new(directory, starters.starter_files(name)))


def templates() -> tuple[Starter, ...]:
    """The starters that there are, by name."""
    return starters.starters()
