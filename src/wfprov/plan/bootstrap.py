"""What must be there before a stack can be deployed, and the account that deploys it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from wfprov.core.address import (
    Address,
    Permission,
    ResourceName,
    RoleName,
    project_name,
    segment_after,
)
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.facts import Facts
from wfprov.core.ownership import account_email, bootstrap_mark
from wfprov.core.policy import BindingKey, Condition, Membership
from wfprov.core.resource import Access, Resource
from wfprov.desired.accesses import access_to
from wfprov.desired.federation import ANY_BRANCH, Pipeline
from wfprov.desired.graph import Desired
from wfprov.desired.names import service_account_id
from wfprov.plan import rules
from wfprov.plan.change import Plan
from wfprov.plan.deploying import Deploying, deploying
from wfprov.plan.live import Live
from wfprov.resources.api_service import ApiService
from wfprov.resources.custom_role import ProjectRole
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.service_agent import DOMAINS, ServiceAgent
from wfprov.resources.workload_identity_pool import WorkloadIdentityPool
from wfprov.resources.workload_identity_provider import WorkloadIdentityProvider

OWN_APIS: Final = (
    "cloudresourcemanager.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "serviceusage.googleapis.com",
    "workflows.googleapis.com",
)
"""What wfprov itself asks for."""

AGENT_ROLES: Final = {
    # https://docs.cloud.google.com/iam/docs/service-agents (not opened). Google binds each of these
    # when the API is enabled, and some organisations take them away again.
    "workflows.googleapis.com": "roles/workflows.serviceAgent",
    "cloudscheduler.googleapis.com": "roles/cloudscheduler.serviceAgent",
    "eventarc.googleapis.com": "roles/eventarc.serviceAgent",
}
MOST_ROLES: Final = 10
"""How many roles a condition may list.

Source: https://docs.cloud.google.com/iam/docs/setting-limits-on-granting-roles (2026-11-23)
"""
_FEDERATED: Final = RoleName("roles/iam.workloadIdentityUser")
_ACTOR: Final = RoleName("roles/iam.serviceAccountUser")
_ACCOUNT: Final = "//iam.googleapis.com/projects/-/serviceAccounts/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What bootstrap is asked for beside the stack itself.

    `deployer` is the name of the account, empty: one that is made from the stack's. `may_remove`:
    it may also remove what the stack owns.
    """

    deployer: str = ""
    pipelines: tuple[Pipeline, ...] = ()
    cloud_build: bool = False
    may_remove: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """What should be there, and in words what could not be made narrower.

    `deployer` is the account's e-mail address, `providers` are resource names with the project's
    id.
    """

    desired: Desired
    deployer: str
    providers: tuple[str, ...]
    notes: tuple[str, ...]


def bootstrap(stack: Desired, whole: Plan, facts: Facts, wishes: Wishes) -> Bootstrap:
    """What lets one account, and nobody with less, carry out the plans of a stack.

    `whole` is the plan of the stack in an empty project: the deployer's permissions are those of
    its requests. What gives power is made here and not left to the deployer: APIs, agents, the
    accounts that workflows run as, custom roles; so it can neither become another account nor
    change its own role.
    """
    needs = deploying(whole, facts, asked=stack.asked, may_remove=wishes.may_remove)
    return _Builder(stack, needs, facts).built(wishes)


