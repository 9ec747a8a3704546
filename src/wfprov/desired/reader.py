"""Typed readings of spanned nodes: each returns a value, or None and a finding at the place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, TypeVar

from wfprov.core.rule import Rule
from wfprov.core.span import Span
from wfprov.desired.rules_config import (
    BAD_CONFIG_VALUE,
    MISSING_CONFIG_KEY,
    UNKNOWN_CONFIG_KEY,
    WRONG_CONFIG_TYPE,
)
from wfprov.language.findings import Findings
from wfprov.language.nodes import MappingNode, Node, ScalarNode, SequenceNode

T = TypeVar("T")

_SHOWN: Final = 40
"""How much of a wrong value a message repeats."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text and where it is written."""

    value: str
    at: Span


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a map."""

    key: str
    at: Span
    node: Node


def nearest(word: str, names: Sequence[str]) -> str:
    """`did you mean X?` and the list of names; the list alone when none is near."""
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    if not near:
        lower = {name.lower(): name for name in names}
        near = [name for low, name in lower.items() if word and word.lower() in low][:1]
    listed = f"one of {', '.join(names)}" if names else "there are none"
    return f"did you mean `{near[0]}`? ({listed})" if near else listed


class Fields:
    """A map whose keys are a closed list, as far as it could be read."""

    __slots__ = ("_entries", "at")

    def __init__(self, entries: dict[str, Entry], at: Span) -> None:
        self._entries = entries
        self.at = at

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def at_start(self) -> Span:
        """The place at which the map begins."""
        first = next(iter(self._entries.values()), None)
        return first.at if first else Span(self.at.source, self.at.start, self.at.start)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def place(self, key: str) -> Span:
        """Where the key is written, or the whole map."""
        entry = self._entries.get(key)
        return entry.at if entry else self.at

    def node(self, key: str) -> Node | None:
        """The key's value as it is written, None when absent or null."""
        entry = self._entries.get(key)
        return None if entry is None or is_null(entry.node) else entry.node

    def read(self, key: str, reading: Callable[[Node], T | None]) -> T | None:
        """The key's value; None when it is absent, null or not as it should be."""
        node = self.node(key)
        return None if node is None else reading(node)


def is_null(node: Node) -> bool:
    """Whether nothing is written there."""
    return isinstance(node, ScalarNode) and node.value is None


