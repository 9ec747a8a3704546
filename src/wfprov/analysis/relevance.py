"""Which variables of a procedure can have a part in what it calls, and how.

What is only written to a log or sent as a body has none, so stores that differ in nothing else
need not be kept apart. It is decided by names alone, whatever the order of the steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from wfprov.analysis.sites import is_outbound, parts_of_step
from wfprov.analysis.ways import is_deciding
from wfprov.language.ast import (
    Assign,
    Attribute,
    Binary,
    Broken,
    Call,
    Expr,
    Expression,
    For,
    FunctionCall,
    Index,
    ListLiteral,
    MapLiteral,
    Mapping,
    Name,
    Parallel,
    Procedure,
    Return,
    Scalar,
    Sequence,
    Step,
    Unary,
    Value,
)
from wfprov.language.references import steps_in


def deciding_variables(procedure: Procedure, procedures: frozenset[str]) -> frozenset[str]:
    """The names of the variables that calls or the result depend on; conditions are left out."""
    roots: set[str] = set()
    sources: dict[str, set[str]] = {}
    stack: list[Step] = list(procedure.steps)
    while stack:
        step = stack.pop()
        stack.extend(steps_in(step))
        _note(step, procedures, roots, sources)
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(sources.get(name, ()))
    return frozenset(found)


def _note(
    step: Step, procedures: frozenset[str], roots: set[str], sources: dict[str, set[str]]
) -> None:
    match step.body:
        case Assign(assignments):
            for assignment in assignments:
                inner: Expr = assignment.target
                keys: list[Expr] = []
                while isinstance(inner, Attribute | Index):
                    if isinstance(inner, Index):
                        keys.append(inner.index)
                    inner = inner.value
                if isinstance(inner, Name):
                    into = sources.setdefault(inner.name, set())
                    into.update(_names(assignment.value, *keys))
        case Call() as call:
            names = set(_of_call(call, procedures))
            if call.function in procedures or is_outbound(call.function):
                roots.update(names)
            elif call.result:
                sources.setdefault(call.result, set()).update(names)
        case For() as loop:
            _note_loop(loop, sources)
        case Parallel(loop=For() as loop):
            _note_loop(loop, sources)
        case Return(value):
            roots.update(_names(value))
        case _:
            pass
    for part in parts_of_step(step):
        if not isinstance(part, Call):
            roots.update(_called_with(part, procedures))


def _note_loop(loop: For, sources: dict[str, set[str]]) -> None:
    values = [value for value in (loop.items, loop.range) if value is not None]
    sources.setdefault(loop.value, set()).update(_names(*values))


def _of_call(call: Call, procedures: frozenset[str]) -> Iterator[str]:
    """The names in those arguments of a call step that decide what is called."""
    if isinstance(call.args, Mapping) and call.function not in procedures:
        for key, value in call.args.entries:
            named = isinstance(key, Scalar) and isinstance(key.value, str)
            if not named or is_deciding(call.function, str(key.value)):  # type: ignore[union-attr]
                yield from _names(key, value)
    elif call.args is not None and is_deciding(call.function, ""):
        yield from _names(call.args)


def _called_with(root: Value | Expr, procedures: frozenset[str]) -> Iterator[str]:
    """The names in the arguments of calls that leave the procedure from an expression."""
    for node in _nodes((root,)):
        if isinstance(node, FunctionCall) and (
            node.function in procedures or is_outbound(node.function)
        ):
            yield from _names(*node.args)


def _names(*roots: Value | Expr) -> Iterator[str]:
    return (node.name for node in _nodes(roots) if isinstance(node, Name))


def _nodes(roots: Iterable[Value | Expr]) -> Iterator[Value | Expr]:
    """The values and expressions inside some, each once."""
    seen: set[int] = set()
    stack: list[Value | Expr] = list(roots)
    while stack:
        node = stack.pop()
        if type(node) is Scalar or id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        match node:
            case Expression(expr):
                stack.append(expr)
            case FunctionCall(args=args):
                stack.extend(args)
            case Broken(calls=calls):
                stack.extend(calls)
            case Sequence(items) | ListLiteral(items):
                stack.extend(items)
            case Mapping(entries):
                stack.extend(chain.from_iterable(entries))
            case MapLiteral(entries):
                stack.extend(chain.from_iterable(entries))
            case Attribute(value=value):
                stack.append(value)
            case Index(value, index):
                stack.extend((value, index))
            case Unary(operand=operand):
                stack.append(operand)
            case Binary(left=left, right=right):
                stack.extend((left, right))
            case _:
                pass
