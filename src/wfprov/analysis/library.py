"""What functions of the standard library make of abstract values.

`FUNCTIONS` maps a name to a function from positional arguments to the result; Never is an error
at run time. What a function cannot tell becomes a hole named for it. A function that is not here
returns a value of which nothing is known.

Source: https://cloud.google.com/workflows/docs/reference/stdlib/overview (2026-11-23)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from wfprov.analysis.access import looked_up
from wfprov.analysis.domain import (
    Abstract,
    Const,
    Hole,
    ListOf,
    MapOf,
    Text,
    Unknown,
    alternatives,
)
from wfprov.analysis.lattice import ENTRIES, FALSE, NEVER, NULL, join, join_all
from wfprov.analysis.operators import truth
from wfprov.analysis.strings import each, is_text, number, parts_of, text_of
from wfprov.analysis.textual import (
    TEXT_FUNCTIONS,
    Args,
    Function,
    any_text,
    constant,
)


def _default(args: Args) -> Abstract:
    value, fallback = args[0], args[1]
    choices = tuple(alternatives(value))
    if any(choice == NULL for choice in choices):
        rest = [choice for choice in choices if choice != NULL]
        return join(*rest, fallback)
    if any(isinstance(choice, Unknown) for choice in choices):
        return join(value, fallback)
    return value


def _if(args: Args) -> Abstract:
    verdicts = {truth(FALSE if c == NULL else c) for c in alternatives(args[0])}
    if verdicts == {True}:
        return args[1]
    if verdicts == {False}:
        return args[2]
    return join(args[1], args[2])


def _string(args: Args) -> Abstract:
    def one(value: Abstract) -> Abstract:
        parts = parts_of(value)
        if parts is None:
            return Text((Hole("string"),))
        if all(isinstance(part, Hole) for part in parts) and not is_text(value):
            return Text((parts[0],)) if len(parts) == 1 else text_of(parts)
        return text_of(parts)

    return each(args[0], one)


def _int(args: Args) -> Abstract:
    def one(value: Abstract) -> Abstract:
        match value:
            case Const(int() as held) if not isinstance(held, bool):
                return value
            case Const(str() as text) if text.isascii() and text.isdigit() and len(text) < 19:  # noqa: PLR2004
                return Const(int(text))
            case Unknown():
                return value
            case _:
                return Unknown(Hole("number"))

    return each(args[0], one)


def _double(args: Args) -> Abstract:
    def one(value: Abstract) -> Abstract:
        match value:
            case Const(int() | float() as held) if not isinstance(held, bool):
                return Const(float(held))
            case _:
                return Unknown(Hole("number"))

    return each(args[0], one)


def _keys(args: Args) -> Abstract:
    def one(value: Abstract) -> Abstract:
        match value:
            case MapOf(entries, None):
                return ListOf(tuple(Const(key) for key, _ in entries))
            case MapOf(entries, _):
                known = (Const(key) for key, _ in entries)
                return ListOf((), join(any_text("key"), *known))
            case Unknown(hole):
                return ListOf((), Text((Hole(f"keys({hole.name})", hole.at),)))
            case _:
                return NEVER

    return each(args[0], one)


def _len(args: Args) -> Abstract:
    def one(value: Abstract) -> Abstract:
        match value:
            case MapOf(entries, None):
                return Const(len(entries))
            case ListOf(items, None):
                return Const(len(items))
            case Const(str() as text) if text.isascii():
                return Const(len(text))
            case _:
                return Unknown(Hole("number"))

    return each(args[0], one)


_TYPES: Final[Mapping[type, str]] = {
    bool: "boolean",
    int: "integer",
    float: "double",
    str: "string",
    type(None): "null",
}


def _get_type(args: Args) -> Abstract:
    def one(value: Abstract) -> Abstract:
        match value:
            case Const(held):
                return Const(_TYPES[type(held)])
            case MapOf():
                return Const("map")
            case ListOf():
                return Const("list")
            case Text() if is_text(value):
                return Const("string")
            case _:
                return any_text("type")

    return each(args[0], one)


def _map_get(args: Args) -> Abstract:
    return join_all(_got(args[0], path) for path in alternatives(args[1]))


def _got(value: Abstract, path: Abstract) -> Abstract:
    match path:
        case Const(str() as key):
            return looked_up(value, key)
        case ListOf(items, None):
            for item in items:
                value = _map_get((value, item))
            return value
        case _:
            held: list[Abstract] = [NULL]
            for choice in alternatives(value):
                if isinstance(choice, MapOf):
                    held.extend(entry for _, entry in choice.entries)
                    if choice.rest is not None:
                        held.append(choice.rest)
                elif isinstance(choice, Unknown):
                    held.append(choice)
            # A path of unknown length may lead anywhere below.
            return join(*held) if isinstance(path, Text) else Unknown(Hole("map.get"))


def _map_delete(args: Args) -> Abstract:
    def one(value: Abstract, key: Abstract) -> Abstract:
        match value, key:
            case MapOf(entries, None), Const(str() as name):
                return MapOf(tuple(entry for entry in entries if entry[0] != name))
            case MapOf(entries, rest), Const(str() as name):
                kept = tuple((k, NULL if k == name else v) for k, v in entries)
                return MapOf(kept, rest)
            case ((MapOf() | Unknown()), _):
                return Unknown(Hole("map.delete"))
            case _:
                return NEVER

    return join_all(one(value, key) for value, key in pairs_of(args[0], args[1]))


def pairs_of(left: Abstract, right: Abstract) -> list[tuple[Abstract, Abstract]]:
    """The alternatives of two values, combined, or the values themselves when they are many."""
    ones, others = tuple(alternatives(left)), tuple(alternatives(right))
    if len(ones) * len(others) > 64:  # noqa: PLR2004
        return [(Unknown(Hole("many")), Unknown(Hole("many")))]
    return [(one, other) for one in ones for other in others]


def _merge(args: Args, *, nested: bool) -> Abstract:
    return join_all(_merged(one, other, nested, 0) for one, other in pairs_of(args[0], args[1]))


def _merged(left: Abstract, right: Abstract, nested: bool, depth: int) -> Abstract:  # noqa: FBT001
    if not isinstance(left, MapOf) or not isinstance(right, MapOf) or right.rest is not None:
        return Unknown(Hole("map.merge"))
    table = dict(left.entries)
    for key, value in right.entries:
        old = table.get(key)
        if nested and left.rest is not None and old is None:
            table[key] = Unknown(Hole("map.merge"))
        elif nested and old is not None and not _plain(old, value):
            both = isinstance(old, MapOf) and isinstance(value, MapOf) and depth < 20  # noqa: PLR2004
            table[key] = (
                _merged(old, value, nested, depth + 1) if both else Unknown(Hole("map.merge"))
            )
        else:
            table[key] = value
    if len(table) > ENTRIES and len(table) > max(len(left.entries), len(right.entries)):
        return Unknown(Hole("map.merge"))
    return MapOf(tuple(table.items()), left.rest)


def _plain(old: Abstract, value: Abstract) -> bool:
    return isinstance(old, Const | Text | ListOf) or isinstance(value, Const | Text | ListOf)


def _list_concat(args: Args) -> Abstract:
    def one(value: Abstract) -> Abstract:
        match value:
            case ListOf(items, None) if len(items) < ENTRIES:
                return ListOf((*items, args[1]))
            case ListOf(items, rest):
                return ListOf(items, args[1] if rest is None else join(rest, args[1]))
            case Unknown():
                return ListOf((), join(Unknown(Hole("list.concat")), args[1]))
            case _:
                return NEVER

    return each(args[0], one)


def _list_prepend(args: Args) -> Abstract:
    def one(value: Abstract) -> Abstract:
        match value:
            case ListOf(items, rest) if len(items) < ENTRIES:
                return ListOf((args[1], *items), rest)
            case ListOf(items, rest):
                return ListOf((), join(args[1], *items, *(() if rest is None else (rest,))))
            case Unknown():
                return ListOf((args[1],), Unknown(Hole("list.prepend")))
            case _:
                return NEVER

    return each(args[0], one)


def _math(pick: Callable[[float, float], float]) -> Function:
    def one(left: Abstract, right: Abstract) -> Abstract:
        match left, right:
            case Const(int() | float() as a), Const(int() | float() as b):
                return number(pick(a, b)) if type(a) is type(b) else Unknown(Hole("number"))
            case _:
                return Unknown(Hole("number"))

    return lambda args: join_all(one(a, b) for a, b in pairs_of(args[0], args[1]))


FUNCTIONS: Final[Mapping[str, tuple[int, Function]]] = {
    "default": (2, _default),
    "if": (3, _if),
    "string": (1, _string),
    "int": (1, _int),
    "double": (1, _double),
    "keys": (1, _keys),
    "len": (1, _len),
    "get_type": (1, _get_type),
    "map.get": (2, _map_get),
    "map.delete": (2, _map_delete),
    "map.merge": (2, lambda args: _merge(args, nested=False)),
    "map.merge_nested": (2, lambda args: _merge(args, nested=True)),
    "list.concat": (2, _list_concat),
    "list.prepend": (2, _list_prepend),
    **TEXT_FUNCTIONS,
    "math.max": (2, _math(max)),
    "math.min": (2, _math(min)),
    "sys.now": (0, constant(Unknown(Hole("time")))),
    "time.format": (1, constant(any_text("time"))),
    "time.parse": (1, constant(Unknown(Hole("time")))),
    "uuid.generate": (0, constant(any_text("uuid"))),
}
"""Each function with the least number of arguments it takes."""


def applied(function: str, args: Args) -> Abstract | None:
    """What a library function returns; None when it is not known here."""
    entry = FUNCTIONS.get(function)
    if entry is None:
        return None
    least, made = entry
    if len(args) < least:
        return NEVER
    return made(args)
