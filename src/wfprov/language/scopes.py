"""Which variables can be seen where, and which steps lie within one loop or branch.

A (sub)workflow is a scope. The body of a loop, a parallel branch and an `except` are scopes inside
it: a variable that is assigned there only is local to it. Whether an assignment comes first is not
considered: with `next` a later step may have run before.

Source: https://cloud.google.com/workflows/docs/reference/syntax/variables (not opened)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from wfprov.core.span import Span
from wfprov.language.ast import (
    Assign,
    Attribute,
    Block,
    Call,
    For,
    Index,
    Name,
    Nothing,
    Parallel,
    Procedure,
    Raise,
    Return,
    Step,
    Switch,
    Try,
)


@dataclass(slots=True, eq=False)
class Scope:
    """A part of a procedure with variables of its own.

    `kind` is procedure, for, parallel for, branch or except. `names` are the variables that belong
    to it, with the place that gives them first; `shared` those that a parallel scope may write.
    """

    kind: str
    parent: Scope | None
    span: Span
    names: dict[str, Span] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    writes: list[tuple[str, Span]] = field(default_factory=list)
    children: list[Scope] = field(default_factory=list)

    def owner(self, name: str) -> Scope | None:
        """The scope to which a name belongs that can be seen here, or None."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope
            scope = scope.parent
        return None

    def outwards(self) -> Iterator[Scope]:
        """This scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    @property
    def is_parallel(self) -> bool:
        """Whether it runs beside others."""
        return self.kind in ("branch", "parallel for")

    @property
    def region(self) -> Scope:
        """The innermost loop, branch or procedure: jumps stay within it."""
        return next(scope for scope in self.outwards() if scope.kind != "except")

    def names_seen(self) -> Iterator[str]:
        """All names that can be seen here, some more than once."""
        for scope in self.outwards():
            yield from scope.names

    def everywhere(self) -> Iterator[Scope]:
        """This scope and all inside it."""
        waiting = [self]
        while waiting:
            scope = waiting.pop()
            yield scope
            waiting += scope.children


@dataclass(frozen=True, slots=True)
class Place:
    """A step and the scope in which it stands."""

    step: Step
    scope: Scope


@dataclass(frozen=True, slots=True)
class Outline:
    """A procedure's scopes, outermost, and its steps in the order of the text, nested ones too."""

    procedure: Procedure
    scope: Scope
    places: tuple[Place, ...]


def outline(procedure: Procedure) -> Outline:
    """The outline of a procedure."""
    scope = Scope("procedure", None, procedure.span)
    for param in procedure.params:
        scope.names.setdefault(param.name, param.span)
    places: list[Place] = []
    _steps(procedure.steps, scope, places)
    for inner in _outermost_first(scope):
        for name, span in inner.writes:
            if inner.owner(name) is None:
                inner.names[name] = span
    return Outline(procedure, scope, tuple(places))


def _outermost_first(scope: Scope) -> Iterator[Scope]:
    level = [scope]
    while level:
        yield from level
        level = [child for outer in level for child in outer.children]


def _steps(steps: tuple[Step, ...], scope: Scope, places: list[Place]) -> None:
    for step in steps:
        _step(step, scope, places)


def _step(step: Step, scope: Scope, places: list[Place]) -> None:
    places.append(Place(step, scope))
    match step.body:
        case Assign(assignments):
            for assignment in assignments:
                root = root_of(assignment.target)
                if root is not None:
                    scope.writes.append((root.name, root.span))
        case Call() as call:
            if call.result is not None and call.result_span is not None:
                scope.writes.append((call.result, call.result_span))
        case Switch(cases):
            for case in cases:
                if case.step is not None:
                    _step(case.step, scope, places)
        case For() as loop:
            _loop(loop, _inside(scope, "for", loop.span), places)
        case Parallel() as parallel:
            shared = frozenset(name for name, _ in parallel.shared)
            for branch in parallel.branches:
                inner = _inside(scope, "branch", branch.span, shared)
                _steps(branch.steps, inner, places)
            if parallel.loop is not None:
                inner = _inside(scope, "parallel for", parallel.loop.span, shared)
                _loop(parallel.loop, inner, places)
        case Try() as attempt:
            _steps(attempt.steps, scope, places)
            if attempt.handler is not None:
                inner = _inside(scope, "except", attempt.handler.span)
                if attempt.handler.variable is not None:
                    inner.names[attempt.handler.variable] = attempt.handler.span
                _steps(attempt.handler.steps, inner, places)
        case Block(steps):
            _steps(steps, scope, places)
        case Raise() | Return() | Nothing():
            pass


def _loop(loop: For, inner: Scope, places: list[Place]) -> None:
    inner.names[loop.value] = loop.value_span
    if loop.index is not None:
        inner.names[loop.index] = loop.value_span
    _steps(loop.steps, inner, places)


def _inside(scope: Scope, kind: str, span: Span, shared: frozenset[str] = frozenset()) -> Scope:
    inner = Scope(kind, scope, span, shared=shared)
    scope.children.append(inner)
    return inner


def root_of(target: Name | Attribute | Index) -> Name | None:
    """The variable that an assignment changes."""
    value: object = target
    while isinstance(value, Attribute | Index):
        value = value.value
    return value if isinstance(value, Name) else None
