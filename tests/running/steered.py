"""Executes a definition against a control plane, steered so that every call site is reached.

What the control plane answers is real; what it leaves open (a field of a minimal answer, the
runtime argument) is `Anything`. Where the way on hangs on something, the way taken least often is
taken, as if the data had asked for it; so a handful of executions comes by every call.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote, unquote

from concrete import Execution, JumpError, RaisedError, Run, Scope, StoppedError, error

from wfprov.core.span import Span
from wfprov.language import ast

HTTP_ARGS = ("url", "timeout", "body", "headers", "query", "auth")
BODILESS = ("url", "timeout", "headers", "query", "auth")
POSITIONAL: Mapping[str, Sequence[str]] = {
    "http.get": BODILESS,
    "http.request": ("method", *HTTP_ARGS),
    "sys.log": ("data", "severity", "text", "json"),
}
"""The order of positional arguments: https://cloud.google.com/workflows/docs/reference/stdlib"""
HELPERS = {
    "accessString": ("secret_id", "version", "project_id"),
    "addVersionString": ("secret_id", "project_id", "data"),
}
OUTBOUND = ("http.", "googleapis.", "gke.", "experimental.", "shell.")


class Anything:
    """A value that nothing decides; `label` is what it was asked for by."""

    def __init__(self, label: str) -> None:
        self.label = label

    def __deepcopy__(self, _memo: object) -> Anything:
        return self

    def __repr__(self) -> str:
        return f"Anything({self.label})"


Send = Callable[[str, Span, dict[str, Any]], Any]
"""Makes an outbound call and returns its result, or raises RaisedError."""


@dataclass
class Steering:
    """How often each way on was taken, over all executions of a definition."""

    taken: Counter[tuple[int, int, int]] = field(default_factory=Counter)

    def way(self, at: Span, ways: int) -> int:
        """The way taken least often, the first of several."""
        keys = [(at.start, at.end, way) for way in range(ways)]
        best = min(keys, key=lambda key: self.taken[key])
        self.taken[best] += 1
        return best[2]


class Wandering(Steering):
    """The first of the given ways again and then any: for calls behind a combination of ways."""

    def __init__(self, ways: Sequence[int], dice: Random) -> None:
        super().__init__()
        self.ways = list(ways[: dice.randint(0, len(ways))])
        self.dice = dice

    def way(self, at: Span, ways: int) -> int:  # noqa: ARG002
        return min(self.ways.pop(0), ways - 1) if self.ways else self.dice.randrange(ways)


class Replayed(Steering):
    """The same ways again."""

    def __init__(self, ways: Sequence[int]) -> None:
        super().__init__()
        self.ways = list(ways)

    def way(self, at: Span, ways: int) -> int:  # noqa: ARG002
        return min(self.ways.pop(0), ways - 1) if self.ways else 0


