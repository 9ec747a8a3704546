"""What an emulated service is made of: handlers of methods, and the kinds of resource it keeps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from wfprov.emulator import enforce
from wfprov.emulator.discovery import Document, Match
from wfprov.emulator.errors import ApiError
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import POLICIES, RESOURCES
from wfprov.emulator.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of resource: how a body is completed, and how its absence is worded.

    `pattern` is a resource path with `*` for one segment. `complete` gets the
    world, the canonical resource path and the body as sent, and returns the
    body as kept; a body with `_standIn` stands for something that was there
    before, and `_also` in the result names resources that come with it. With
    `number_names` the service writes names with the project number.
    """

    pattern: str
    complete: Callable[[World, str, Json], Json]
    missing: str = "Resource '{name}' was not found"
    number_names: bool = False

    def covers(self, resource: str) -> bool:
        """Whether a resource path is of this kind."""
        wanted, parts = self.pattern.split("/"), resource.split("/")
        return len(wanted) == len(parts) and all(
            fnmatchcase(part, want) for part, want in zip(parts, wanted, strict=True)
        )

    def not_found(self, name: str) -> ApiError:
        """404 in the words of this service."""
        return ApiError("NOT_FOUND", self.missing.format(name=name, short=name.rpartition("/")[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, authenticated and routed, as a handler sees it."""

    world: World
    document: Document
    match: Match
    kinds: "Kinds"
    query: Mapping[str, str]
    body: Json
    headers: Mapping[str, str]
    caller: str | None
    full: str

    @property
    def api(self) -> str:
        return self.document.api

    @property
    def resource(self) -> str:
        """The canonical resource path: project by id."""
        return self.full.removeprefix("//").partition("/")[2]

    @property
    def project(self) -> str:
        """The id of the project that is asked, or the empty string."""
        return self.world.project_of(self.full) or ""

    def require(self, permission: str, full: str | None = None) -> None:
        """Refuses unless the caller has the permission on `full` (default: what the call names)."""
        name = self.full if full is None else full
        enforce.require(self.world, self.caller, permission, name, self._api_attributes())

    def _api_attributes(self) -> dict[str, Any]:
        """What conditions may know of a request to set a policy: the roles whose bindings change.

        Source: https://docs.cloud.google.com/iam/docs/setting-limits-on-granting-roles
        (2026-11-23); datasets of BigQuery do not tell.
        """
        if self.match.method.action != "setIamPolicy":
            return {}
        old = (self.world.objects.peek(POLICIES, self.full) or {}).get("bindings") or []
        new = (self.body.get("policy") or self.body).get("bindings") or []
        before, after = (_held(bindings) for bindings in (old, new))
        changed = {role for role, *_ in before ^ after}
        return {"iam.googleapis.com/modifiedGrantsByRole": sorted(changed)}

    def act_as(self, email: str) -> None:
        """Refuses unless the account exists and the caller may act as it."""
        enforce.require_act_as(self.world, self.caller, email)

    def flag(self, name: str) -> bool:
        """A boolean query parameter."""
        return self.query.get(name, "").lower() == "true"

    def stored(self, full: str | None = None) -> Json:
        """A copy of the resource that the call names.

        Raises:
            ApiError: 404 in the words of the service.
        """
        name = self.full if full is None else full
        found = self.world.objects.get(RESOURCES, name)
        if found is None:
            raise self.kinds.of(name).not_found(name.removeprefix("//").partition("/")[2])
        return found


def _held(bindings: Any) -> set[tuple[str, str, str]]:
    return {
        (str(b.get("role")), str(b.get("condition") or ""), str(member))
        for b in bindings
        for member in b.get("members") or ()
    }


Handler = Callable[[Call], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One API: handlers by version and method (its id without the API's name), and its kinds."""

    api: str
    handlers: Mapping[str, Mapping[str, Handler]] = field(default_factory=dict)
    kinds: tuple[Kind, ...] = ()


def as_sent(world: World, resource: str, body: Json) -> Json:  # noqa: ARG001
    """The completion of a kind that needs none: name and times are the generic service's work."""
    return body


_ANY = Kind(pattern="*", complete=as_sent)


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of all services, by API."""

    by_api: Mapping[str, tuple[Kind, ...]]

    def of(self, full: str) -> Kind:
        """The kind of a resource by its full name; a plain one where no service knows better."""
        host, _, resource = full.removeprefix("//").partition("/")
        for kind in self.by_api.get(host.removesuffix(".googleapis.com"), ()):
            if kind.covers(resource):
                return kind
        return _ANY

    def make(self, world: World, full: str, body: Json) -> Json:
        """Completes and stores a resource, and what comes with it; returns it as kept."""
        resource = full.removeprefix("//").partition("/")[2]
        kept = self.of(full).complete(world, resource, body)
        world.objects.put(RESOURCES, full, kept)
        for name, other in kept.get("_also", {}).items():
            if world.objects.peek(RESOURCES, name) is None:
                self.make(world, name, {"name": name.removeprefix("//").partition("/")[2], **other})
        return kept
