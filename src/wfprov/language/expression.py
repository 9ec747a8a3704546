"""Parses what stands inside `${ }`.

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
from dataclasses import dataclass
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
_HOLE: Final = re.compile(HOLE)
_MIXED_CASE: Final = re.compile(r"(?i:and|or|not)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong in an expression, at offsets of the decoded text."""

    message: str
    help: str
    start: int
    end: int


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
    reader = _Parser(text, start, source, places, template=template)
    try:
        expr = reader.expression(0, 0)
        if reader.kind() != "}":
            raise reader.unexpected("an operator or }")
    except _SyntaxError as error:
        return Parsed(
            expr=None,
            end=reader.end_of_token(),
            problem=error.problem,
            calls=reader.salvage(),
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
    text: str, source: Source, places: Sequence[int]
) -> Name | Attribute | Index | Problem:
    """The target of an assignment: `a`, `a.b`, `a["b"][i + 1]`; or why it is none."""
    reader = _Parser(text, 0, source, places, template=False)
    try:
        if reader.kind() != "name":
            raise reader.unexpected("a variable")
        path = reader.postfix(reader.bare_name(), 0)
        if reader.kind() != "end":
            raise reader.unexpected(". or [ ] or the end of the name")
    except _SyntaxError as error:
        return error.problem
    assert isinstance(path, Name | Attribute | Index)
    return path


class _SyntaxError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Parser:
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
            raise _SyntaxError(
                Problem(
                    message="The expression is nested too deep to be read.",
                    help="Compute parts of it in an assign step before.",
                    start=start,
                    end=end,
                )
            )
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

    def unexpected(self, wanted: str) -> _SyntaxError:
        """The error that something else stands here."""
        kind, word, start, end = self._tokens[self._at]
        advice = _ADVICE.get(word, "")
        if kind == "end":
            message = f"The expression ends where {wanted} is expected"
            advice = "Close the expression with }."
            start = max(start - 1, 0)
        elif kind == "too many":
            message = "The expression has too many parts to be read"
            advice = "Compute parts of it in an assign step before."
        elif word in ('"', "'"):
            message = "A string begins here that does not end"
            advice = f"Close it with {word}."
        elif kind == "name" and _MIXED_CASE.fullmatch(word):
            message = f"{word!r} is no operator: and, or, not are written all lower or all upper"
            advice = f"Write {word.lower()}."
        else:
            message = f"{word!r} stands where {wanted} is expected"
        return _SyntaxError(Problem(message=message + ".", help=advice, start=start, end=end))

    def salvage(self) -> tuple[FunctionCall, ...]:
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
            except _SyntaxError:
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


_MOST_FAILURES: Final = 50
_ADVICE: Final = {
    "?": "There is no ?: in expressions; use if(condition, value, other).",
    "&&": "Write and.",
    "||": "Write or.",
    "!": "Write not.",
    "=": "Compare with ==.",
    "`": 'Strings stand in double quotes: "text".',
    "$": "An expression is not put inside another: leave out the inner ${ }.",
    "**": "There is no power operator.",
}
