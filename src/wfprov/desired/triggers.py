"""What starts a workflow: jobs and event triggers, their accounts, and the access that these need.

A trigger has an identity of its own: who may start a workflow is not who does its work. Workflows
have no IAM policy of their own, and hand no resource names to conditions, so the permission to
start one is granted on the project: an account that starts one workflow can start every one there.

Source: https://docs.cloud.google.com/workflows/docs/access-control (2026-11-23),
https://cloud.google.com/iam/docs/conditions-resource-attributes (2026-11-23; Workflows is not among
the services), https://cloud.google.com/eventarc/standard/docs/workflows/roles-permissions
(2026-11-23)
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from hashlib import sha256
from typing import Final

from wfprov.catalog.target import Need, Tier
from wfprov.core.address import (
    Permission,
    ResourceName,
    RoleName,
    project_name,
    segment_after,
)
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.ownership import STACK_LABEL, account_address, account_email
from wfprov.core.resource import Contents, Resource
from wfprov.core.span import Span
from wfprov.desired import rules
from wfprov.desired.event_types import AUDIT, MESSAGE_PUBLISHED, STORAGE
from wfprov.desired.model import (
    Dedicated,
    EventTrigger,
    Existing,
    ScheduleTrigger,
    Shared,
    Trigger,
    WorkflowSpec,
)
from wfprov.desired.names import service_account_id
from wfprov.desired.rules_config import UNKNOWN_TIME_ZONE
from wfprov.iam.requirement import Requirement
from wfprov.resources.eventarc_trigger import TYPE, EventarcTrigger, EventFilter
from wfprov.resources.scheduler_job import UTC, SchedulerJob, retried
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.storage_agent import DOMAIN
from wfprov.resources.storage_agent import SERVICE as STORAGE_API

_LONGEST: Final = 63
_DIGITS: Final = 6
_PATTERN: Final = re.compile(r"[*{]")
_ROLES_PAGE: Final = "https://cloud.google.com/eventarc/standard/docs/workflows/roles-permissions"
_SCHEDULE_PAGE: Final = "https://cloud.google.com/workflows/docs/schedule-workflow"
"""The role that a schedule needs (2026-11-24)."""
SCHEDULER_APIS: Final = ("cloudscheduler.googleapis.com", "workflowexecutions.googleapis.com")
EVENT_APIS: Final = (
    "eventarc.googleapis.com",
    "eventarcpublishing.googleapis.com",
    "pubsub.googleapis.com",
    "workflowexecutions.googleapis.com",
)
"""Source: https://docs.cloud.google.com/eventarc/docs/workflows/route-trigger-cloud-storage
(2026-11-23)"""


def apis(spec: WorkflowSpec) -> tuple[str, ...]:
    """The services that the triggers of a workflow need in its project, sorted."""
    found: set[str] = set()
    for trigger in spec.triggers:
        match trigger:
            case ScheduleTrigger():
                found.update(SCHEDULER_APIS)
            case EventTrigger(event=event):
                found.update(EVENT_APIS)
                if event.startswith(STORAGE):
                    found.add(STORAGE_API)
    return tuple(sorted(found))


def requirements(spec: WorkflowSpec) -> Iterator[Requirement]:
    """What the triggers of a workflow, and the agents that bring their events, must be allowed."""
    project = spec.project or "{project}"
    name = f"projects/{project}/locations/{spec.region or '{region}'}/workflows/{spec.name}"
    for trigger, id_ in _named(spec):
        invoking = Need(
            permission=Permission("workflows.executions.create"),
            on=ResourceName(f"//workflows.googleapis.com/{name}"),
            tier=Tier.CURATED,
            role=RoleName("roles/workflows.invoker"),
            source=_ROLES_PAGE if isinstance(trigger, EventTrigger) else _SCHEDULE_PAGE,
        )
        needs = [(email_of(trigger, spec), invoking)]
        if isinstance(trigger, EventTrigger):
            needs += _of_event(trigger.event, spec, email_of(trigger, spec))
        for principal, need in needs:
            yield Requirement(principal=principal, need=need, site=f"triggers.{id_}", at=trigger.at)


def _of_event(event: str, spec: WorkflowSpec, email: str) -> Iterator[tuple[str, Need]]:
    """What receiving a type of events asks for, by principal; of messages of a topic nothing."""
    project = spec.project or "{project}"

    def asked(permission: str, role: str) -> Need:
        return Need(
            permission=Permission(permission),
            on=project_name(project),
            tier=Tier.CURATED,
            role=RoleName(role),
            source=_ROLES_PAGE,
        )

    if event != MESSAGE_PUBLISHED:
        received = "receiveAuditLogWritten" if event == AUDIT else "receiveEvent"
        yield email, asked(f"eventarc.events.{received}", "roles/eventarc.eventReceiver")
    if event.startswith(STORAGE):
        agent = storage_agent(project, spec.project_number)
        yield agent, asked("pubsub.topics.publish", "roles/pubsub.publisher")


def needs_storage_agent(spec: WorkflowSpec) -> bool:
    """Whether a trigger of the workflow is brought its events by the agent of Cloud Storage."""
    return any(isinstance(t, EventTrigger) and t.event.startswith(STORAGE) for t in spec.triggers)


def storage_agent(project: str, number: str | None) -> str:
    """The service agent of Cloud Storage; `{number:PROJECT}` stands for an unknown number.

    Source: https://docs.cloud.google.com/iam/docs/service-agents (2026-11-23)
    """
    known = number or f"{{number:{project}}}"
    return f"service-{known}@{DOMAIN}.iam.gserviceaccount.com"


def is_agent(principal: str) -> bool:
    """Whether a principal is the service agent of Cloud Storage of some project."""
    return principal.endswith(f"@{DOMAIN}.iam.gserviceaccount.com")


def email_of(trigger: Trigger, spec: WorkflowSpec) -> str:
    """The e-mail address of the account that a trigger starts the workflow as."""
    match trigger.service_account:
        case Existing(email=email):
            return email.lower()
        case Dedicated():
            name = _account_name(spec)
        case Shared(name=shared):
            name = shared
    return account_email(spec.project or "{project}", service_account_id(name))


def accounts(spec: WorkflowSpec, mark: str) -> Iterator[ServiceAccount]:
    """The accounts that are made for the triggers of a workflow whose project is known."""
    for choice in dict.fromkeys(_choice(trigger) for trigger in spec.triggers):
        match choice:
            case "":
                name, purpose = _account_name(spec), f"Starts the workflow {spec.name}."
            case None:
                continue
            case shared:
                name, purpose = shared, "Runs several workflows of one stack."
        yield ServiceAccount(
            project=spec.project or "",
            account_id=service_account_id(name),
            display_name=name[:100],
            description=purpose,
            stack=mark,
        )


def existing(spec: WorkflowSpec) -> Iterator[tuple[str, Span]]:
    """The accounts of others that triggers use, with the place that names each."""
    for trigger in spec.triggers:
        choice = trigger.service_account
        if isinstance(choice, Existing):
            yield choice.email.lower(), choice.at or trigger.at


def resources(spec: WorkflowSpec, mark: str, domain: str) -> tuple[tuple[Resource, Span], ...]:
    """The triggers of a workflow whose project and region are known, each with its place."""
    return tuple(
        (
            _job(trigger, id_, spec, mark, domain)
            if isinstance(trigger, ScheduleTrigger)
            else _event_trigger(trigger, id_, spec, mark),
            trigger.at,
        )
        for trigger, id_ in _named(spec)
    )


def findings(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """What can not be of the triggers of a workflow, and what others must see to."""
    for trigger in spec.triggers:
        home = account_address(email_of(trigger, spec))
        if home is not None and segment_after(home.name, "projects") != spec.project:
            yield Diagnostic(
                rule=rules.TRIGGER_ACCOUNT,
                message=f"{email_of(trigger, spec)} is not of the project {spec.project}",
                at=trigger.service_account.at
                if isinstance(trigger.service_account, Existing) and trigger.service_account.at
                else trigger.at,
                help="leave `service_account:` out, or name an account of this project",
            )
        if isinstance(trigger, EventTrigger) and trigger.event == AUDIT:
            service = trigger.filters.get("serviceName", "the service")
            yield Diagnostic(
                rule=rules.AUDIT_LOGS,
                message=f"reading and writing of data in {service} is told only where its Data "
                "Access audit logs are on",
                at=trigger.places.get("event", trigger.at),
                help="nothing is to be done for what changes resources: that is always logged",
            )


def names_zone(spec: WorkflowSpec) -> bool:
    """Whether a trigger of the workflow names a time zone."""
    return any(isinstance(t, ScheduleTrigger) and t.time_zone for t in spec.triggers)


def wrong_zones(spec: WorkflowSpec, known: Collection[str]) -> Iterator[Diagnostic]:
    """A finding for each time zone that is not known; none when no zone is."""
    for trigger in spec.triggers if known else ():
        zone = trigger.time_zone if isinstance(trigger, ScheduleTrigger) else None
        if zone is None or zone in known or zone == "utc":
            continue
        near = get_close_matches(zone[:60], sorted(known), n=2, cutoff=0.6)
        yield Diagnostic(
            rule=UNKNOWN_TIME_ZONE,
            message=f"`{zone[:60]}` is no time zone",
            at=trigger.places.get("time_zone", trigger.at),
            help=f"did you mean {' or '.join(near)}?" if near else "for example Europe/Berlin",
        )


def _job(
    trigger: ScheduleTrigger, id_: str, spec: WorkflowSpec, mark: str, domain: str
) -> SchedulerJob:
    name = f"projects/{spec.project}/locations/{spec.region}/workflows/{spec.name}"
    body = {} if trigger.argument is None else {"argument": trigger.argument}
    return SchedulerJob(
        project=spec.project or "",
        region=spec.region or "",
        job_id=id_,
        uri=f"https://workflowexecutions.{domain}/v1/{name}/executions",
        message=Contents(json.dumps(body, ensure_ascii=False)),
        service_account=email_of(trigger, spec),
        schedule=trigger.schedule,
        time_zone=trigger.time_zone or UTC,
        retry=retried(trigger.retry),
        description=f"Starts the workflow {spec.name}.",
        stack=mark,
        paused=trigger.paused or False,
        keeps_pause=trigger.paused is None,
    )


def _event_trigger(
    trigger: EventTrigger, id_: str, spec: WorkflowSpec, mark: str
) -> EventarcTrigger:
    location = trigger.location or spec.region or ""
    filters = [EventFilter(TYPE, trigger.event)]
    for attribute, value in trigger.filters.items():
        operator = "match-path-pattern" if _PATTERN.search(value) else ""
        filters.append(EventFilter(attribute, value, operator))
    home = f"projects/{spec.project}"
    return EventarcTrigger(
        project=spec.project or "",
        location=location,
        trigger_id=id_,
        workflow=f"{home}/locations/{spec.region}/workflows/{spec.name}",
        filters=tuple(sorted(filters)),
        service_account=email_of(trigger, spec),
        labels={STACK_LABEL: mark},
        topic=_below(f"{home}/topics", trigger.topic),
        channel=_below(f"{home}/locations/{location}/channels", trigger.channel),
        content_type=""
        if trigger.content_type == "application/json"
        else trigger.content_type or "",
        attempts=trigger.attempts,
    )


def _below(collection: str, name: str | None) -> str:
    if not name:
        return ""
    return name if "/" in name else f"{collection}/{name}"


def _named(spec: WorkflowSpec) -> Iterator[tuple[Trigger, str]]:
    """The triggers with their ids: that of the workflow and the kind, the second one `-2`."""
    counted = {"schedule": 0, "event": 0}
    for trigger in spec.triggers:
        kind = "schedule" if isinstance(trigger, ScheduleTrigger) else "event"
        counted[kind] += 1
        number = f"-{counted[kind]}" if counted[kind] > 1 else ""
        yield trigger, trigger.name or _id(spec.name, f"-{kind}{number}")


def _id(name: str, ending: str) -> str:
    """A name for a trigger: lower-case letters, digits and hyphens, 63 at most.

    Source: https://cloud.google.com/eventarc/docs/reference/rest/v1/projects.locations.triggers/create
    (not opened)
    """
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if len(plain) + len(ending) <= _LONGEST:
        return plain + ending
    digest = sha256(name.encode()).hexdigest()[:_DIGITS]
    return f"{plain[: _LONGEST - len(ending) - _DIGITS - 1].rstrip('-')}-{digest}{ending}"


def _choice(trigger: Trigger) -> str | None:
    """The name of a shared account, "" for the triggers' own, None for one of others."""
    match trigger.service_account:
        case Dedicated():
            return ""
        case Shared(name=name):
            return name
        case Existing():
            return None


def _account_name(spec: WorkflowSpec) -> str:
    return f"{spec.name}-trigger"
