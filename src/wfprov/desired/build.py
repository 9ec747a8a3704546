"""From an inspected stack to the resources and memberships that it should have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from wfprov.catalog.target import SERVICE_AGENT, Tier
from wfprov.core.address import (
    Address,
    ResourceName,
    RoleName,
    is_pattern,
    project_name,
    segment_after,
)
from wfprov.core.checked import Checked
from wfprov.core.diagnostic import Diagnostic, Related, in_order
from wfprov.core.facts import Facts
from wfprov.core.ownership import STACK_LABEL
from wfprov.core.policy import BindingKey, Membership
from wfprov.core.resource import Access, Contents, Resource
from wfprov.core.span import Span
from wfprov.desired import rules, triggers
from wfprov.desired.accesses import access_to
from wfprov.desired.agent import agent_grants, findings
from wfprov.desired.graph import Because, Blocked, BlockReason, Desired
from wfprov.desired.model import Dedicated, Existing, Inspected, Shared, Stack, WorkflowSpec
from wfprov.desired.names import (
    DEFAULT_COMPUTE,
    identity_email,
    member_of,
    service_account_id,
)
from wfprov.desired.reasons import because_of, blocked_by, reason_of
from wfprov.iam.grant import Grant
from wfprov.resources.api_service import ApiService
from wfprov.resources.custom_role import ProjectRole
from wfprov.resources.iam_policy import IamPolicy, policy_route
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.storage_agent import StorageAgent
from wfprov.resources.workflow import APPLIED_LABEL, PROTECTION_LABEL, Workflow

_MOST_SHOWN: Final = 20
OWN_APIS: Final = ("iam.googleapis.com", "workflows.googleapis.com")


def build(
    stack: Stack,
    inspected: Sequence[Inspected],
    facts: Facts,
    *,
    ids: Mapping[str, str] | None = None,
) -> Checked[Desired]:
    """What a stack should be: its resources, its memberships, and what is still open.

    Grants of accounts that several workflows share are united. A workflow without project or region
    makes nothing. Open questions and forbidden roles are in `blocked`, the user's mistakes in the
    findings. `ids` are those of foreign projects by number: a policy has one name.
    """
    return _Builder(stack, facts, ids or {}).built(inspected)


class _Builder:
    """Collects the desired state over all workflows."""

    def __init__(self, stack: Stack, facts: Facts, ids: Mapping[str, str]) -> None:
        self._stack = stack
        self._facts = facts
        self._resources: dict[Address, Resource] = {}
        self._makers: dict[Address, WorkflowSpec] = {}
        self._wanted: dict[ResourceName, dict[Membership, list[Because]]] = {}
        self._blocked: list[Blocked] = []
        self._found: list[Diagnostic] = []
        self._owned: set[str] = set()
        self._existing: dict[str, Span | None] = {}
        self._ids: dict[str | None, str | None] = dict(ids.items())
        self._own_projects: set[str | None] = {stack.project}

    def built(self, inspected: Sequence[Inspected]) -> Checked[Desired]:
        for one in inspected:
            self._own_projects.add(one.workflow.project)
            self._ids[one.workflow.project_number] = one.workflow.project
        for one in inspected:
            self._add(one)
        accesses = []
        because = {}
        for name, members in sorted(self._wanted.items()):
            access = self._access(name, frozenset(members))
            if access is not None:
                accesses.append(access)
                because[access.address] = {m: tuple(why) for m, why in members.items()}
        specs = [one.workflow for one in inspected]
        places = {(s.project, s.region) for s in specs} | {
            (self._stack.project, self._stack.region)
        }
        desired = Desired(
            stack=self._stack.name,
            mark=self._stack.mark,
            endpoint=self._stack.control_plane,
            environment=self._stack.environment,
            project=self._stack.project or next((s.project for s in specs if s.project), ""),
            resources=tuple(self._resources[a] for a in sorted(self._resources)),
            accesses=tuple(accesses),
            above=tuple(self._above(accesses)),
            because=because,
            blocked=tuple(dict.fromkeys(self._blocked)),
            projects=tuple(sorted({p for p, _ in places if p})),
            regions=tuple(sorted({f"projects/{p}/locations/{r}" for p, r in places if p and r})),
            owned=frozenset(self._owned),
            existing=dict(sorted(self._existing.items())),
        )
        return Checked(desired, in_order(self._found))

    def _add(self, one: Inspected) -> None:
        spec = one.workflow
        at = spec.at or Span(one.source, 0, 0)
        if not (spec.project and spec.region):
            missing = "project" if not spec.project else "region"
            self._find(
                Diagnostic(
                    rule=rules.UNKNOWN_PLACE,
                    message=f"nothing says in which {missing} {spec.name} is deployed",
                    at=at,
                    help=f"write `{missing}:` into the environment, or give --{missing}",
                )
            )
            return
        for place in one.unfilled[:_MOST_SHOWN]:
            self._find(
                Diagnostic(
                    rule=rules.UNFILLED_TEMPLATE,
                    message=f"nothing tells what `{place.text}` is deployed as",
                    at=place,
                    help="write its value into `template_values:` of the workflow",
                )
            )
        self._apis(one, spec.project)
        self._identity(spec, at, spec.project)
        started_by = self._triggers(spec, at)
        for grant in one.grants:
            self._grant(one, grant)
        self._own_grants(one, at)
        self._questions(one)
        self._place(self._workflow(one, spec.project, spec.region, started_by), spec, at)

    def _apis(self, one: Inspected, project: str) -> None:
        for service, where in (*one.apis, *((api, project) for api in OWN_APIS)):
            if where in self._own_projects:
                api = ApiService(project=where, service=service)
                self._resources[api.address] = api

    def _identity(self, spec: WorkflowSpec, at: Span, project: str) -> None:
        choice = spec.service_account
        match choice:
            case Existing(email=email):
                self._existing[email.lower()] = choice.at or at
                required = self._stack.policy.dedicated_identity == "required"
                if required and DEFAULT_COMPUTE.fullmatch(email):
                    self._find(
                        Diagnostic(
                            rule=rules.DEFAULT_IDENTITY,
                            message=f"{spec.name} runs as {email}, the project's default account",
                            at=choice.at or at,
                            help="leave `service_account:` out: a dedicated account is made",
                        )
                    )
                return
            case Dedicated():
                name, purpose = spec.name, f"Runs the workflow {spec.name}."
            case Shared(name=shared):
                name, purpose = shared, "Runs several workflows of one stack."
        account = ServiceAccount(
            project=project,
            account_id=service_account_id(name),
            display_name=name[:100],
            description=purpose,
            stack=self._stack.mark,
        )
        self._owned.add(member_of(account.email, spec))
        self._place(account, spec, at)

    def _triggers(self, spec: WorkflowSpec, at: Span) -> tuple[Resource, ...]:
        """Adds what starts the workflow, and the accounts that do; returns the triggers."""
        self._found += triggers.findings(spec)
        for email, place in triggers.existing(spec):
            self._existing.setdefault(email, place)
        for account in triggers.accounts(spec, self._stack.mark):
            self._owned.add(member_of(account.email, spec))
            self._place(account, spec, at)
        if triggers.needs_storage_agent(spec):
            agent = StorageAgent(project=spec.project or "")
            self._resources[agent.address] = agent
        made = triggers.resources(spec, self._stack.mark, self._stack.universe_domain)
        for resource, place in made:
            self._place(resource, spec, place)
        return tuple(resource for resource, _ in made)

    def _workflow(
        self, one: Inspected, project: str, region: str, started_by: Sequence[Resource]
    ) -> Workflow:
        spec = one.workflow
        labels = {**spec.labels, STACK_LABEL: self._stack.mark}
        if spec.deletion_protection:
            labels[PROTECTION_LABEL] = "true"
        workflow = Workflow(
            project=project,
            region=region,
            workflow_id=spec.name,
            source=Contents(one.contents),
            service_account=identity_email(spec),
            description=spec.description or "",
            labels=labels,
            env=dict(spec.env),
            call_log_level=spec.call_log_level or "",
            execution_history_level=spec.execution_history_level or "",
            crypto_key=spec.crypto_key or "",
        )
        labels[APPLIED_LABEL] = _applied(workflow, one.grants, started_by)
        return replace(workflow, labels=labels)

    def _place(self, resource: Resource, spec: WorkflowSpec, at: Span) -> None:
        """Adds a resource that is made once, or says who has its name."""
        address = resource.address
        other = self._makers.get(address)
        if other is None:
            self._makers[address] = spec
            self._resources[address] = resource
            return
        account = isinstance(resource, ServiceAccount)
        if account and resource == self._resources[address]:
            return
        if account:
            rule, help_ = (
                rules.ACCOUNT_COLLISION,
                "rename one, or let them share: `service_account: {shared: NAME}`",
            )
        elif isinstance(resource, Workflow):
            rule, help_ = rules.WORKFLOW_COLLISION, "rename one of them"
        else:
            rule, help_ = rules.TRIGGER_COLLISION, "give one of them a `name:`"
        self._find(
            Diagnostic(
                rule=rule,
                message=f"{spec.name} and {other.name} would both be {address.name}"
                if spec is not other
                else f"two triggers of {spec.name} would both be {address.name}",
                at=at,
                related=(Related(other.at, "the other one"),) if other.at else (),
                help=help_,
            )
        )

    def _grant(self, one: Inspected, grant: Grant) -> None:
        spec = one.workflow
        why = tuple(because_of(one, grant))
        self._forbid(grant.role_name, grant.on, why)
        if is_pattern(grant.on):
            asked = {site.id for site, _ in one.questions}  # the question says it better
            left = tuple(b for b in why if b.site not in asked)
            self._block("unknown-resource", left, f"{grant.role_name} is asked on {grant.on}")
            return
        if grant.custom_role is not None:
            role = ProjectRole(
                project=grant.custom_role.project,
                role_id=grant.custom_role.id,
                title=grant.custom_role.title,
                description="Exactly what the calls of workflows need.",
                permissions=tuple(sorted(grant.custom_role.permissions)),
                stack=self._stack.mark,
            )
            self._resources[role.address] = role
        member = member_of(grant.principal, spec)
        self._want(grant.on, BindingKey(grant.role_name, grant.condition), member, why)

    def _own_grants(self, one: Inspected, at: Span) -> None:
        """The grants that running a workflow asks of its project's service agent."""
        spec = one.workflow
        agent = member_of(SERVICE_AGENT, spec)
        for on, role, key in agent_grants(spec):
            self._want(on, BindingKey(role), agent, (reason_of(spec, key, at),))
        for diagnostic in findings(spec, at):
            self._find(diagnostic)

    def _want(
        self, on: ResourceName, key: BindingKey, member: str, why: tuple[Because, ...]
    ) -> None:
        reasons = self._wanted.setdefault(self._one_name(on), {}).setdefault(
            Membership(key, member), []
        )
        reasons += [b for b in why if b not in reasons]

    def _one_name(self, on: ResourceName) -> ResourceName:
        """The name under which a policy is written: one, however the definitions spell it."""
        account = re.fullmatch(r"(//iam\.googleapis\.com/projects)/[^/]+(/serviceAccounts/.+)", on)
        if account is not None:
            return ResourceName(f"{account[1]}/-{account[2]}")
        if on.startswith("//iap."):
            return on
        parts = on.split("/")
        for i in range(1, len(parts)):
            if parts[i - 1] == "projects":
                parts[i] = self._ids.get(parts[i]) or parts[i]
                break
        return ResourceName("/".join(parts))

    def _forbid(self, role: RoleName, on: ResourceName, why: tuple[Because, ...]) -> None:
        if role in self._stack.policy.forbidden_roles:
            self._block("forbidden-role", why, f"{role} on {on} is forbidden by `policy:`")

    def _block(self, reason: BlockReason, why: tuple[Because, ...], message: str) -> None:
        for b in why:
            self._blocked.append(blocked_by(reason, b, message))

    def _questions(self, one: Inspected) -> None:
        asked = set()
        for site, question in one.questions:
            asked.add(site.id)
            because = reason_of(one.workflow, site.id, site.span)
            blocked = blocked_by("question", because, question.message)
            self._blocked.append(replace(blocked, answer=question.answer))
        for grant in one.grants:
            for r in grant.because:
                if r.need.tier is Tier.DERIVED and r.site not in asked:
                    because = reason_of(one.workflow, r.site, r.at)
                    message = f"{r.need.permission} is only derived from the method's name"
                    self._blocked.append(blocked_by("derived-permission", because, message))

    def _access(self, name: ResourceName, members: frozenset[Membership]) -> Access | None:
        access = access_to(name, self._facts, members)
        if access is not None:
            return access
        self._find(
            Diagnostic(
                rule=rules.NO_POLICY,
                message=f"{name} takes no IAM policy",
                at=Address("iam_policy", name),
                help="write the grant's resource with `answers:`, or grant it by hand above",
            )
        )
        return None

    def _above(self, accesses: Sequence[Access]) -> Iterator[Access]:
        """The policies of the projects that the accesses are in, where they are not among them."""
        known = {access.subject for access in accesses}
        projects = {segment_after(access.subject, "projects") for access in accesses}
        for project in sorted({p for p in projects if p and p not in {"-", "_"}}):
            name = project_name(project)
            route = None if name in known else policy_route(name, self._facts)
            if route is not None:
                yield IamPolicy(subject_name=name, route=route)

    def _find(self, diagnostic: Diagnostic) -> None:
        self._found.append(diagnostic)


def _applied(workflow: Workflow, grants: Iterable[Grant], triggers: Sequence[Resource]) -> str:
    """A digest of all that a workflow is made from, grants and triggers included, for a label."""
    held = sorted(
        repr((g.principal, g.role_name, g.on, g.condition and g.condition.body())) for g in grants
    )
    parts = [workflow.wire(), held, *(trigger.wire() for trigger in triggers)]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
