"""Definitions as tests write them, and what is found in them."""

from __future__ import annotations

from textwrap import dedent

from wfprov.core.diagnostic import Diagnostic
from wfprov.core.span import Source, Span
from wfprov.language.ast import Definition, Expr, Expression, Return, Step, Value
from wfprov.language.parser import parse
from wfprov.language.validate import validate


def source(text: str, name: str = "workflow.yaml") -> Source:
    return Source(name, dedent(text))


def read(text: str, **how) -> Definition:
    checked = parse(source(text), **how)
    assert checked.value is not None, checked.diagnostics
    return checked.value


def clean(text: str) -> Definition:
    """The tree of a text in which nothing is wrong."""
    checked = parse(source(text))
    assert checked.value is not None
    assert (*checked.diagnostics, *validate(checked.value)) == ()
    return checked.value


def findings(text: str, name: str = "workflow.yaml") -> tuple[Diagnostic, ...]:
    checked = parse(source(text, name))
    more = validate(checked.value) if checked.value is not None else ()
    return (*checked.diagnostics, *more)


def found(text: str, name: str = "workflow.yaml") -> list[tuple[str, str]]:
    """The rule and the text at the place of each finding."""
    return [(d.rule.slug, place(d).text) for d in findings(text, name)]


def place(diagnostic: Diagnostic) -> Span:
    assert isinstance(diagnostic.at, Span)
    return diagnostic.at


def line_and_column(span: Span) -> tuple[int, int]:
    before = span.source.text[: span.start]
    return before.count("\n") + 1, span.start - (before.rfind("\n") + 1) + 1


def first_step(definition: Definition) -> Step:
    assert definition.main is not None
    return definition.main.steps[0]


def returned(text: str, **how) -> Value:
    """The value of a definition whose first step is a return."""
    body = first_step(read(text, **how)).body
    assert isinstance(body, Return)
    return body.value


def expr(text: str) -> Expr:
    """The expression `text`, which stands in single quotes in a definition."""
    value = returned("- s:\n    return: '${" + text.replace("'", "''") + "}'\n")
    assert isinstance(value, Expression), value
    return value.expr
