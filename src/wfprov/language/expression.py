"""Parses what stands inside `${ }`, or as the target of an assignment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wfprov.core.span import Source, Span
from wfprov.language.ast import Attribute, Expr, FunctionCall, Index, Name
from wfprov.language.grammar import ExpressionError, Parser
from wfprov.language.problem import Problem

__all__ = ["Parsed", "Problem", "parse", "parse_path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """An expression, or the problem that made it none, and what is odd about it.

    `end` is the offset after the closing brace, in the decoded text. `calls` are those that could
    be read out of a broken expression.
    """

    expr: Expr | None
    end: int
    problem: Problem | None = None
    calls: tuple[FunctionCall, ...] = ()
    single_quoted: tuple[Span, ...] = ()
    not_in: tuple[Span, ...] = ()
    maps: tuple[Span, ...] = ()
    negated_left: tuple[Span, ...] = ()


def parse(
    text: str, start: int, source: Source, places: Sequence[int], *, template: bool
) -> Parsed:
    """The expression that begins at `start`, just after its `${`, up to its `}`.

    `places` gives the offset in the source of each code point of `text`, and of its end.
    """
    reader = Parser(text, start, source, places, template=template)
    try:
        expr = reader.expression(0, 0)
        if reader.kind() != "}":
            raise reader.unexpected("an operator or }")
    except ExpressionError as error:
        return Parsed(
            expr=None,
            end=reader.end_of_token(),
            problem=error.problem,
            calls=reader.calls(),
            single_quoted=tuple(reader.single_quoted),
        )
    return Parsed(
        expr=expr,
        end=reader.end_of_token(),
        single_quoted=tuple(reader.single_quoted),
        not_in=tuple(reader.not_in),
        maps=tuple(reader.maps),
        negated_left=tuple(reader.negated_left),
    )


def parse_path(
    text: str, source: Source, places: Sequence[int], *, template: bool
) -> Name | Attribute | Index | Problem:
    """The target of an assignment: `a`, `a.b`, `a["b"][i + 1]`; or why it is none."""
    reader = Parser(text, 0, source, places, template=template)
    try:
        if reader.kind() not in ("name", "hole"):
            raise reader.unexpected("a variable")
        path = reader.postfix(reader.bare_name(), 0)
        if reader.kind() != "end":
            raise reader.unexpected(". or [ ] or the end of the name")
    except ExpressionError as error:
        return error.problem
    assert isinstance(path, Name | Attribute | Index)
    return path
