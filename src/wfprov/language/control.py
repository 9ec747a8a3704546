"""Makes loops, parallel steps and try of nodes.

Source: https://cloud.google.com/workflows/docs/reference/syntax/iteration (2026-11-23)
Source: https://cloud.google.com/workflows/docs/reference/syntax/parallel-steps (2026-11-23)
Source: https://cloud.google.com/workflows/docs/reference/syntax/catching-errors (2026-11-23)
"""

from __future__ import annotations

from typing import Final, Protocol

from wfprov.core.span import Span
from wfprov.language.ast import Branch, Except, For, Nothing, Parallel, Retry, Step, Try
from wfprov.language.nodes import MappingNode, Node, ScalarNode, SequenceNode
from wfprov.language.rules import CONFLICTING_KEYS, FOR_DIRECTLY_IN_TRY, MISSING_KEY
from wfprov.language.shape import Shape, described, is_key
from wfprov.language.values import ValueReader

_FOR_KEYS: Final = ("value", "index", "in", "range", "steps")
_PARALLEL_KEYS: Final = ("branches", "for", "shared", "concurrency_limit", "exception_policy")
_RETRY_KEYS: Final = ("predicate", "max_retries", "backoff")
_BACKOFF_KEYS: Final = ("initial_delay", "max_delay", "multiplier")


class Steps(Protocol):
    """What makes the steps inside."""

    def steps(self, node: Node) -> tuple[Step, ...]:
        """The steps of a list."""

    def unnamed(self, node: Node, ignore: tuple[str, ...] = ()) -> Step:
        """The step whose body a node is, but for the keys to ignore."""


