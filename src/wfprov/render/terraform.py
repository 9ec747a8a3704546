"""A plan as a Terraform module for the google provider: resources, and import blocks for them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from wfprov.core.address import Address, ResourceName
from wfprov.core.ownership import account_address, role_address
from wfprov.core.resource import Resource
from wfprov.desired.graph import dependencies
from wfprov.desired.names import NUMBER
from wfprov.plan.change import Plan
from wfprov.render.hcl import Attribute, Block, Expression, document, quoted, text_of
from wfprov.render.made import Grant, Left, grants, resources
from wfprov.render.terraform_access import member_resource
from wfprov.render.terraform_triggers import job, trigger
from wfprov.resources.api_service import ApiService
from wfprov.resources.bigquery_dataset import DatasetAccess
from wfprov.resources.custom_role import ProjectRole
from wfprov.resources.eventarc_trigger import EventarcTrigger
from wfprov.resources.scheduler_job import SchedulerJob
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import Workflow

MAIN: Final = "main.tf"
IMPORTS: Final = "imports.tf"
_LONGEST: Final = 80
_BASIC: Final = {
    # https://github.com/hashicorp/terraform-provider-google/blob/main/website/docs/r/
    # bigquery_dataset_access.html.markdown (2026-11-23): the other names give a lasting difference.
    "roles/bigquery.dataViewer": "READER",
    "roles/bigquery.dataEditor": "WRITER",
    "roles/bigquery.dataOwner": "OWNER",
}
_ENTRY: Final = {"user": "user_by_email", "serviceAccount": "user_by_email"} | {
    "group": "group_by_email",
    "domain": "domain",
}
_REQUIREMENTS: Final = """{
      source  = "hashicorp/google"
      version = ">= 6.50"
    }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """The files of a module by path, sorted, and what could not be said in it."""

    files: Mapping[str, str]
    left: tuple[Left, ...] = ()


def terraform_module(plan: Plan, *, imports: bool = False, inline: bool = False) -> Module:
    """The module that makes what an offline plan makes.

    With `imports` there is a file of import blocks for what is live already; `inline` puts each
    definition into the module in place of a file beside it.
    """
    return _Module(plan, inline=inline).made(imports=imports)


