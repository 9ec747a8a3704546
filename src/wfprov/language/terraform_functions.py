"""Functions of Terraform, as far as definitions of workflows use them, of known values.

What a function here is not sure to give as Terraform does is unknown: a pattern to be replaced, a
verb of `format` with a width, a value of a type that it would convert.

Source: https://developer.hashicorp.com/terraform/language/functions (not opened)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final


class Unknown:
    """The value of what nothing tells."""


UNKNOWN: Final = Unknown()
_VERB: Final = re.compile(r"%(.)?")
_LONGEST: Final = 20_000


def applied(name: str, args: Sequence[object]) -> object:
    """What a function gives; unknown for one that is not here, or of arguments that do not fit."""
    function = _FUNCTIONS.get(name)
    if function is None or any(isinstance(arg, Unknown) for arg in args):
        return UNKNOWN
    try:
        made = function(*args)
    except (TypeError, ValueError, KeyError, IndexError):
        return UNKNOWN
    return UNKNOWN if isinstance(made, str) and len(made) > _LONGEST else made


def _string(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int():
            return str(value)
        case _:
            raise TypeError


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _format(pattern: object, *args: object) -> str:
    left = list(args)

    def one(verb: re.Match[str]) -> str:
        match verb[1]:
            case "%":
                return "%"
            case "s" | "v":
                return _string(left.pop(0))
            case "d" if isinstance(left[0], int) and not isinstance(left[0], bool):
                return str(left.pop(0))
            case _:
                raise ValueError

    made = _VERB.sub(one, _text(pattern))
    if left:
        raise ValueError
    return made


def _join(separator: object, *lists: object) -> str:
    return _text(separator).join(_text(item) for held in lists for item in _items(held))


def _items(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise TypeError
    return value


def _entries(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError
    return value


def _replace(text: object, old: object, new: object) -> str:
    pattern = _text(old)
    if not pattern or (len(pattern) > 1 and pattern[0] == pattern[-1] == "/"):
        raise ValueError  # a regular expression
    return _text(text).replace(pattern, _text(new))


def _lookup(table: object, key: object, *default: object) -> object:
    entries = _entries(table)
    return entries[_text(key)] if not default else entries.get(_text(key), default[0])


def _coalesce(*values: object) -> object:
    return next(value for value in (*values, UNKNOWN) if value not in (None, ""))


def _json(value: object) -> str:
    made = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return made.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


_FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = {
    "chomp": lambda text: _text(text).rstrip("\r\n"),
    "coalesce": _coalesce,
    "concat": lambda *lists: [item for held in lists for item in _items(held)],
    "format": _format,
    "join": _join,
    "jsonencode": _json,
    "keys": lambda table: sorted(_entries(table)),
    "lookup": _lookup,
    "lower": lambda text: _text(text).lower(),
    "merge": lambda *tables: {k: v for table in tables for k, v in _entries(table).items()},
    "replace": _replace,
    "split": lambda separator, text: _text(text).split(_text(separator)),
    "toset": lambda held: sorted({_text(item) for item in _items(held)}),
    "tolist": lambda held: list(_items(held)),
    "tostring": _string,
    "trimprefix": lambda text, start: _text(text).removeprefix(_text(start)),
    "trimspace": lambda text: _text(text).strip(),
    "trimsuffix": lambda text, end: _text(text).removesuffix(_text(end)),
    "upper": lambda text: _text(text).upper(),
}