class SteeredExecution(Execution):
    """One execution, with its ways chosen by a `Steering`."""

    def __init__(
        self,
        definition: ast.Definition,
        environment: Mapping[str, str],
        steering: Steering,
        send: Send,
        spell: Callable[[str], str],
    ) -> None:
        super().__init__(definition, environment, lambda _: 0, limit=600)
        self.steering = steering
        self.send = send
        self.spell = spell
        self.ways: list[int] = []
        self.stopped_by: Any = None

    def run(self, argument: Any) -> None:
        """Runs main to its end, whichever that is."""
        main = self.procedures.get("main")
        if main is None:
            return
        given = [] if not main.params else [argument]
        try:
            self.procedure("main", given)
        except RaisedError as raised:
            self.stopped_by = raised.value
        except (StoppedError, JumpError):
            pass

    def way(self, at: Span, ways: int) -> int:
        taken = self.steering.way(at, ways)
        self.ways.append(taken)
        return taken

    # Ways

    def switch(self, cases: Sequence[ast.Case], scope: Scope) -> Generator[None, None, bool]:
        for case in cases:
            self.value(case.condition, scope)  # calls hide in conditions
        always = next((i for i, c in enumerate(cases) if is_true(c.condition)), None)
        ways = len(cases) + 1 if always is None else always + 1
        chosen = self.way(cases[0].span, ways) if cases else 0
        if chosen == len(cases):
            return False
        body = cases[chosen].step
        if body is not None:
            yield from self.step(body, scope)
        return True

    def items(self, loop: ast.For, scope: Scope) -> list[Any]:
        source = loop.items if loop.items is not None else loop.range
        assert source is not None
        held = self.value(source, scope)
        if loop.items is None:
            return [held[0]] if isinstance(held, list) and held else [Anything(loop.value)]
        return held[:3] if isinstance(held, list) and held else [Anything(loop.value)]

    def attempt(self, body: ast.Try, scope: Scope) -> Run:
        """The way without an error, or the same and then an error, for the handler."""
        parts = body.retry.parts if body.retry is not None else {}
        predicate = parts.get("predicate")
        asked = named(predicate, self.procedures)
        fails = (body.handler is not None or asked is not None) and self.way(body.span, 2) == 1
        steered = fails
        caught: Any = {"message": "steered", "tags": ["HttpError"], "code": 503}
        left: JumpError | None = None
        try:
            yield from self.steps(body.steps, scope)
        except RaisedError as raised:
            caught, fails, steered = raised.value, True, False
        except JumpError as jump:
            left = jump
        if not fails:
            if left is not None:
                raise left
            return
        if asked is not None:
            self.procedure(asked, [caught])
            if steered and body.handler is None:
                return  # the second try went well
        if body.handler is None:
            raise RaisedError(caught)
        if body.handler.variable:
            scope.put(body.handler.variable, caught)
        yield from self.steps(body.handler.steps, scope)

    # Calls

    def call(self, call: ast.Call, scope: Scope) -> Any:
        args = {} if call.args is None else self.value(call.args, scope)
        if call.function in self.procedures:
            return self.subworkflow(call.function, args)
        if isinstance(args, list):
            names = POSITIONAL.get(call.function, HTTP_ARGS)
            if call.function.startswith((*OUTBOUND, "sys.log")):
                args = dict(zip(names, args, strict=False))
        if not call.function.startswith(OUTBOUND) and call.function != "sys.log":
            given = list(args.values()) if isinstance(args, dict) else args
            return self.library(call.function, given if isinstance(given, list) else [given])
        return self.outbound(call.function, call.function_span, args)

    def subworkflow(self, name: str, args: Any) -> Any:
        if isinstance(args, list):
            return self.procedure(name, args)
        given = []
        for param in self.procedures[name].params:
            if isinstance(args, dict) and param.name in args:
                given.append(args[param.name])
            elif param.default is not None:
                given.append(self.value(param.default, Scope()))
            else:
                given.append(Anything(param.name))
        return self.procedure(name, given)

    def outbound(self, function: str, span: Any, args: Any) -> Any:
        return self.send(function, span, args if isinstance(args, dict) else {})

    def function(self, expr: ast.FunctionCall, args: list[Any]) -> Any:
        name = expr.function
        if name in self.procedures:
            wanted = len(self.procedures[name].params)
            return self.procedure(name, args[:wanted])
        if name.startswith("googleapis."):
            names = HELPERS.get(name.rpartition(".")[2], ())
            return self.outbound(name, expr.function_span, dict(zip(names, args, strict=False)))
        return self.library(name, args)

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
            scope.put(target.name, deepcopy(value))
            return
        keys = [key if isinstance(key, int) else self.text(key) for key in reversed(keys)]
        root = deepcopy(scope.get(target.name)) if has(scope, target.name) else {}
        holder = root
        for i, key in enumerate(keys):
            last = i == len(keys) - 1
            if isinstance(holder, dict):
                if not last and not isinstance(holder.get(key), dict | list):
                    holder[key] = {}
            elif not (isinstance(holder, list) and isinstance(key, int) and key < len(holder)):
                break  # into Anything: it stays anything
            if last:
                holder[key] = deepcopy(value)
            else:
                holder = holder[key]
        scope.put(target.name, root)

    def value(self, value: ast.Value, scope: Scope) -> Any:
        match value:
            case ast.Mapping(entries=entries):
                return {
                    self.text(self.value(key, scope)): self.value(held, scope)
                    for key, held in entries
                }
            case ast.Broken() | ast.TemplateText():
                return Anything("template")
            case _:
                return super().value(value, scope)

    def expression(self, expr: ast.Expr, scope: Scope) -> Any:
        match expr:
            case ast.Name(name=name):
                if not has(scope, name):
                    return Anything(name)
                return deepcopy(scope.get(name))
            case ast.Attribute(value=holder, name=name):
                return self.item(self.expression(holder, scope), name)
            case ast.Index(value=holder, index=index):
                return self.item(self.expression(holder, scope), self.expression(index, scope))
            case ast.MapLiteral(entries=entries):
                return {
                    self.text(self.expression(key, scope)): self.expression(held, scope)
                    for key, held in entries
                }
            case ast.TemplateText():
                return Anything("template")
            case ast.Unary(operator=operator, operand=operand):
                held = self.expression(operand, scope)
                if operator == "not":
                    return not held if isinstance(held, bool) else Anything("truth")
                return -held if operator == "-" and isinstance(held, int | float) else held
            case ast.Binary(operator=operator, left=left, right=right):
                one = self.expression(left, scope)
                if one is {"and": False, "or": True}.get(operator):
                    return one  # what stands right of it is not looked at
                return self.binary(operator, one, self.expression(right, scope))
            case _:
                return super().expression(expr, scope)

    def item(self, holder: Any, key: Any) -> Any:
        """What is there, or anything: an answer of the real world would have it."""
        if isinstance(holder, dict):
            name = self.text(key)
            return holder[name] if name in holder else Anything(name)
        if isinstance(holder, list) and isinstance(key, int) and 0 <= key < len(holder):
            return holder[key]
        label = key if isinstance(key, str) else getattr(holder, "label", "item")
        return Anything(label)

    def binary(self, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and (isinstance(left, str) or isinstance(right, str)):
            return self.text(left) + self.text(right)
        if isinstance(left, Anything) or isinstance(right, Anything):
            return Anything("sum" if operator in "+-*/%//" else "truth")
        try:
            return OPERATORS[operator](left, right)
        except (TypeError, ZeroDivisionError):
            raise error("TypeError") from None

    def text(self, value: Any) -> str:
        """A value inside a text; anything is spelt as a name that fits its label."""
        if isinstance(value, Anything):
            return self.spell(value.label)
        if isinstance(value, bool) or value is None:
            return json.dumps(value)
        return str(value)

    def library(self, name: str, args: list[Any]) -> Any:
        """The standard library where it shapes what is sent; anything where it does not."""
        match name, args:
            case "sys.get_env", [str() as key, *rest]:
                return self.environment.get(key, rest[0] if rest else Anything(key))
            case "sys.now", _:
                return 1_795_000_000.0
            case (("http.default_retry" | "retry.always"), _):
                return Anything("retry")
        if any(isinstance(arg, Anything) for arg in args[:1]):
            held = args[0]
            if name in ("default", "string", "json.decode", "json.encode_to_string", "map.get"):
                return held if name != "map.get" else self.item(held, args[1])
            if name in (
                "text.to_lower",
                "text.to_upper",
                "text.url_encode",
                "text.url_encode_plus",
            ):
                return held
            if name != "if" and not name.startswith("list."):
                return Anything(held.label)
        try:
            made = LIBRARY[name](*args) if name in LIBRARY else Anything(name.rpartition(".")[2])
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            return Anything(name.rpartition(".")[2])
        return self.item(args[0], args[1]) if made is MISSING else made


MISSING = object()


def has(scope: Scope, name: str) -> bool:
    at: Scope | None = scope
    while at is not None:
        if name in at.own:
            return True
        at = at.outer
    return False


def named(value: ast.Value | None, procedures: Mapping[str, ast.Procedure]) -> str | None:
    """The subworkflow that a retry's predicate is, if it is one."""
    match value:
        case ast.Expression(expr=ast.Name(name=name)) if name in procedures:
            return name
    return None


def is_true(condition: ast.Value) -> bool:
    match condition:
        case ast.Scalar(value=True):
            return True
        case ast.Expression(expr=ast.Literal(value=True)):
            return True
    return False


def map_get(holder: Any, keys: Any) -> Any:
    for key in keys if isinstance(keys, list) else [keys]:
        holder = holder.get(key) if isinstance(holder, dict) else None
    return holder


def list_concat(items: Any, item: Any) -> Any:
    return [*items, item] if isinstance(items, list) else [item]


OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
}

