"""Runs a definition for real: one execution, with every open choice made by the caller.

An interpreter of its own, to hold the analysis against: it shares the parser with it and nothing
else. What the world decides (results, failures, which branch runs next) is asked of `choose`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from concrete_library import (
    POLICIES,
    PREDICATES,
    RaisedError,
    error,
    is_int,
    is_number,
    library,
    written,
)

from wfprov.language import ast
from wfprov.language.stdlib import FUNCTIONS

Choose = Callable[[int], int]
"""A number from 0 up to, and not including, the bound."""

RESULTS: Sequence[Any] = (
    None,
    "https://r.com",
    7,
    {"body": {"url": "https://body.com", "next": "n", "items": ["i", "j"]}, "code": 200},
    {"body": "https://b.com", "code": 404},
    ["https://l.com", {"url": "x"}],
)


@dataclass
class Made:
    """An outbound call that was made."""

    place: tuple[int, int]
    function: str
    args: dict[str, Any]


CALLBACK = (
    "https://workflowexecutions.googleapis.com/v1/projects/acme/locations/europe-west1/workflows/w"
)
OUTBOUND = ("http.", "events.", "googleapis.", "gke.", "experimental.", "shell.")


def is_inside(function: str) -> bool:
    """Whether a library function sends nothing."""
    return function != "sys.log" and (
        function.startswith("http.default_") or not function.startswith(OUTBOUND)
    )


class StoppedError(Exception):
    """The execution was long enough."""


class JumpError(Exception):
    """`next`."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


