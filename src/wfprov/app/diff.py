"""What one environment's workflows may reach that another's may not, from the files alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wfprov.app.inspect import inspect_stack
from wfprov.app.load import Selection, load
from wfprov.app.suppress import heeded
from wfprov.core.diagnostic import Diagnostic, in_order
from wfprov.core.facts import Facts
from wfprov.desired.compare import Difference, difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two environments against each other, and what was wrong with what was read."""

    difference: Difference
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether everything could be read."""
        return not any(d.is_error for d in self.diagnostics)


def compare(left: str, right: str, selection: Selection, facts: Facts) -> Compared:
    """Compares two environments of one configuration; the cloud is not asked.

    Raises:
        InputError: there is no such environment.
    """
    loaded = [load(replace(selection, environment=name)) for name in (left, right)]
    inspected = [heeded(inspect_stack(one, facts)) for one in loaded]
    found = [
        *(d for one in loaded for d in one.diagnostics),
        *(d for side in inspected for one in side for d in one.diagnostics),
    ]
    return Compared(
        difference=difference(inspected[0], inspected[1]),
        diagnostics=in_order(d for d in found if d.is_error),
    )