class _Builder:
    def __init__(self, stack: Desired, needs: Deploying, facts: Facts) -> None:
        self._stack = stack
        self._needs = needs
        self._facts = facts
        self._mark = bootstrap_mark(stack.mark)
        self._resources: dict[Address, Resource] = {}
        self._wanted: dict[ResourceName, set[Membership]] = {}
        self._notes: list[str] = []
        self._member = ""

    def built(self, wishes: Wishes) -> Bootstrap:
        deployer = ServiceAccount(
            project=self._stack.project,
            account_id=service_account_id(wishes.deployer or f"{self._stack.mark}-deployer"),
            display_name=f"Deploys {self._stack.stack}"[:100],
            description=f"Deploys the stack {self._stack.stack} {self._stack.environment}".strip(),
            stack=self._mark,
        )
        self._member = f"serviceAccount:{deployer.email}"
        self._add(deployer)
        for resource in self._stack.resources:
            if isinstance(resource, ApiService | ServiceAccount | ProjectRole):
                self._add(resource)
        self._apis_and_agents(wishes)
        self._let_deploy()
        self._let_grant()
        self._let_act()
        providers = tuple(self._federate(wishes.pipelines, deployer))
        if wishes.cloud_build:
            self._cloud_build(deployer)
        if not wishes.may_remove:
            self._notes.append(
                "The deployer may remove nothing: `--prune` and `destroy` are for somebody else, "
                "or give it --allow-destroy."
            )
        accesses = tuple(self._accesses())
        desired = Desired(
            stack=self._stack.stack,
            mark=self._stack.mark,
            endpoint=self._stack.endpoint,
            environment=self._stack.environment,
            project=self._stack.project,
            resources=tuple(self._resources[a] for a in sorted(self._resources)),
            accesses=accesses,
            projects=self._stack.projects,
            owned=frozenset({self._member}),
        )
        return Bootstrap(
            desired=desired,
            deployer=deployer.email,
            providers=providers,
            notes=tuple(self._notes),
        )

    def _add(self, resource: Resource) -> None:
        self._resources[resource.address] = resource

    def _want(self, on: str, role: str, member: str, condition: Condition | None = None) -> None:
        membership = Membership(BindingKey(RoleName(role), condition), member)
        self._wanted.setdefault(ResourceName(on), set()).add(membership)

    def _role(
        self, part: str, project: str, permissions: Iterable[Permission], purpose: str
    ) -> str:
        """The name of a custom role of the project, made for the deployer."""
        digest = sha256(self._mark.encode()).hexdigest()[:6]
        plain = self._stack.mark.replace("-", "_")[:30]
        role = ProjectRole(
            project=project,
            role_id=f"wfprov_{plain}_{digest}_{part}",
            title=f"wfprov: {purpose}"[:100],
            description=f"For the deployer of {self._stack.mark}.",
            permissions=tuple(sorted(permissions)),
            stack=self._mark,
        )
        self._add(role)
        return f"projects/{project}/roles/{role.role_id}"

    def _apis_and_agents(self, wishes: Wishes) -> None:
        home = self._stack.project
        more = ["sts.googleapis.com"] if wishes.pipelines else []
        more += ["cloudbuild.googleapis.com"] if wishes.cloud_build else []
        for project in {home, *self._stack.projects}:
            for service in (*OWN_APIS, *(more if project == home else ())):
                self._add(ApiService(project=project, service=service))
        for api in [r for r in self._resources.values() if isinstance(r, ApiService)]:
            if api.service in DOMAINS:
                agent = ServiceAgent(project=api.project, service=api.service)
                self._add(agent)
                self._want(project_name(api.project), AGENT_ROLES[api.service], agent.member)

    def _let_deploy(self) -> None:
        for project, permissions in sorted(self._needs.projects.items()):
            role = self._role("deployer", project, permissions, "deploys workflows")
            self._want(project_name(project), role, self._member)
        self._notes.append(
            "Workflows have no policy of their own: the deployer may change every workflow of "
            f"{' and '.join(sorted(self._needs.projects))}, yet run them only as the accounts "
            "listed here."
        )
        self._notes.append(
            "It enables no API and makes no account and no custom role: when a definition asks for "
            "new ones, run bootstrap again."
        )

    def _let_grant(self) -> None:
        """Access to the policies that the stack's plans write, each on its own resource."""
        open_ones: list[str] = []
        by_project: dict[str, list[tuple[Access, frozenset[Permission]]]] = {}
        for access, permissions in self._needs.policies:
            project = self._home(access.subject)
            if access.subject == project_name(project):
                self._let_grant_on_project(access, project, permissions)
            else:
                by_project.setdefault(project, []).append((access, permissions))
        for project, rows in sorted(by_project.items()):
            held = {p for _, permissions in rows for p in permissions}
            role = self._role("grantor", project, held, "writes policies of resources")
            for access, _ in rows:
                self._want(access.subject, role, self._member)
                open_ones.append(access.subject)
        if open_ones:
            names = ", ".join(sorted(n.rpartition("/")[2] for n in open_ones))
            self._notes.append(
                "Only policies of projects can be limited to some roles: the deployer may grant "
                f"any role on {names}."
            )

    def _let_grant_on_project(
        self, access: Access, project: str, permissions: frozenset[Permission]
    ) -> None:
        role = self._role("project_grantor", project, permissions, "grants the stack's roles")
        roles = sorted({m.key.role for m in access.memberships})
        if len(roles) > MOST_ROLES:
            self._want(access.subject, role, self._member)
            self._notes.append(
                f"The deployer may grant any role on the project {project}: a condition lists at "
                f"most {MOST_ROLES}, and the stack grants {len(roles)}."
            )
            return
        self._want(access.subject, role, self._member, limited_to(roles))
        for name in roles:
            found = self._facts.role(name)
            if found and any(p.endswith(".setIamPolicy") for p in found.permissions):
                self._notes.append(
                    f"{name}, which the stack grants on the project {project}, writes policies "
                    "itself: whoever has it can give themselves more."
                )

    def _let_act(self) -> None:
        own = {r.email: r for r in self._resources.values() if isinstance(r, ServiceAccount)}
        for project, permissions in sorted(self._needs.accounts.items()):
            role = self._role("actor", project, permissions, "deploys as its accounts")
            for email, account in sorted(own.items()):
                if account.project == project and account.stack == self._stack.mark:
                    self._want(f"{_ACCOUNT}{email}", role, self._member)
        for email in sorted(self._stack.existing):
            self._want(f"{_ACCOUNT}{email}", _ACTOR, self._member)

    def _federate(self, pipelines: Iterable[Pipeline], deployer: ServiceAccount) -> Iterator[str]:
        for pipeline in pipelines:
            # A pool takes one provider: two could give one subject to two people.
            pool = WorkloadIdentityPool(
                project=deployer.project,
                pool_id=service_account_id(f"{self._stack.mark}-{pipeline.host}"),
                display_name=f"wfprov {self._stack.stack}"[:32],
                description=f"Pipelines that deploy {self._stack.mark}.",
                stack=self._mark,
            )
            provider = pipeline.provider(pool)
            self._add(pool)
            self._add(provider)
            self._want(f"{_ACCOUNT}{deployer.email}", _FEDERATED, pipeline.member(pool))
            if pipeline.branch == ANY_BRANCH:
                self._notes.append(
                    f"Whoever may push a branch to {pipeline.repository} may become the deployer; "
                    "--branch main narrows that."
                )
            if not pipeline.repository_id:
                self._notes.append(
                    f"{pipeline.repository} is known by its name, which somebody else can take "
                    "when it is free; --repository-id holds it to the number."
                )
            yield provider.name

    def _cloud_build(self, deployer: ServiceAccount) -> None:
        self._want(project_name(deployer.project), "roles/logging.logWriter", self._member)
        self._notes.append(
            "Cloud Build needs no federation: its trigger runs as the deployer. Whoever makes the "
            f"trigger needs {_ACTOR} on {deployer.email}."
        )

    def _home(self, subject: str) -> str:
        """The project whose custom roles can be bound on a resource.

        A bucket's name does not tell: it is taken for one of the stack's project.
        """
        own = segment_after(subject, "projects") or ""
        if subject.startswith(_ACCOUNT):
            email = subject.removeprefix(_ACCOUNT)
            owners = (r for r in self._resources.values() if isinstance(r, ServiceAccount))
            own = next((r.project for r in owners if r.email == email), _project_of(email))
        return own if own not in {"", "-", "_"} else self._stack.project

    def _accesses(self) -> Iterator[Access]:
        for name, memberships in sorted(self._wanted.items()):
            access = access_to(name, self._facts, frozenset(memberships))
            if access is not None:
                yield access


