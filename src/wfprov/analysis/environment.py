"""What each variable of a procedure may hold at one point: a persistent store, cheap to copy.

Variables are numbered per procedure and lie in a persistent tree, so that a write copies one path
and a join costs what two stores differ in. What a condition says on top of that is kept apart, as
facts about paths, and is forgotten where the paths meet again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from wfprov.analysis import tree as trees
from wfprov.analysis.domain import Abstract, Const, Hole, OneOf, Unknown
from wfprov.analysis.lattice import FALSE, TRUE, covers, join, widen
from wfprov.analysis.tree import Both, Comparison, Sharing, Tree

Path: TypeAlias = tuple[int, tuple[str, ...]]
"""A variable's number and the keys below it."""

FACTS: Final = 32
"""How many facts a store keeps: those learnt last. Each only narrows, so any may be forgotten."""

_LOOKS: Final = 128
"""How many variables are compared to tell how far apart two stores are."""

_BOTH: Final = frozenset({TRUE, FALSE})

_NO_FACTS: Final[Mapping[Path, Abstract]] = {}


class Variables:
    """A procedure's variables, numbered; `deciding` tells which have a part in calls."""

    __slots__ = ("_deciding", "_flags", "height", "names", "numbers")

    def __init__(self, names: Sequence[str], deciding: Callable[[], frozenset[str]]) -> None:
        self.names = tuple(names)
        self.numbers = {name: i for i, name in enumerate(self.names)}
        self.height = trees.height_for(len(self.names))
        self._deciding = deciding
        self._flags: tuple[Tree | None] | None = None

    @property
    def deciding(self) -> Tree | None:
        """A tree that tells which variables have a part in calls; found out when first asked."""
        if self._flags is None:
            found = self._deciding()
            which = [name in found for name in self.names]
            self._flags = (trees.flags(which, self.height),)
        return self._flags[0]


