"""Runs the procedures of a definition on abstract stores, and meets their calls.

A procedure is run once for each different list of arguments, up to a bound, after which one run
with any arguments stands for the rest. One budget bounds all runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from wfprov.analysis.arguments import bound, in_order, named, ways
from wfprov.analysis.domain import Abstract, Hole, MapOf, Never, Unknown
from wfprov.analysis.environment import Environment
from wfprov.analysis.evaluate import Evaluator
from wfprov.analysis.flow import Flow, Node, Region, flow_of
from wfprov.analysis.lattice import NULL, WEIGHT, covers, join, join_all, widen
from wfprov.analysis.outcome import Descent, Entry, Outbound, Outcome, Summary
from wfprov.analysis.platform import Platform
from wfprov.analysis.regions import RegionRun
from wfprov.analysis.runner import LANES, WAYS, Cells
from wfprov.analysis.shapes import Shapes
from wfprov.analysis.sites import CallKey, CallNode, is_outbound, key_of
from wfprov.analysis.tree import Sharing
from wfprov.language.ast import (
    Call,
    Definition,
    Expression,
    FunctionCall,
    Name,
    Param,
    Scalar,
    Try,
)

BUDGET: Final = 60_000
"""How many times nodes are run in all, beyond twenty times for each node of the definition."""

CONTEXTS: Final = 256
"""How many different lists of arguments a procedure is run with."""

ROUNDS: Final = 10
"""How often a procedure is told apart by its arguments within runs of itself."""

_CHANGES: Final = 16
"""How many times the arguments that stand for all further ones are widened."""

DEPTH: Final = 120
"""How deep runs, calls and expressions may stand inside each other when another run begins."""

_RUN_DEPTH: Final = 5


class BudgetSpentError(Exception):
    """The budget is spent: what was found is not all that there is. Never leaves the analysis."""


class Machine:
    """Runs the procedures of one definition."""

    def __init__(
        self, definition: Definition, platform: Platform, shapes: Shapes, budget: int
    ) -> None:
        self._procedures = definition.procedures
        self._names = frozenset(definition.procedures)
        self._platform = platform
        self._shapes = shapes
        self._flows: dict[str, Flow] = {}
        self._summaries: dict[tuple[str, tuple[Abstract, ...]], Summary] = {}
        self._contexts: dict[str, int] = {}
        self._overflow: dict[str, tuple[Abstract, ...]] = {}
        self._changes: dict[str, int] = {}
        self._current: Summary | None = None
        self._waiting: list[Summary] = []
        self._defaults: set[int] = set()
        self._met: list[Entry] = []
        self._step = ""
        self._left = budget
        self._sharing: Sharing | None = None
        self.evaluator = Evaluator(platform, self._names, self)
        self.cells: Cells = {}
        self.credit = WAYS
        self.lanes = LANES
        self.depth = 0
        self.seen: set[int] = set()
        self.met: set[CallKey] = set()
        self.gave_up = False

    # Procedures

    def start(self, name: str) -> Summary:
        """Runs a procedure as the workflow's entry, with the runtime argument."""
        flow = self._flow(name)
        args: list[Abstract] = []
        for i, param in enumerate(flow.procedure.params):
            if i == 0 and name == "main":
                args.append(self._platform.argument(param.span))
            else:
                args.append(Unknown(Hole(param.name, param.span)))
        summary = self._summary(name, tuple(args))
        self._fill(summary)
        while self._waiting:
            self._fill(self._waiting.pop())
        return summary

    def _flow(self, name: str) -> Flow:
        flow = self._flows.get(name)
        if flow is None:
            flow = self._flows[name] = flow_of(self._procedures[name], self._names)
            self._left += 20 * len(flow.region.nodes)
        return flow

    def _summary(self, name: str, args: tuple[Abstract, ...]) -> Summary:
        summary = self._summaries.get((name, args))
        if summary is None:
            summary = self._summaries[(name, args)] = Summary(name, args, self._current)
            self._contexts[name] = self._contexts.get(name, 0) + 1
        return summary

    def _fill(self, summary: Summary) -> None:
        if summary.outcome is not None or summary.running:
            return
        flow = self._flow(summary.procedure)
        env = Environment.empty(flow.variables)
        for number, value in zip(flow.params, summary.args, strict=True):
            env = env.put(number, value)
        met, cells, step, sharing = self._met, self.cells, self._step, self._sharing
        current, self._current = self._current, summary
        self._set_cells({})
        self._sharing = None
        summary.running = True
        lanes, self.lanes = self.lanes, LANES
        outcome = self.run(flow.region, env)
        self.lanes = lanes
        summary.running = False
        self._current = current
        self._met, self._step, self._sharing = met, step, sharing
        self._set_cells(cells)
        if outcome.exits or outcome.jumps:
            outcome.give(NULL)
        summary.outcome = outcome
        summary.value = outcome.returned

    def _enter(
        self, call: CallNode | Try, name: str, args: tuple[Abstract, ...], step: str
    ) -> Abstract:
        """Calls a subworkflow; Never when it does not return."""
        result = Unknown(Hole(f"result:{step}", call.span))
        known = (name, args) in self._summaries
        depth = self.depth + self.evaluator.depth
        if not known and (
            self._contexts.get(name, 0) >= CONTEXTS or depth > DEPTH or self._is_worn(name)
        ):
            summary = self._summary(name, self._together(name, args))
            if depth <= DEPTH:
                self._fill(summary)
            elif summary.outcome is None and not summary.running:
                self._waiting.append(summary)
        else:
            summary = self._summary(name, args)
            if depth > DEPTH and summary.outcome is None:
                self._waiting.append(summary)
            else:
                self._fill(summary)
        self._met.append(Descent(call, summary))
        return result if summary.outcome is None else summary.value

    def _is_worn(self, name: str) -> bool:
        """Whether a procedure runs within itself as often as its runs are told apart."""
        within, rounds = self._current, 0
        while within is not None and rounds < ROUNDS:
            rounds += within.procedure == name
            within = within.within
        return rounds >= ROUNDS

    def _together(self, name: str, args: tuple[Abstract, ...]) -> tuple[Abstract, ...]:
        """Arguments that stand for these and for all that were too many before.

        They change a bounded number of times: a string keeps what all of them begin with, until
        there have been too many changes for that too.
        """
        before = self._overflow.get(name)
        if before is None:
            made = args
        elif all(covers(old, new) for old, new in zip(before, args, strict=True)):
            return before
        else:
            params = self._procedures[name].params
            self._changes[name] = self._changes.get(name, 0) + 1
            worn = self._changes[name] > _CHANGES
            made = tuple(
                self._one_for(old, new, Hole(f"{name}.{param.name}", param.span), worn)
                for old, new, param in zip(before, args, params, strict=True)
            )
        self._overflow[name] = made
        return made

    @staticmethod
    def _one_for(old: Abstract, new: Abstract, hole: Hole, worn: bool) -> Abstract:  # noqa: FBT001
        if covers(old, new):
            return old
        return Unknown(hole) if worn else widen(old, new, hole)

    def _defaulted(
        self, name: str, given: Sequence[Abstract | None], *, partial: bool
    ) -> tuple[Abstract, ...]:
        args: list[Abstract] = []
        for i, param in enumerate(self._procedures[name].params):
            value = given[i] if i < len(given) else None
            if param.default is not None and (value is None or partial):
                default = self._default(name, param)
                value = default if value is None else join(value, default)
            args.append(
                Unknown(Hole(f"{name}.{param.name}", param.span)) if value is None else value
            )
        return tuple(args)

    def _default(self, name: str, param: Param) -> Abstract:
        """A parameter's default; any value where the default calls for itself."""
        if id(param) in self._defaults:
            return Unknown(Hole(f"{name}.{param.name}", param.span))
        assert param.default is not None, "only called for a parameter with one"
        self.spend()
        self._defaults.add(id(param))
        made = self.evaluator.value(param.default, Environment.empty(self._flow(name).variables))
        self._defaults.discard(id(param))
        return made

    # Calls: the evaluator's port

    def outbound(self, call: FunctionCall, args: Sequence[Abstract]) -> Abstract:
        """The result of an outbound call in an expression."""
        return self._leave(call, named(call.function, args), None)

    def subworkflow(self, call: FunctionCall, args: Sequence[Abstract]) -> Abstract:
        """The result of a subworkflow that an expression calls."""
        bound_args = self._defaulted(call.function, args, partial=False)
        return self._enter(call, call.function, bound_args, self._step)

    def _leave(self, call: CallNode, args: dict[str, Abstract], open_args: Hole | None) -> Abstract:
        self.met.add(key_of(call))
        self._met.append(Outbound(call, args, open_args))
        if call.function == "events.create_callback_endpoint":
            return MapOf((("url", self._platform.callback_url(call.span)),))
        if call.function == "sys.log":
            return NULL
        hole = Hole(f"result:{self._step}", call.span)
        shape = None if open_args else self._shapes.result(call.function, args, hole)
        return Unknown(hole) if shape is None else shape

    def _called(self, body: Call, env: Environment) -> Abstract:
        args = None if body.args is None else self.evaluator.value(body.args, env)
        name = body.function
        results: list[Abstract] = []
        if name in self._procedures:
            params = [param.name for param in self._procedures[name].params]
            for given, partial in bound(params, args):
                bound_args = self._defaulted(name, given, partial=partial)
                results.append(self._enter(body, name, bound_args, self._step))
            return join_all(results)
        if is_outbound(name):
            for by_name, open_args in ways(name, args):
                results.append(self._leave(body, by_name, open_args))
            return join_all(results)
        for by_position in in_order(name, args):
            while by_position and by_position[-1] == NULL:
                by_position.pop()
            results.append(self.evaluator.library(name, by_position, body.span))
        made = join_all(results)
        if isinstance(made, Never) or made.weight > WEIGHT:
            return Unknown(Hole(f"result:{self._step}", body.span))
        return made

    # Regions

    def run(self, region: Region, env: Environment) -> Outcome:
        """Runs a region from a store until nothing changes."""
        if self.depth > DEPTH + _RUN_DEPTH:
            raise BudgetSpentError
        self.depth += _RUN_DEPTH
        try:
            return RegionRun(self, region).outcome(env)
        finally:
            self.depth -= _RUN_DEPTH

    def spend(self) -> None:
        """Takes one from the budget.

        Raises:
            BudgetSpentError: there is none left.
        """
        self._left -= 1
        if self._left < 0:
            raise BudgetSpentError

    def _set_cells(self, cells: Cells) -> None:
        self.cells = cells
        self.evaluator.cells = {
            number: cell.value for number, cell in cells.items() if cell.foreign and cell.value
        }

    def with_cells(self, cells: Cells, region: Region, env: Environment) -> Outcome:
        """Runs a region while other branches may write the variables of the cells."""
        before = self.cells
        self._set_cells({**before, **cells})
        outcome = self.run(region, env)
        self._set_cells(before)
        return outcome

    def write(self, env: Environment, number: int, value: Abstract) -> Environment:
        """The store after an assignment; a shared variable is seen by the other branches."""
        cell = self.cells.get(number)
        if cell is not None:
            cell.add(value)
            if cell.foreign and cell.value is not None:
                self.evaluator.cells = {**self.evaluator.cells, number: cell.value}
        return env.put(number, value, self._sharing)

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """While it lasts, equal values that are written become one object."""
        before = self._sharing
        self._sharing = before or Sharing()
        yield
        self._sharing = before

    def begin(self, node: Node) -> list[Entry]:
        """Starts to note what a node meets."""
        self.seen.add(id(node.body))
        self._step = node.name or ""
        self._met = []
        return self._met

    def resume(self, met: list[Entry]) -> None:
        """Goes on noting for a node after regions inside it were run."""
        self._met = met

    def call(self, body: Call, env: Environment) -> Abstract:
        """The result of a call step; Never when it does not return."""
        return self._called(body, env)

    def predicate(self, body: Try, env: Environment) -> None:
        """Meets the calls of a retry policy: a predicate that is a subworkflow gets the error."""
        if body.retry is None:
            return
        values = [body.retry.policy] if body.retry.policy is not None else []
        for value in (*values, *body.retry.parts.values()):
            self.evaluator.value(value, env)
        predicate = body.retry.parts.get("predicate") or body.retry.policy
        match predicate:
            case Expression(Name(name)) | Scalar(str() as name):
                if name in self._procedures and name not in env.variables.numbers:
                    args = self._defaulted(name, [Unknown(Hole("error"))], partial=False)
                    self._enter(body, name, args, self._step)
            case _:
                pass
