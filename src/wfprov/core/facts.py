"""What the pure layers ask of Google's facts: methods, needs, roles, resources with a policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from wfprov.core.address import Permission, RoleName


class MethodId(NamedTuple):
    """A method by API, version and resource path: `run`, `v2`, `projects.locations.jobs.run`."""

    api: str
    version: str
    name: str

    def __str__(self) -> str:
        return ".".join(part for part in self if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method of a discovery document.

    `service` is what is enabled (`run.googleapis.com`). `path` is whole and flat,
    `v2/projects/{projectsId}/locations/{locationsId}/jobs/{jobsId}:run`; `params` are the path
    parameters as a connector's arguments name them.
    """

    id: MethodId
    service: str
    verb: str
    path: str
    params: tuple[str, ...]
    scopes: tuple[str, ...]
    takes_body: bool
    long_running: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """Permissions that some requests need.

    `form` is a condition in the grammar of `wfprov.catalog.condition`; `on` a resource template,
    empty for the method's own; `instead_of` are permissions that are not needed then.
    """

    text: str
    form: str
    permissions: tuple[Permission, ...]
    instead_of: tuple[Permission, ...] = ()
    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActAs:
    """Where a request names the account that it acts as; `default`: what stands in for none."""

    paths: tuple[str, ...]
    default: Literal["compute", "appengine"] | None
    tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodNeeds:
    """What a method asks of its caller.

    `on` is a resource template, `on_by` overrides it by permission. `project_only`: no policy below
    the project carries it. `polling` are the permissions of waiting for the outcome, checked on the
    project when `poll_project`. `role` is the role that Google's page names, `scope` a sufficient
    OAuth scope, `source` the page, `read` the day on which it was read a second time, empty when it
    was not. `gap`: nobody knows the permissions.
    """

    tier: Literal["curated", "map", "derived"]
    permissions: tuple[Permission, ...]
    on: str = ""
    on_by: Mapping[Permission, str]
    project_only: bool = False
    conditional: tuple[Conditional, ...] = ()
    act_as: ActAs | None = None
    polling: tuple[Permission, ...] = ()
    poll_project: bool = False
    role: RoleName | None = None
    scope: str | None = None
    source: str = ""
    read: str = ""
    note: str = ""
    gap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A predefined role."""

    name: RoleName
    title: str
    stage: str
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyType:
    """A type of resource with an IAM policy, and the method that sets it.

    `type` is the service and the collections of the full resource name,
    `run.googleapis.com/projects/locations/services`.
    """

    type: str
    api: str
    version: str
    resource: str
    verb: str
    url: str


class Facts(Protocol):
    """Google's facts, read as they are asked for."""

    def method(self, method: MethodId) -> Method | None:
        """A method, or None when no discovery document has it."""

    def methods_at(self, host: str, verb: str, path: str) -> Iterable[Method]:
        """The methods that a request of that verb to a host (`run.googleapis.com`) may reach.

        `path` is the start of the request's path without holes, `v2/projects`; documents whose
        paths begin otherwise are left out.
        """

    def knows_host(self, host: str) -> bool:
        """Whether a discovery document is served at the host."""

    def needs(self, method: MethodId) -> MethodNeeds | None:
        """What a method needs; None when nobody knows.

        A version without a row of its own answers with a sibling's, as tier `map`.
        """

    def methods_like(self, method: MethodId) -> tuple[str, ...]:
        """At most three methods that exist and are named like one that does not, best first."""

    def service(self, api: str) -> str | None:
        """The name under which an API is enabled, by its name in connectors."""

    def role(self, name: RoleName) -> Role | None:
        """A predefined role."""

    def roles_of(self, service: str) -> tuple[Role, ...]:
        """The roles whose name begins with a permission's first word, by name."""

    def roles_with(self, permission: Permission) -> tuple[Role, ...]:
        """Every role that holds a permission, by name; slow, for those no home role holds."""

    def exists(self, permission: Permission) -> bool:
        """Whether any predefined role holds the permission."""

    def policy_type(self, type: str) -> PolicyType | None:  # noqa: A002 (the field's own word)
        """The method that sets the policy of a type of resource; None when it has no policy."""

    def effective(self, type: str) -> frozenset[Permission] | None:  # noqa: A002
        """The permissions that can take effect on a resource of the type or below.

        None: all of them, or not known (a project, an IAP resource).
        """
