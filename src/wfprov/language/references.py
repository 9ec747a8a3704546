"""What stands directly in a step: values, expressions with their parts, and other steps."""

from __future__ import annotations

from collections.abc import Iterator

from wfprov.language.ast import (
    Assign,
    Attribute,
    Binary,
    Block,
    Broken,
    Call,
    Expr,
    Expression,
    For,
    FunctionCall,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Mapping,
    Name,
    Nothing,
    Parallel,
    Raise,
    Return,
    Scalar,
    Sequence,
    Step,
    Switch,
    TemplateText,
    Try,
    Unary,
    Value,
)


def steps_in(step: Step) -> Iterator[Step]:
    """The steps directly inside a step, in text order."""
    match step.body:
        case Switch(cases):
            for case in cases:
                if case.step is not None:
                    yield case.step
        case For(steps=steps) | Block(steps):
            yield from steps
        case Parallel(branches=branches, loop=loop):
            for branch in branches:
                yield from branch.steps
            if loop is not None:
                yield from loop.steps
        case Try(steps=steps, handler=handler):
            yield from steps
            if handler is not None:
                yield from handler.steps
        case Assign() | Call() | Raise() | Return() | Nothing():
            pass


def own_values(step: Step) -> Iterator[Value]:
    """The values that a step evaluates itself: not those of the steps inside it."""
    match step.body:
        case Assign(assignments):
            for assignment in assignments:
                yield assignment.value
        case Call(args=args):
            if args is not None:
                yield args
        case Switch(cases):
            for case in cases:
                yield case.condition
        case For() as loop:
            yield from _loop_values(loop)
        case Parallel() as parallel:
            if parallel.concurrency_limit is not None:
                yield parallel.concurrency_limit
            if parallel.loop is not None:
                yield from _loop_values(parallel.loop)
        case Try(retry=retry):
            if retry is not None:
                if retry.policy is not None:
                    yield retry.policy
                yield from retry.parts.values()
        case Raise(value) | Return(value):
            yield value
        case Block() | Nothing():
            pass


def _loop_values(loop: For) -> Iterator[Value]:
    if loop.items is not None:
        yield loop.items
    if loop.range is not None:
        yield loop.range


def scalars(value: Value) -> Iterator[Scalar | Expression | Broken | TemplateText]:
    """The leaves of a value, map keys included, in order."""
    waiting: list[Value] = [value]
    while waiting:
        part = waiting.pop()
        match part:
            case Mapping(entries):
                for key, inner in reversed(entries):
                    waiting += [inner, key]
            case Sequence(items):
                waiting += reversed(items)
            case _:
                yield part


def parts(expr: Expr) -> Iterator[Expr]:
    """An expression and all inside it, outer before inner, left before right."""
    waiting: list[Expr] = [expr]
    while waiting:
        part = waiting.pop()
        yield part
        match part:
            case Binary(_, left, right):
                waiting += [right, left]
            case Unary(_, operand):
                waiting.append(operand)
            case FunctionCall(_, args):
                waiting += reversed(args)
            case Attribute(value):
                waiting.append(value)
            case Index(value, index):
                waiting += [index, value]
            case ListLiteral(items):
                waiting += reversed(items)
            case MapLiteral(entries):
                for key, inner in reversed(entries):
                    waiting += [inner, key]
            case Literal() | Name() | TemplateText():
                pass