class ReturnedError(Exception):
    """`return`."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value


@dataclass
class Scope:
    """Variables; a branch has its own and writes to the shared ones of the scope around it."""

    own: dict[str, Any] = field(default_factory=dict)
    outer: Scope | None = None
    shared: frozenset[str] = frozenset()

    def get(self, name: str) -> Any:
        if name in self.own:
            return self.own[name]
        if self.outer is None:
            raise error("KeyError")
        return self.outer.get(name)

    def put(self, name: str, value: Any) -> None:
        if self.outer is not None and name in self.shared:
            self.outer.put(name, value)
        else:
            self.own[name] = value


Run = Generator[None, None, None]


class Execution:
    """One execution of a definition."""

    def __init__(
        self,
        definition: ast.Definition,
        environment: Mapping[str, str],
        choose: Choose,
        limit: int = 300,
    ) -> None:
        self.procedures = definition.procedures
        self.environment = environment
        self.choose = choose
        self.left = limit
        self.made: list[Made] = []
        self.done: set[str] = set()
        """What kinds of steps, operators and functions were come to."""
        self.depth = 0

    def start(self, argument: Any) -> list[Made]:
        """Runs main and returns the calls it made."""
        with suppress(StoppedError, RaisedError):
            self.procedure("main", [argument][: len(self.procedures["main"].params)])
        return self.made

    def procedure(self, name: str, args: Sequence[Any]) -> Any:
        procedure = self.procedures[name]
        scope = Scope()
        for i, param in enumerate(procedure.params):
            if i < len(args):
                scope.own[param.name] = args[i]
            elif param.default is not None:
                scope.own[param.name] = self.value(param.default, Scope())
            else:
                raise error("TypeError")
        self.depth += 1
        if self.depth > 15:
            raise StoppedError
        try:
            for _ in self.steps(procedure.steps, scope):
                pass
        except ReturnedError as back:
            return back.value
        except JumpError as jump:
            if jump.target != "end":
                raise
        finally:
            self.depth -= 1
        return None

    def steps(self, steps: Sequence[ast.Step], scope: Scope) -> Run:
        at = 0
        names = {step.name: i for i, step in enumerate(steps) if step.name}
        while at < len(steps):
            try:
                yield from self.step(steps[at], scope)
                at += 1
            except JumpError as jump:
                if jump.target not in names:
                    raise
                at = names[jump.target]

    def step(self, step: ast.Step, scope: Scope) -> Run:
        self.left -= 1
        if self.left < 0:
            raise StoppedError
        yield
        self.done.add(type(step.body).__name__)
        match step.body:
            case ast.Assign(assignments):
                for assignment in assignments:
                    self.assign(assignment.target, self.value(assignment.value, scope), scope)
                    yield
            case ast.Call() as call:
                result = self.call(call, scope)
                if call.result is not None:
                    scope.put(call.result, result)
            case ast.Switch(cases):
                if (yield from self.switch(cases, scope)):
                    return
            case ast.For() as loop:
                yield from self.loop(loop, scope)
            case ast.Parallel() as parallel:
                yield from self.parallel(parallel, scope)
            case ast.Try() as attempt:
                yield from self.attempt(attempt, scope)
            case ast.Raise(value=value):
                raise RaisedError(self.value(value, scope))
            case ast.Return(value=value):
                raise ReturnedError(self.value(value, scope))
            case ast.Block(steps=steps):
                yield from self.steps(steps, scope)
            case ast.Nothing():
                pass
        if step.next is not None:
            raise JumpError(step.next.target)

    def switch(self, cases: Sequence[ast.Case], scope: Scope) -> Generator[None, None, bool]:
        for case in cases:
            verdict = self.value(case.condition, scope)
            if not isinstance(verdict, bool):
                raise error("TypeError")
            if verdict:
                if case.step is not None:
                    yield from self.step(case.step, scope)
                return True
        return False

    def loop(self, loop: ast.For, scope: Scope) -> Run:
        for i, item in enumerate(self.items(loop, scope)):
            self.bind(loop, scope, i, item)
            try:
                yield from self.steps(loop.steps, scope)
            except JumpError as jump:
                if jump.target == "break":
                    break
                if jump.target != "continue":
                    raise

    def items(self, loop: ast.For, scope: Scope) -> list[Any]:
        if loop.items is not None:
            items = self.value(loop.items, scope)
            if not isinstance(items, list):
                raise error("TypeError")
            return items
        assert loop.range is not None
        bounds = self.value(loop.range, scope)
        if not (isinstance(bounds, list) and len(bounds) == 2 and all(map(is_number, bounds))):
            raise error("TypeError")
        first, last = bounds
        items = []
        while first <= last and len(items) < 100:
            items.append(first)
            first += 1
        return items

    def bind(self, loop: ast.For, scope: Scope, index: int, item: Any) -> None:
        scope.put(loop.value, item)
        if loop.index:
            scope.put(loop.index, index)

    def parallel(self, body: ast.Parallel, scope: Scope) -> Run:
        if body.concurrency_limit is not None:
            self.value(body.concurrency_limit, scope)
        shared = frozenset(name for name, _ in body.shared)
        running: list[Run] = []
        if body.loop is not None:
            for i, item in enumerate(self.items(body.loop, scope)):
                inner = Scope({}, scope, shared)
                self.bind(body.loop, inner, i, item)
                running.append(self.steps(body.loop.steps, inner))
        else:
            running = [self.steps(b.steps, Scope({}, scope, shared)) for b in body.branches]
        failed = False
        self.done.add("parallel for" if body.loop is not None else "branches")
        if shared:
            self.done.add("shared")
        while running:
            one = running[self.choose(len(running))]
            try:
                next(one)
            except StopIteration:
                running.remove(one)
            except RaisedError:
                failed = True
                running.remove(one)
            except JumpError as jump:
                if jump.target != "continue":
                    raise
                running.remove(one)
            yield
        if failed:
            raise error("UnhandledBranchError")

    def attempt(self, body: ast.Try, scope: Scope) -> Run:
        retries = 0
        while True:
            try:
                yield from self.steps(body.steps, scope)
            except RaisedError as raised:
                caught = raised
            else:
                return
            if body.retry is not None and retries < 2:
                retries += 1
                self.done.add("retry")
                if self.again(body.retry, caught.value, scope):
                    continue
            if body.handler is None:
                raise caught
            if body.handler.variable:
                scope.put(body.handler.variable, caught.value)
            yield from self.steps(body.handler.steps, scope)
            return

    def again(self, retry: ast.Retry, caught: Any, scope: Scope) -> bool:
        """Whether a policy tries again; how its values are read is not documented: all are."""
        for part in (retry.policy, *retry.parts.values()):
            if part is not None and part is not retry.parts.get("predicate"):
                self.value(part, scope)
        match retry.parts.get("predicate"):
            case ast.Expression(expr=ast.Name(name=name)) if name in self.procedures:
                self.done.add("predicate")
                return self.procedure(name, [caught]) is True
            case None | ast.Expression(expr=ast.Name() | ast.Attribute()):
                return self.choose(2) == 1
            case other:
                return self.value(other, scope) is True

    # Calls

    def call(self, call: ast.Call, scope: Scope) -> Any:
        args = None if call.args is None else self.value(call.args, scope)
        if call.function in self.procedures:
            params = self.procedures[call.function].params
            if args is None:
                args = {}
            self.done.add("subworkflow")
            if isinstance(args, list):
                self.done.add("subworkflow by position")
                return self.procedure(call.function, args)
            if not isinstance(args, dict):
                raise error("TypeError")
            given = []
            for param in params:
                if param.name in args:
                    given.append(args[param.name])
                elif param.default is not None:
                    given.append(self.value(param.default, Scope()))
                else:
                    raise error("TypeError")
            return self.procedure(call.function, given)
        known = FUNCTIONS.get(call.function)
        if isinstance(args, list):
            self.done.add("call by position")
            if known is None or len(args) > len(known.params):
                raise error("TypeError")
            args = dict(zip(known.params, args, strict=False))
        if args is not None and not isinstance(args, dict):
            raise error("TypeError")
        args = args or {}
        if known is not None and is_inside(call.function):
            if not set(args) <= set(known.params):
                raise error("TypeError")
            given = [args.get(name) for name in known.params]
            while given and given[-1] is None and len(given) > known.required:
                given.pop()
            return self.inside(call.function, given)
        return self.outbound(call.function, call.function_span, args)

    def inside(self, name: str, args: list[Any]) -> Any:
        """A function of the library that sends nothing."""
        self.done.add(name)
        if name == "sys.get_env":
            return self.environment.get(args[0], args[1] if len(args) > 1 else None)
        return library(name, args, self.choose)

    def outbound(self, function: str, span: Any, args: dict[str, Any]) -> Any:
        self.made.append(Made((span.start, span.end), function, copied(args)))
        self.done.add(function)
        if function == "sys.log":
            return None
        if function == "events.create_callback_endpoint":
            return {"url": f"{CALLBACK}/executions/e{self.choose(9)}/callbacks/c{self.choose(9)}"}
        picked = self.choose(len(RESULTS) + 1)
        if picked == len(RESULTS):
            raise error("HttpError")
        return copied(RESULTS[picked])

    # Values

    def assign(self, target: ast.Expr, value: Any, scope: Scope) -> None:
        keys: list[Any] = []
        while not isinstance(target, ast.Name):
            if isinstance(target, ast.Attribute):
                keys.append(target.name)
            else:
                assert isinstance(target, ast.Index)
                keys.append(self.expression(target.index, scope))
            target = target.value
        if not keys:
            scope.put(target.name, copied(value))
            return
        keys.reverse()
        root = copied(scope.get(target.name))
        holder = root
        for i, key in enumerate(keys):
            last = i == len(keys) - 1
            if isinstance(holder, dict) and isinstance(key, str):
                if last:
                    holder[key] = copied(value)
                else:
                    holder = holder.setdefault(key, {})
            elif isinstance(holder, list) and is_int(key) and 0 <= key < len(holder):
                if last:
                    holder[key] = copied(value)
                else:
                    holder = holder[key]
            else:
                raise error("TypeError")
        scope.put(target.name, root)

    def value(self, value: ast.Value, scope: Scope) -> Any:
        match value:
            case ast.Scalar(value=plain):
                return plain
            case ast.Expression(expr=expr):
                return self.expression(expr, scope)
            case ast.Sequence(items=items):
                return [self.value(item, scope) for item in items]
            case ast.Mapping(entries=entries):
                made = {}
                for key, held in entries:
                    name = self.value(key, scope)
                    if not isinstance(name, str):
                        raise error("TypeError")
                    made[name] = self.value(held, scope)
                return made
            case _:
                raise AssertionError(value)

    def expression(self, expr: ast.Expr, scope: Scope) -> Any:
        match expr:
            case ast.Literal(value=plain):
                return plain
            case ast.Name(name=name):
                return copied(scope.get(name))
            case ast.ListLiteral(items=items):
                return [self.expression(item, scope) for item in items]
            case ast.Attribute() if dotted(expr) in POLICIES:
                return copied(POLICIES[dotted(expr)])
            case ast.Attribute() if dotted(expr) in PREDICATES:
                raise error("TypeError")
            case ast.MapLiteral(entries=entries):
                self.done.add("map literal")
                made = {}
                for key, held in entries:
                    name = self.expression(key, scope)
                    if not isinstance(name, str):
                        raise error("TypeError")
                    made[name] = self.expression(held, scope)
                return made
            case ast.Attribute(value=holder, name=name):
                return item_of(self.expression(holder, scope), name)
            case ast.Index(value=holder, index=index):
                return item_of(self.expression(holder, scope), self.expression(index, scope))
            case ast.Unary(operator=operator, operand=operand):
                self.done.add(f"unary {operator}")
                return unary(operator, self.expression(operand, scope))
            case ast.Binary(operator=operator, left=left, right=right):
                self.done.add(operator)
                one, other = self.expression(left, scope), self.expression(right, scope)
                return binary(operator, one, other)
            case ast.FunctionCall():
                args = [self.expression(arg, scope) for arg in expr.args]
                return self.function(expr, args)
            case _:
                raise AssertionError(expr)

    def function(self, expr: ast.FunctionCall, args: list[Any]) -> Any:
        name = expr.function
        if name in self.procedures:
            self.done.add("subworkflow in an expression")
            return self.procedure(name, args)
        known = FUNCTIONS.get(name)
        if known is not None and is_inside(name):
            if not known.required <= len(args) <= len(known.params):
                raise error("TypeError")
            return self.inside(name, args)
        names = known.params if known is not None else ("secret_id", "version", "project_id")
        return self.outbound(name, expr.function_span, dict(zip(names, args, strict=False)))


def copied(value: Any) -> Any:
    return copy.deepcopy(value) if isinstance(value, dict | list) else value


def dotted(expr: ast.Expr) -> str:
    """`a.b`, or nothing."""
    if isinstance(expr, ast.Attribute) and isinstance(expr.value, ast.Name):
        return f"{expr.value.name}.{expr.name}"
    return ""


def item_of(holder: Any, key: Any) -> Any:
    if isinstance(holder, dict) and isinstance(key, str):
        if key not in holder:
            raise error("KeyError")
        return holder[key]
    if isinstance(holder, list) and is_int(key):
        if not 0 <= key < len(holder):
            raise error("IndexError")
        return holder[key]
    raise error("TypeError")


def unary(operator: str, value: Any) -> Any:
    if operator == "not":
        if not isinstance(value, bool):
            raise error("TypeError")
        return not value
    if not is_number(value):
        raise error("TypeError")
    return -value if operator == "-" else value


def binary(operator: str, left: Any, right: Any) -> Any:
    match operator:
        case "+" if isinstance(left, str) or isinstance(right, str):
            return written(left) + written(right)
        case "and" | "or":
            if not (isinstance(left, bool) and isinstance(right, bool)):
                raise error("TypeError")
            return (left and right) if operator == "and" else (left or right)
        case "==":
            return type(left) is type(right) and left == right
        case "!=":
            return not (type(left) is type(right) and left == right)
        case "in":
            if isinstance(right, dict | list):
                return any(type(one) is type(left) and one == left for one in right)
            raise error("TypeError")
        case "not in":
            return not binary("in", left, right)
    if not (is_number(left) and is_number(right)):
        raise error("TypeError")
    try:
        return arithmetic(operator, left, right)
    except (ZeroDivisionError, OverflowError):
        raise error("ZeroDivisionError") from None


def arithmetic(operator: str, left: Any, right: Any) -> Any:
    match operator:
        case "/":
            return left / right
        case "//":
            return left // right
        case "%":
            return left % right
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case _:
            raise AssertionError(operator)