class _Module:
    """Names everything first, then writes it: a reference needs the name."""

    def __init__(self, plan: Plan, *, inline: bool) -> None:
        self._plan = plan
        self._inline = inline
        self._resources = resources(plan)
        self._grants = grants(plan)
        self._labels = _labels(self._resources, self._grants)
        self._projects = sorted({p for g in self._grants for p in NUMBER.findall(g.member)})
        accesses = {g.access.address: g.access for g in self._grants}
        self._needs = dependencies([*self._resources, *accesses.values()])
        self._files: dict[str, str] = {}
        self._left: list[Left] = []

    def made(self, *, imports: bool) -> Module:
        wanted = f"{self._plan.stack} {self._plan.environment}".strip()
        head = (
            f"Written by `wfprov export terraform` from the stack {wanted}: what `wfprov apply`",
            "would make of it. Grants are single members; what others granted is left alone.",
        )
        blocks = [
            Block(
                "terraform",
                (),
                (
                    Attribute("required_version", ">= 1.5"),
                    Block(
                        "required_providers", (), (Attribute("google", Expression(_REQUIREMENTS)),)
                    ),
                ),
            ),
            *(self._project(name) for name in self._projects),
            *(b for r in self._resources if not isinstance(r, _LAST) for b in self._resource(r)),
            *(b for g in self._grants for b in self._grant(g)),
            *(
                b
                for kind in _LAST
                for r in self._resources
                if isinstance(r, kind)
                for b in self._resource(r)
            ),
        ]
        comments = (f"NOT HERE: {left.message}" for left in self._left)
        self._files[MAIN] = document((*head, *comments), blocks)
        if imports:
            self._files[IMPORTS] = self._imports()
        return Module(files=dict(sorted(self._files.items())), left=tuple(self._left))

    def _project(self, name: str) -> Block:
        return Block("data", ("google_project", _slug(name)), (Attribute("project_id", name),))

    def _resource(self, resource: Resource) -> Iterator[Block]:
        body: Sequence[Attribute | Block]
        match resource:
            case ApiService():
                body = [
                    Attribute("project", resource.project),
                    Attribute("service", resource.service),
                    Attribute("disable_on_destroy", value=False),
                ]
            case ServiceAccount():
                live = resource.create().request["serviceAccount"]
                assert isinstance(live, Mapping), "an account is made from a map"
                body = [
                    Attribute("project", resource.project),
                    Attribute("account_id", resource.account_id),
                    Attribute("display_name", str(live["displayName"])),
                    Attribute("description", str(live["description"])),
                ]
            case ProjectRole():
                live = resource.create().request["role"]
                assert isinstance(live, Mapping), "a role is made from a map"
                body = [
                    Attribute("project", resource.project),
                    Attribute("role_id", resource.role_id),
                    Attribute("title", resource.title),
                    Attribute("description", str(live["description"])),
                    Attribute("permissions", resource.permissions),
                ]
            case Workflow():
                body = self._workflow(resource)
            case SchedulerJob():
                body = job(resource, self._email(resource.service_account))
            case EventarcTrigger():
                name = ResourceName(f"//workflows.googleapis.com/{resource.workflow}")
                label = self._labels.get(Address(Workflow.kind, name))
                started = Expression(f"{'.'.join(label)}.id") if label else resource.workflow
                body = trigger(resource, self._email(resource.service_account), started)
            case _:
                self._leave(resource.address, f"{resource.kind} has no place in the module yet")
                return
        yield self._block(self._labels[resource.address], body, self._after(resource))

    def _email(self, email: str) -> str | Expression:
        own = self._own(email)
        return Expression(f"{own}.email") if own else email

    def _workflow(self, workflow: Workflow) -> list[Attribute]:
        text = workflow.source.text
        if unicodedata.normalize("NFC", text) != text:
            self._leave(
                workflow.address,
                f"{workflow.workflow_id} has characters that Terraform composes (NFC): it deploys "
                "another text than wfprov",
            )
        label = self._labels[workflow.address][1]
        source = Expression(text_of(text))
        if not self._inline:
            path = f"workflows/{label}.yaml"
            self._files[path] = text
            source = Expression(f'file("${{path.module}}/{path}")')
        account: str | Expression = f"projects/-/serviceAccounts/{workflow.service_account}"
        own = self._own(workflow.service_account)
        if own:
            account = Expression(f"{own}.id")
        texts = {
            "description": workflow.description,
            "call_log_level": workflow.call_log_level,
            "execution_history_level": workflow.execution_history_level,
            "crypto_key_name": workflow.crypto_key,
        }
        return [
            Attribute("project", workflow.project),
            Attribute("region", workflow.region),
            Attribute("name", workflow.workflow_id),
            *(Attribute(name, value) for name, value in texts.items() if value),
            *([Attribute("service_account", account)] if workflow.service_account else ()),
            Attribute("deletion_protection", workflow.protected),
            Attribute("labels", dict(workflow.labels)),
            *([Attribute("user_env_vars", dict(workflow.env))] if workflow.env else ()),
            Attribute("source_contents", source),
        ]

    def _grant(self, grant: Grant) -> Iterator[Block]:
        body: list[Attribute | Block]
        access, key = grant.access, grant.membership.key
        if isinstance(access, DatasetAccess):
            body = [
                Attribute("project", access.project),
                Attribute("dataset_id", access.dataset),
                Attribute("role", _BASIC.get(key.role) or self._role(key.role)),
                self._entry(grant.member),
            ]
        else:
            found = member_resource(access.subject)
            if found is None:
                self._leave(
                    access.address,
                    f"the provider has no resource that grants {key.role} to {grant.member} on "
                    f"{access.subject}",
                )
                return
            body = [
                *(self._argument(name, value) for name, value in found.arguments.items()),
                Attribute("role", self._role(key.role)),
                Attribute("member", self._member(grant.member)),
            ]
        if key.condition:
            condition = key.condition.body()
            body.append(
                Block("condition", (), tuple(Attribute(n, condition[n]) for n in sorted(condition)))
            )
        after = {a for a in self._needs[access.address] if a.kind == ApiService.kind}
        yield self._block(
            self._labels[grant.address], body, self._references(after), grant.comments
        )

    def _argument(self, name: str, value: str) -> Attribute:
        own = self._own(value.rpartition("/")[2]) if name == "service_account_id" else ""
        return Attribute(name, Expression(f"{own}.name") if own else value)

    def _entry(self, member: str) -> Attribute:
        prefix, _, email = member.partition(":")
        name = _ENTRY.get(prefix)
        if name is None:
            return Attribute("iam_member", self._member(member))
        own = self._own(email)
        return Attribute(name, Expression(f"{own}.email") if own else self._text(email))

    def _member(self, member: str) -> str | Expression:
        own = self._own(member.partition(":")[2])
        return Expression(f"{own}.member") if own else self._text(member)

    def _text(self, text: str) -> str | Expression:
        """A text in which the number of a project is read, where only its id is known."""
        parts = NUMBER.split(text)
        if len(parts) == 1:
            return text
        numbers = (f"${{data.google_project.{_slug(p)}.number}}" for p in parts[1::2])
        told = (quoted(p)[1:-1] for p in parts[::2])
        return Expression(f'"{"".join(a + b for a, b in zip(told, (*numbers, ""), strict=True))}"')

    def _role(self, role: str) -> str | Expression:
        address = role_address(role)
        label = None if address is None else self._labels.get(address)
        return Expression(f"{'.'.join(label)}.name") if label else role

    def _own(self, email: str) -> str:
        """The reference to an account that the module makes; empty for one of somebody else."""
        address = account_address(email)
        label = None if address is None else self._labels.get(address)
        return ".".join(label) if label else ""

    def _after(self, resource: Resource) -> list[Expression]:
        """What must be there before, beyond what the resource refers to."""
        kinds = {ApiService.kind, Workflow.kind}
        needed = {a for a in self._needs[resource.address] if a.kind in kinds}
        member = resource.runs_as
        held = {g.address for g in self._grants if member and g.member == member}
        return self._references(needed | held)

    def _references(self, addresses: Iterable[Address]) -> list[Expression]:
        lost = {left.address for left in self._left}
        named = (self._labels[a] for a in addresses if a in self._labels and a not in lost)
        return [Expression(text) for text in sorted({".".join(label) for label in named})]

    def _block(
        self,
        label: tuple[str, str],
        body: Iterable[Attribute | Block],
        after: list[Expression],
        comments: tuple[str, ...] = (),
    ) -> Block:
        last = [Attribute("depends_on", after)] if after else []
        return Block("resource", label, (*body, *last), comments)

    def _leave(self, address: Address, message: str) -> None:
        self._left.append(Left(address, message))

    def _imports(self) -> str:
        comments = [
            "For a stack that is live already: `terraform plan` then shows what it takes over.",
            "Delete this file when nothing of it is there yet: importing what is not there fails.",
        ]
        blocks = []
        for thing, id_ in self._ids():
            if not id_:
                comments += ["", f"NOT HERE: the provider cannot import {thing.name}."]
                comments += _REMEDY[thing.kind]
                continue
            to = Attribute("to", Expression(".".join(self._labels[thing])))
            blocks.append(Block("import", (), (to, Attribute("id", id_))))
        return document(comments, blocks)

    def _ids(self) -> Iterator[tuple[Address, str]]:
        """Import ids; empty for what the provider does not import."""
        lost = {left.address for left in self._left}
        for resource in self._resources:
            match resource:
                case ApiService():
                    yield resource.address, f"{resource.project}/{resource.service}"
                case ServiceAccount() | ProjectRole() | SchedulerJob() | EventarcTrigger():
                    yield resource.address, resource.address.name.split("/", 3)[3]
                case Workflow():
                    yield resource.address, ""
                case _:
                    pass
        for grant in self._grants:
            found = member_resource(grant.access.subject)
            key = grant.membership.key
            if grant.access.address in lost:
                continue
            if found is None or NUMBER.search(grant.member):
                yield grant.address, ""
                continue
            title = f" {key.condition.title}" if key.condition else ""
            yield grant.address, f"{found.imported} {key.role} {grant.member}{title}"


