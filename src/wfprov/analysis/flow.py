"""The control-flow graph of a procedure.

A region is what jumps cannot cross: the body of a procedure, of a loop, of a parallel branch. Its
nodes are the steps in it, those in nested blocks, cases and tries included; a loop is one node of
the region around it. Nodes are ordered as in the text, so only a jump back goes against the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TypeAlias

from wfprov.analysis.environment import Variables
from wfprov.analysis.relevance import deciding_variables
from wfprov.language.ast import (
    Assign,
    Attribute,
    Block,
    Body,
    Call,
    Case,
    Except,
    Expr,
    For,
    Index,
    Next,
    Nothing,
    Parallel,
    Procedure,
    Raise,
    Return,
    Step,
    Switch,
    Try,
)


class Exit(Enum):
    """How a region is left, but for a return."""

    FALL = "fall"
    BREAK = "break"
    CONTINUE = "continue"
    END = "end"


@dataclass(frozen=True, slots=True)
class Jump:
    """A jump to a step that is not in the region: one that the service rejects."""

    name: str


@dataclass(slots=True, eq=False)
class Node:
    """One step; `after` is where it goes on, `handlers` where what it raises is handled.

    `escapes`: what it raises also leaves the region, to a handler around it. `last`: the order of
    the last node that goes back to this one. `once`: no jump back passes over it. `numbers` are
    the variables it binds: a call's result, a loop's value and index, what an `except` catches.
    """

    body: Body | Except
    name: str | None
    start: int
    depth: int
    handlers: tuple[Node, ...] = ()
    escapes: bool = False
    after: tuple[Target, ...] = ()
    cases: tuple[tuple[Case, tuple[Target, ...]], ...] = ()
    regions: tuple[Region, ...] = ()
    numbers: tuple[int | None, ...] = ()
    shared: frozenset[int] = frozenset()
    order: int = 0
    last: int = -1
    once: bool = False

    @property
    def head(self) -> bool:
        """Whether some node goes back to this one."""
        return self.last >= 0

    def targets(self) -> Iterator[Target]:
        """Every place that control can go to from here."""
        yield from self.after
        yield from self.handlers
        for _, targets in self.cases:
            yield from targets


Target: TypeAlias = Node | Exit | Jump


@dataclass(slots=True, eq=False)
class Region:
    """Nodes that may jump to each other. `assigned`: what they and regions inside them assign.

    `jumps` are the steps outside that something in it jumps to, which the service rejects.
    """

    guarded: bool
    entry: tuple[Target, ...] = (Exit.FALL,)
    nodes: list[Node] = field(default_factory=list)
    labels: dict[str, Node] = field(default_factory=dict)
    assigned: frozenset[int] = frozenset()
    jumps: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A procedure, ready to be run. `params` are the numbers of its parameters."""

    procedure: Procedure
    variables: Variables
    params: tuple[int, ...]
    region: Region


@dataclass(frozen=True, slots=True)
class _Around:
    """What surrounds a step: the nodes that handle what it raises, and the step's name."""

    handlers: tuple[Node, ...]
    escapes: bool
    name: str | None
    depth: int


def flow_of(procedure: Procedure, procedures: frozenset[str]) -> Flow:
    """The control-flow graph of a procedure; `procedures` are the names of all."""
    builder = _Builder()
    params = tuple(builder.number(param.name) for param in procedure.params)
    region = builder.region(procedure.steps, guarded=False, name=None, depth=0)
    variables = Variables(
        tuple(builder.numbers), partial(deciding_variables, procedure, procedures)
    )
    return Flow(procedure, variables, params, region)


def root_of(target: Expr) -> str | None:
    """The variable that an assignment's target lies in."""
    while isinstance(target, Attribute | Index):
        target = target.value
    return getattr(target, "name", None)


