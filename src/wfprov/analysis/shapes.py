"""What is known of the results of outbound calls: a port, since only the catalog knows the APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from wfprov.analysis.domain import Abstract, Hole


class Shapes(Protocol):
    """Knows the shape of what calls return."""

    def result(self, function: str, args: Mapping[str, Abstract], hole: Hole) -> Abstract | None:
        """What a call returns, parts that are not known named below `hole`; None: nothing known.

        The result must stand for everything that the call can return with these arguments.
        """


class NoShapes:
    """Knows nothing."""

    def result(self, function: str, args: Mapping[str, Abstract], hole: Hole) -> Abstract | None:
        """None."""
        del function, args, hole
        return None
