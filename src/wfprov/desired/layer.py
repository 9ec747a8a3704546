"""The blocks of wfprov.yaml and environments/ENV.yaml, each read as far as it is written.

A layer holds None for what is not written: another layer, or the default, decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, cast, get_args

from wfprov.catalog.target import Answer
from wfprov.core.address import Permission, RoleName
from wfprov.core.span import Span
from wfprov.desired.answers import answers
from wfprov.desired.model import (
    AccessRule,
    CallLogLevel,
    ExecutionHistoryLevel,
    NewAccessPolicy,
    ServiceAccountChoice,
    Templating,
    Trigger,
)
from wfprov.desired.reader import Entry, Fields, Reader, Text, is_null, plain
from wfprov.desired.settings import (
    description,
    env,
    labels,
    service_account,
    template_values,
)
from wfprov.desired.shapes import (
    ADDRESS,
    ADDRESS_HINT,
    API,
    CRYPTO_KEY,
    DOMAIN,
    ENDPOINT,
    ENDPOINT_HINT,
    PERMISSION,
    PROJECT,
    PROJECT_HINT,
    PROJECT_NUMBER,
    REGION,
    REGION_HINT,
    ROLE,
    STACK,
    STACK_HINT,
    WORKFLOW,
    WORKFLOW_HINT,
)
from wfprov.desired.trigger_settings import triggers
from wfprov.language.nodes import Node

TEMPLATINGS: Final = get_args(Templating)
CALL_LOG_LEVELS: Final = get_args(CallLogLevel)
EXECUTION_HISTORY_LEVELS: Final = get_args(ExecutionHistoryLevel)
CUSTOM_ROLES: Final = ("never", "when-narrower", "always")
IDENTITIES: Final = ("required", "preferred")

WORKFLOW_KEYS: Final = (
    "source",
    "templating",
    "service_account",
    "env",
    "call_log_level",
    "execution_history_level",
    "description",
    "labels",
    "crypto_key",
    "deletion_protection",
    "triggers",
    "arguments",
    "template_values",
    "answers",
    "project",
    "region",
)
POLICY_KEYS: Final = (
    "forbidden_roles",
    "dedicated_identity",
    "custom_roles",
    "custom_role_threshold",
    "prefer_roles",
    "new_access",
)
NEW_ACCESS_KEYS: Final = ("allow", "deny")
ACCESS_RULE_KEYS: Final = ("role", "on", "principal", "workflow", "level")
LEVELS: Final = ("project", "resource")
CONFIG_KEYS: Final = ("version", "stack", "workflows", "policy")
ENVIRONMENT_KEYS: Final = (
    "project",
    "project_number",
    "region",
    "endpoint",
    "endpoints",
    "universe_domain",
    "stack",
    "workflows",
    "policy",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowLayer:
    """What one file says of one workflow; `at` is the workflow's name there."""

    at: Span
    source: Text | None = None
    templating: Templating | None = None
    service_account: ServiceAccountChoice | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    call_log_level: CallLogLevel | None = None
    execution_history_level: ExecutionHistoryLevel | None = None
    description: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    crypto_key: str | None = None
    deletion_protection: bool | None = None
    triggers: tuple[Trigger, ...] | None = None
    arguments: object = None
    template_values: Mapping[str, object] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    project: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLayer:
    """What one file says of grants."""

    forbidden_roles: frozenset[RoleName] | None = None
    dedicated_identity: str | None = None
    custom_roles: str | None = None
    custom_role_threshold: int | None = None
    prefer_roles: Mapping[Permission, RoleName] = field(default_factory=dict)
    new_access: NewAccessPolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one file says: wfprov.yaml and an environment fill different parts of it."""

    stack: Text | None = None
    project: str | None = None
    project_number: str | None = None
    region: str | None = None
    endpoint: str | None = None
    endpoints: Mapping[str, str] = field(default_factory=dict)
    universe_domain: str | None = None
    workflows: Mapping[str, WorkflowLayer] = field(default_factory=dict)
    policy: PolicyLayer = field(default_factory=PolicyLayer)


def top(reader: Reader, fields: Fields) -> Layer:
    """The keys that stand at the top of wfprov.yaml or of an environment file."""
    listed = fields.node("workflows")
    return Layer(
        stack=fields.read(
            "stack", reader.placed(reader.text("a stack's name", shape=STACK, hint=STACK_HINT))
        ),
        project=fields.read("project", project(reader)),
        project_number=fields.read(
            "project_number", reader.text("a project number", shape=PROJECT_NUMBER)
        ),
        region=fields.read("region", region(reader)),
        endpoint=fields.read(
            "endpoint", reader.text("an endpoint", shape=ENDPOINT, hint=ENDPOINT_HINT)
        ),
        endpoints=fields.read("endpoints", _endpoints(reader)) or {},
        universe_domain=fields.read("universe_domain", reader.text("a domain", shape=DOMAIN)),
        workflows={} if listed is None else workflows(reader, listed),
        policy=fields.read("policy", lambda node: policy(reader, node)) or PolicyLayer(),
    )


def project(reader: Reader) -> Callable[[Node], str | None]:
    """A reading of a project id."""
    return reader.text("a project id", shape=PROJECT, hint=PROJECT_HINT)


def region(reader: Reader) -> Callable[[Node], str | None]:
    """A reading of a region."""
    return reader.text("a region", shape=REGION, hint=REGION_HINT)


def workflows(reader: Reader, node: Node) -> dict[str, WorkflowLayer]:
    """The `workflows:` block, by name."""
    found: dict[str, WorkflowLayer] = {}
    for entry in reader.entries(node, "`workflows`"):
        if not WORKFLOW.fullmatch(entry.key):
            reader.bad_key(entry, f"`{entry.key}` cannot name a workflow", WORKFLOW_HINT)
            continue
        found[entry.key] = _workflow(reader, entry)
    return found


def _workflow(reader: Reader, entry: Entry) -> WorkflowLayer:
    if is_null(entry.node):
        return WorkflowLayer(at=entry.at)
    f = reader.fields(entry.node, "a workflow", WORKFLOW_KEYS)
    arguments = f.node("arguments")
    return WorkflowLayer(
        at=entry.at,
        source=f.read("source", reader.placed(reader.text("a source"))),
        templating=cast(
            "Templating | None", f.read("templating", reader.choice("a templating", TEMPLATINGS))
        ),
        service_account=cast(
            "ServiceAccountChoice | None", f.read("service_account", service_account(reader))
        ),
        env=f.read("env", env(reader)) or {},
        call_log_level=cast(
            "CallLogLevel | None",
            f.read("call_log_level", reader.choice("a call log level", CALL_LOG_LEVELS)),
        ),
        execution_history_level=cast(
            "ExecutionHistoryLevel | None",
            f.read(
                "execution_history_level",
                reader.choice("an execution history level", EXECUTION_HISTORY_LEVELS),
            ),
        ),
        description=f.read("description", description(reader)),
        labels=f.read("labels", labels(reader)) or {},
        crypto_key=f.read(
            "crypto_key",
            reader.text(
                "a key",
                shape=CRYPTO_KEY,
                hint="write projects/P/locations/L/keyRings/R/cryptoKeys/K",
            ),
        ),
        deletion_protection=f.read("deletion_protection", reader.boolean("`deletion_protection`")),
        triggers=f.read("triggers", triggers(reader)),
        arguments=None if arguments is None else plain(arguments),
        template_values=f.read("template_values", template_values(reader)) or {},
        answers=f.read("answers", lambda node: answers(reader, node)) or {},
        project=f.read("project", project(reader)),
        region=f.read("region", region(reader)),
    )


def policy(reader: Reader, node: Node) -> PolicyLayer:
    """The `policy:` block."""
    f = reader.fields(node, "`policy`", POLICY_KEYS)
    role = reader.text("a role", shape=ROLE, hint="write roles/NAME or projects/P/roles/NAME")
    roles = f.read("forbidden_roles", reader.texts("`forbidden_roles`", role))
    preferred = f.read(
        "prefer_roles", reader.text_map("`prefer_roles`", role, key=_permission(reader))
    )
    return PolicyLayer(
        forbidden_roles=None if roles is None else frozenset(map(RoleName, roles)),
        dedicated_identity=f.read(
            "dedicated_identity", reader.choice("a choice for `dedicated_identity`", IDENTITIES)
        ),
        custom_roles=f.read(
            "custom_roles", reader.choice("a choice for `custom_roles`", CUSTOM_ROLES)
        ),
        custom_role_threshold=f.read(
            "custom_role_threshold", reader.whole_number("`custom_role_threshold`")
        ),
        prefer_roles={Permission(p): RoleName(r) for p, r in (preferred or {}).items()},
        new_access=f.read("new_access", lambda node: _new_access(reader, node)),
    )


def _new_access(reader: Reader, node: Node) -> NewAccessPolicy:
    f = reader.fields(node, "`new_access`", NEW_ACCESS_KEYS)

    def rules(key: str) -> tuple[AccessRule, ...]:
        listed = f.read(key, lambda held: reader.items(held, f"`{key}`")) or ()
        return tuple(rule for item in listed if (rule := _access_rule(reader, item)) is not None)

    return NewAccessPolicy(allow=rules("allow"), deny=rules("deny"))


def _access_rule(reader: Reader, node: Node) -> AccessRule | None:
    """One rule; one in which nothing is written would fit everything, and is refused."""
    f = reader.fields(node, "a rule for new access", ACCESS_RULE_KEYS)
    word = reader.text("a pattern", hint="write a name; * stands for any text")
    level = f.read("level", reader.choice("a choice for `level`", LEVELS))
    rule = AccessRule(
        role=f.read("role", word),
        on=f.read("on", word),
        principal=f.read("principal", word),
        workflow=f.read("workflow", word),
        level=None if level is None else "project" if level == "project" else "resource",
    )
    if rule == AccessRule():
        reader.missing(node, "a rule for new access says nothing", 'for all access: {role: "*"}')
        return None
    return rule


def _permission(reader: Reader) -> Callable[[Entry], bool]:
    def is_one(entry: Entry) -> bool:
        if PERMISSION.fullmatch(entry.key):
            return True
        reader.bad_key(entry, f"`{entry.key}` is not a permission", "for example run.routes.invoke")
        return False

    return is_one


def _endpoints(reader: Reader) -> Callable[[Node], dict[str, str] | None]:
    def is_api(entry: Entry) -> bool:
        if API.fullmatch(entry.key):
            return True
        reader.bad_key(
            entry,
            f"`{entry.key}` is not the short name of an API",
            "write what stands before .googleapis.com: run, workflows, iam",
        )
        return False

    address = reader.text("an address", shape=ADDRESS, hint=ADDRESS_HINT)
    return reader.text_map("`endpoints`", address, key=is_api)
