"""One run of a region: stores flow along its nodes until nothing changes.

Nodes wait in text order, so code without jumps back is run once. A store that keeps changing where
a jump back arrives is widened, and given up in the end, so every run terminates.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Final

from wfprov.analysis import loops
from wfprov.analysis.domain import Hole, Never, Unknown, alternatives
from wfprov.analysis.environment import Environment
from wfprov.analysis.flow import Exit, Jump, Node, Region, Target
from wfprov.analysis.operators import truth
from wfprov.analysis.outcome import Entry, Outcome
from wfprov.analysis.refine import refined
from wfprov.analysis.runner import Runner
from wfprov.language.ast import (
    Assign,
    Block,
    Call,
    Except,
    For,
    Nothing,
    Parallel,
    Raise,
    Return,
    Switch,
    Try,
)

_JOINS: Final = 3
_WIDENINGS: Final = 8


class RegionRun:
    """One run of a region."""

    def __init__(self, machine: Runner, region: Region) -> None:
        self._machine = machine
        self._see = machine.evaluator
        self._region = region
        self._outcome = Outcome()
        self._states: dict[Node, Environment] = {}
        self._visits: dict[Node, int] = {}
        self._heap: list[int] = []
        self._queued: set[int] = set()

    def outcome(self, env: Environment) -> Outcome:
        """What running it from a store comes to."""
        nodes = self._region.nodes
        self._go(self._region.entry, env)
        while self._heap:
            order = heappop(self._heap)
            self._queued.discard(order)
            node = nodes[order]
            self._machine.spend()
            self._visit(node, self._states[node])
        return self._outcome

    def _go(self, targets: tuple[Target, ...], env: Environment) -> None:
        for target in targets:
            if isinstance(target, Node):
                self._arrive(target, env)
            elif isinstance(target, Jump):
                node = self._region.labels.get(target.name)
                if node is None:
                    self._outcome.jump(target.name, env)
                else:
                    self._arrive(node, env)
            else:
                self._outcome.leave(target, env)

    def _arrive(self, node: Node, env: Environment) -> None:
        old = self._states.get(node)
        if old is None:
            self._states[node] = env
        else:
            new = self._met(node, old, env)
            if new is old:
                return
            self._states[node] = new
        if node.order not in self._queued:
            self._queued.add(node.order)
            heappush(self._heap, node.order)

    def _met(self, node: Node, old: Environment, env: Environment) -> Environment:
        if not node.head:
            return old.join(env)
        new = old.repeat(env)
        if new is old:
            return old
        visits = self._visits.get(node, 0) + 1
        self._visits[node] = visits
        if visits < _JOINS:
            return new
        if old.covers(env):
            return old
        if visits < _WIDENINGS:
            return old.widen(env)
        return old.join(env).havoc(self._region.assigned)

    def _raise(self, node: Node, env: Environment) -> None:
        if node.handlers:
            self._go(node.handlers, env)
        if node.escapes:
            self._outcome.throw(env)

    def _visit(self, node: Node, env: Environment) -> None:
        machine, see, body = self._machine, self._see, node.body
        met = machine.begin(node)
        self._outcome.met[node] = met
        guarded = bool(node.handlers) or node.escapes
        if guarded and not isinstance(body, Nothing | Block | Try | Except):
            self._raise(node, env)
        match body:
            case Assign(assignments):
                for assignment in assignments:
                    value = see.value(assignment.value, env)
                    stored = see.stored(assignment.target, value, env)
                    if stored is not None:
                        env = machine.write(env, *stored)
                        if guarded:
                            self._raise(node, env)
                self._go(node.after, env)
            case Call():
                value = machine.call(body, env)
                if isinstance(value, Never):
                    return
                number = node.numbers[0]
                if number is not None:
                    env = machine.write(env, number, value)
                self._go(node.after, env)
            case Switch():
                self._switch(node, env)
            case Raise(value=raised):
                see.value(raised, env)
            case Return(value=returned):
                self._outcome.give(see.value(returned, env))
            case Try():
                machine.predicate(body, env)
                self._go(node.after, env)
            case Except():
                if node.numbers[0] is not None:
                    error = Unknown(Hole("error", body.span))
                    env = machine.write(env, node.numbers[0], error)
                self._go(node.after, env)
            case For():
                self._inside(node, loops.repeated(machine, node, body, env), met)
            case Parallel():
                if body.concurrency_limit is not None:
                    see.value(body.concurrency_limit, env)
                self._inside(node, loops.side_by_side(machine, node, body, env), met)
            case Block() | Nothing():
                self._go(node.after, env)

    def _switch(self, node: Node, env: Environment) -> None:
        rest = env
        for case, targets in node.cases:
            verdicts = {truth(v) for v in alternatives(self._see.value(case.condition, rest))}
            if verdicts != {False}:
                taken = refined(case.condition, rest, self._see, holds=True)
                if taken is not None:
                    self._go(targets, taken)
            if verdicts == {True}:
                return
            further = refined(case.condition, rest, self._see, holds=False)
            if further is None:
                return
            rest = further
        self._go(node.after, rest)

    def _inside(self, node: Node, ran: loops.Ran, met: list[Entry]) -> None:
        """Goes on after the regions of a node."""
        self._machine.resume(met)
        for outcome in ran.outcomes:
            met.append(outcome)
            self._outcome.give(outcome.returned)
            if Exit.END in outcome.exits:
                self._outcome.leave(Exit.END, outcome.exits[Exit.END])
            for name, env in outcome.jumps.items():
                self._go((Jump(name),), env)
            if outcome.raised is not None:
                self._raise(node, outcome.raised)
        if ran.after is not None:
            self._go(node.after, ran.after)
