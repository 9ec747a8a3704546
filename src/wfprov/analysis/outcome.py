"""What running a region came to: how it is left, and the calls that were met on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from wfprov.analysis.domain import Abstract, Hole, Never
from wfprov.analysis.environment import Environment, Meeting
from wfprov.analysis.flow import Exit, Node
from wfprov.analysis.lattice import NEVER, join
from wfprov.analysis.sites import CallNode
from wfprov.language.ast import Try


@dataclass(frozen=True, slots=True, eq=False)
class Outbound:
    """An outbound call met with these arguments; `open_args`: there may be others."""

    call: CallNode
    args: dict[str, Abstract]
    open_args: Hole | None = None


@dataclass(slots=True, eq=False)
class Summary:
    """A procedure run with certain arguments; `value` is what it returns, Never when it does not.

    `running`: it is on the stack, so a call of it is a recursion. `within` is the run that first
    called it.
    """

    procedure: str
    args: tuple[Abstract, ...]
    within: Summary | None = None
    running: bool = False
    value: Abstract = NEVER
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """A call of a subworkflow, and what that came to; a try calls its retry's predicate."""

    call: CallNode | Try
    summary: Summary


@dataclass(slots=True, eq=False)
class Outcome:
    """How a region is left: with which store by each exit, and what it returns.

    `met` holds what each node met when it was last run; a rerun replaces it, since its store
    stands for all that the one before stood for.
    """

    exits: dict[Exit, Environment] = field(default_factory=dict)
    jumps: dict[str, Environment] = field(default_factory=dict)
    raised: Environment | None = None
    returned: Abstract = NEVER
    met: dict[Node | None, list[Entry]] = field(default_factory=dict)
    _meetings: dict[object, Meeting] = field(default_factory=dict)

    def leave(self, exit_: Exit, env: Environment) -> None:
        """Adds a way out."""
        self.exits[exit_] = self._met(exit_, env)

    def jump(self, name: str, env: Environment) -> None:
        """Adds a jump out of the region."""
        self.jumps[name] = self._met(name, env)

    def throw(self, env: Environment) -> None:
        """Adds a store with which something in the region may be raised."""
        self.raised = self._met(None, env)

    def give(self, value: Abstract) -> None:
        """Adds a value that the procedure may return."""
        self.returned = value if isinstance(self.returned, Never) else join(self.returned, value)

    def _met(self, place: object, env: Environment) -> Environment:
        meeting = self._meetings.get(place)
        if meeting is None:
            meeting = self._meetings[place] = Meeting(env)
        else:
            meeting.add(env)
        return meeting.store


Entry: TypeAlias = Outbound | Descent | Outcome
