"""The order of abstract values: join, leq, what covers what, and widening.

`Unknown` is any value, yet unknowns of different origin are kept apart, since a question must name
one. So there are two orders: `leq`, the lattice's own (`join(a, b) == b`), and `covers`, which
compares the sets of values that are stood for. A fixpoint may stop as soon as `covers` holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wfprov.analysis.domain import (
    Abstract,
    Const,
    Hole,
    ListOf,
    MapOf,
    Never,
    OneOf,
    Text,
    Unknown,
    alternatives,
)

ATOMS: Final = 64
"""How many scalar alternatives a value keeps apart."""

SHAPES: Final = 8
"""How many maps, and how many lists, a value keeps apart."""

ENTRIES: Final = 256
"""How many entries a computed map, and how many items a computed list, keeps apart."""

WEIGHT: Final = 10_000
"""How many values one value may hold."""

NULL: Final = Const(None)
TRUE: Final = Const(True)  # noqa: FBT003 - the value itself
FALSE: Final = Const(False)  # noqa: FBT003 - the value itself
NEVER: Final = Never()
ANY: Final = Unknown(Hole("many"))
"""The greatest value: what too many alternatives become."""


def below(hole: Hole, key: str) -> Hole:
    """The hole of what `key` holds in a value that comes from `hole`.

    A hole named `x.*` stands for the other keys of `x`.
    """
    name = hole.name
    if len(name) > 200:  # noqa: PLR2004 - a loop may go down for ever
        return hole
    return Hole(f"{name.removesuffix('*').removesuffix('.')}.{key}", hole.at)


def other_entry(rest: Abstract, key: str) -> Abstract:
    """What `key` holds in a map whose unnamed entries are `rest`."""
    if isinstance(rest, Unknown):
        return Unknown(below(rest.hole, key)) if rest.hole.name.endswith(".*") else rest
    if isinstance(rest, OneOf):
        return join(*(other_entry(choice, key) for choice in rest.choices))
    return rest


def join(*values: Abstract) -> Abstract:
    """The least value that stands for all that the values stand for; Never for none."""
    if len(values) == 2:  # noqa: PLR2004
        one, other = values
        if one is other or one == other or (type(one) is OneOf and one.holds(other)):
            return one
    return join_all(values)


def join_all(values: Iterable[Abstract]) -> Abstract:
    """The join of any number of values."""
    atoms: dict[Abstract, None] = {}
    maps: dict[MapOf, None] = {}
    lists: dict[ListOf, None] = {}
    for value in values:
        for choice in alternatives(value):
            if isinstance(choice, MapOf):
                maps[choice] = None
            elif isinstance(choice, ListOf):
                lists[choice] = None
            else:
                atoms[choice] = None
    if ANY in atoms or len(atoms) > ATOMS:
        return ANY
    choices: list[Abstract] = list(atoms)
    if len(maps) > 1 and (len(maps) > SHAPES or any(m.rest is not None for m in maps)):
        choices.append(merged_maps(tuple(maps)))
    else:
        choices.extend(maps)
    if len(lists) > 1 and (len(lists) > SHAPES or any(m.rest is not None for m in lists)):
        choices.append(merged_lists(tuple(lists)))
    else:
        choices.extend(lists)
    return one_of(choices)


def one_of(choices: list[Abstract]) -> Abstract:
    """The value that is one of choices that are different and none of which is OneOf."""
    if len(choices) == 1:
        return choices[0]
    if not choices:
        return NEVER
    value = OneOf(tuple(choices))
    return ANY if value.weight > WEIGHT else value


def merged_maps(maps: tuple[MapOf, ...]) -> MapOf:
    """One open map for several: the keys of any, each with what all of them say of it."""
    keys: dict[str, None] = {}
    for each in maps:
        for key, _ in each.entries:
            keys[key] = None
    # A key that a closed map lacks may be missing: that is what a null in an open map says.
    rests = [NULL if each.rest is None else each.rest for each in maps]
    if len(keys) > ENTRIES:
        everything = [value for each in maps for _, value in each.entries]
        return MapOf((), join(NULL, *rests, *everything))
    tables = [(dict(each.entries), each.rest) for each in maps]
    entries = []
    for key in keys:
        held = []
        for table, rest in tables:
            value = table.get(key)
            if value is None:
                value = NULL if rest is None else other_entry(rest, key)
            held.append(value)
        entries.append((key, join(*held)))
    return MapOf(tuple(entries), join(*rests))


def merged_lists(lists: tuple[ListOf, ...]) -> ListOf:
    """One open list for several: the places that all have, then any of their items."""
    common = min(len(each.items) for each in lists)
    items = tuple(join(*(each.items[i] for each in lists)) for i in range(common))
    rests = [each.rest for each in lists if each.rest is not None]
    return ListOf(items, join(*rests, *(item for each in lists for item in each.items)))


def leq(low: Abstract, high: Abstract) -> bool:
    """Whether `high` says at most what `low` says, origins of unknowns included."""
    return low is high or join(low, high) == high


def covers(high: Abstract, low: Abstract) -> bool:
    """Whether every value that `low` stands for is one that `high` stands for.

    False may also mean that it is not known.
    """
    if low is high or isinstance(low, Never):
        return True
    candidates = tuple(alternatives(high))
    if any(isinstance(choice, Unknown) for choice in candidates):
        return True
    return all(any(_covers(big, small) for big in candidates) for small in alternatives(low))


def _covers(high: Abstract, low: Abstract) -> bool:
    if high == low:
        return True
    match high, low:
        case Text(), Const(str() as text):
            return fits(high, text)
        case Text((str() as prefix, Hole())), Text((str() as start, *_)):
            return start.startswith(prefix)
        case Text((Hole(),)), Text():
            return True
        case MapOf(), MapOf():
            return _covers_map(high, low)
        case ListOf(), ListOf():
            return _covers_list(high, low)
        case _:
            return False


def _covers_map(high: MapOf, low: MapOf) -> bool:
    if high.rest is None and (low.rest is not None or len(low.entries) != len(high.entries)):
        return False
    if high.rest is not None and low.rest is not None and not covers(high.rest, low.rest):
        return False
    wanted, offered = dict(high.entries), dict(low.entries)
    for key, value in offered.items():
        upper = wanted.get(key, high.rest)
        if upper is None or not covers(upper, value):
            return False
    for key, value in wanted.items():
        if key not in offered:
            lower = NULL if low.rest is None else join(NULL, other_entry(low.rest, key))
            if high.rest is None or not covers(value, lower):
                return False
    return True


def _covers_list(high: ListOf, low: ListOf) -> bool:
    if len(low.items) < len(high.items):
        return False
    if low.rest is not None and (high.rest is None or not covers(high.rest, low.rest)):
        return False
    for i, item in enumerate(low.items):
        upper = high.items[i] if i < len(high.items) else high.rest
        if upper is None or not covers(upper, item):
            return False
    return True


def fits(pattern: Text, text: str) -> bool:
    """Whether a string can be what a pattern stands for, each hole being any string."""
    parts = pattern.parts
    if isinstance(parts[0], str):
        if not text.startswith(parts[0]):
            return False
        text = text[len(parts[0]) :]
        parts = parts[1:]
    if parts and isinstance(parts[-1], str):
        if not text.endswith(parts[-1]):
            return False
        text = text[: len(text) - len(parts[-1])]
        parts = parts[:-1]
    for part in parts:
        if isinstance(part, str):
            at = text.find(part)
            if at < 0:
                return False
            text = text[at + len(part) :]
    return True


def widen(old: Abstract, new: Abstract, hole: Hole) -> Abstract:
    """A value that covers both and is `old` after finitely many steps, whatever comes.

    `hole` names what is given up. A map keeps its keys and a string what all begin with.
    """
    if covers(old, new):
        return old
    match old, new:
        case Never(), _:
            return new
        case MapOf(), MapOf():
            return _widen_map(old, new, hole)
        case ListOf(items, rest), ListOf():
            start = join(*items) if rest is None else join(rest, *items)
            more = join(*new.items) if new.rest is None else join(new.rest, *new.items)
            inner = Hole(hole.name + "[]", hole.at)
            return ListOf((), more if isinstance(start, Never) else widen(start, more, inner))
        case _:
            return prefixed(join(old, new), hole)


def _widen_map(old: MapOf, new: MapOf, hole: Hole) -> Abstract:
    offered = dict(new.entries)
    entries = []
    for key, value in old.entries:
        other = offered.pop(key, None)
        if other is None:
            other = NULL if new.rest is None else other_entry(new.rest, key)
        entries.append((key, widen(value, other, below(hole, key))))
    more = [value for value in (*offered.values(), new.rest) if value is not None]
    inner = Hole(hole.name + ".*", hole.at)
    if old.rest is None:
        rest = join(NULL, *more)
    else:
        rest = widen(old.rest, join(*more), inner) if more else old.rest
    return MapOf(tuple(entries), rest)


def prefixed(value: Abstract, hole: Hole) -> Abstract:
    """One value for many: what all the strings begin with, then `hole`; else any value."""
    start: str | None = None
    for choice in alternatives(value):
        match choice:
            case Const(str() as head) | Text((str() as head, *_)):
                start = head if start is None else shared_start(start, head)
            case _:
                return Unknown(hole)
        if not start:
            return Unknown(hole)
    return Text((start, hole)) if start else Unknown(hole)


def shared_start(one: str, two: str) -> str:
    """The longest string with which both begin."""
    length = min(len(one), len(two))
    for i in range(length):
        if one[i] != two[i]:
            return one[:i]
    return one[:length]
