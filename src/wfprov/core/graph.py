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
    place = {key: index for index, key in enumerate(needs)}
    left: dict[T, int] = {}
    users: dict[T, list[T]] = {key: [] for key in needs}
    for key, after in needs.items():
        wanted = {n for n in after if n in place and n != key}
        left[key] = len(wanted)
        for need in wanted:
            users[need].append(key)
    done: list[tuple[T, ...]] = []
    ready = [key for key, count in left.items() if not count]
    while ready:
        for key in ready:
            del left[key]
        done.append(tuple(ready))
        freed = []
        for user in (user for key in ready for user in users[key]):
            left[user] -= 1
            if not left[user]:
                freed.append(user)
        ready = sorted(freed, key=place.__getitem__)
    if left:
        raise CycleError(", ".join(str(key) for key in left))
    return tuple(done)
