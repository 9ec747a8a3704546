"""What each variable of a procedure may hold at one point: a persistent store, cheap to copy.

Variables are numbered per procedure. The values lie in chunks of about the square root of their
number, so that a write copies two short tuples, and a join passes over chunks that two stores
share. What a condition says on top of that is kept apart, as facts about paths, and is forgotten
where the paths meet again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isqrt
from typing import Final, TypeAlias

from wfprov.analysis.domain import Abstract, Const, Hole, OneOf, Unknown
from wfprov.analysis.lattice import covers, join, widen

Path: TypeAlias = tuple[int, tuple[str, ...]]
"""A variable's number and the keys below it."""

Chunk: TypeAlias = tuple[Abstract | None, ...]

_NO_FACTS: Final[Mapping[Path, Abstract]] = {}


class Variables:
    """A procedure's variables, numbered; `deciding` tells which have a part in calls."""

    __slots__ = ("deciding", "names", "numbers", "width")

    def __init__(self, names: Sequence[str], deciding: frozenset[str]) -> None:
        self.names = tuple(names)
        self.deciding = tuple(name in deciding for name in self.names)
        self.numbers = {name: i for i, name in enumerate(self.names)}
        self.width = max(16, isqrt(len(self.names)) + 1)


class Environment:
    """An immutable store; a variable that no path here has assigned holds None."""

    __slots__ = ("chunks", "facts", "variables")

    def __init__(
        self,
        variables: Variables,
        chunks: tuple[Chunk, ...],
        facts: Mapping[Path, Abstract] = _NO_FACTS,
    ) -> None:
        self.variables = variables
        self.chunks = chunks
        self.facts = facts

    @classmethod
    def empty(cls, variables: Variables) -> Environment:
        """The store in which nothing is assigned."""
        count, width = len(variables.names), variables.width
        blank: Chunk = (None,) * width
        return cls(variables, (blank,) * (count // width + 1))

    def get(self, number: int) -> Abstract | None:
        """What the variable holds, conditions left out."""
        chunk, place = divmod(number, self.variables.width)
        return self.chunks[chunk][place]

    def put(self, number: int, value: Abstract | None) -> Environment:
        """The store after an assignment; what conditions said of the variable is forgotten."""
        chunk, place = divmod(number, self.variables.width)
        old = self.chunks[chunk]
        facts = self.facts
        if facts and any(path[0] == number for path in facts):
            facts = {path: fact for path, fact in facts.items() if path[0] != number}
        if old[place] is value and facts is self.facts:
            return self
        new = (*old[:place], value, *old[place + 1 :])
        chunks = (*self.chunks[:chunk], new, *self.chunks[chunk + 1 :])
        return Environment(self.variables, chunks, facts)

    def learn(self, path: Path, value: Abstract) -> Environment:
        """The store where a condition says what lies at a path."""
        return Environment(self.variables, self.chunks, {**self.facts, path: value})

    def havoc(self, numbers: frozenset[int]) -> Environment:
        """The store where the variables may hold anything."""
        store = self
        for number in sorted(numbers):
            store = store.put(number, Unknown(Hole(self.variables.names[number])))
        return store

    def join(self, other: Environment) -> Environment:
        """The store that stands for both."""
        if other is self:
            return self
        return self._meet(other, _either)

    def differences(self, other: Environment, enough: int) -> int:
        """How many deciding variables differ between the stores; counting ends at `enough`.

        A variable that one of the stores has not assigned is not counted.
        """
        count = 0
        deciding, width = self.variables.deciding, self.variables.width
        for i, mine in enumerate(self.chunks):
            theirs = other.chunks[i]
            if mine is theirs:
                continue
            for j, old in enumerate(mine):
                new = theirs[j]
                if old is new or old is None or new is None:
                    continue
                if deciding[i * width + j] and old != new:
                    count += 1
                    if count >= enough:
                        return count
        return count

    def filled(self, others: Sequence[Environment]) -> Environment:
        """The store with what it has not assigned taken from the other ones."""
        chunks: list[Chunk] = []
        for i, mine in enumerate(self.chunks):
            theirs = [store.chunks[i] for store in others if store.chunks[i] is not mine]
            if theirs and None in mine:
                mine = tuple(  # noqa: PLW2901 - the chunk, filled
                    _any_of([chunk[j] for chunk in theirs]) if held is None else held
                    for j, held in enumerate(mine)
                )
            chunks.append(mine)
        return Environment(self.variables, tuple(chunks), self.facts)

    def repeat(self, other: Environment) -> Environment:
        """The join where a loop closes: a number that has changed may be any number."""
        return self._meet(other, self._counted)

    def widen(self, other: Environment) -> Environment:
        """A store that covers both, and is this one after finitely many steps."""
        store = self._meet(other, self._widened)
        facts = {path: fact for path, fact in store.facts.items() if fact == self.facts[path]}
        return Environment(store.variables, store.chunks, facts)

    def covers(self, other: Environment) -> bool:
        """Whether this store stands for all that the other stands for."""
        if other is self:
            return True
        for mine, theirs in zip(self.chunks, other.chunks, strict=True):
            if mine is theirs:
                continue
            for old, new in zip(mine, theirs, strict=True):
                if old is new or new is None:
                    continue
                if old is None or not covers(old, new):
                    return False
        return all(
            path in other.facts and covers(fact, other.facts[path])
            for path, fact in self.facts.items()
        )

    def _counted(self, old: Abstract, new: Abstract, number: int) -> Abstract:
        joined = join(old, new)
        match joined:
            case OneOf(choices) if all(_is_number(choice) for choice in choices):
                return Unknown(Hole(self.variables.names[number]))
            case _:
                return joined

    def _widened(self, old: Abstract, new: Abstract, number: int) -> Abstract:
        return widen(old, new, Hole(self.variables.names[number]))

    def _meet(
        self, other: Environment, both: Callable[[Abstract, Abstract, int], Abstract]
    ) -> Environment:
        width = self.variables.width
        chunks: list[Chunk] = []
        changed = False
        for i, mine in enumerate(self.chunks):
            theirs = other.chunks[i]
            if mine is theirs:
                chunks.append(mine)
                continue
            merged: list[Abstract | None] | None = None
            for j, old in enumerate(mine):
                new = theirs[j]
                if old is new or new is None:
                    continue
                value = new if old is None else both(old, new, i * width + j)
                if value is not old and value != old:
                    if merged is None:
                        merged = list(mine)
                    merged[j] = value
            if merged is None:
                chunks.append(mine)
            else:
                changed = True
                chunks.append(tuple(merged))
        facts = self._shared_facts(other)
        if not changed and facts is self.facts:
            return self
        return Environment(self.variables, tuple(chunks) if changed else self.chunks, facts)

    def _shared_facts(self, other: Environment) -> Mapping[Path, Abstract]:
        if not self.facts or self.facts is other.facts:
            return self.facts
        if not other.facts:
            return _NO_FACTS
        kept = {
            path: join(fact, other.facts[path])
            for path, fact in self.facts.items()
            if path in other.facts
        }
        return self.facts if kept == self.facts else kept


def _either(old: Abstract, new: Abstract, number: int) -> Abstract:  # noqa: ARG001
    return join(old, new)


def _any_of(values: Sequence[Abstract | None]) -> Abstract | None:
    held = [value for value in values if value is not None]
    return join(*held) if held else None


def _is_number(value: Abstract) -> bool:
    return (
        isinstance(value, Const)
        and isinstance(value.value, int | float)
        and not isinstance(value.value, bool)
    )
