"""Makes values of nodes: what stands in YAML where an expression may stand."""

from __future__ import annotations

import re
from typing import Final

from wfprov.core.span import Span
from wfprov.language import expression
from wfprov.language.ast import (
    Broken,
    Expression,
    Mapping,
    Scalar,
    Sequence,
    TemplateHole,
    TemplateText,
    Value,
)
from wfprov.language.findings import Findings
from wfprov.language.limits import MAX_EXPRESSION_LENGTH
from wfprov.language.nodes import MappingNode, Node, ScalarNode, SequenceNode
from wfprov.language.rules_text import (
    EXPRESSION_SYNTAX,
    EXPRESSION_TOO_LONG,
    MAP_IN_EXPRESSION,
    NOT_BINDS_TIGHTER,
    NOT_IN,
    SINGLE_QUOTED_STRING,
)
from wfprov.language.scalar import positions
from wfprov.language.tokens import HOLE, hole_name

_TEMPLATE_PART: Final = re.compile(rf"(?P<escape>\$\$\{{|%%\{{)|(?P<hole>{HOLE})", re.DOTALL)
_COMMENT: Final = re.compile(r"[ \t]+#")


class ValueReader:
    """Makes values of the nodes of one source; an aliased node gives the same value again."""

    def __init__(self, findings: Findings, *, template: bool) -> None:
        self.findings = findings
        self.source = findings.source
        self.template = template
        self._made: dict[int, Value] = {}

    def value(self, node: Node) -> Value:
        """The value that a node stands for."""
        if node.anchored:
            made = self._made.get(id(node))
            if made is None:
                made = self._made[id(node)] = self._value(node)
            return made
        return self._value(node)

    def _value(self, node: Node) -> Value:
        if type(node) is ScalarNode:
            if "${" in node.text:
                return self._text(node)
            return Scalar(node.value, Span(self.source, node.start, node.end))
        if type(node) is MappingNode:
            return Mapping(
                tuple((self._key(key), self.value(value)) for key, value in node.entries),
                Span(self.source, node.start, node.end),
            )
        assert type(node) is SequenceNode
        return Sequence(
            tuple(self.value(item) for item in node.items),
            Span(self.source, node.start, node.end),
        )

    def _key(self, node: Node) -> Value:
        if type(node) is ScalarNode and "${" not in node.text:
            return Scalar(node.text, Span(self.source, node.start, node.end))
        return self.value(node)

    def _text(self, node: ScalarNode) -> Value:
        text = node.text
        span = Span(self.source, node.start, node.end)
        begin = len(text) - len(text.lstrip())
        opening = "$${" if self.template else "${"
        if text.startswith(opening, begin):
            whole = self._expression(node, begin + len(opening))
            if whole is not None:
                return whole
        if self.template:
            return self._template(node, span)
        return Scalar(text, span)

    def _expression(self, node: ScalarNode, start: int) -> Expression | Broken | None:
        """The expression that a scalar is; None when more follows on it: a text, then."""
        text = node.text
        length = len(text.rstrip())
        places = positions(self.source.text, node)
        parsed = expression.parse(text, start, self.source, places, template=self.template)
        problem = parsed.problem
        if problem is None and parsed.end != length:
            return None
        if problem is not None and text[length - 1] != "}" and "}" in text[problem.start :]:
            return None
        opening = 3 if self.template else 2
        begin = start - opening
        span = Span(self.source, places[begin], places[length])
        for place in parsed.single_quoted:
            self.findings.add(
                SINGLE_QUOTED_STRING,
                place,
                "A string in single quotes; Google documents double quotes only.",
                help="Write it in double quotes.",
            )
        if problem is not None:
            at = Span(self.source, places[problem.start], places[problem.end])
            self._report(node, problem, at)
            return Broken(text[begin:length], span, parsed.calls)
        assert parsed.expr is not None
        if length - begin > MAX_EXPRESSION_LENGTH:
            self.findings.add(
                EXPRESSION_TOO_LONG,
                span,
                f"The expression has {length - begin} characters; the service is said to "
                f"take {MAX_EXPRESSION_LENGTH}.",
                help="Assign parts of it to variables before.",
            )
        for place in parsed.not_in:
            self.findings.add(
                NOT_IN,
                place,
                "'not in' is not among the operators that Google documents.",
                help="Write not(x in y).",
            )
        for place in parsed.maps[-1:]:  # the outermost of them
            self.findings.add(
                MAP_IN_EXPRESSION,
                place,
                "A map inside an expression is not among the elements that Google documents.",
                help="Write the map in YAML, with expressions as its values.",
            )
        for place in parsed.negated_left:
            self.findings.add(
                NOT_BINDS_TIGHTER,
                place,
                "'not' binds tighter than the comparison: this compares the negated left side.",
                help="Put the comparison in brackets: not(x in y).",
            )
        return Expression(parsed.expr, span)

    def _report(self, node: ScalarNode, problem: expression.Problem, at: Span) -> None:
        advice = problem.help
        if not node.style and _COMMENT.match(self.source.text, node.end):
            advice = "' #' begins a comment here; put the whole value in single quotes: '${...}'."
        self.findings.add(EXPRESSION_SYNTAX, at, problem.message, help=advice)

    def _template(self, node: ScalarNode, span: Span) -> Value:
        text = node.text
        places = positions(self.source.text, node)
        parts: list[str | TemplateHole] = []
        literal: list[str] = []
        done = 0
        for part in _TEMPLATE_PART.finditer(text):
            literal.append(text[done : part.start()])
            done = part.end()
            if part.lastgroup == "escape":
                literal.append(part.group()[1:])
                continue
            if any(literal):
                parts.append("".join(literal))
            literal = []
            at = Span(self.source, places[part.start()], places[part.end()])
            parts.append(TemplateHole(hole_name(part.group()), at))
        literal.append(text[done:])
        if any(literal):
            parts.append("".join(literal))
        if not any(isinstance(part, TemplateHole) for part in parts):
            return Scalar("".join(literal), span)
        return TemplateText(tuple(parts), span)
