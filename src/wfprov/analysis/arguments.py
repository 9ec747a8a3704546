"""Arguments by name: what a call's `args` or an expression's brackets say of each parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from wfprov.analysis.domain import Abstract, Hole, ListOf, MapOf, Unknown, alternatives
from wfprov.analysis.lattice import NULL, below, other_entry
from wfprov.analysis.sites import CallNode
from wfprov.core.span import Span
from wfprov.language.ast import FunctionCall, Scalar, Value
from wfprov.language.ast import Mapping as MappingNode
from wfprov.language.ast import Sequence as SequenceNode
from wfprov.language.stdlib import FUNCTIONS

_HELPERS: Final[Mapping[str, tuple[str, ...]]] = {
    "secrets.versions.accessString": ("secret_id", "version", "project_id"),
    "secrets.addVersionString": ("secret_id", "project_id", "data"),
    "workflows.executions.run": ("workflow_id", "location", "project_id", "argument"),
}
"""Positional order of connector helpers, by the end of their names; that of others is not known.

Source: https://cloud.google.com/workflows/docs/reference/googleapis/secretmanager/Overview
(2026-11-23)
"""


def parameters(function: str, count: int) -> tuple[str, ...]:
    """The names of the first `count` parameters; `arg1` and so on where they are not known."""
    known = FUNCTIONS.get(function)
    if known is not None:
        names = known.params
    elif function.startswith("googleapis."):
        names = next((params for end, params in _HELPERS.items() if function.endswith(end)), ())
    else:
        names = ()
    return (*names, *(f"arg{i + 1}" for i in range(len(names), count)))[:count]


def named(function: str, args: Sequence[Abstract]) -> dict[str, Abstract]:
    """Positional arguments with their names."""
    return dict(zip(parameters(function, len(args)), args, strict=True))


def places(call: CallNode) -> dict[str, Span]:
    """Where the arguments stand that the call itself writes, `auth.type` for one inside another."""
    if isinstance(call, FunctionCall):
        names = parameters(call.function, len(call.args))
        return {name: arg.span for name, arg in zip(names, call.args, strict=True)}
    if isinstance(call.args, SequenceNode):
        names = parameters(call.function, len(call.args.items))
        return {name: item.span for name, item in zip(names, call.args.items, strict=True)}
    found: dict[str, Span] = {}
    for name, value in _written(call.args):
        found[name] = value.span
        found.update((f"{name}.{key}", inner.span) for key, inner in _written(value))
    return found


def _written(value: Value | None) -> Iterator[tuple[str, Value]]:
    if isinstance(value, MappingNode):
        for key, held in value.entries:
            if isinstance(key, Scalar) and isinstance(key.value, str):
                yield key.value, held


def ways(function: str, value: Abstract | None) -> list[tuple[dict[str, Abstract], Hole | None]]:
    """Each way to read a call step's `args`: by name, and where further ones may come from."""
    if value is None:
        return [({}, None)]
    found: list[tuple[dict[str, Abstract], Hole | None]] = []
    for choice in alternatives(value):
        match choice:
            case MapOf(entries, rest):
                hole = None if rest is None else _hole(rest)
                found.append((dict(entries), hole))
            case ListOf(items, rest):
                found.append((named(function, items), None if rest is None else _hole(rest)))
            case Unknown(hole):
                found.append(({}, hole))
            case _:
                found.append(({}, None))
    return found


def _hole(rest: Abstract) -> Hole:
    return rest.hole if isinstance(rest, Unknown) else Hole("arguments")


def bound(
    params: Sequence[str], value: Abstract | None
) -> list[tuple[list[Abstract | None], bool]]:
    """Each way to bind parameters to a call step's `args`: None is not given.

    The boolean says that what is given may also be missing (a map that is not wholly known).
    """
    if value is None:
        return [([None] * len(params), False)]
    found: list[tuple[list[Abstract | None], bool]] = []
    for choice in alternatives(value):
        match choice:
            case MapOf(entries, None):
                table = dict(entries)
                found.append(([table.get(name) for name in params], False))
            case MapOf(entries, rest):
                assert rest is not None
                table = dict(entries)
                found.append(
                    ([table.get(name) or other_entry(rest, name) for name in params], True)
                )
            case ListOf(items, rest):
                padded = (*items, *((rest,) * len(params)))[: len(params)]
                found.append((list(padded), rest is not None))
            case Unknown(hole):
                found.append(([Unknown(below(hole, name)) for name in params], True))
            case _:
                found.append(([None] * len(params), False))
    return found


def in_order(function: str, value: Abstract | None) -> list[list[Abstract]]:
    """Each way to read a library function's `args`, by position; what is not given is null."""
    known = FUNCTIONS.get(function)
    params = () if known is None else known.params
    return [[NULL if item is None else item for item in given] for given, _ in bound(params, value)]
