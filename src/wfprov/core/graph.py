"""Order among things that wait for each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


class CycleError(AssertionError):
    """Things wait for each other in a circle: our bug, for a desired graph has none."""


def stages(needs: Mapping[T, Iterable[T]]) -> tuple[tuple[T, ...], ...]:
    """The keys in stages: each needs only keys of earlier stages.

    Order inside a stage is that of `needs`; a need that is no key is taken as met.

    Raises:
        CycleError: when some keys need each other.
    """
    waiting = {key: {n for n in after if n in needs and n != key} for key, after in needs.items()}
    done: list[tuple[T, ...]] = []
    while waiting:
        ready = tuple(key for key, after in waiting.items() if not after)
        if not ready:
            raise CycleError(", ".join(str(key) for key in waiting))
        for key in ready:
            del waiting[key]
        for after in waiting.values():
            after.difference_update(ready)
        done.append(ready)
    return tuple(done)