LIBRARY: Mapping[str, Callable[..., Any]] = {
    "default": lambda value, fallback: fallback if value is None else value,
    "if": lambda condition, yes, no: yes if condition is True else no,
    "int": lambda value: int(float(value)),
    "double": float,
    "string": lambda value: json.dumps(value) if isinstance(value, bool) else str(value),
    "len": len,
    "keys": list,
    "get_type": lambda value: type(value).__name__,
    "map.get": map_get,
    "map.merge": lambda a, b: {**a, **b},
    "map.merge_nested": lambda a, b: {**a, **b},
    "map.delete": lambda held, key: {k: v for k, v in held.items() if k != key},
    "list.concat": list_concat,
    "list.prepend": lambda items, item: [item, *items],
    "json.decode": json.loads,
    "json.encode": lambda value, *_: json.dumps(value, default=repr),
    "json.encode_to_string": lambda value, *_: json.dumps(value, default=repr),
    "base64.encode": lambda data, *_: base64.b64encode(str(data).encode()).decode(),
    "base64.decode": lambda data, *_: base64.b64decode(data).decode(),
    "hash.compute_checksum": lambda data, *_: hashlib.sha256(str(data).encode()).hexdigest(),
    "math.abs": abs,
    "math.floor": lambda value: int(value // 1),
    "math.max": max,
    "math.min": min,
    "text.split": lambda text, by: text.split(by),
    "text.substring": lambda text, start, end: text[start:end],
    "text.to_lower": lambda text: text.lower(),
    "text.to_upper": lambda text: text.upper(),
    "text.replace_all": lambda text, old, new: text.replace(old, new),
    "text.replace_all_regex": lambda text, old, new: re.sub(old, new, text),
    "text.match_regex": lambda text, pattern: re.search(pattern, text) is not None,
    "text.url_encode": lambda text: quote(text, safe=""),
    "text.url_encode_plus": lambda text: quote(text, safe=""),
    "text.url_decode": unquote,
    "text.encode": lambda text, *_: text,
    "text.decode": lambda text, *_: text,
    "time.format": lambda *_: "2026-11-23T10:00:00Z",
    "time.parse": lambda *_: 1_795_000_000.0,
    "uuid.generate": lambda: "6f2f8f38-4e5f-4a0e-9f9a-2d9a2f1f7d10",
}
