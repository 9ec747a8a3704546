"""A plan as a shell script of gcloud commands that may be run again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from shlex import quote

from wfprov.core.facts import Facts
from wfprov.core.resource import Body, Resource
from wfprov.desired.names import NUMBER
from wfprov.plan.change import AccessChange, Create, Plan
from wfprov.plan.stages import stages
from wfprov.render.gcloud_access import binder
from wfprov.render.gcloud_shell import (
    DATASET,
    GRANT,
    HEAD,
    REST,
    TRIGGER,
    Raw,
    command,
    either,
    file,
)
from wfprov.render.gcloud_triggers import (
    NO_ATTEMPTS,
    agent_command,
    job_commands,
    trigger_commands,
)
from wfprov.render.made import Grant, Left, grants
from wfprov.render.rest import Request, request_of
from wfprov.resources.api_service import ApiService
from wfprov.resources.bigquery_dataset import DatasetAccess
from wfprov.resources.custom_role import ProjectRole
from wfprov.resources.eventarc_trigger import EventarcTrigger
from wfprov.resources.scheduler_job import SchedulerJob
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.storage_agent import StorageAgent
from wfprov.resources.workflow import Workflow


def gcloud_script(plan: Plan, facts: Facts) -> tuple[str, tuple[Left, ...]]:
    """The script that makes what an offline plan makes, and what could not be said in it."""
    return _Script(plan, facts).written()


class _Script:
    """Collects the commands in the order in which `apply` would send its requests."""

    def __init__(self, plan: Plan, facts: Facts) -> None:
        self._plan = plan
        self._facts = facts
        self._grants = grants(plan)
        self._left: list[Left] = []
        self._files = 0
        self._over_rest = self._in_datasets = self._triggers = False

    def written(self) -> tuple[str, tuple[Left, ...]]:
        parts: list[str] = [*self._numbers()]
        for stage in stages(self._plan.changes):
            changes = [step.change for step in stage]
            made = [c.after for c in changes if isinstance(c, Create)]
            parts += _services(r for r in made if isinstance(r, ApiService))
            for resource in made:
                if not isinstance(resource, ApiService):
                    parts += self._resource(resource)
            granted = {c.access.address for c in changes if isinstance(c, AccessChange)}
            for grant in self._grants:
                if grant.access.address in granted:
                    parts.append("\n".join([*map(_comment, grant.comments), self._grant(grant)]))
        wanted = f"{self._plan.stack} {self._plan.environment}".strip()
        needs = ", curl and jq" if self._over_rest else ""
        functions = [HEAD.format(stack=wanted, needs=needs)]
        if self._over_rest:
            functions.append(REST)
            functions.append(GRANT)
        if self._in_datasets:
            functions.append(DATASET)
        if self._triggers:
            functions.append(TRIGGER)
        notes = [_comment(f"NOT HERE: {left.message}") for left in self._left]
        text = "\n\n".join(part.strip("\n") for part in [*functions, *notes, *parts])
        return text + "\n", tuple(self._left)

    def _numbers(self) -> Iterator[str]:
        for project in sorted({p for g in self._grants for p in NUMBER.findall(g.member)}):
            read = command(
                ["gcloud", "projects", "describe", project, "--format=value(projectNumber)"]
            )
            yield f"{_variable(project)}=$({read})"

    def _resource(self, resource: Resource) -> Iterator[str]:
        match resource:
            case ServiceAccount():
                yield _account(resource)
            case ProjectRole():
                yield _role(resource)
            case Workflow():
                yield self._workflow(resource)
            case SchedulerJob():
                self._files += 1
                yield job_commands(resource, f"$work/{self._files}.json")
            case EventarcTrigger():
                self._triggers = True
                yield trigger_commands(resource)
                if resource.attempts:
                    self._left.append(Left(resource.address, NO_ATTEMPTS))
            case StorageAgent():
                yield agent_command(resource)
            case _:
                message = f"{resource.address.name}: {resource.kind} has no commands here yet"
                self._left.append(Left(resource.address, message))

    def _workflow(self, workflow: Workflow) -> str:
        """The commands that deploy it; a label that somebody else put on is kept."""
        self._files += 1
        source = f"$work/{self._files}.yaml"
        place = [f"--project={workflow.project}", f"--location={workflow.region}"]
        ours = "|".join(sorted(workflow.labels))
        read = command(
            [
                *("gcloud", "workflows", "describe", workflow.workflow_id, *place),
                "--format=value[delimiter=','](labels.list(separator=','))",
            ]
        )
        labels = ",".join(f"{k}={workflow.labels[k]}" for k in sorted(workflow.labels))
        deploy = [
            *("again", "gcloud", "workflows", "deploy", workflow.workflow_id, *place),
            Raw(f'--source="{source}"'),
            Raw(f'--labels={quote(labels)}"${{others:+,$others}}"'),
        ]
        settings = {
            "service-account": workflow.service_account,
            "description": workflow.description,
            "call-log-level": _word(workflow.call_log_level),
            "execution-history-level": _word(workflow.execution_history_level),
            "kms-key": workflow.crypto_key,
        }
        deploy += [f"--{flag}={value}" for flag, value in settings.items() if value]
        sifted = f"tr ',' '\\n' |\n  grep -Ev {quote(f'^({ours})=')} | paste -sd , -"
        others = f"others=$({read} 2>/dev/null | {sifted}) || true"
        lines = [file(source, workflow.source.text), others]
        if workflow.env:
            values = f"$work/{self._files}.env.json"
            env = {name: workflow.env[name] for name in sorted(workflow.env)}
            lines.append(file(values, json.dumps(env, ensure_ascii=False, indent=2) + "\n"))
            deploy.append(Raw(f'--env-vars-file="{values}"'))
        else:
            deploy.append("--clear-env-vars")
        return "\n".join([*lines, command(deploy, silent=True)])

    def _grant(self, grant: Grant) -> str:
        access, key = grant.access, grant.membership.key
        condition = key.condition.body() if key.condition else None
        found = binder(access.subject)
        if isinstance(access, DatasetAccess):
            return self._dataset(grant, access, condition)
        if found is None:
            return self._policy(grant, condition)
        words: list[str] = [
            *("again", "gcloud", *found.group, "add-iam-policy-binding", found.name),
            *(f"--{flag}={value}" for flag, value in found.flags.items()),
            Raw(f"--member={_member(grant.member)}"),
            f"--role={key.role}",
        ]
        before = ""
        if condition:
            self._files += 1
            path = f"$work/{self._files}.condition.json"
            before = file(path, json.dumps(condition, ensure_ascii=False, indent=2) + "\n") + "\n"
            words.append(Raw(f'--condition-from-file="{path}"'))
        else:
            words.append("--condition=None")
        return before + command([*words, "--format=none"], silent=True)

    def _policy(self, grant: Grant, condition: Body | None) -> str:
        self._over_rest = True
        access = grant.access
        body = access.changed({})
        write = request_of(access.write(body), self._facts)
        wrapped = "policy" in json.loads(write.body)
        read = request_of(access.read(), self._facts)
        wrap = "{policy: .}" if wrapped else "."
        sent = [*_sent(read, write), wrap, grant.membership.key.role, Raw(_member(grant.member))]
        return command(["again", "grant", *sent, _json(condition)])

    def _dataset(self, grant: Grant, access: DatasetAccess, condition: Body | None) -> str:
        self._over_rest = self._in_datasets = True
        changed = access.changed({}, add=[grant.membership])["access"]
        assert isinstance(changed, list), "an access list is a list"
        (entry,) = changed
        field = next(name for name in entry if name not in {"role", "condition"})
        read = request_of(access.read(), self._facts)
        write = request_of(access.write({"access": [], "etag": ""}), self._facts)
        who = grant.member if field == "iamMember" else grant.member.partition(":")[2]
        sent = [*_sent(read, write), field, grant.membership.key.role, Raw(_member(who))]
        return command(["again", "grant_in_dataset", *sent, _json(condition)])


def _services(found: Iterable[ApiService]) -> Iterator[str]:
    by_project: dict[str, list[str]] = {}
    for api in found:
        by_project.setdefault(api.project, []).append(api.service)
    for project, services in sorted(by_project.items()):
        yield command(["gcloud", "services", "enable", *services, f"--project={project}"])


def _account(account: ServiceAccount) -> str:
    told = account.create().request["serviceAccount"]
    assert isinstance(told, dict), "an account is made from a map"
    said = [
        f"--project={account.project}",
        f"--display-name={told['displayName']}",
        f"--description={told['description']}",
    ]
    group = ("gcloud", "iam", "service-accounts")
    look = command([*group, "describe", account.email, f"--project={account.project}"])
    update = command([*group, "update", account.email, *said], silent=True)
    create = command([*group, "create", account.account_id, *said], silent=True)
    return either(look, update, create)


def _role(role: ProjectRole) -> str:
    told = role.create().request["role"]
    assert isinstance(told, dict), "a role is made from a map"
    project = f"--project={role.project}"
    said = [
        *(project, f"--title={role.title}", f"--description={told['description']}"),
        *(f"--permissions={','.join(role.permissions)}", "--stage=GA", "--quiet"),
    ]
    group = ("gcloud", "iam", "roles")
    look = command([*group, "describe", role.role_id, project, "--format=value(deleted)"])
    undelete = command([*group, "undelete", role.role_id, project], silent=True)
    update = command([*group, "update", role.role_id, *said], silent=True)
    create = command([*group, "create", role.role_id, *said], silent=True)
    back = f"[[ $deleted != True ]] ||\n  {undelete}"
    return either(f"deleted=$({look} 2>/dev/null)", f"{back}\n{update}", create, bare=True)


def _member(member: str) -> str:
    """A member as a word of the shell; the number of a project is read when it is run."""
    parts = NUMBER.split(member)
    told = (quote(p) if p else "" for p in parts[::2])
    numbers = (f'"${{{_variable(p)}}}"' for p in parts[1::2])
    return "".join(a + b for a, b in zip(told, (*numbers, ""), strict=True))


def _variable(project: str) -> str:
    return "number_" + re.sub(r"[^A-Za-z0-9]", lambda sign: f"_{ord(sign.group()):x}", project)


def _url(request: Request) -> str:
    """The address, from gcloud's own override of the API where there is one."""
    return Raw(f'"$(endpoint {request.api.upper()} {quote(request.host)})"{quote(request.path)}')


def _sent(read: Request, write: Request) -> list[str]:
    return [read.verb, _url(read), read.body, write.verb, _url(write)]


def _json(condition: Body | None) -> str:
    return json.dumps(condition, ensure_ascii=False, sort_keys=True)


def _word(level: str) -> str:
    """`LOG_ERRORS_ONLY` as a flag's value."""
    return level.lower().replace("_", "-")


def _comment(line: str) -> str:
    return "# " + "".join(sign if sign.isprintable() else "?" for sign in line)
