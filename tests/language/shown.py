"""Expressions as nested tuples, and as text again: what the laws compare."""

from __future__ import annotations

import json

from wfprov.language.ast import (
    Attribute,
    Binary,
    Expr,
    FunctionCall,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Name,
    TemplateText,
    Unary,
)


def tree(expr: Expr) -> object:
    """The structure of an expression, without places."""
    match expr:
        case Literal(value):
            return ("literal", type(value).__name__, value)
        case ListLiteral(items):
            return ["list", *map(tree, items)]
        case MapLiteral(entries):
            return ["map", *((tree(k), tree(v)) for k, v in entries)]
        case Name(name):
            return name
        case Attribute(value, name):
            return (tree(value), ".", name)
        case Index(value, index):
            return (tree(value), "[]", tree(index))
        case FunctionCall(function, args):
            return (function, "()", *map(tree, args))
        case Unary(operator, operand):
            return (operator, tree(operand))
        case Binary(operator, left, right):
            return (tree(left), operator, tree(right))
        case TemplateText(parts):
            return ["text", *(p if isinstance(p, str) else ("hole", p.text) for p in parts)]


POWER = {
    "or": 1, "and": 2, "<": 3, "<=": 3, ">": 3, ">=": 3, "==": 3, "!=": 3, "in": 3,
    "+": 4, "-": 4, "*": 5, "/": 5, "//": 5, "%": 5,
}  # fmt: skip


def text(shape: object) -> str:
    """A shape as the fewest brackets allow it to be written."""
    return _text(shape, 0)


def _text(shape: object, floor: int) -> str:
    match shape:
        case str():
            return shape
        case ("literal", _, value):
            return json.dumps(value)
        case ["list", *items]:
            return "[" + ", ".join(_text(item, 0) for item in items) + "]"
        case ["map", *entries]:
            return "{" + ", ".join(f"{_text(k, 0)}: {_text(v, 0)}" for k, v in entries) + "}"
        case (value, ".", str() as name):
            return f"{_text(value, 9)}.{name}"
        case (value, "[]", index):
            return f"{_text(value, 9)}[{_text(index, 0)}]"
        case (str() as function, "()", *args):
            return f"{function}({', '.join(_text(arg, 0) for arg in args)})"
        case (str() as operator, operand):
            written = f"{operator} {_text(operand, 6)}"
            return f"({written})" if floor > 6 else written
        case (left, str() as operator, right):
            power = POWER[operator]
            written = f"{_text(left, power)} {operator} {_text(right, power + 1)}"
            return f"({written})" if power < floor else written
    raise AssertionError(shape)
