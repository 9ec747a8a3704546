"""What operators make of abstract values; Never stands for an error at run time.

Source: https://cloud.google.com/workflows/docs/reference/syntax/datatypes (2026-11-23)
"""

from __future__ import annotations

import math
from typing import Final

from wfprov.analysis.domain import (
    Abstract,
    Const,
    Hole,
    ListOf,
    MapOf,
    OneOf,
    Text,
    Unknown,
    is_single,
)
from wfprov.analysis.lattice import FALSE, NEVER, NULL, TRUE, covers, fits, join_all
from wfprov.analysis.strings import added, each, is_text, number, pairs

EITHER: Final = OneOf((FALSE, TRUE))
"""A boolean that is not decided."""


def decided(verdict: bool | None) -> Abstract:  # noqa: FBT001 - it is the value
    """The boolean, or either when it is None."""
    if verdict is None:
        return EITHER
    return TRUE if verdict else FALSE


def truth(value: Abstract) -> bool | None:
    """What a condition that has this value decides; None when it does not.

    Only a value that is true or false for certain decides.
    """
    match value:
        case Const(bool() as flag):
            return flag
        case _:
            return None


def binary(operator: str, left: Abstract, right: Abstract) -> Abstract:
    """`left operator right`."""
    if operator == "+":
        return added(left, right)
    if is_single(left) and is_single(right):
        return _binary(operator, left, right)
    return join_all(_binary(operator, one, other) for one, other in pairs(left, right))


def _binary(operator: str, left: Abstract, right: Abstract) -> Abstract:
    match operator:
        case "==":
            return decided(equal(left, right))
        case "!=":
            verdict = equal(left, right)
            return decided(None if verdict is None else not verdict)
        case "in":
            return decided(contains(right, left))
        case "not in":
            verdict = contains(right, left)
            return decided(None if verdict is None else not verdict)
        case "and":
            return _both(left, right, stop=FALSE)
        case "or":
            return _both(left, right, stop=TRUE)
        case "<" | "<=" | ">" | ">=":
            return _ordered(operator, left, right)
        case _:
            return _arithmetic(operator, left, right)


def _both(left: Abstract, right: Abstract, *, stop: Abstract) -> Abstract:
    """`and` (`stop` is false) or `or` (true); whether the right one is read is not documented."""
    for value in (left, right):
        if isinstance(value, MapOf | ListOf) or (
            isinstance(value, Const) and not isinstance(value.value, bool)
        ):
            return EITHER
    if stop in (left, right):
        return stop
    if isinstance(left, Const) and isinstance(right, Const):
        return TRUE if stop == FALSE else FALSE
    return EITHER


def negated(value: Abstract) -> Abstract:
    """`not value`."""

    def one(choice: Abstract) -> Abstract:
        verdict = truth(choice)
        return EITHER if verdict is None else decided(not verdict)

    return each(value, one)


def negative(value: Abstract) -> Abstract:
    """`-value`."""

    def one(choice: Abstract) -> Abstract:
        match choice:
            case Const(int() | float() as held) if not isinstance(held, bool):
                return number(-held)
            case Unknown():
                return choice
            case Text() if not is_text(choice):
                return Unknown(Hole("number"))
            case _:
                return NEVER

    return each(value, one)


def equal(left: Abstract, right: Abstract) -> bool | None:
    """Whether two values without alternatives are equal; None when it is not known."""
    match left, right:
        case Const(one), Const(other):
            if type(one) is type(other):
                return one == other
            if isinstance(one, bool) or isinstance(other, bool):
                return None
            if isinstance(one, int | float) and isinstance(other, int | float):
                return None if one == other else False  # 1 == 1.0 is not documented
            return False
        case (Unknown(), _) | (_, Unknown()):
            return None
        case (Text() as pattern, other) | (other, Text() as pattern):
            if isinstance(other, Const) and isinstance(other.value, str):
                return None if fits(pattern, other.value) else False
            return None if isinstance(other, Text) or not is_text(pattern) else False
        case (MapOf(), MapOf()) | (ListOf(), ListOf()):
            return None
        case _:
            return False


def contains(holder: Abstract, value: Abstract) -> bool | None:
    """Whether `value in holder`; None when it is not known."""
    match holder, value:
        case MapOf(entries, rest), Const(str() as key):
            for name, held in entries:
                if name == key:
                    return True if rest is None or not covers(held, NULL) else None
            return False if rest is None else None
        case ListOf(items, rest), _:
            verdicts = [None if isinstance(item, OneOf) else equal(item, value) for item in items]
            if True in verdicts:
                return True
            return False if rest is None and None not in verdicts else None
        case _:
            return None


def _ordered(operator: str, left: Abstract, right: Abstract) -> Abstract:
    match left, right:
        case Const(int() | float() as one), Const(int() | float() as other) if not (
            isinstance(one, bool) or isinstance(other, bool)
        ):
            return decided(_compared(operator, one, other))
        case _:
            return EITHER


def _compared(operator: str, left: float, right: float) -> bool:
    match operator:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left >= right


def _arithmetic(operator: str, left: Abstract, right: Abstract) -> Abstract:
    match left, right:
        case Const(int() | float() as one), Const(int() | float() as other) if not (
            isinstance(one, bool) or isinstance(other, bool)
        ):
            return _computed(operator, one, other)
        case (Unknown() as value, _) | (_, Unknown() as value):
            return value
        case (Text() as value, _) | (_, Text() as value) if not is_text(value):
            return Unknown(Hole("number"))  # two unknowns that were added, perhaps numbers
        case _:
            return NEVER


def _computed(operator: str, left: float, right: float) -> Abstract:
    try:
        match operator:
            case "-":
                return number(left - right)
            case "*":
                return number(left * right)
            case "/":
                return number(left / right)
            case "//" | "%" if left < 0 or right < 0:
                # How a negative quotient is rounded is not documented.
                return Unknown(Hole("number"))
            case "//":
                return number(left // right)
            case "%":
                return number(left % right if isinstance(left, int) else math.fmod(left, right))
            case _:
                return NEVER
    except ZeroDivisionError:
        return NEVER
    except (OverflowError, ValueError):
        return Unknown(Hole("number"))
