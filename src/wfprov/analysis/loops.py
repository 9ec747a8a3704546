"""Loops and parallel steps.

A loop over a list or range that is known is run once for each item, so that what belongs to one
item stays together; any other is run until nothing changes. Branches that share variables are run
again until what each may see of the others' writes is stable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wfprov.analysis.access import any_item
from wfprov.analysis.domain import Abstract, Const, Hole, ListOf, Never, Unknown
from wfprov.analysis.environment import Environment
from wfprov.analysis.flow import Exit, Node, Region
from wfprov.analysis.lattice import covers, join, widen
from wfprov.analysis.outcome import Outcome
from wfprov.analysis.runner import Cell, Runner
from wfprov.language.ast import For, Parallel

_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Ran:
    """The outcomes of a node's regions, and the store with which it goes on, if it does."""

    outcomes: tuple[Outcome, ...]
    after: Environment | None


@dataclass(frozen=True, slots=True)
class _Items:
    """What a loop goes over: each item, when they are few enough, and what any of them may be."""

    each: tuple[Abstract, ...] | None
    any: Abstract
    surely: bool


def _items(machine: Runner, loop: For, env: Environment) -> _Items:
    if loop.items is not None:
        value = machine.evaluator.value(loop.items, env)
        match value:
            case ListOf(items, None) if len(items) <= machine.credit:
                return _Items(items, any_item(value), surely=bool(items))
            case ListOf(items, _):
                return _Items(None, any_item(value), surely=bool(items))
            case _:
                return _Items(None, any_item(value), surely=False)
    if loop.range is not None:
        value = machine.evaluator.value(loop.range, env)
        match value:
            case ListOf((Const(int() as first), Const(int() as last)), None):
                if last < first:
                    return _Items((), Const(first), surely=False)
                if last - first < machine.credit:
                    numbers = tuple(Const(i) for i in range(first, last + 1))
                    return _Items(numbers, Unknown(Hole(loop.value, loop.value_span)), surely=True)
            case _:
                pass
    return _Items(None, Unknown(Hole(loop.value, loop.value_span)), surely=False)


def _bind(
    machine: Runner, node: Node, env: Environment, item: Abstract, index: Abstract
) -> Environment:
    value, place = node.numbers
    if value is not None:
        env = machine.write(env, value, item)
    if place is not None:
        env = machine.write(env, place, index)
    return env


def _either(one: Environment | None, other: Environment | None) -> Environment | None:
    if one is None or other is None:
        return other if one is None else one
    return one.join(other)


def _onward(outcome: Outcome) -> Environment | None:
    """The store with which a loop goes on to the next item."""
    return _either(outcome.exits.get(Exit.FALL), outcome.exits.get(Exit.CONTINUE))


def repeated(machine: Runner, node: Node, loop: For, env: Environment) -> Ran:
    """Runs a loop."""
    items = _items(machine, loop, env)
    if items.each is not None:
        return _item_by_item(machine, node, items.each, env)
    if isinstance(items.any, Never):
        return Ran((), env)
    return _at_any_item(machine, node, items, env)


def _item_by_item(
    machine: Runner, node: Node, items: tuple[Abstract, ...], env: Environment
) -> Ran:
    credit = machine.credit
    machine.credit = max(1, credit // max(1, len(items)))
    now: Environment | None = env
    broken: Environment | None = None
    outcomes = []
    for i, item in enumerate(items):
        if now is None:
            break
        outcome = machine.run(node.regions[0], _bind(machine, node, now, item, Const(i)))
        outcomes.append(outcome)
        broken = _either(broken, outcome.exits.get(Exit.BREAK))
        now = _onward(outcome)
    machine.credit = credit
    return Ran(tuple(outcomes), _either(now, broken))


def _at_any_item(machine: Runner, node: Node, items: _Items, env: Environment) -> Ran:
    index = Unknown(Hole("index"))
    head = _bind(machine, node, env, items.any, index)
    rounds = 0
    while True:
        rounds += 1
        outcome = machine.run(node.regions[0], head)
        onward = _onward(outcome)
        if onward is None:
            break
        again = _bind(machine, node, onward, items.any, index)
        if rounds < _ROUNDS:
            new = head.repeat(again)
        elif head.covers(again):
            break
        elif rounds < 2 * _ROUNDS:
            new = head.widen(again)
        else:
            new = head.join(again).havoc(node.regions[0].assigned)
        if new is head:
            break
        head = new
    after = _either(onward, outcome.exits.get(Exit.BREAK))
    return Ran((outcome,), after if items.surely else _either(env, after))


def side_by_side(machine: Runner, node: Node, body: Parallel, env: Environment) -> Ran:
    """Runs a parallel step: variables that are not shared keep what they held before."""
    shared = {number for number in node.shared if any(number in r.assigned for r in node.regions)}
    writers = {number: [r for r in node.regions if number in r.assigned] for number in shared}
    alone = body.loop is None
    published: dict[int, Abstract | None] = dict.fromkeys(shared)
    items = None if body.loop is None else _items(machine, body.loop, env)
    for rounds in range(2 * _ROUNDS):
        cells: dict[int, Cell] = {
            number: Cell(Hole(env.variables.names[number]), foreign=True, value=published[number])
            for number in shared
        }
        if items is None:
            ran = _branches(machine, node, env, cells, writers)
        else:
            ran = _iterations(machine, node, env, cells, items)
        stable = True
        for number, cell in cells.items():
            old = published[number]
            if cell.value is None or (old is not None and covers(old, cell.value)):
                continue
            stable = False
            if old is None or rounds < 2:  # noqa: PLR2004 - then it is widened
                published[number] = cell.value
            elif rounds < _ROUNDS:
                published[number] = widen(old, cell.value, cell.hole)
            else:
                published[number] = Unknown(cell.hole)
        if stable:
            break
    after: Environment | None = env
    for number in sorted(shared):
        if after is None:
            break
        last = None
        if alone and len(writers[number]) == 1:
            left = ran[node.regions.index(writers[number][0])].exits.get(Exit.FALL)
            last = None if left is None else left.get(number)
        elif published[number] is not None:
            old, new = env.get(number), published[number]
            assert new is not None
            last = new if old is None else join(old, new)
        if last is not None:
            after = after.put(number, last)
    if alone and any(not outcome.exits for outcome in ran):
        after = None  # a branch that does not come to its end keeps the step from it
    return Ran(ran, after)


def _branches(
    machine: Runner,
    node: Node,
    env: Environment,
    cells: dict[int, Cell],
    writers: dict[int, list[Region]],
) -> tuple[Outcome, ...]:
    outcomes = []
    for region in node.regions:
        mine = {}
        for number, cell in cells.items():
            cell.foreign = any(writer is not region for writer in writers[number])
            mine[number] = cell
        outcomes.append(machine.with_cells(mine, region, env))
    return tuple(outcomes)


def _iterations(
    machine: Runner, node: Node, env: Environment, cells: dict[int, Cell], items: _Items
) -> tuple[Outcome, ...]:
    region = node.regions[0]
    if isinstance(items.any, Never):
        return ()
    if items.each is None:
        start = _bind(machine, node, env, items.any, Unknown(Hole("index")))
        return (machine.with_cells(cells, region, start),)
    credit = machine.credit
    machine.credit = max(1, credit // max(1, len(items.each)))
    outcomes = tuple(
        machine.with_cells(cells, region, _bind(machine, node, env, item, Const(i)))
        for i, item in enumerate(items.each)
    )
    machine.credit = credit
    return outcomes
