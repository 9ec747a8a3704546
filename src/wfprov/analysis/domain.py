"""What the analysis can say of a value: the public shapes of the abstract domain.

A value is one of `Abstract`. Strings that are partly known are sequences of literals and named
holes, `https://{args.region}-run.googleapis.com/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

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

    weight: ClassVar[int] = 1
    value: Primitive

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Const)
            and type(other.value) is type(self.value)
            and other.value == self.value
        )

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A string with at least one hole; no two literals stand side by side, none is empty."""

    weight: ClassVar[int] = 1
    parts: tuple[str | Hole, ...]
    _hash: int = field(default=0, init=False, repr=False)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Text) and self.parts == other.parts)

    def __hash__(self) -> int:
        if self._hash == 0:
            object.__setattr__(self, "_hash", hash(self.parts) or 1)
        return self._hash

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)


@dataclass(frozen=True, slots=True, eq=False)
class MapOf:
    """A map: the entries that are known, and what any other key holds (None: no other key).

    In a map with `rest`, an entry that may be null may also be missing, and `rest` always may be
    null. The order of the entries does not take part in equality. `weight` counts the values
    inside, shared ones each time.
    """

    entries: tuple[tuple[str, Abstract], ...]
    rest: Abstract | None = None
    weight: int = field(default=1, init=False, repr=False)
    _hash: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        weight = 1 if self.rest is None else 1 + self.rest.weight
        for _, value in self.entries:
            weight += value.weight
        object.__setattr__(self, "weight", weight)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, MapOf)
            and len(self.entries) == len(other.entries)
            and hash(self) == hash(other)
            and self.rest == other.rest
            and (self.entries == other.entries or dict(self.entries) == dict(other.entries))
        )

    def __hash__(self) -> int:
        if self._hash == 0:
            object.__setattr__(self, "_hash", hash((frozenset(self.entries), self.rest)) or 1)
        return self._hash

    def get(self, key: str) -> Abstract | None:
        """What a key holds: a known entry, else `rest`."""
        for name, value in self.entries:
            if name == key:
                return value
        return self.rest


@dataclass(frozen=True, slots=True, eq=False)
class ListOf:
    """A list: its items in order, or (`rest`) any number more, each as `rest` says."""

    items: tuple[Abstract, ...]
    rest: Abstract | None = None
    weight: int = field(default=1, init=False, repr=False)
    _hash: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        weight = 1 if self.rest is None else 1 + self.rest.weight
        for value in self.items:
            weight += value.weight
        object.__setattr__(self, "weight", weight)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, ListOf)
            and hash(self) == hash(other)
            and self.rest == other.rest
            and self.items == other.items
        )

    def __hash__(self) -> int:
        if self._hash == 0:
            object.__setattr__(self, "_hash", hash((self.items, self.rest)) or 1)
        return self._hash


@dataclass(frozen=True, slots=True, eq=False)
class OneOf:
    """One of several values, two or more, bounded; none is itself OneOf.

    The choices are all different; their order is that in which they were found and does not take
    part in equality.
    """

    choices: tuple[Abstract, ...]
    weight: int = field(default=1, init=False, repr=False)
    _set: frozenset[Abstract] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", sum(choice.weight for choice in self.choices))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, OneOf)
            and len(self.choices) == len(other.choices)
            and self.members == other.members
        )

    def __hash__(self) -> int:
        return hash(self.members)

    @property
    def members(self) -> frozenset[Abstract]:
        """The choices without their order."""
        if self._set is None:
            object.__setattr__(self, "_set", frozenset(self.choices))
        return self._set  # type: ignore[return-value] # set above

    def holds(self, value: Abstract) -> bool:
        """Whether each alternative of a value is a choice here."""
        if type(value) is OneOf:
            return value.members <= self.members
        return value in self.members


@dataclass(frozen=True, slots=True)
class Unknown:
    """Any value; the hole names where it comes from."""

    weight: ClassVar[int] = 1
    hole: Hole


@dataclass(frozen=True, slots=True)
class Never:
    """No value: what an unreachable step sees."""

    weight: ClassVar[int] = 0


Abstract: TypeAlias = Const | Text | MapOf | ListOf | OneOf | Unknown | Never


def is_single(value: Abstract) -> bool:
    """Whether the value is its own and only alternative."""
    kind = type(value)
    return kind is not OneOf and kind is not Never


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
