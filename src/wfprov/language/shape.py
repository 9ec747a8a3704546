"""Reads the parts of a node and reports what is not of the shape it should have."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from wfprov.core.span import Span
from wfprov.language.findings import Findings
from wfprov.language.literals import CONSTANTS
from wfprov.language.nodes import MappingNode, Node, ScalarNode, SequenceNode
from wfprov.language.rules import INVALID_NAME, MISSING_KEY, UNKNOWN_KEY, WRONG_TYPE
from wfprov.language.tokens import HOLE

_WORDS: Final = frozenset({"and", "or", "not", "in", "AND", "OR", "NOT", *CONSTANTS})
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_MADE_VARIABLE: Final = re.compile(rf"(?:[A-Za-z_]|{HOLE})(?:[A-Za-z0-9_]|{HOLE})*\Z")


class Shape:
    """What the readers of steps have in common: nodes in, parts and findings out."""

    def __init__(self, findings: Findings, *, template: bool) -> None:
        self.findings = findings
        self.source = findings.source
        self._variable = _MADE_VARIABLE if template else _VARIABLE

    def variable(self, node: Node, what: str) -> tuple[str | None, Span | None]:
        """The name of a variable, and its place; None when there is none."""
        if type(node) is not ScalarNode or not node.text:
            self.wrong(node, f"the name of a variable after {what!r}", described(node))
            return None, None
        span = self.span(node)
        name = node.text.strip()
        if name in _WORDS:
            self.findings.add(
                INVALID_NAME,
                span,
                f"{name!r} cannot name a variable: inside an expression it means something else.",
            )
        elif not self._variable.match(name):
            self.findings.add(
                INVALID_NAME,
                span,
                f"{name!r} cannot name a variable: a letter or _ comes first, then letters, "
                "digits and _.",
            )
        return name, span

    def parts(self, node: MappingNode, allowed: tuple[str, ...], what: str) -> dict[str, Node]:
        """The values of a map by key; keys that are not allowed are reported."""
        found: dict[str, Node] = {}
        for key, value in node.entries:
            if type(key) is ScalarNode and key.text in allowed:
                found[key.text] = value
            else:
                self.unknown(key, allowed, what)
        return found

    def unknown(self, key: Node, allowed: Collection[str], what: str) -> None:
        """Report a key that means nothing here."""
        if type(key) is ScalarNode:
            self.findings.add(
                UNKNOWN_KEY,
                self.span(key),
                f"{key.text!r} is no key of a {what}.",
                help=self.findings.nearest(key.text, allowed),
            )

    def missing(self, node: Node, key: str, what: str) -> None:
        """Report a key that is not there."""
        self.findings.add(
            MISSING_KEY,
            Span(self.source, node.start, node.start + 1),
            f"{key!r} is missing from this {what}.",
        )

    def wrong(self, node: Node, wanted: str, got: str, advice: str = "") -> None:
        """Report a node that is of another kind."""
        self.findings.add(
            WRONG_TYPE, self.span(node), f"Expected {wanted}, found {got}.", help=advice
        )

    def span(self, node: Node) -> Span:
        """A node's place."""
        return Span(self.source, node.start, node.end)


def is_key(node: Node, text: str) -> bool:
    """Whether a node is a given key."""
    return type(node) is ScalarNode and node.text == text


def is_nothing(node: Node) -> bool:
    """Whether a node is null."""
    return type(node) is ScalarNode and node.value is None


def described(node: Node) -> str:
    """What a node is, in words."""
    if type(node) is MappingNode:
        return "a map" if node.entries else "an empty map"
    if type(node) is SequenceNode:
        return "a list" if node.items else "an empty list"
    assert type(node) is ScalarNode
    match node.value:
        case None:
            return "nothing"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case _:
            return "a text"