class Reader:
    """Reads nodes of one source and records what is wrong with them."""

    __slots__ = ("findings",)

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def span(self, node: Node) -> Span:
        """Where a node is written."""
        return self.findings.span(node.start, node.end)

    def reject(
        self,
        rule: Rule,
        at: Node | Span,
        message: str,
        help: str = "",  # noqa: A002 (the word users read)
    ) -> None:
        """Record a finding."""
        place = at if isinstance(at, Span) else self.span(at)
        self.findings.add(rule, place, message, help=help)

    def entries(self, node: Node, what: str) -> Iterator[Entry]:
        """The entries of a map with free keys; a repeated key counts once, at its first place."""
        if not isinstance(node, MappingNode):
            self.wrong_type(node, what, "a map")
            return
        seen: set[str] = set()
        for key, value in node.entries:
            # A key that is no text and a repeated key are findings of the YAML reading.
            if isinstance(key, ScalarNode) and key.text not in seen:
                seen.add(key.text)
                yield Entry(key.text, self.span(key), value)

    def fields(self, node: Node, what: str, keys: Sequence[str]) -> Fields:
        """A map whose keys are `keys`; another key is a finding."""
        known: dict[str, Entry] = {}
        for entry in self.entries(node, what):
            if entry.key in keys:
                known[entry.key] = entry
            else:
                self.reject(
                    UNKNOWN_CONFIG_KEY,
                    entry.at,
                    f"{what} has no key `{_cut(entry.key)}`",
                    nearest(entry.key, keys),
                )
        return Fields(known, self.span(node))

    def text(self, what: str, *, shape: re.Pattern[str] | None = None, hint: str = "") -> TextOf:
        """A reading of a text that is not empty and, where `shape` is given, matches it whole."""

        def reading(node: Node) -> str | None:
            if not isinstance(node, ScalarNode) or node.value is None:
                self.wrong_type(node, what, "a text")
                return None
            if not node.text:
                self.bad_value(node, f"{what} is empty", hint)
                return None
            if shape is not None and not shape.fullmatch(node.text):
                self.bad_value(node, f"`{_cut(node.text)}` is not {what}", hint)
                return None
            return node.text

        return reading

    def placed(self, reading: TextOf) -> Callable[[Node], Text | None]:
        """The same reading, with the place kept."""

        def with_place(node: Node) -> Text | None:
            value = reading(node)
            return None if value is None else Text(value, self.span(node))

        return with_place

    def choice(self, what: str, names: Sequence[str]) -> TextOf:
        """A reading of one of a closed list of names."""

        def reading(node: Node) -> str | None:
            if not isinstance(node, ScalarNode):
                self.wrong_type(node, what, "a text")
                return None
            if node.text not in names:
                self.bad_value(
                    node, f"`{_cut(node.text)}` is not {what}", nearest(node.text, names)
                )
                return None
            return node.text

        return reading

    def boolean(self, what: str) -> Callable[[Node], bool | None]:
        """A reading of `true` or `false`."""

        def reading(node: Node) -> bool | None:
            if isinstance(node, ScalarNode) and isinstance(node.value, bool) and not node.style:
                return node.value
            self.wrong_type(node, what, "true or false")
            return None

        return reading

    def whole_number(self, what: str) -> Callable[[Node], int | None]:
        """A reading of an integer that is not negative."""

        def reading(node: Node) -> int | None:
            value = node.value if isinstance(node, ScalarNode) else None
            if not isinstance(value, int) or isinstance(value, bool):
                self.wrong_type(node, what, "a whole number")
                return None
            if value < 0:
                self.bad_value(node, f"{what} is negative")
                return None
            return value

        return reading

    def items(self, node: Node, what: str) -> tuple[Node, ...]:
        """The items of a list."""
        if isinstance(node, SequenceNode):
            return tuple(node.items)
        self.wrong_type(node, what, "a list")
        return ()

    def texts(self, what: str, each: TextOf) -> Callable[[Node], tuple[str, ...] | None]:
        """A reading of a list of texts; items that are not as they should be are left out."""

        def reading(node: Node) -> tuple[str, ...] | None:
            read = (each(item) for item in self.items(node, what))
            return tuple(text for text in read if text is not None)

        return reading

    def text_map(
        self, what: str, value: TextOf, *, key: Callable[[Entry], bool] = lambda _: True
    ) -> Callable[[Node], dict[str, str] | None]:
        """A reading of a map of texts; entries that are not as they should be are left out."""

        def reading(node: Node) -> dict[str, str] | None:
            read = {e.key: value(e.node) for e in self.entries(node, what) if key(e)}
            return {name: text for name, text in read.items() if text is not None}

        return reading

    def bad_key(self, entry: Entry, message: str, help: str = "") -> None:  # noqa: A002
        """Record that a key of a map with free keys cannot be."""
        self.reject(BAD_CONFIG_VALUE, entry.at, message, help)

    def missing(self, at: Node | Span, message: str, help: str) -> None:  # noqa: A002
        """Record that a key is not there."""
        self.reject(MISSING_CONFIG_KEY, at, message, help)

    def wrong_type(self, node: Node, what: str, wanted: str) -> None:
        """Record that a value is of another type."""
        self.reject(WRONG_CONFIG_TYPE, node, f"{what} must be {wanted}, not {_kind_of(node)}")

    def bad_value(self, node: Node, message: str, help: str = "") -> None:  # noqa: A002
        """Record that a value cannot be."""
        self.reject(BAD_CONFIG_VALUE, node, message, help)


TextOf = Callable[[Node], str | None]


def plain(node: Node) -> object:
    """A node as JSON-like values: maps, lists and scalars; of a repeated key the first counts.

    A map's key is its text, whatever it resolves to.
    """
    match node:
        case ScalarNode():
            return node.value
        case SequenceNode():
            return [plain(item) for item in node.items]
        case MappingNode():
            found: dict[str, object] = {}
            for key, value in node.entries:
                if isinstance(key, ScalarNode):
                    found.setdefault(key.text, plain(value))
            return found


def _kind_of(node: Node) -> str:
    match node:
        case SequenceNode():
            return "a list"
        case MappingNode():
            return "a map"
        case ScalarNode(value=None):
            return "nothing"
        case ScalarNode():
            return f"`{_cut(node.text)}`"


def _cut(text: str) -> str:
    line = text.splitlines()[0] if text.splitlines() else text
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
