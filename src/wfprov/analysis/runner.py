"""What runs regions, as those see it who run parts of one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from wfprov.analysis.domain import Abstract, Hole
from wfprov.analysis.environment import Environment
from wfprov.analysis.evaluate import Evaluator
from wfprov.analysis.flow import Node, Region
from wfprov.analysis.lattice import join
from wfprov.analysis.outcome import Entry, Outcome
from wfprov.language.ast import Call, Try

WAYS: Final = 256
"""How many items of nested loops are told apart."""


LANES: Final = 8
"""How many stores are kept apart where paths meet, regions inside each other taken together."""


@dataclass(slots=True, eq=False)
class Cell:
    """What branches wrote to a shared variable; `foreign`: others than this one may write."""

    hole: Hole
    foreign: bool
    value: Abstract | None = None

    def add(self, value: Abstract) -> None:
        """Adds a value that was written."""
        self.value = value if self.value is None else join(self.value, value)


Cells: TypeAlias = Mapping[int, Cell]


class Runner(Protocol):
    """What runs regions."""

    evaluator: Evaluator
    credit: int
    lanes: int

    def run(self, region: Region, env: Environment) -> Outcome:
        """Runs a region from a store until nothing changes."""

    def with_cells(self, cells: Cells, region: Region, env: Environment) -> Outcome:
        """Runs a region while other branches may write the variables of the cells."""

    def write(self, env: Environment, number: int, value: Abstract) -> Environment:
        """The store after an assignment; a shared variable is seen by the other branches."""

    def sharing(self) -> AbstractContextManager[None]:
        """While it lasts, equal values that are written become one object."""

    def spend(self) -> None:
        """Takes one from the budget."""

    def begin(self, node: Node) -> list[Entry]:
        """Starts to note what a node meets."""

    def resume(self, met: list[Entry]) -> None:
        """Goes on noting for a node after regions inside it were run."""

    def call(self, body: Call, env: Environment) -> Abstract:
        """The result of a call step; Never when it does not return."""

    def predicate(self, body: Try, env: Environment) -> None:
        """Meets the calls of a retry policy."""
