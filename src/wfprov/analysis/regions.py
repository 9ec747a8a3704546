"""One run of a region: stores flow along its nodes until nothing changes.

Where paths meet, stores that differ in several variables stay apart, up to a bound, so that what
was assigned together is read together: an address and its audience. Nodes wait in text order, so
code without jumps back is run once. What jumps back to a step is joined, and waits until nothing
of that loop is left to run, so each loop is run whole before it is run again, and settles before
what follows it. A store that then still changes is widened, and given up in the end, so every run
terminates.

That order is the recursive strategy over a weak topological order, read off the text: Bourdoncle,
Efficient chaotic iteration strategies with widenings, FMPA 1993 (not opened).
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Final

from wfprov.analysis import loops
from wfprov.analysis.domain import Hole, Never, Unknown, alternatives
from wfprov.analysis.environment import Environment, Meeting
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

_TOGETHER: Final = 2
"""In how many variables two stores differ that are kept apart: one alone is no correlation."""

_FAR: Final = 8
"""In how many variables stores differ to be as far apart as any."""

_JOINS: Final = 3
_WIDENINGS: Final = 8


class RegionRun:
    """One run of a region."""

    def __init__(self, machine: Runner, region: Region) -> None:
        self._machine = machine
        self._see = machine.evaluator
        self._region = region
        self._outcome = Outcome()
        self._lanes = machine.lanes
        self._states: dict[Node, list[Meeting]] = {}
        self._visits: dict[Node, int] = {}
        self._ahead: list[int] = []
        self._queued: set[int] = set()
        self._loops: list[tuple[int, int]] = []
        self._back: dict[int, list[Meeting]] = {}
        self._order = -1

    def outcome(self, env: Environment) -> Outcome:
        """What running it from a store comes to."""
        nodes = self._region.nodes
        self._go(self._region.entry, env)
        while self._ahead or self._loops:
            if self._loops and not (self._ahead and self._ahead[0] <= self._loops[0][0]):
                self._again(nodes[heappop(self._loops)[1]])
            else:
                self._order = heappop(self._ahead)
                self._queued.discard(self._order)
                self._visit_all(nodes[self._order])
        return self._outcome

    def _again(self, node: Node) -> None:
        """Runs a loop again from its first node, unless nothing has changed."""
        self._order = node.order
        back = self._back.pop(node.order)
        lanes = self._states.get(node)
        if lanes is None:
            self._states[node] = back
        else:
            self._visits[node] = self._visits.get(node, 0) + 1
            changed = [self._changed(node, lanes, meeting.store) for meeting in back]
            if not any(changed):
                return
        self._visit_all(node)

    def _visit_all(self, node: Node) -> None:
        """Visits a node with each of its stores; what is met then replaces what was met before."""
        lanes = self._states[node]
        met = self._machine.begin(node)
        self._outcome.met[node] = met
        if len(lanes) == 1:
            store = lanes[0].store
            if node.once:
                del self._states[node]
            self._machine.spend()
            self._visit(node, store, met)
            return
        self._machine.lanes = max(1, self._lanes // len(lanes))
        with self._machine.sharing():
            for store in Environment.filled([lane.store for lane in lanes]):
                self._machine.spend()
                self._visit(node, store, met)
        self._machine.lanes = self._lanes
        if node.once:
            del self._states[node]

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
        if node.order <= self._order:
            self._gather(node, env)
            return
        lanes = self._states.get(node)
        if lanes is None:
            self._states[node] = [Meeting(env)]
        elif not self._changed(node, lanes, env):
            return
        if node.order not in self._queued:
            self._queued.add(node.order)
            heappush(self._ahead, node.order)

    def _gather(self, node: Node, env: Environment) -> None:
        """Adds a store to those that wait to go back to a node."""
        back = self._back.get(node.order)
        if back is None:
            self._back[node.order] = [Meeting(env)]
            heappush(self._loops, (node.last, node.order))
            return
        near = [meeting.store.differences(env, _TOGETHER) for meeting in back]
        place = min(range(len(back)), key=near.__getitem__)
        if near[place] >= _TOGETHER and len(back) < self._lanes:
            back.append(Meeting(env))
        else:
            back[place].add(env)

    def _changed(self, node: Node, lanes: list[Meeting], env: Environment) -> bool:
        """Adds a store to those of a node; whether that says anything new."""
        if env is lanes[0].last:
            return False
        enough = _TOGETHER if len(lanes) == 1 else _FAR
        near = [lane.store.differences(env, enough) for lane in lanes]
        place = min(range(len(lanes)), key=near.__getitem__)
        lane = lanes[place]
        forward = self._order < node.order
        if near[place] >= _TOGETHER and forward and len(lanes) < self._lanes:
            if env.includes(lane.store):
                lanes[place] = Meeting(env)
                return True
            if lane.store.includes(env, lane.last):
                lane.last = env
                return False
            lanes.append(Meeting(env))
            return True
        if not node.head:
            return lane.add(env)
        new = self._repeated(node, lane.store, env)
        if new is lane.store:
            return False
        lanes[place] = Meeting(new)
        return True

    def _repeated(self, node: Node, old: Environment, env: Environment) -> Environment:
        new = old.repeat(env)
        if new is old:
            return old
        visits = self._visits.get(node, 0)
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

    def _visit(self, node: Node, env: Environment, met: list[Entry]) -> None:
        machine, see, body = self._machine, self._see, node.body
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
