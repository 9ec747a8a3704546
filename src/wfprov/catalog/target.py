"""What an outbound call reaches and needs: the types between analysis and IAM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from wfprov.core.address import Permission, ResourceName, RoleName
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.span import Span


class Kind(StrEnum):
    """The kinds of target of the `inspect` contract."""

    CLOUD_RUN_SERVICE = "cloud_run_service"
    CLOUD_RUN_JOB = "cloud_run_job"
    CLOUD_FUNCTION = "cloud_function"
    GOOGLE_API = "google_api"
    IAP = "iap"
    PRIVATE_ENDPOINT = "private_endpoint"
    WORKFLOW = "workflow"
    CALLBACK = "callback"
    LOGGING = "logging"
    GKE = "gke"
    API_GATEWAY = "api_gateway"
    WORKSPACE_API = "workspace_api"
    EXTERNAL = "external"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    """How much of a target is known."""

    EXACT = "exact"
    PATTERN = "pattern"
    UNKNOWN = "unknown"


class Tier(StrEnum):
    """How far a method's permission can be trusted."""

    CURATED = "curated"
    MAP = "map"
    DERIVED = "derived"


WORKFLOW_IDENTITY = "workflow"
"""The principal that is the workflow's own service account."""

SERVICE_AGENT = "service_agent"
"""The principal that is the Workflows service agent of the workflow's project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """How a request is signed; `type` header: the author sends an Authorization header."""

    type: Literal["OIDC", "OAuth2", "header"]
    audience: str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A permission that a call exercises on a resource.

    `when` None: always; a text: the definition does not decide. `principal` None: the target's
    signer. `policy_on`: the lowest resource at or above `on` whose policy can grant it, when the
    catalog knows (None: IAM works it out). `role`: the role that Google's page names for it.
    `project`: the project that the resource lies in, for names that do not carry it (a bucket, a
    service account).
    """

    permission: Permission
    on: ResourceName
    tier: Tier
    when: str | None = None
    principal: str | None = None
    policy_on: ResourceName | None = None
    role: RoleName | None = None
    source: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What only the user can tell. `answer` is the exact YAML to write in wfprov.yaml."""

    hole: str
    origin: str
    message: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetUse:
    """One thing that one way of reaching a site calls.

    `url` and `resource` have holes as `{name}`. `apis` are the services that must be enabled, by
    project: `("run.googleapis.com", "acme")`.
    """

    kind: Kind
    method: str | None = None
    api_method: str | None = None
    url: str | None = None
    resource: ResourceName | None = None
    auth: Auth | None = None
    principal: str = WORKFLOW_IDENTITY
    confidence: Certainty = Certainty.EXACT
    via: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    question: Question | None = None
    apis: tuple[tuple[str, str], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    note: str = ""


AnswerKind = Literal[
    "external",
    "cloud_run",
    "cloud_run_job",
    "function",
    "iap",
    "private",
    "api_method",
    "permissions",
    "host",
    "workspace",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the user wrote for a site, `key` being `site` or `site@via`.

    `value` is a string, a list of strings (`permissions`), or a map of strings (`function`
    {name, generation}, `iap` {resource}).
    """

    key: str
    kind: AnswerKind
    value: str | tuple[str, ...] | Mapping[str, str]
    at: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFunction:
    """What the cloud says of a function that was looked up.

    `generation` is "1" or "2", empty when it is not told, and then `why` says why not in words.
    `service` is the short name of the Cloud Run service beneath one of the 2nd generation. `by` is
    how it is known.
    """

    generation: Literal["1", "2", ""] = ""
    service: str = ""
    why: str = ""
    by: str = "seen live"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTemplate:
    """What the cloud says of an instance template that was looked up.

    `accounts` are the service accounts that its instances run as, `default` as it stands there;
    None when that is not told, and then `why` says why not in words.
    """

    accounts: tuple[str, ...] | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenServices:
    """What the Cloud Run services of the workflow's own place say, where they were looked up.

    `names` gives the one service that answers at a host or accepts an audience; `why` says in
    words why another host or audience is none of them.
    """

    names: Mapping[str, ResourceName] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a workflow runs, for the catalog; what is not configured stands as a hole.

    `project` is `{project}` and `region` is `{region}` when they are not known. `functions` are
    those that were looked up or that a module defines, `templates` those that were looked up, by
    their full names; offline `services` is None.
    """

    project: str = "{project}"
    project_number: str | None = None
    region: str = "{region}"
    workflow: str = "{workflow}"
    answers: Mapping[str, Answer] = field(default_factory=dict)
    functions: Mapping[ResourceName, SeenFunction] = field(default_factory=dict)
    templates: Mapping[ResourceName, SeenTemplate] = field(default_factory=dict)
    services: SeenServices | None = None

    def answer(self, site: str, via: tuple[str, ...]) -> Answer | None:
        """The answer for one way of reaching a site: `site@via` (innermost first), else `site`."""
        for caller in reversed(via):
            if f"{site}@{caller}" in self.answers:
                return self.answers[f"{site}@{caller}"]
        return self.answers.get(site)