_LAST: Final = (Workflow, SchedulerJob, EventarcTrigger)
"""What comes after the grants that it works with, in this order."""
_REMEDY: Final[Mapping[str, tuple[str, ...]]] = {
    Workflow.kind: (
        "Delete the live workflow (`gcloud workflows delete`) just before the first",
        "`terraform apply`, which deploys it again; or leave it to wfprov.",
    ),
    "grant": ("It needs none: adding a member that is there already changes nothing.",),
}


def _labels(things: Iterable[Resource], granted: Iterable[Grant]) -> dict[Address, tuple[str, str]]:
    """The type and the name of each resource of the module; where two names agree, both tell more.

    A name depends on the thing alone and on who else has it, so it stays when others come and go.
    """
    wanted: dict[Address, tuple[str, str]] = {}
    for thing in things:
        label = _label(thing)
        if label is not None:
            wanted[thing.address] = label
    for grant in granted:
        dataset = isinstance(grant.access, DatasetAccess)
        found = member_resource(grant.access.subject)
        if found is not None or dataset:
            kind = "google_bigquery_dataset_access" if dataset or not found else found.type
            wanted[grant.address] = (kind, _grant_name(grant))
    count = Counter(wanted.values())
    return {
        address: label
        if count[label] == 1
        else (label[0], f"{label[1]}_{sha256(str(address).encode()).hexdigest()[:8]}")
        for address, label in wanted.items()
    }


def _label(thing: Resource) -> tuple[str, str] | None:
    match thing:
        case ApiService():
            return "google_project_service", _slug(thing.service.removesuffix(".googleapis.com"))
        case ServiceAccount():
            return "google_service_account", _slug(thing.account_id)
        case ProjectRole():
            return "google_project_iam_custom_role", _slug(thing.role_id)
        case Workflow():
            return "google_workflows_workflow", _slug(thing.workflow_id)
        case SchedulerJob():
            return "google_cloud_scheduler_job", _slug(thing.job_id)
        case EventarcTrigger():
            return "google_eventarc_trigger", _slug(thing.trigger_id)
        case _:
            return None


def _grant_name(grant: Grant) -> str:
    who = grant.member.partition(":")[2].partition("@")[0] or grant.member
    who = "workflows_agent" if "@gcp-sa-workflows." in grant.member else who
    key = grant.membership.key
    role = key.role.rpartition("/")[2]
    parts = [who, role, grant.access.subject.rpartition("/")[2].partition("@")[0]]
    return _slug("_".join([*parts, key.condition.title] if key.condition else parts))


def _slug(text: str) -> str:
    """A name in Terraform: letters, digits and underscores, not beginning with a digit."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "x"
    plain = plain if plain[0].isalpha() else f"x_{plain}"
    if len(plain) <= _LONGEST:
        return plain
    return f"{plain[: _LONGEST - 9]}_{sha256(text.encode()).hexdigest()[:8]}"
