"""A persistent vector of abstract values: cheap to change, and to compare with what it shares.

The values lie in the leaves of a tree of fixed shape; a place that nothing was put in holds None.
A change copies one path, and whatever goes over two trees leaves out what is the same object in
both, so that its cost is that of the differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from wfprov.analysis.domain import Abstract
from wfprov.analysis.lattice import join

BITS: Final = 4
"""A node has sixteen parts."""

_WIDTH: Final = 1 << BITS
_MASK: Final = _WIDTH - 1

Tree: TypeAlias = tuple[Any, ...]
"""A leaf holds values or None; any other node holds trees. Its height says which it is."""

Both: TypeAlias = Callable[[Abstract, Abstract, int], Abstract]
"""What becomes of two values at one place."""


def height_for(count: int) -> int:
    """How many levels of nodes stand over the leaves of a tree with so many places."""
    height = 0
    while count > _WIDTH << (BITS * height):
        height += 1
    return height


def _blanks(heights: int) -> tuple[Tree, ...]:
    made: list[Tree] = [(None,) * _WIDTH]
    for _ in range(heights - 1):
        made.append((made[-1],) * _WIDTH)
    return tuple(made)


_BLANKS: Final = _blanks(8)
"""The tree with nothing in it of each height, one object each, so that it is known again."""


def blank(height: int) -> Tree:
    """A tree with nothing in it."""
    return _BLANKS[height]


def flags(which: Sequence[bool], height: int, base: int = 0) -> Tree | None:
    """A tree of the same shape that tells which places count; None where none below does."""
    if height == 0:
        leaf = tuple(which[base : base + _WIDTH])
        return (*leaf, *(False,) * (_WIDTH - len(leaf))) if any(leaf) else None
    step = _WIDTH << (BITS * (height - 1))
    parts = tuple(
        flags(which, height - 1, base + i * step) if base + i * step < len(which) else None
        for i in range(_WIDTH)
    )
    return parts if any(part is not None for part in parts) else None


def at(tree: Tree, height: int, place: int) -> Abstract | None:
    """What lies at a place."""
    node = tree
    for level in range(height, 0, -1):
        node = node[(place >> (BITS * level)) & _MASK]
    value: Abstract | None = node[place & _MASK]
    return value


def put(tree: Tree, height: int, place: int, value: Abstract | None) -> Tree:
    """The tree with a value at a place."""
    i = (place >> (BITS * height)) & _MASK
    old = tree[i]
    new: Any = value if height == 0 else put(old, height - 1, place, value)
    if new is old:
        return tree
    return (*tree[:i], new, *tree[i + 1 :])


def merged(mine: Tree, theirs: Tree, seen: Tree | None, height: int, both: Both) -> Tree:
    """The tree that stands for both: `mine` itself where theirs adds nothing.

    What `seen` shares with `theirs` is in `mine` already.
    """
    return _merged(mine, theirs, seen, height, both, base=0)


def _merged(
    mine: Tree, theirs: Tree, seen: Tree | None, height: int, both: Both, *, base: int
) -> Tree:
    if mine is theirs or theirs is seen:
        return mine
    parts: list[Any] | None = None
    same = True
    for i, old in enumerate(mine):
        new = theirs[i]
        if old is new:
            continue
        known = None if seen is None else seen[i]
        made: Any
        if new is known:
            made = old
        elif height and old is _BLANKS[height - 1]:
            made = new
        elif height:
            place = base + (i << (BITS * height))
            made = _merged(old, new, known, height - 1, both, base=place)
        elif new is None:
            made = old
        elif old is None:
            made = new
        else:
            made = both(old, new, base + i)
            if made is not old and made == old:
                made = old
        if made is not new:
            same = False
        if made is not old:
            if parts is None:
                parts = list(mine)
            parts[i] = made
    if parts is None:
        return mine
    return theirs if same else tuple(parts)


def adds_nothing(mine: Tree, theirs: Tree, seen: Tree | None, height: int) -> bool:
    """Whether joining `theirs` leaves `mine` as it is; ends where it first does not."""
    if mine is theirs or theirs is seen:
        return True
    for i, old in enumerate(mine):
        new = theirs[i]
        if old is new:
            continue
        known = None if seen is None else seen[i]
        if new is known:
            continue
        if height:
            if not adds_nothing(old, new, known, height - 1):
                return False
        elif new is not None and (old is None or join(old, new) != old):
            return False
    return True


def holds_everywhere(
    mine: Tree, theirs: Tree, height: int, test: Callable[[Abstract, Abstract], bool]
) -> bool:
    """Whether, wherever theirs holds a value, mine holds one and the test says yes."""
    if mine is theirs:
        return True
    for i, old in enumerate(mine):
        new = theirs[i]
        if old is new:
            continue
        if height:
            if not holds_everywhere(old, new, height - 1, test):
                return False
        elif new is not None and (old is None or not test(old, new)):
            return False
    return True


class Comparison:
    """Counts the places that count and at which two trees differ, both holding a value.

    It ends at `enough`, and after `looks` places that are not the same object: two trees that
    differ in so many places, most of them alike, are near enough.
    """

    __slots__ = ("_looks", "count", "enough")

    def __init__(self, enough: int, looks: int) -> None:
        self.enough = enough
        self.count = 0
        self._looks = looks

    def go(self, mine: Tree, theirs: Tree, counting: Tree | None, height: int) -> None:
        """Goes over two trees."""
        if mine is theirs or counting is None:
            return
        for i, old in enumerate(mine):
            new = theirs[i]
            if old is new:
                continue
            if height:
                self.go(old, new, counting[i], height - 1)
            elif counting[i]:
                self._looks -= 1
                if old is not None and new is not None and old != new:
                    self.count += 1
            if self.count >= self.enough or self._looks < 0:
                return


def filled(trees: Sequence[Tree], height: int) -> Sequence[Tree]:
    """The trees, in each of which a place without a value has what the others hold there."""
    first = trees[0]
    if all(tree is first for tree in trees):
        return trees
    columns: list[Sequence[Any]] = []
    for i in range(_WIDTH):
        column = [tree[i] for tree in trees]
        if height:
            columns.append(filled(column, height - 1))
        elif None in column:
            held = [value for value in column if value is not None]
            value = join(*held) if held else None
            columns.append([value if old is None else old for old in column])
        else:
            columns.append(column)
    made: list[Tree] = []
    kept: dict[tuple[int, ...], Tree] = {}
    for j, tree in enumerate(trees):
        new = tuple(column[j] for column in columns)
        if all(one is other for one, other in zip(new, tree, strict=True)):
            new = tree
        made.append(kept.setdefault(tuple(map(id, new)), new))
    return made


class Sharing:
    """Makes one object of equal values and nodes, while several stores go through one node."""

    __slots__ = ("_nodes", "_values")

    def __init__(self) -> None:
        self._values: dict[Abstract, Abstract] = {}
        self._nodes: dict[tuple[int, ...], Tree] = {}

    def value(self, value: Abstract) -> Abstract:
        """The value that was first of those equal to this one."""
        return self._values.setdefault(value, value)

    def put(self, tree: Tree, height: int, place: int, value: Abstract | None) -> Tree:
        """As `put`, a node that was made before being taken again."""
        i = (place >> (BITS * height)) & _MASK
        old = tree[i]
        new: Any = value if height == 0 else self.put(old, height - 1, place, value)
        if new is old:
            return tree
        made = (*tree[:i], new, *tree[i + 1 :])
        return self._nodes.setdefault(tuple(map(id, made)), made)
