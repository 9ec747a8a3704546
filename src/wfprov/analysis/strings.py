"""Strings that are known in part: sequences of literals and holes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Final

from wfprov.analysis.domain import (
    Abstract,
    Const,
    Hole,
    ListOf,
    MapOf,
    Text,
    Unknown,
    alternatives,
    is_single,
)
from wfprov.analysis.lattice import ATOMS, NEVER, join_all, prefixed

LENGTH: Final = 8192
"""How many code points of one string are followed."""

PARTS: Final = 64
"""How many literals and holes of one string are followed."""

INTEGERS: Final = 2**63
"""Integers have 64 bits.

Source: https://cloud.google.com/workflows/docs/reference/syntax/datatypes (2026-11-23)
"""


def text_of(parts: Iterable[str | Hole]) -> Const | Text:
    """The string that is these parts, one after the other."""
    merged: list[str | Hole] = []
    length = 0
    for part in parts:
        if isinstance(part, str):
            if not part:
                continue
            length += len(part)
            if merged and isinstance(merged[-1], str):
                merged[-1] += part
                continue
        merged.append(part)
    if length > LENGTH or len(merged) > PARTS:
        return Text(_cut(merged))
    if not merged:
        return Const("")
    if len(merged) == 1 and isinstance(merged[0], str):
        return Const(merged[0])
    return Text(tuple(merged))


def _cut(parts: list[str | Hole]) -> tuple[str | Hole, ...]:
    kept: list[str | Hole] = []
    left = LENGTH // 2
    for part in parts[: PARTS // 2]:
        if isinstance(part, str):
            if len(part) > left:
                kept.append(part[:left])
                break
            left -= len(part)
        kept.append(part)
    while kept and isinstance(kept[-1], Hole):
        kept.pop()
    return (*kept, Hole("long"))


def parts_of(value: Abstract) -> tuple[str | Hole, ...] | None:
    """The parts of what a scalar is when it is added to a string; None when that is an error.

    How a double is written is not documented, so it is a hole.
    """
    match value:
        case Const(str() as text):
            return (text,)
        case Const(bool() as flag):
            return ("true" if flag else "false",)
        case Const(int() as number):
            return (str(number),)
        case Const(float()):
            return (Hole("double"),)
        case Text(parts):
            return parts
        case Unknown(hole):
            return (hole,)
        case _:
            return None


def each(value: Abstract, function: Callable[[Abstract], Abstract]) -> Abstract:
    """The join of what the function makes of each alternative."""
    if is_single(value):
        return function(value)
    return join_all(function(choice) for choice in alternatives(value))


def pairs(left: Abstract, right: Abstract) -> Iterator[tuple[Abstract, Abstract]]:
    """The alternatives of two values, combined; when there are too many, what stands for all."""
    ones, others = tuple(alternatives(left)), tuple(alternatives(right))
    if len(ones) * len(others) > ATOMS:
        ones = (prefixed(left, Hole("many")),)
        if len(others) > ATOMS:
            others = (prefixed(right, Hole("many")),)
    return product(ones, others)


def is_text(value: Abstract) -> bool:
    """Whether the value is a string for certain."""
    match value:
        case Const(str()):
            return True
        case Text(parts):
            return len(parts) == 1 or any(isinstance(part, str) for part in parts)
        case _:
            return False


def added(left: Abstract, right: Abstract) -> Abstract:
    """`left + right`: a sum of numbers, or a string as soon as one of them is one.

    Source: https://cloud.google.com/workflows/docs/reference/syntax/datatypes (2026-11-23)
    """
    if is_single(left) and is_single(right):
        return _added(left, right)
    return join_all(_added(one, other) for one, other in pairs(left, right))


def _added(left: Abstract, right: Abstract) -> Abstract:
    if isinstance(left, Const) and isinstance(right, Const):
        one, other = left.value, right.value
        if isinstance(one, str) and isinstance(other, str):
            return text_of((one, other))
        if not isinstance(one, str) and not isinstance(other, str):
            return NEVER if _no_number(left) or _no_number(right) else number(_sum(one, other))
    if isinstance(left, MapOf | ListOf) or isinstance(right, MapOf | ListOf):
        return NEVER
    ones, others = parts_of(left), parts_of(right)
    if ones is None or others is None:
        return NEVER
    if not (is_text(left) or is_text(right)):
        for value, constant in ((left, right), (right, left)):
            if isinstance(constant, Const) and isinstance(value, Unknown):
                return value
    return text_of((*ones, *others))


def _no_number(value: Const) -> bool:
    return isinstance(value.value, bool) or value.value is None


def _sum(one: object, other: object) -> int | float:
    assert isinstance(one, int | float)
    assert isinstance(other, int | float)
    return one + other


def number(value: float) -> Abstract:
    """The number, or any value when it is beyond what the language can hold."""
    if isinstance(value, int) and not -INTEGERS <= value < INTEGERS:
        return Unknown(Hole("number"))
    return Const(value)
