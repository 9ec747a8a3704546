"""What the analysis can say of a value: the public shapes of the abstract domain.

A value is one of `Abstract`. Strings that are partly known are sequences of literals and named
holes, `https://{args.region}-run.googleapis.com/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from wfprov.core.span import Span
from wfprov.language.ast import Primitive


@dataclass(frozen=True, slots=True)
class Hole:
    """A part that the text does not tell, named for where it comes from.

    `name` is what a user reads between braces: `args.region`, `result:get_token`, `env:URL`,
    `project` (not configured). `at` is where it comes in; it does not take part in equality.
    """

    name: str
    at: Span | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hole) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return "{" + self.name + "}"


@dataclass(frozen=True, slots=True)
class Const:
    """A value that is known: null, a boolean, a number or a string."""

    value: Primitive

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Const)
            and type(other.value) is type(self.value)
            and other.value == self.value
        )

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Text:
    """A string with at least one hole; no two literals stand side by side, none is empty."""

    parts: tuple[str | Hole, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map: the entries that are known, and what any other key holds (None: no other key)."""

    entries: tuple[tuple[str, Abstract], ...]
    rest: Abstract | None = None

    def get(self, key: str) -> Abstract | None:
        """What a key holds: a known entry, else `rest`."""
        for name, value in self.entries:
            if name == key:
                return value
        return self.rest


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list: its items in order, or (`rest`) any number more, each as `rest` says."""

    items: tuple[Abstract, ...]
    rest: Abstract | None = None


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several values, two or more, bounded; none is itself OneOf."""

    choices: tuple[Abstract, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Any value; the hole names where it comes from."""

    hole: Hole


@dataclass(frozen=True, slots=True)
class Never:
    """No value: what an unreachable step sees."""


Abstract: TypeAlias = Const | Text | MapOf | ListOf | OneOf | Unknown | Never


def alternatives(value: Abstract) -> Iterator[Abstract]:
    """The values that `value` stands for, one by one: itself unless it is OneOf or Never."""
    match value:
        case OneOf(choices):
            yield from choices
        case Never():
            return
        case _:
            yield value


def shown(value: Abstract) -> str | None:
    """The string that a value is, with holes as `{name}`; None when it is not a string."""
    match value:
        case Const(str() as text):
            return text
        case Text():
            return str(value)
        case Unknown(hole):
            return str(hole)
        case _:
            return None
