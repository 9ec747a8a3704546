"""Which accounts called instance templates name: the templates say it, no definition does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wfprov.app.inventory import Gathering
from wfprov.catalog.acting import template_of
from wfprov.catalog.target import SeenTemplate
from wfprov.core.address import ResourceName, segment_after
from wfprov.core.resource import Body, Call
from wfprov.desired.model import Inspected


def asked_about(inspected: Iterable[Inspected]) -> tuple[ResourceName, ...]:
    """The instance templates whose accounts are a question, by their full names."""
    names = {
        name
        for one in inspected
        for use in one.sites
        for target in use.targets
        if target.question is not None
        if (name := template_of(target.question.hole)) is not None
    }
    return tuple(sorted(names))


def request(name: ResourceName) -> Call:
    """The request for one instance template, a global or a regional one.

    Source: https://cloud.google.com/compute/docs/reference/rest/v1/instanceTemplates/get
    (not opened)
    """
    project, region = segment_after(name, "projects"), segment_after(name, "regions")
    given = {"project": project, "instanceTemplate": name.rpartition("/")[2]}
    if region is None:
        return Call(client="compute:v1", method="instanceTemplates.get", request=given)
    return Call(
        client="compute:v1",
        method="regionInstanceTemplates.get",
        request={**given, "region": region},
    )


class Templates:
    """What the cloud says of instance templates, as far as it was asked; each is read once."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self.seen: Mapping[ResourceName, SeenTemplate] = {}

    def look(self, inspected: Iterable[Inspected]) -> bool:
        """Looks for the templates whose accounts are a question; False when there are none.

        Raises:
            CloudError: no answer, or no credentials; what is refused is told with the template.
        """
        names = asked_about(inspected)
        calls = {name: request(name) for name in names if name not in self.seen}
        before = len(self._gathering.unseen)
        gone: set[ResourceName] = set()
        bodies = self._gathering.answers(calls, shown, gone=gone)
        refused = {unseen.what: unseen.why for unseen in self._gathering.unseen[before:]}
        found = {name: _seen(name, body, gone, refused) for name, body in bodies.items()}
        self.seen = {**self.seen, **found}
        return bool(names)


def shown(name: ResourceName) -> str:
    """`instance template t of p`."""
    return f"instance template {name.rpartition('/')[2]} of {segment_after(name, 'projects')}"


def _seen(
    name: ResourceName,
    body: Body | None,
    gone: set[ResourceName],
    refused: Mapping[str, str],
) -> SeenTemplate:
    if name in gone:
        return SeenTemplate(why="it is not there")
    if body is None:
        return SeenTemplate(why=f"it could not be read: {refused.get(shown(name), 'refused')}")
    properties = body.get("properties")
    if not isinstance(properties, Mapping):
        return SeenTemplate(why="it does not tell it")
    accounts = properties.get("serviceAccounts") or ()
    return SeenTemplate(accounts=tuple(str(a.get("email", "default")) for a in accounts))
