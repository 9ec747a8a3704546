"""A stack as it is configured, and what was learnt of its workflows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from wfprov.analysis.calls import Site
from wfprov.catalog.target import Answer, Question, TargetUse
from wfprov.core.address import Permission, ResourceName, RoleName
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.ownership import mark_of
from wfprov.core.span import Source, Span
from wfprov.iam.grant import Grant


@dataclass(frozen=True, slots=True)
class Dedicated:
    """A service account of the workflow's own, made and owned by the stack."""


@dataclass(frozen=True, slots=True)
class Existing:
    """A service account that somebody else owns."""

    email: str
    at: Span | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """A service account that several workflows of the stack share, made and owned by it."""

    name: str
    at: Span | None = None


ServiceAccountChoice: TypeAlias = Dedicated | Existing | Shared

Templating = Literal["none", "terraform", "cloudbuild", "auto"]
CallLogLevel = Literal["LOG_ALL_CALLS", "LOG_ERRORS_ONLY", "LOG_NONE"]
ExecutionHistoryLevel = Literal["EXECUTION_HISTORY_BASIC", "EXECUTION_HISTORY_DETAILED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTrigger:
    """A Cloud Scheduler job that starts the workflow.

    `argument` is the JSON text of the runtime argument, None without one. `paused` None: whether
    it is paused stays as it is live. `retry` holds fields of the API's retry configuration.
    `places` are where the keys are written, `at` is the whole entry.
    """

    schedule: str
    time_zone: str | None = None
    argument: str | None = None
    paused: bool | None = None
    retry: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    service_account: ServiceAccountChoice = field(default_factory=Dedicated)
    places: Mapping[str, Span] = field(default_factory=dict)
    at: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger:
    """An Eventarc trigger that starts the workflow.

    `filters` are those beside the type. `location` None: the workflow's region. `topic` is a topic
    of the project or `projects/P/topics/T`, `channel` likewise; None: Eventarc makes its own.
    """

    event: str
    filters: Mapping[str, str] = field(default_factory=dict)
    location: str | None = None
    topic: str | None = None
    channel: str | None = None
    content_type: str | None = None
    attempts: int = 0
    name: str | None = None
    service_account: ServiceAccountChoice = field(default_factory=Dedicated)
    places: Mapping[str, Span] = field(default_factory=dict)
    at: Span


Trigger: TypeAlias = ScheduleTrigger | EventTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowSpec:
    """One workflow in one environment, all overlays merged.

    `project` and `region` are None when nothing names them (`inspect` and `check` need none).
    `source_path` is as the user writes it, relative to the working folder. `at` is where the
    configuration names the workflow, None without a configuration. `open_env` are variables of a
    Terraform file whose values still have something to be filled in, and their places; `functions`
    those that its module defines, by full name, with their generations.
    """

    name: str
    source_path: str
    project: str | None = None
    project_number: str | None = None
    region: str | None = None
    templating: Templating = "auto"
    service_account: ServiceAccountChoice = field(default_factory=Dedicated)
    env: Mapping[str, str] = field(default_factory=dict)
    open_env: Mapping[str, tuple[str, Span]] = field(default_factory=dict)
    functions: Mapping[ResourceName, Literal["1", "2"]] = field(default_factory=dict)
    call_log_level: CallLogLevel | None = None
    execution_history_level: ExecutionHistoryLevel | None = None
    description: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    crypto_key: str | None = None
    deletion_protection: bool | None = None
    triggers: tuple[Trigger, ...] = ()
    arguments: object = None
    template_values: Mapping[str, object] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    at: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """What new access is meant: every part that is written must fit; `*` stands for any text.

    `level`: whether the grant stands on a whole project or above, or on a single resource.
    """

    role: str | None = None
    on: str | None = None
    principal: str | None = None
    workflow: str | None = None
    level: Literal["project", "resource"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccessPolicy:
    """Which new access a change may ask for: what is allowed and not denied."""

    allow: tuple[AccessRule, ...] = ()
    deny: tuple[AccessRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """The `policy:` block: what grants may be made."""

    forbidden_roles: frozenset[RoleName] = frozenset(
        {RoleName("roles/owner"), RoleName("roles/editor")}
    )
    dedicated_identity: Literal["required", "preferred"] = "required"
    custom_roles: Literal["never", "when-narrower", "always"] = "when-narrower"
    custom_role_threshold: int = 20
    prefer_roles: Mapping[Permission, RoleName] = field(default_factory=dict)
    new_access: NewAccessPolicy = field(default_factory=NewAccessPolicy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Everything that one run is about.

    `endpoint` is `cloud`, `embedded`, or the address of a control plane; `endpoints` overrides it
    for single APIs. `name` marks what the stack owns. `environment` is "" without one.
    """

    name: str
    environment: str = ""
    project: str | None = None
    project_number: str | None = None
    region: str | None = None
    endpoint: str = "cloud"
    endpoints: Mapping[str, str] = field(default_factory=dict)
    universe_domain: str = "googleapis.com"
    workflows: tuple[WorkflowSpec, ...] = ()
    policy: AccessPolicy = field(default_factory=AccessPolicy)

    @property
    def control_plane(self) -> str:
        """Where the stack is carried out, in words that a saved plan is held against."""
        others = ", ".join(f"{api}={where}" for api, where in sorted(self.endpoints.items()))
        universe = "" if self.universe_domain == "googleapis.com" else f" of {self.universe_domain}"
        return f"{self.endpoint}{universe}{f' with {others}' if others else ''}"

    @property
    def mark(self) -> str:
        """What the stack's things carry in this environment."""
        return mark_of(self.name, self.environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteUse:
    """A call site and what it calls."""

    site: Site
    targets: tuple[TargetUse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What is known of one workflow's definition.

    `source` is the text that was read and analysed; `contents` what is deployed (the two differ
    when a template was rendered), unless `unfilled` parts of it are left. `apis` are (service,
    project) pairs, sorted. `ignored` counts the findings that comments in the text accept.
    """

    workflow: WorkflowSpec
    source: Source
    contents: str
    sites: tuple[SiteUse, ...]
    grants: tuple[Grant, ...]
    apis: tuple[tuple[str, str], ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    unfilled: tuple[Span, ...] = ()
    ignored: int = 0

    @property
    def questions(self) -> tuple[tuple[Site, Question], ...]:
        """The open questions, by site."""
        return tuple(
            (use.site, target.question)
            for use in self.sites
            for target in use.targets
            if target.question is not None
        )