class ControlReader:
    """Makes the steps that hold others, but for switch."""

    def __init__(self, shape: Shape, values: ValueReader, steps: Steps) -> None:
        self._shape = shape
        self._findings = shape.findings
        self._source = shape.source
        self._values = values
        self._steps = steps

    def loop(self, node: Node, span: Span) -> For:
        """The loop that a node is."""
        if type(node) is not MappingNode:
            self._shape.wrong(node, "a loop, a map", described(node))
            return For(
                value="", value_span=span, index=None, items=None, range=None, steps=(), span=span
            )
        found = self._shape.parts(node, _FOR_KEYS, "for")
        variable, value_span = "", span
        if "value" in found:
            name, name_span = self._shape.variable(found["value"], "value")
            variable, value_span = name or "", name_span or span
        else:
            self._shape.missing(node, "value", "for")
        index = self._shape.variable(found["index"], "index")[0] if "index" in found else None
        items, bounds = found.get("in"), found.get("range")
        if (items is None) == (bounds is None):
            self._findings.add(
                CONFLICTING_KEYS if items else MISSING_KEY,
                Span(self._source, node.start, node.start + 1),
                "A loop has either 'in' or 'range'; this one has "
                f"{'both' if items else 'neither'}.",
            )
        if "steps" not in found:
            self._shape.missing(node, "steps", "for")
        return For(
            value=variable,
            value_span=value_span,
            index=index,
            items=self._values.value(items) if items is not None else None,
            range=self._values.value(bounds) if bounds is not None else None,
            steps=self._steps.steps(found["steps"]) if "steps" in found else (),
            span=span,
        )

    def parallel(self, node: Node, span: Span) -> Parallel:
        """The parallel step that a node is."""
        if type(node) is not MappingNode:
            self._shape.wrong(node, "branches or a loop, a map", described(node))
            return Parallel(
                branches=(),
                loop=None,
                shared=(),
                concurrency_limit=None,
                exception_policy=None,
                span=span,
            )
        found = self._shape.parts(node, _PARALLEL_KEYS, "parallel")
        if ("branches" in found) == ("for" in found):
            self._findings.add(
                CONFLICTING_KEYS if "for" in found else MISSING_KEY,
                Span(self._source, node.start, node.start + 1),
                "A parallel step has either 'branches' or 'for'; this one has "
                f"{'both' if 'for' in found else 'neither'}.",
            )
        loop = found.get("for")
        limit = found.get("concurrency_limit")
        policy = found.get("exception_policy")
        return Parallel(
            branches=self._branches(found["branches"]) if "branches" in found else (),
            loop=self.loop(loop, self._shape.span(loop)) if loop is not None else None,
            shared=self._shared(found["shared"]) if "shared" in found else (),
            concurrency_limit=self._values.value(limit) if limit is not None else None,
            exception_policy=policy.text if type(policy) is ScalarNode else None,
            span=span,
        )

    def _branches(self, node: Node) -> tuple[Branch, ...]:
        if type(node) is not SequenceNode:
            self._shape.wrong(node, "a list of branches", described(node))
            return ()
        branches = []
        for item in node.items:
            if type(item) is not MappingNode or len(item.entries) != 1:
                self._shape.wrong(item, "a branch, 'name:' and its steps", described(item))
                continue
            key, value = item.entries[0]
            name = key.text if type(key) is ScalarNode else ""
            if type(value) is not MappingNode:
                self._shape.wrong(value, "'steps:' of the branch", described(value))
                steps = self._steps.steps(value) if type(value) is SequenceNode else ()
            else:
                found = self._shape.parts(value, ("steps",), "branch")
                if "steps" not in found:
                    self._shape.missing(value, "steps", "branch")
                steps = self._steps.steps(found["steps"]) if "steps" in found else ()
            branches.append(Branch(name, steps, Span(self._source, key.start, item.end)))
        return tuple(branches)

    def _shared(self, node: Node) -> tuple[tuple[str, Span], ...]:
        if type(node) is not SequenceNode:
            self._shape.wrong(node, "a list of variables", described(node))
            return ()
        shared = []
        for item in node.items:
            name, span = self._shape.variable(item, "shared")
            if name is not None and span is not None:
                shared.append((name, span))
        return tuple(shared)

    def attempt(self, span: Span, node: Node, found: dict[str, tuple[Node, Node]]) -> Try:
        """The try that a node is, with what stands beside it."""
        steps: tuple[Step, ...]
        if type(node) is SequenceNode:
            steps = self._steps.steps(node)
        elif (
            type(node) is MappingNode
            and len(node.entries) == 1
            and (inner := node.get("steps")) is not None
        ):
            steps = self._steps.steps(inner)
        else:
            if type(node) is MappingNode and node.get("for") is not None:
                self._findings.add(
                    FOR_DIRECTLY_IN_TRY,
                    self._shape.span(next(k for k, _ in node.entries if is_key(k, "for"))),
                    "A loop directly inside try is refused: 'loop step name should not be empty'.",
                    help="Put it in a named step below 'steps:'.",
                )
            steps = (self._steps.unnamed(node),)
        retry = handler = None
        if "retry" in found:
            retry = self._retry(found["retry"][1])
            span = span.to(retry.span)
        if "except" in found:
            handler = self._except(found["except"][1])
            span = span.to(handler.span)
        return Try(steps, retry, handler, span)

    def _retry(self, node: Node) -> Retry:
        span = self._shape.span(node)
        if type(node) is not MappingNode:
            return Retry(policy=self._values.value(node), parts={}, span=span)
        found = self._shape.parts(node, _RETRY_KEYS, "retry")
        backoff = found.get("backoff")
        if type(backoff) is MappingNode:
            self._shape.parts(backoff, _BACKOFF_KEYS, "backoff")
        parts = {name: self._values.value(part) for name, part in found.items()}
        return Retry(policy=None, parts=parts, span=span)

    def _except(self, node: Node) -> Except:
        span = self._shape.span(node)
        if type(node) is not MappingNode:
            self._shape.wrong(node, "'as:' and 'steps:', a map", described(node))
            return Except(None, self._steps.steps(node) if type(node) is SequenceNode else (), span)
        as_node, steps_node = node.get("as"), node.get("steps")
        variable = self._shape.variable(as_node, "as")[0] if as_node is not None else None
        if steps_node is not None:
            self._shape.parts(node, ("as", "steps"), "except")
            return Except(variable, self._steps.steps(steps_node), span)
        # Definitions in use have the body of one step here, as a short try has.
        step = self._steps.unnamed(node, ignore=("as",))
        if isinstance(step.body, Nothing) and step.next is None:
            self._shape.missing(node, "steps", "except")
            return Except(variable, (), span)
        return Except(variable, (step,), span)