class _Builder:
    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self._regions: list[tuple[Region, set[int]]] = []

    def number(self, name: str) -> int:
        return self.numbers.setdefault(name, len(self.numbers))

    def _bound(self, name: str | None) -> int | None:
        if not name:
            return None
        number = self.number(name)
        self._regions[-1][1].add(number)
        return number

    def region(
        self, steps: Sequence[Step], *, guarded: bool, name: str | None, depth: int
    ) -> Region:
        region = Region(guarded)
        self._regions.append((region, set()))
        around = _Around((), guarded, name, depth)
        region.entry = self._steps(steps, (Exit.FALL,), around)
        _, assigned = self._regions.pop()
        if self._regions:
            self._regions[-1][1].update(assigned)
        region.assigned = frozenset(assigned)
        hub: Node | None = None
        if any(_is_open(target, region) for node in region.nodes for target in node.targets()):
            # From here every step is reached: one node, not an edge for each two of them.
            hub = Node(Nothing(steps[0].span), name, -1, depth, escapes=guarded)
            hub.after = (*region.labels.values(), Exit.FALL, Exit.END)
            region.nodes.append(hub)
        region.nodes.sort(key=lambda node: (node.start, node.depth))
        for i, node in enumerate(region.nodes):
            node.order = i
        region.entry = _resolved(region.entry, region, hub)
        for node in region.nodes:
            node.after = _resolved(node.after, region, hub)
            node.cases = tuple((case, _resolved(to, region, hub)) for case, to in node.cases)
        _mark_loops(region)
        return region

    def _steps(
        self, steps: Sequence[Step], follow: tuple[Target, ...], around: _Around
    ) -> tuple[Target, ...]:
        for step in reversed(steps):
            follow = self._step(step, follow, around)
        return follow

    def _step(self, step: Step, follow: tuple[Target, ...], around: _Around) -> tuple[Target, ...]:
        after = follow if step.next is None else (_target(step.next),)
        if step.name is None and isinstance(step.body, Nothing):
            return after
        name = step.name or around.name
        around = _Around(around.handlers, around.escapes, name, around.depth + 1)
        node = Node(
            step.body, name, step.span.start, around.depth, around.handlers, around.escapes, after
        )
        region, _ = self._regions[-1]
        region.nodes.append(node)
        if step.name is not None:
            region.labels[step.name] = node
        self._fill(node, step, follow, around)
        return (node,)

    def _fill(self, node: Node, step: Step, follow: tuple[Target, ...], around: _Around) -> None:
        """Completes a node with what its body says."""
        match step.body:
            case Assign(assignments):
                for assignment in assignments:
                    self._bound(root_of(assignment.target))
            case Call(result=result):
                node.numbers = (self._bound(result),)
            case Switch(cases):
                # Whether a case without `next` then follows the step's own is not documented.
                then = node.after if step.next is None else (*node.after, *follow)
                node.cases = tuple(
                    (case, self._step(case.step, then, around) if case.step else then)
                    for case in reversed(cases)
                )[::-1]
            case For() as loop:
                node.numbers = (self.number(loop.value), self._loop_index(loop))
                node.regions = (self._inner(loop.steps, around),)
            case Parallel(loop=None) as parallel:
                node.shared = frozenset(self.number(name) for name, _ in parallel.shared)
                node.regions = tuple(
                    self._inner(branch.steps, around) for branch in parallel.branches
                )
            case Parallel(loop=For() as loop) as parallel:
                node.shared = frozenset(self.number(name) for name, _ in parallel.shared)
                node.numbers = (self.number(loop.value), self._loop_index(loop))
                node.regions = (self._inner(loop.steps, around),)
            case Try() as attempt:
                self._try(node, attempt, around)
            case Block(steps):
                node.after = self._steps(steps, node.after, around)
            case Raise() | Return():
                node.after = ()
            case Parallel() | Nothing():
                pass

    def _loop_index(self, loop: For) -> int | None:
        return self.number(loop.index) if loop.index else None

    def _inner(self, steps: Sequence[Step], around: _Around) -> Region:
        guarded = bool(around.handlers) or around.escapes
        return self.region(steps, guarded=guarded, name=around.name, depth=around.depth)

    def _try(self, node: Node, attempt: Try, around: _Around) -> None:
        handlers, escapes = around.handlers, around.escapes
        after = node.after
        if attempt.handler is not None:
            catch = Node(
                attempt.handler,
                around.name,
                attempt.handler.span.start,
                around.depth,
                around.handlers,
                around.escapes,
            )
            self._regions[-1][0].nodes.append(catch)
            catch.numbers = (self._bound(attempt.handler.variable),)
            catch.after = self._steps(attempt.handler.steps, after, around)
            handlers, escapes = (catch,), False
        if attempt.retry is not None:
            handlers = (node, *handlers)
        inner = _Around(handlers, escapes, around.name, around.depth + 1)
        node.after = self._steps(attempt.steps, after, inner)


def _mark_loops(region: Region) -> None:
    """Says of each node which is the last to go back to it, and whether a jump passes over it."""
    out: set[str] = set()
    for node in region.nodes:
        inside = (Jump(name) for inner in node.regions for name in inner.jumps)
        for target in (*node.targets(), *_resolved(tuple(inside), region)):
            if isinstance(target, Jump):
                out.add(target.name)
            elif isinstance(target, Node) and target.order <= node.order:
                target.last = node.order
    region.jumps = frozenset(out)
    last = -1
    for node in region.nodes:
        last = max(last, node.last)
        node.once = node.order > last


def _target(jump: Next) -> Target:
    match jump.target:
        case "end":
            return Exit.END
        case "break":
            return Exit.BREAK
        case "continue":
            return Exit.CONTINUE
        case name:
            return Jump(name)


def _is_open(target: Target, region: Region) -> bool:
    """Whether a template that is not filled in names the step to go to."""
    return isinstance(target, Jump) and "${" in target.name and target.name not in region.labels


def _resolved(
    targets: tuple[Target, ...], region: Region, hub: Node | None = None
) -> tuple[Target, ...]:
    return tuple(
        hub
        if hub is not None and _is_open(target, region)
        else region.labels.get(target.name, target)
        if isinstance(target, Jump)
        else target
        for target in targets
    )
