"""YAML and JSON as nodes with places, and what a plain scalar is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from wfprov.language.ast import Primitive

# The core schema, but a number with a leading zero is text: YAML 1.1 reads it as octal, 1.2 as
# decimal, and nobody who writes it (a phone number, a version) means either.
_INT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
_FLOAT: Final = re.compile(
    r"[-+]?(?:\.[0-9]++|(?:0|[1-9][0-9]*+)(?:\.[0-9]*+)?)(?:[eE][-+]?[0-9]++)?\Z"
    r"|[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z"
)
_BASES: Final = {"0o": 8, "0x": 16}
_WORDS: Final[dict[str, Primitive]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_LONGEST_NUMBER: Final = 400
_NUMBER_STARTS: Final = frozenset("0123456789+-.")


@dataclass(slots=True, eq=False)
class ScalarNode:
    """A scalar: what it resolves to, its decoded text, its place with quotes, its style.

    `style` is `""` for plain, else the character that opens it: `'`, `"`, `|`, `>`.
    """

    value: Primitive
    text: str
    start: int
    end: int
    style: str
    anchored: bool = False


@dataclass(slots=True, eq=False)
class SequenceNode:
    """A list."""

    items: list[Node]
    start: int
    end: int
    anchored: bool = False


@dataclass(slots=True, eq=False)
class MappingNode:
    """A map, in the order of the text; merge keys are expanded."""

    entries: list[tuple[Node, Node]]
    start: int
    end: int
    anchored: bool = False

    def get(self, key: str) -> Node | None:
        """The value of a key written as text, or None."""
        for name, value in self.entries:
            if type(name) is ScalarNode and name.text == key:
                return value
        return None


Node: TypeAlias = ScalarNode | SequenceNode | MappingNode


def resolve(text: str) -> Primitive:
    """What a plain scalar is: null, a boolean, an integer, a float, else its text.

    Source: https://yaml.org/spec/1.2.2/#103-core-schema (2026-11-23)
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS or len(text) > _LONGEST_NUMBER:
        return text
    if _INT.match(text):
        return int(text, _BASES.get(text.lstrip("+-")[:2], 10))
    if _FLOAT.match(text):
        return float(text if text[-1] not in "fFnN" else text.replace(".", ""))
    return text
