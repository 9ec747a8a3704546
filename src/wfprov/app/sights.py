"""What the cloud tells and no definition does, looked for where it is a question."""

from __future__ import annotations

from collections.abc import Iterable

from wfprov.app.functions import Functions, listings
from wfprov.app.inspect import Observed, inspect_stack
from wfprov.app.inventory import Gathering
from wfprov.app.load import Loaded
from wfprov.app.templates import Templates, request
from wfprov.core.facts import Facts
from wfprov.core.resource import Call
from wfprov.desired.model import Inspected


class Sights:
    """The called functions and instance templates, each asked for once."""

    def __init__(self, gathering: Gathering) -> None:
        self._functions = Functions(gathering)
        self._templates = Templates(gathering)

    @property
    def observed(self) -> Observed:
        """What was seen so far."""
        return Observed(functions=self._functions.seen, templates=self._templates.seen)

    def look(self, inspected: Iterable[Inspected]) -> bool:
        """Looks for what is a question; False when nothing is.

        Raises:
            CloudError: no answer, or no credentials; what is refused is told with the question.
        """
        known = tuple(inspected)
        functions, templates = self._functions.look(known), self._templates.look(known)
        return functions or templates

    def inspected(self, loaded: Loaded, facts: Facts) -> tuple[Inspected, ...]:
        """Every workflow of a stack, what only the cloud tells included."""
        inspected = inspect_stack(loaded, facts, self.observed)
        if self.look(inspected):
            inspected = inspect_stack(loaded, facts, self.observed)
        return inspected


def requests(observed: Observed) -> tuple[tuple[str, Call], ...]:
    """The requests by which it was seen, each with the place, `projects/p/...`, that it reads."""
    templates = (
        (name.partition("googleapis.com/")[2], request(name)) for name in observed.templates
    )
    return (*listings(observed.functions).items(), *templates)
