"""What the cloud tells and no definition does, looked for where it is a question."""

from __future__ import annotations

from collections.abc import Iterable

from wfprov.app import functions, services, templates
from wfprov.app.inspect import Observed, inspect_stack
from wfprov.app.inventory import Gathering
from wfprov.app.load import Loaded
from wfprov.catalog.target import SeenServices
from wfprov.core.facts import Facts
from wfprov.core.resource import Call
from wfprov.desired.model import Inspected


class Sights:
    """The called functions, domains and instance templates, each asked for once."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self._functions = functions.Functions(gathering)
        self._templates = templates.Templates(gathering)
        self._services: dict[str, SeenServices] = {}

    @property
    def observed(self) -> Observed:
        """What was seen so far."""
        return Observed(
            functions=self._functions.seen,
            templates=self._templates.seen,
            services=self._services,
        )

    def look(self, inspected: Iterable[Inspected]) -> bool:
        """Looks for what is a question; False when nothing is.

        Raises:
            CloudError: no answer, or no credentials; what is refused is told with the question.
        """
        known = tuple(inspected)
        places = services.places_asked_about(known)
        unseen = [place for place in places if place not in self._services]
        self._services = {**self._services, **services.look(unseen, self._gathering)}
        looked = self._functions.look(known), self._templates.look(known), bool(places)
        return any(looked)

    def inspected(self, loaded: Loaded, facts: Facts) -> tuple[Inspected, ...]:
        """Every workflow of a stack, what only the cloud tells included."""
        inspected = inspect_stack(loaded, facts, self.observed)
        if self.look(inspected):
            inspected = inspect_stack(loaded, facts, self.observed)
        return inspected


def requests(observed: Observed) -> tuple[tuple[str, Call], ...]:
    """The requests by which it was seen, each with the place, `projects/p/...`, that it reads."""
    read = {n.partition("googleapis.com/")[2]: templates.request(n) for n in observed.templates}
    listed = functions.listings(observed.functions), services.listings(observed.services)
    return (*listed[0].items(), *listed[1].items(), *read.items())
