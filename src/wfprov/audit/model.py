"""What an audit looks at and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from wfprov.core.address import Permission, ResourceName, RoleName, project_name
from wfprov.core.facts import Facts
from wfprov.core.policy import Membership
from wfprov.core.rule import Confidence, Rule
from wfprov.core.span import Span
from wfprov.desired.model import AccessPolicy, Existing, Inspected


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One workflow under audit.

    `member` is the account that it runs as, live where it is deployed; `agent` the Workflows
    service agent of its project and `compute` its default account, `""` while the project's number
    is not known. `deployed` is the live text where it is not that of the file. `configured`: a
    configuration names it; `foreign`: it carries the mark of another stack.
    """

    inspected: Inspected
    member: str
    agent: str = ""
    compute: str = ""
    deployed: Inspected | None = None
    live: bool = True
    configured: bool = True
    foreign: bool = False

    @property
    def name(self) -> str:
        """The workflow's id."""
        return self.inspected.workflow.name

    @property
    def project(self) -> str:
        """The project that it is in."""
        return self.inspected.workflow.project or ""

    @property
    def resource(self) -> ResourceName:
        """Its full resource name."""
        spec = self.inspected.workflow
        return ResourceName(
            f"//workflows.googleapis.com/projects/{spec.project}/locations/{spec.region}"
            f"/workflows/{spec.name}"
        )

    @property
    def head(self) -> Span:
        """The beginning of its definition."""
        return Span(self.inspected.source, 0, 0)

    @property
    def owned(self) -> bool:
        """Whether its account is made by the stack, so that nothing else should use it."""
        choice = self.inspected.workflow.service_account
        return self.configured and not isinstance(choice, Existing)

    @property
    def unresolved(self) -> tuple[str, ...]:
        """The sites whose needs are not known, in order."""
        texts = [self.inspected, *([self.deployed] if self.deployed else [])]
        sites = [site.id for one in texts for site, _ in one.questions]
        broken = any(d.is_error for one in texts for d in one.diagnostics)
        return tuple(dict.fromkeys([*sites, *(["the definition's errors"] if broken else [])]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A live grant of one of the audited identities.

    `permissions` is None for a role that could not be read. `fresh`: the policy was read itself.
    """

    on: ResourceName
    membership: Membership
    permissions: frozenset[Permission] | None
    fresh: bool = True

    @property
    def member(self) -> str:
        """Who holds it."""
        return self.membership.member

    @property
    def role(self) -> RoleName:
        """The role that is held."""
        return self.membership.key.role


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A user-managed key of a service account; times as the API writes them.

    Source: https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys
    (not opened)
    """

    id: str
    created: str
    expires: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What Google saw of one grant's use; `days` is how long it looked.

    Source: https://docs.cloud.google.com/policy-intelligence/docs/policy-insights (2026-11-23)
    """

    member: str
    role: RoleName
    on: ResourceName
    exercised: frozenset[Permission]
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Everything live that the rules look at.

    `policies` are those read whole; `unread` those that may hold more, with the reason; `absent`
    the resources that are not there. `above` are the folders and the organisation over a project.
    `keys` by e-mail. `usage` is None where Google's record of use could not be read.
    """

    facts: Facts
    subjects: tuple[Subject, ...]
    held: tuple[Held, ...] = ()
    policies: Mapping[ResourceName, frozenset[Membership]] = field(default_factory=dict)
    roles: Mapping[RoleName, frozenset[Permission]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    above: Mapping[str, tuple[ResourceName, ...]] = field(default_factory=dict)
    keys: Mapping[str, tuple[Key, ...]] = field(default_factory=dict)
    usage: tuple[Usage, ...] | None = None
    policy: AccessPolicy = field(default_factory=AccessPolicy)
    fleet: bool = False

    def permissions(self, role: RoleName) -> frozenset[Permission] | None:
        """What a role holds; None for one that could not be read."""
        known = self.facts.role(role)
        return known.permissions if known is not None else self.roles.get(role)

    def running_as(self, member: str) -> tuple[Subject, ...]:
        """The workflows that run as a member."""
        return tuple(s for s in self.subjects if s.member == member)

    def chain(self, on: str, project: str) -> tuple[str, ...]:
        """The names whose policies may give access to a resource, the resource first."""
        name = on
        service_end = name.index("/", 2)
        names = []
        while len(name) > service_end:
            names.append(name)
            name = name.rpartition("/")[0]
        if project:
            names += [project_name(project), *self.above.get(project, ())]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One thing to do: in words, and as a command where there is one."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong with live access.

    `identity` is the member that it is about, `on` the resource, `role` the role, each empty where
    it is about none. `reasons` say why, one line each, in order; `fixes` what to do, in order.
    `at` and `related` are places in definitions. `used`: what Google's record of use adds.
    """

    rule: Rule
    message: str
    on: ResourceName
    identity: str = ""
    role: str = ""
    workflows: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    at: Span | None = None
    related: tuple[tuple[Span, str], ...] = ()
    confidence: Confidence = Confidence.HIGH
    used: str = ""
    detail: str = ""

    @property
    def fingerprint(self) -> str:
        """What stays the same while lines move: a digest of the rule, who, which role and where.

        `detail` tells findings of one rule about one grant apart.
        """
        parts = (self.rule.slug, self.identity, self.role, self.on, *self.workflows, self.detail)
        return sha256("\n".join(parts).encode()).hexdigest()[:32]

    @property
    def places(self) -> tuple[Span, ...]:
        """Every place in a definition that it is about."""
        first = () if self.at is None else (self.at,)
        return (*first, *(span for span, _ in self.related))
