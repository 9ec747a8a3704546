"""Reading and writing inside maps and lists."""

from __future__ import annotations

from collections.abc import Sequence

from wfprov.analysis.domain import (
    Abstract,
    Const,
    Hole,
    ListOf,
    MapOf,
    OneOf,
    Text,
    Unknown,
    alternatives,
    is_single,
)
from wfprov.analysis.lattice import (
    ENTRIES,
    NEVER,
    NULL,
    below,
    fits,
    join,
    join_all,
    merged_maps,
    other_entry,
)


def place_in(hole: Hole, place: str) -> Hole:
    """The hole of a list's item: `place` is a number, or empty for any of them."""
    name = hole.name.removesuffix(".*")
    return hole if len(name) > 200 else Hole(f"{name}[{place}]", hole.at)  # noqa: PLR2004


def member(value: Abstract, key: str) -> Abstract:
    """What `value.key` is; Never when that is an error."""
    match value:
        case Unknown(hole):
            return Unknown(below(hole, key))
        case MapOf():
            for name, held in value.entries:
                if name == key:
                    return held
            return NEVER if value.rest is None else other_entry(value.rest, key)
        case OneOf(choices):
            return join_all(member(choice, key) for choice in choices)
        case _:
            return NEVER


def element(value: Abstract, index: Abstract) -> Abstract:
    """What `value[index]` is; Never when that is an error."""
    if is_single(value) and is_single(index):
        return _element(value, index)
    return join_all(
        _element(holder, place) for place in alternatives(index) for holder in alternatives(value)
    )


def _element(value: Abstract, index: Abstract) -> Abstract:
    match value, index:
        case _, Const(str() as key):
            return member(value, key)
        case ListOf(items, rest), Const(int() as place) if not isinstance(place, bool):
            if 0 <= place < len(items):
                return items[place]
            return NEVER if rest is None or place < 0 else rest
        case Unknown(hole), Const(int() | float() as place):
            return Unknown(place_in(hole, str(place)))
        case _, Const():
            return NEVER
        case Unknown(hole), _:
            return Unknown(place_in(hole, ""))
        case ListOf(), Text():
            return NEVER
        case ListOf(), _:
            return any_item(value)
        case MapOf(entries, rest), Text():
            held = [entry for key, entry in entries if fits(index, key)]
            return join(*held) if rest is None else join(rest, *held)
        case MapOf(), _:
            return any_entry(value)
        case _:
            return NEVER


def any_item(value: Abstract) -> Abstract:
    """What any item of a list may be; Never for the empty list and for what is no list."""
    match value:
        case ListOf(items, rest):
            return join_all(items) if rest is None else join_all((*items, rest))
        case Unknown(hole):
            return Unknown(place_in(hole, ""))
        case OneOf(choices):
            return join_all(any_item(choice) for choice in choices)
        case _:
            return NEVER


def any_entry(value: MapOf) -> Abstract:
    """What any entry of a map may hold; Never for the empty map."""
    held = [entry for _, entry in value.entries]
    return join(*held) if value.rest is None else join(value.rest, *held)


def looked_up(value: Abstract, key: str) -> Abstract:
    """What `map.get(value, key)` is: null for a missing key and for what is no map.

    Source: https://cloud.google.com/workflows/docs/reference/stdlib/map/get (2026-11-23)
    """
    match value:
        case MapOf(entries, rest):
            for name, held in entries:
                if name == key:
                    return held
            return NULL if rest is None else join(other_entry(rest, key), NULL)
        case Unknown(hole):
            return Unknown(below(hole, key))
        case OneOf(choices):
            return join_all(looked_up(choice, key) for choice in choices)
        case _:
            return NULL


def written(base: Abstract | None, keys: Sequence[Abstract], value: Abstract) -> Abstract:
    """What `base` is after `base[key][key].. = value`; missing and null bases become maps."""
    if not keys:
        return value
    if base is None:
        return _written(NULL, keys, value)
    if is_single(base):
        return _written(base, keys, value)
    return join_all(_written(holder, keys, value) for holder in alternatives(base))


def _written(base: Abstract, keys: Sequence[Abstract], value: Abstract) -> Abstract:
    if is_single(keys[0]):
        return _written_at(base, keys[0], keys[1:], value)
    return join_all(_written_at(base, key, keys[1:], value) for key in alternatives(keys[0]))


def _written_at(
    base: Abstract, key: Abstract, keys: Sequence[Abstract], value: Abstract
) -> Abstract:
    match base, key:
        case Unknown(hole), Const(str() as name):
            inner = written(Unknown(below(hole, name)), keys, value)
            return MapOf(((name, inner),), Unknown(below(hole, "*")))
        case Unknown(), _:
            return base
        case Const(None), _:
            return _written_at(MapOf(()), key, keys, value)
        case MapOf(entries, rest), Const(str() as name):
            table = dict(entries)
            old = table.get(name)
            if old is None and rest is not None:
                old = other_entry(rest, name)
            if name not in table and len(table) >= ENTRIES:
                return merged_maps((base, MapOf(((name, written(old, keys, value)),))))
            table[name] = written(old, keys, value)
            return MapOf(tuple(table.items()), rest)
        case MapOf(entries, rest), _:
            fresh = written(None, keys, value)
            changed = tuple(
                (name, join(held, written(held, keys, value))) for name, held in entries
            )
            return MapOf(changed, join(NULL, fresh) if rest is None else join(rest, fresh))
        case ListOf(items, rest), Const(int() as place) if not isinstance(place, bool):
            if not 0 <= place < len(items):
                if rest is None or place < 0:
                    return NEVER
                return ListOf(items, join(rest, written(rest, keys, value)))
            new = (*items[:place], written(items[place], keys, value), *items[place + 1 :])
            return ListOf(new, rest)
        case ListOf(items, rest), Unknown():
            return ListOf(
                tuple(join(item, written(item, keys, value)) for item in items),
                rest if rest is None else join(rest, written(rest, keys, value)),
            )
        case _:
            return NEVER