def limited_to(roles: Iterable[str]) -> Condition:
    """The condition that lets grant and revoke these roles only.

    Source: https://docs.cloud.google.com/iam/docs/setting-limits-on-granting-roles (2026-11-23)
    """
    listed = ", ".join(f"'{role}'" for role in roles)
    return Condition(
        title="wfprov: only the stack's roles",
        expression="api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', [])"
        f".hasOnly([{listed}])",
    )


def without_absent(wanted: Bootstrap, live: Live) -> tuple[Bootstrap, tuple[Diagnostic, ...]]:
    """The same without the resources that are not there yet, and a finding for each of those.

    The accounts that it makes itself are there in time.
    """
    made = {r.email for r in wanted.desired.resources if isinstance(r, ServiceAccount)}
    gone = [
        access
        for access in wanted.desired.accesses
        if access.address in live.absent and access.subject.removeprefix(_ACCOUNT) not in made
    ]
    found = tuple(
        Diagnostic(
            rule=rules.NO_ACCESS_YET,
            message=f"{access.subject} does not exist yet: the deployer gets no access to it",
            at=access.address,
            help="make it, then run bootstrap again",
        )
        for access in gone
    )
    kept = tuple(a for a in wanted.desired.accesses if a not in gone)
    return replace(wanted, desired=replace(wanted.desired, accesses=kept)), found


def loosened(desired: Desired, live: Live) -> Iterator[Diagnostic]:
    """A finding for each provider that would come to admit somebody whom it does not admit now."""
    for resource in desired.resources:
        was = live.resources.get(resource.address)
        if isinstance(resource, WorkloadIdentityProvider) and isinstance(
            was, WorkloadIdentityProvider
        ):
            words = resource.loosened(was)
            if words:
                yield Diagnostic(
                    rule=rules.LOOSENED,
                    message=f"{resource.name} is there already, and {' and '.join(words)}; wanted "
                    f"is `{resource.condition}`",
                    at=resource.address,
                    help="look at who uses it; change it by hand to what is wanted, or delete it",
                )


def _project_of(email: str) -> str:
    name = email.partition("@")[2].removesuffix(".iam.gserviceaccount.com")
    return name if account_email(name, email.partition("@")[0]) == email else ""
