"""Reads an expression by its grammar.

```
expression = comparison-and-logic, by precedence, tightest first:
    postfix      . name    [ expression ]    name.name( [ expression { "," expression } ] )
    not          "not" | "NOT"
    unary        "-" | "+"
    product      "*" | "/" | "//" | "%"
    sum          "+" | "-"
    comparison   "<" | "<=" | ">" | ">=" | "==" | "!=" | "in" | "not" "in"
    conjunction  "and" | "AND"
    disjunction  "or" | "OR"
primary    = number | string | "true" | "false" | "null" | name | hole
           | "(" expression ")"
           | "[" [ expression { "," expression } ] "]"
           | "{" [ expression ":" expression { "," expression ":" expression } ] "}"
```

`not` binds tighter than everything but `.` and `[]`: `not "x" in l` is `(not "x") in l`. Maps are
not in Google's list of elements and are read all the same, as is `not in`.

Source: https://cloud.google.com/workflows/docs/reference/syntax/datatypes (2026-11-23)
Source: https://cloud.google.com/workflows/docs/reference/syntax/expressions (2026-11-23)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from wfprov.core.span import Source, Span
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
    TemplateHole,
    TemplateText,
    Unary,
)
from wfprov.language.limits import MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_TOKENS
from wfprov.language.literals import CONSTANTS, number, unescaped
from wfprov.language.problem import Problem, too_deep, unexpected
from wfprov.language.tokens import HOLE, Token, hole_name, tokens

_POWER: Final = {
    "or": 1,
    "and": 2,
    "<": 3,
    "<=": 3,
    ">": 3,
    ">=": 3,
    "==": 3,
    "!=": 3,
    "in": 3,
    "not": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "//": 5,
    "%": 5,
}
_COMPARISON: Final = _POWER["in"]
_WORD_KINDS: Final = frozenset({"name", "and", "or", "not", "in"})
_VALUE_STARTS: Final = frozenset({"name", "string", "number", "not"})
_HOLE: Final = re.compile(HOLE)
_MOST_FAILURES: Final = 50


class ExpressionError(Exception):
    """An expression that cannot be read on; never leaves `expression`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Parser:
    """Reads the tokens of one expression from left to right; what is odd about it is collected."""

    def __init__(
        self, text: str, start: int, source: Source, places: Sequence[int], *, template: bool
    ) -> None:
        self._tokens: list[Token] = tokens(text, start, MAX_EXPRESSION_TOKENS, template=template)
        self._at = 0
        self._source = source
        self._places = places
        self._template = template
        self.single_quoted: list[Span] = []
        self.not_in: list[Span] = []
        self.maps: list[Span] = []
        self.negated_left: list[Span] = []
        self._bracketed: Expr | None = None

    def kind(self) -> str:
        return self._tokens[self._at][0]

    def end_of_token(self) -> int:
        return self._tokens[self._at][3]

    def expression(self, floor: int, depth: int) -> Expr:
        """An expression whose operators bind tighter than `floor`."""
        left = self._operand(depth)
        while True:
            kind, _, start, end = self._tokens[self._at]
            power = _POWER.get(kind, 0)
            if power <= floor:
                return left
            depth += 1  # the tree grows to the left, too
            self._at += 1
            if kind == "not":
                if self.kind() != "in":
                    raise self.unexpected("in")
                end = self._tokens[self._at][3]
                self.not_in.append(self._span(start, end))
                self._at += 1
                kind = "not in"
            if (
                power == _COMPARISON
                and type(left) is Unary
                and left.operator == "not"
                and left is not self._bracketed
            ):
                self.negated_left.append(left.span)
            right = self.expression(power, depth)
            left = Binary(kind, left, right, Span(self._source, left.span.start, right.span.end))

    def _operand(self, depth: int) -> Expr:
        kind, word, start, end = self._tokens[self._at]
        if depth > MAX_EXPRESSION_DEPTH:
            raise ExpressionError(too_deep(self._tokens[self._at]))
        if kind == "name":
            return self.postfix(self._named(depth), depth)
        self._at += 1
        if kind == "string":
            return self.postfix(self._string(word, start, end), depth)
        if kind == "number":
            return self.postfix(Literal(number(word), self._span(start, end)), depth)
        if kind in ("not", "-", "+"):
            operand = self._operand(depth + 1)
            return Unary(kind, operand, Span(self._source, self._places[start], operand.span.end))
        if kind == "(":
            inner = self.expression(0, depth + 1)
            self._expect(")")
            self._bracketed = inner
            return self.postfix(inner, depth)
        if kind == "[":
            items = self._items("]", depth)
            return self.postfix(ListLiteral(items, self._from(start)), depth)
        if kind == "{":
            entries = self._entries(depth)
            span = self._from(start)
            self.maps.append(span)
            return self.postfix(MapLiteral(entries, span), depth)
        if kind == "hole":
            span = self._span(start, end)
            hole = TemplateHole(hole_name(word), span)
            return self.postfix(TemplateText((hole,), span), depth)
        self._at -= 1
        raise self.unexpected("a value")

    def bare_name(self) -> Name:
        _, word, start, end = self._tokens[self._at]
        self._at += 1
        return Name(word, self._span(start, end))

    def _named(self, depth: int) -> Expr:
        """A constant, a variable, or a call of a function whose name may have dots."""
        toks = self._tokens
        _, word, start, end = toks[self._at]
        last = self._at
        while toks[last + 1][0] == "." and toks[last + 2][0] in _WORD_KINDS:
            last += 2
        if toks[last + 1][0] == "(":
            function = ".".join(toks[i][1] for i in range(self._at, last + 1, 2))
            function_span = self._span(start, toks[last][3])
            self._at = last + 2
            args = self._items(")", depth)
            return FunctionCall(function, args, self._from(start), function_span)
        if word.lower() == "not" and toks[last + 1][0] in _VALUE_STARTS:
            raise self.unexpected("a value")  # Not x: the word in a case that it does not have
        self._at += 1
        if word in CONSTANTS:
            return Literal(CONSTANTS[word], self._span(start, end))
        return Name(word, self._span(start, end))

    def postfix(self, value: Expr, depth: int) -> Expr:
        """The value with the `.name` and `[index]` that follow it."""
        while True:
            kind = self.kind()
            if kind == ".":
                self._at += 1
                if self.kind() not in _WORD_KINDS:
                    raise self.unexpected("a name")
                _, word, _, end = self._tokens[self._at]
                self._at += 1
                span = Span(self._source, value.span.start, self._places[end])
                value = Attribute(value, word, span)
            elif kind == "[":
                self._at += 1
                index = self.expression(0, depth + 1)
                self._expect("]")
                end = self._tokens[self._at - 1][3]
                span = Span(self._source, value.span.start, self._places[end])
                value = Index(value, index, span)
            else:
                return value
            depth += 1
            if depth > 2 * MAX_EXPRESSION_DEPTH:
                raise self.unexpected("fewer accesses in a row")

    def _items(self, closing: str, depth: int) -> tuple[Expr, ...]:
        """Expressions between commas up to the closing sign, which is read too."""
        items: list[Expr] = []
        while self.kind() != closing:
            items.append(self.expression(0, depth + 1))
            if self.kind() != ",":
                break
            self._at += 1
        self._expect(closing)
        return tuple(items)

    def _entries(self, depth: int) -> tuple[tuple[Expr, Expr], ...]:
        entries: list[tuple[Expr, Expr]] = []
        while self.kind() != "}":
            key = self.expression(0, depth + 1)
            self._expect(":")
            entries.append((key, self.expression(0, depth + 1)))
            if self.kind() != ",":
                break
            self._at += 1
        self._expect("}")
        return tuple(entries)

    def _string(self, word: str, start: int, end: int) -> Expr:
        span = self._span(start, end)
        if word[0] == "'":
            self.single_quoted.append(span)
        inner = word[1:-1]
        if self._template and "${" in inner:
            parts: list[str | TemplateHole] = []
            done = 0
            for hole in _HOLE.finditer(inner):
                if hole.start() > done:
                    parts.append(unescaped(inner[done : hole.start()]))
                at = self._span(start + 1 + hole.start(), start + 1 + hole.end())
                parts.append(TemplateHole(hole_name(hole.group()), at))
                done = hole.end()
            if done < len(inner):
                parts.append(unescaped(inner[done:]))
            if done:
                return TemplateText(tuple(parts), span)
        return Literal(unescaped(inner), span)

    def _expect(self, kind: str) -> None:
        if self.kind() != kind:
            raise self.unexpected(f"{kind}")
        self._at += 1

    def _span(self, start: int, end: int) -> Span:
        places = self._places
        return Span(self._source, places[start], places[end])

    def _from(self, start: int) -> Span:
        """From an offset to the end of the token that was read last."""
        return self._span(start, self._tokens[self._at - 1][3])

    def unexpected(self, wanted: str) -> ExpressionError:
        """The error that something else stands here."""
        return ExpressionError(unexpected(self._tokens[self._at], wanted))

    def calls(self) -> tuple[FunctionCall, ...]:
        """The function calls that can be read on their own, outermost ones."""
        calls: list[FunctionCall] = []
        toks = self._tokens
        at = 0
        failures = 0
        while at < len(toks) - 1:
            if toks[at][0] != "name":
                at += 1
                continue
            self._at = at
            try:
                value = self._named(0)
            except ExpressionError:
                # Each try reads on to the error: without a bound, the square of the length.
                failures += 1
                if failures > _MOST_FAILURES:
                    break
                at += 1
                continue
            if isinstance(value, FunctionCall):
                calls.append(value)
                at = self._at
            else:
                at += 1
                while toks[at][0] == "." and toks[at + 1][0] in _WORD_KINDS:
                    at += 2
        return tuple(calls)
