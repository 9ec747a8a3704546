"""Makes steps of nodes.

Source: https://cloud.google.com/workflows/docs/reference/syntax (2026-11-23)
Source: https://github.com/GoogleCloudPlatform/workflows-samples/blob/main/jsonschema/workflows.json
(2026-11-23)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from wfprov.core.span import Span
from wfprov.language import expression
from wfprov.language.ast import (
    Assign,
    Assignment,
    Block,
    Body,
    Call,
    Case,
    Next,
    Nothing,
    Raise,
    Return,
    Scalar,
    Step,
    Switch,
    Value,
)
from wfprov.language.control import ControlReader
from wfprov.language.nodes import MappingNode, Node, ScalarNode, SequenceNode
from wfprov.language.rules import (
    CONFLICTING_KEYS,
    EMPTY_LIST,
    INVALID_ASSIGNMENT,
    MISSING_KEY,
    SEVERAL_KEYS,
    UNNAMED_STEP,
)
from wfprov.language.scalar import positions
from wfprov.language.shape import Shape, described, is_nothing
from wfprov.language.spelling import nearest
from wfprov.language.values import ValueReader

BODY_KEYS: Final = (
    "assign",
    "call",
    "switch",
    "for",
    "parallel",
    "try",
    "raise",
    "return",
    "steps",
)
_COMPANIONS: Final = {"args": "call", "result": "call", "retry": "try", "except": "try"}
_MOST_MISSPELT: Final = 5
STEP_KEYS: Final = frozenset({*BODY_KEYS, *_COMPANIONS, "next"})


class StepReader:
    """Makes steps of the nodes of one source."""

    def __init__(self, values: ValueReader) -> None:
        self._values = values
        self._findings = values.findings
        self._source = values.source
        self._shape = Shape(values.findings, template=values.template)
        self._control = ControlReader(self._shape, values, self)
        self._made: dict[int, tuple[Step, ...]] = {}

    def steps(self, node: Node) -> tuple[Step, ...]:
        """The steps of a list; aliased lists give the same steps again."""
        made = self._made.get(id(node)) if node.anchored else None
        if made is None:
            made = self._steps(node)
            if node.anchored:
                self._made[id(node)] = made
        return made

    def _steps(self, node: Node) -> tuple[Step, ...]:
        if type(node) is SequenceNode:
            self._some(node, "A list of steps has one step at least.")
            return tuple([s for item in node.items if (s := self._step(item)) is not None])
        if is_nothing(node):
            self._shape.wrong(node, "a list of steps", "nothing")
            return ()
        self._shape.wrong(node, "a list of steps", described(node), "Begin each step with '- '.")
        if type(node) is MappingNode:
            return tuple(self._named_step(key, value) for key, value in node.entries)
        return ()

    def _some(self, node: SequenceNode, message: str) -> None:
        """Report a list with nothing in it."""
        if not node.items:
            self._findings.add(EMPTY_LIST, self._shape.span(node), message)

    def _step(self, node: Node) -> Step | None:
        if type(node) is not MappingNode or not node.entries:
            self._shape.wrong(node, "a step, 'name:' and its body", described(node))
            return None
        key, value = node.entries[0]
        if len(node.entries) == 1:
            if type(key) is ScalarNode and key.text in STEP_KEYS and type(value) is not MappingNode:
                return self._nameless(node, key)
            return self._named_step(key, value)
        names = [k.text if type(k) is ScalarNode else "" for k, _ in node.entries]
        if names[0] not in STEP_KEYS and all(name in STEP_KEYS for name in names[1:]):
            # `- name:` with its body not indented below it
            self._findings.add(
                SEVERAL_KEYS,
                self._shape.span(key),
                f"The body of step {names[0]!r} stands beside its name, not below it.",
                help="Indent the body further than the name.",
            )
            rest = MappingNode(node.entries[1:], node.entries[1][0].start, node.end)
            return self._body_step(key, rest)
        if all(name in STEP_KEYS for name in names):
            return self._nameless(node, key)
        self._findings.add(
            SEVERAL_KEYS,
            self._shape.span(node.entries[1][0]),
            "A step is a map with one key, its name; here it has "
            f"{len(names)}: {', '.join(names[:5])}.",
            help="Begin each step with '- ', and indent its body further than its name.",
        )
        inner = tuple(self._named_step(k, v) for k, v in node.entries)
        span = Span(self._source, node.start, node.end)
        return Step(name=None, name_span=span, body=Block(inner, span), next=None, span=span)

    def _nameless(self, node: MappingNode, key: Node) -> Step:
        self._findings.add(
            UNNAMED_STEP,
            self._shape.span(key),
            "A step has no name: its body stands directly in the list.",
            help="Write '- name:' and indent the body below it.",
        )
        return self.unnamed(node)

    def unnamed(self, node: Node, ignore: tuple[str, ...] = ()) -> Step:
        """The step whose body a node is, but for the keys to ignore: in a case, or a short try."""
        span = self._shape.span(node)
        body, follow = self._body(node, ignore)
        return Step(name=None, name_span=span, body=body, next=follow, span=span)

    def _named_step(self, key: Node, value: Node) -> Step:
        if type(key) is not ScalarNode:
            return self.unnamed(value)
        return self._body_step(key, value)

    def _body_step(self, key: Node, value: Node) -> Step:
        name = key.text if type(key) is ScalarNode else ""
        name_span = self._shape.span(key)
        body, follow = self._body(value)
        return Step(
            name=name,
            name_span=name_span,
            body=body,
            next=follow,
            span=Span(self._source, key.start, max(key.end, value.end)),
        )

    def _body(self, node: Node, ignore: Collection[str] = ()) -> tuple[Body, Next | None]:
        if type(node) is not MappingNode:
            if type(node) is SequenceNode and node.items:
                self._shape.wrong(
                    node, "a step's body, a map", "a list", "Write 'steps:' above the list."
                )
                return Block(self.steps(node), self._shape.span(node)), None
            self._shape.wrong(node, "a step's body, a map", described(node))
            return Nothing(self._shape.span(node)), None
        found: dict[str, tuple[Node, Node]] = {}
        misspelt: list[tuple[Node, Node]] = []
        for key, value in node.entries:
            name = key.text if type(key) is ScalarNode else ""
            if name in STEP_KEYS:
                found[name] = (key, value)
            elif name not in ignore:
                self._shape.unknown(key, STEP_KEYS, "step")
                misspelt.append((key, value))
        for key, value in misspelt[:_MOST_MISSPELT]:
            # Read it as what it is likely to mean: what follows from it needs no finding then.
            meant = nearest(key.text if type(key) is ScalarNode else "", STEP_KEYS)
            if meant is not None:
                found.setdefault(meant, (key, value))
        kinds = [name for name in BODY_KEYS if name in found]
        for name, owner in _COMPANIONS.items():
            if name in found and owner not in found:
                self._findings.add(
                    CONFLICTING_KEYS,
                    self._shape.span(found[name][0]),
                    f"{name!r} stands without {owner!r}, to which it belongs.",
                )
        follow = self._next(found["next"][1]) if "next" in found else None
        if not kinds:
            if follow is None and not ignore and not misspelt:
                self._findings.add(
                    MISSING_KEY,
                    Span(self._source, node.start, node.start + 1),
                    "The step does nothing: its body has none of the keys that do.",
                    help=f"One of {', '.join(BODY_KEYS)} or next is needed.",
                )
            return Nothing(self._shape.span(node)), follow
        if len(kinds) > 1:
            kinds.sort(key=lambda name: found[name][0].start)
            self._findings.add(
                CONFLICTING_KEYS,
                self._shape.span(found[kinds[1]][0]),
                f"A step does one thing; this one has {' and '.join(map(repr, kinds))}.",
                help="Make a step of each.",
            )
            return self._several(node, kinds, found), follow
        return self._one(kinds[0], found), follow

    def _several(
        self, node: MappingNode, kinds: Sequence[str], found: dict[str, tuple[Node, Node]]
    ) -> Body:
        steps = []
        for kind in kinds:
            span = self._shape.span(found[kind][0])
            body = self._one(kind, found)
            steps.append(Step(name=None, name_span=span, body=body, next=None, span=body.span))
        return Block(tuple(steps), self._shape.span(node))

    def _one(self, kind: str, found: dict[str, tuple[Node, Node]]) -> Body:
        key, node = found[kind]
        span = Span(self._source, key.start, max(node.end, key.end))
        match kind:
            case "assign":
                return Assign(self._assignments(node), span)
            case "call":
                return self._call(span, node, found)
            case "switch":
                return Switch(self._cases(node), span)
            case "for":
                return self._control.loop(node, span)
            case "parallel":
                return self._control.parallel(node, span)
            case "try":
                return self._control.attempt(span, node, found)
            case "raise":
                return Raise(self._values.value(node), span)
            case "return":
                return Return(self._values.value(node), span)
            case _:
                return Block(self.steps(node), span)

    def _assignments(self, node: Node) -> tuple[Assignment, ...]:
        entries: list[tuple[Node, Node]] = []
        if type(node) is MappingNode:
            self._shape.wrong(node, "a list of assignments", "a map", "Begin each one with '- '.")
            entries = node.entries
        elif type(node) is SequenceNode:
            self._some(node, "'assign' has one assignment at least.")
            for item in node.items:
                if type(item) is not MappingNode or not item.entries:
                    self._shape.wrong(item, "an assignment, 'name: value'", described(item))
                    continue
                if len(item.entries) > 1:
                    self._findings.add(
                        SEVERAL_KEYS,
                        self._shape.span(item.entries[1][0]),
                        "An assignment is a map with one key; this one has "
                        f"{len(item.entries)}, and maps have no order.",
                        help="Begin each assignment with '- '.",
                    )
                entries += item.entries
        else:
            self._shape.wrong(node, "a list of assignments", described(node))
        made = [self._assignment(key, value) for key, value in entries]
        return tuple([a for a in made if a is not None])

    def _assignment(self, key: Node, node: Node) -> Assignment | None:
        value = self._values.value(node)
        if type(key) is not ScalarNode:
            return None
        target = expression.parse_path(
            key.text,
            self._source,
            positions(self._source.text, key),
            template=self._values.template,
        )
        if isinstance(target, expression.Problem):
            self._findings.add(
                INVALID_ASSIGNMENT,
                self._shape.span(key),
                f"Nothing can be assigned to {key.text!r}: {target.message}",
                help="Assign to a variable, an entry of a map or an item of a list: "
                'a, a.b, a["b"], a[0].',
            )
            return None
        return Assignment(target, value, Span(self._source, key.start, max(key.end, node.end)))

    def _call(self, span: Span, node: Node, found: dict[str, tuple[Node, Node]]) -> Call:
        function = node.text.strip() if type(node) is ScalarNode else ""
        if not function:
            self._shape.wrong(node, "the name of a function or subworkflow", described(node))
        args = None
        if "args" in found:
            key, args_node = found["args"]
            span = span.to(Span(self._source, key.start, max(key.end, args_node.end)))
            if not is_nothing(args_node):
                args = self._values.value(args_node)
                if isinstance(args, Scalar):
                    self._shape.wrong(args_node, "arguments, a map or a list", "a single value")
        result = result_span = None
        if "result" in found:
            result, result_span = self._shape.variable(found["result"][1], "result")
            span = span.to(self._shape.span(found["result"][0]))
            if result_span is not None:
                span = span.to(result_span)
        return Call(
            function=function,
            function_span=self._shape.span(node),
            args=args,
            result=result,
            result_span=result_span,
            span=span,
        )

    def _cases(self, node: Node) -> tuple[Case, ...]:
        if type(node) is not SequenceNode:
            self._shape.wrong(node, "a list of conditions", described(node))
            return ()
        self._some(node, "'switch' has one condition at least.")
        cases = []
        for item in node.items:
            if type(item) is not MappingNode:
                self._shape.wrong(item, "a condition and what it does, a map", described(item))
                continue
            condition = item.get("condition")
            if condition is None:
                self._shape.missing(item, "condition", "case of a switch")
                value: Value = Scalar(value=True, span=Span(self._source, item.start, item.start))
            else:
                value = self._values.value(condition)
            step = None
            if len(item.entries) > (condition is not None):
                step = self.unnamed(item, ignore=("condition",))
            cases.append(Case(value, step, self._shape.span(item)))
        return tuple(cases)

    def _next(self, node: Node) -> Next | None:
        if type(node) is not ScalarNode or not node.text:
            self._shape.wrong(node, "the name of a step, or end, break, continue", described(node))
            return None
        return Next(node.text.strip(), self._shape.span(node))