class Environment:
    """An immutable store; a variable that no path here has assigned holds None."""

    __slots__ = ("facts", "tree", "variables")

    def __init__(
        self, variables: Variables, tree: Tree, facts: Mapping[Path, Abstract] = _NO_FACTS
    ) -> None:
        self.variables = variables
        self.tree = tree
        self.facts = facts

    @classmethod
    def empty(cls, variables: Variables) -> Environment:
        """The store in which nothing is assigned."""
        return cls(variables, trees.blank(variables.height))

    def get(self, number: int) -> Abstract | None:
        """What the variable holds, conditions left out."""
        return trees.at(self.tree, self.variables.height, number)

    def put(
        self, number: int, value: Abstract | None, sharing: Sharing | None = None
    ) -> Environment:
        """The store after an assignment; what conditions said of the variable is forgotten."""
        facts = self.facts
        if facts and any(path[0] == number for path in facts):
            facts = {path: fact for path, fact in facts.items() if path[0] != number}
        height = self.variables.height
        if sharing is None:
            tree = trees.put(self.tree, height, number, value)
        else:
            held = None if value is None else sharing.value(value)
            tree = sharing.put(self.tree, height, number, held)
        if tree is self.tree and facts is self.facts:
            return self
        return Environment(self.variables, tree, facts)

    def learn(self, path: Path, value: Abstract) -> Environment:
        """The store where a condition says what lies at a path."""
        facts = {**self.facts, path: value}
        while len(facts) > FACTS:
            del facts[next(iter(facts))]
        return Environment(self.variables, self.tree, facts)

    def havoc(self, numbers: frozenset[int]) -> Environment:
        """The store where the variables may hold anything."""
        store = self
        for number in sorted(numbers):
            store = store.put(number, Unknown(Hole(self.variables.names[number])))
        return store

    def join(self, other: Environment, seen: Environment | None = None) -> Environment:
        """The store that stands for both; `seen` is one that this one stands for already."""
        if other is self or other is seen:
            return self
        return self._meet(other, _either, seen)

    def includes(self, other: Environment, seen: Environment | None = None) -> bool:
        """Whether the join with another store is this one; `seen` is as for `join`."""
        if other is self or other is seen:
            return True
        if not self._has_facts_of(other):
            return False
        known = None if seen is None else seen.tree
        return trees.adds_nothing(self.tree, other.tree, known, self.variables.height)

    def differences(self, other: Environment, enough: int) -> int:
        """How many deciding variables differ between the stores; counting ends at `enough`.

        A variable that one of the stores has not assigned is not counted.
        """
        if self.tree is other.tree:
            return 0
        comparison = Comparison(enough, _LOOKS)
        comparison.go(self.tree, other.tree, self.variables.deciding, self.variables.height)
        return comparison.count

    @staticmethod
    def filled(stores: Sequence[Environment]) -> list[Environment]:
        """The stores, each with what it has not assigned taken from the other ones."""
        variables = stores[0].variables
        made = trees.filled([store.tree for store in stores], variables.height)
        return [
            store if tree is store.tree else Environment(variables, tree, store.facts)
            for store, tree in zip(stores, made, strict=True)
        ]

    def repeat(self, other: Environment) -> Environment:
        """The join where a loop closes: a number that has changed may be any number."""
        return self if other is self else self._meet(other, self._counted)

    def widen(self, other: Environment) -> Environment:
        """A store that covers both, and is this one after finitely many steps."""
        store = self._meet(other, self._widened)
        facts = {path: fact for path, fact in store.facts.items() if fact == self.facts[path]}
        return Environment(store.variables, store.tree, facts)

    def covers(self, other: Environment) -> bool:
        """Whether this store stands for all that the other stands for."""
        if other is self:
            return True
        height = self.variables.height
        return trees.holds_everywhere(self.tree, other.tree, height, covers) and all(
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

    def _meet(self, other: Environment, both: Both, seen: Environment | None = None) -> Environment:
        known = None if seen is None else seen.tree
        tree = trees.merged(self.tree, other.tree, known, self.variables.height, both)
        facts = self._shared_facts(other)
        if tree is self.tree and facts is self.facts:
            return self
        return Environment(self.variables, tree, facts)

    def _shared_facts(self, other: Environment) -> Mapping[Path, Abstract]:
        if not self.facts or self.facts is other.facts:
            return self.facts
        if not other.facts:
            return _NO_FACTS
        kept: dict[Path, Abstract] = {}
        changed = False
        for path, mine in self.facts.items():
            theirs = other.facts.get(path)
            if theirs is None:
                changed = True
                continue
            made = mine if mine is theirs else join(mine, theirs)
            if made is not mine:
                if made == mine:
                    made = mine
                elif type(made) is OneOf and made.members >= _BOTH:
                    changed = True  # it says only that there was a condition
                    continue
            changed = changed or made is not mine
            kept[path] = made
        return kept if changed else self.facts

    def _has_facts_of(self, other: Environment) -> bool:
        """Whether every fact of this store is one of the other's, or wider."""
        if self.facts is other.facts:
            return True
        for path, mine in self.facts.items():
            theirs = other.facts.get(path)
            if theirs is None or (mine is not theirs and join(mine, theirs) != mine):
                return False
        return True


class Meeting:
    """A place where stores meet: their join, and the last that came, which often shares most.

    What the next store has in common with the last is not looked at again.
    """

    __slots__ = ("last", "store")

    def __init__(self, store: Environment) -> None:
        self.store = store
        self.last = store

    def add(self, store: Environment) -> bool:
        """Adds a store; whether that says anything new."""
        joined = self.store.join(store, self.last)
        self.last = store
        if joined is self.store:
            return False
        self.store = joined
        return True


def _either(old: Abstract, new: Abstract, number: int) -> Abstract:  # noqa: ARG001
    return join(old, new)


def _is_number(value: Abstract) -> bool:
    return (
        isinstance(value, Const)
        and isinstance(value.value, int | float)
        and not isinstance(value.value, bool)
    )
