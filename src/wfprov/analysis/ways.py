"""The ways in which a call is reached: its arguments with one alternative chosen in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

from wfprov.analysis.domain import Abstract, Hole, ListOf, MapOf, OneOf, Unknown, alternatives
from wfprov.analysis.lattice import prefixed

WAYS: Final = 256
"""How many ways of one site are told apart."""

_HTTP: Final = ("method", "url", "auth", "headers", "query", "private_service_name")
_VALUES: Final = frozenset({"body", "connector_params", "argument", "arguments", "data", "job"})
_MANY: Final = Hole("many")


def is_deciding(function: str, argument: str) -> bool:
    """Whether an argument takes part in what is called."""
    if function.startswith("http."):
        return argument in _HTTP
    if function == "sys.log" or function.startswith("events."):
        return False
    return argument not in _VALUES


def expanded(function: str, args: Mapping[str, Abstract]) -> tuple[list[dict[str, Abstract]], bool]:
    """The arguments with one alternative in each that decides, and whether all are told apart.

    The other arguments stay as they are. `auth` has no alternatives inside either.
    """
    choices: dict[str, list[Abstract]] = {}
    whole = True
    count = 1
    for name, value in args.items():
        if not is_deciding(function, name):
            continue
        ways = _deep(value) if name == "auth" else list(alternatives(value))
        if not ways:
            ways = [Unknown(Hole("error"))]
        if len(ways) > WAYS:
            ways, whole = [prefixed(value, _MANY)], False
        choices[name] = ways
        count *= len(ways)
    while count > WAYS:
        name = max(choices, key=lambda key: len(choices[key]))
        count //= len(choices[name])
        choices[name], whole = [prefixed(args[name], _MANY)], False
    if count == 1:
        return [{**args, **{name: ways[0] for name, ways in choices.items()}}], whole
    return [
        {**args, **dict(zip(choices, chosen, strict=True))} for chosen in product(*choices.values())
    ], whole


def _deep(value: Abstract) -> list[Abstract]:
    """The alternatives of a small map with one chosen in each entry; too many: any value."""
    found = []
    for way in _chosen(value, 0):
        found.append(way)
        if len(found) > WAYS:
            return [Unknown(_MANY)]
    return found


def _chosen(value: Abstract, depth: int) -> Iterator[Abstract]:
    match value:
        case OneOf(choices):
            for choice in choices:
                yield from _chosen(choice, depth)
        case MapOf(entries, rest) if depth < 3 and len(entries) <= 16:  # noqa: PLR2004
            held = [list(_bounded(entry, depth + 1)) for _, entry in entries]
            for way in product(*held):
                names = (name for name, _ in entries)
                yield MapOf(tuple(zip(names, way, strict=True)), rest)
        case ListOf(items, None) if depth < 3 and len(items) <= 16:  # noqa: PLR2004
            for way in product(*(list(_bounded(item, depth + 1)) for item in items)):
                yield ListOf(way)
        case _:
            yield value


def _bounded(value: Abstract, depth: int) -> Iterator[Abstract]:
    for count, way in enumerate(_chosen(value, depth)):
        if count > WAYS:
            return
        yield way


def merged(ways: list[Mapping[str, Abstract]], function: str) -> dict[str, Abstract]:
    """One way that stands for several: what their strings begin with, and a hole."""
    names: dict[str, None] = {}
    for way in ways:
        names.update(dict.fromkeys(way))
    made: dict[str, Abstract] = {}
    for name in names:
        held = [way[name] for way in ways if name in way]
        if len(held) == len(ways) and all(value == held[0] for value in held):
            made[name] = held[0]
        elif is_deciding(function, name) and len(held) == len(ways):
            made[name] = _common(held)
        else:
            made[name] = Unknown(_MANY)
    return made


def _common(values: list[Abstract]) -> Abstract:
    made = values[0]
    for value in values[1:]:
        made = made if made == value else prefixed(OneOf((made, value)), _MANY)
    return made
