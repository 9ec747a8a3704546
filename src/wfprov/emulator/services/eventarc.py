"""Eventarc v1: triggers for workflows; no event is ever routed.

A trigger is refused unless its workflow and its account are there, the caller may act as the
account, the account may receive the events, and the agent of Cloud Storage may publish them.

Source: https://cloud.google.com/eventarc/docs/reference/rest/v1/projects.locations.triggers
(2026-11-23), https://cloud.google.com/eventarc/standard/docs/workflows/roles-permissions
(2026-11-23); the wording of refusals is ours
"""

import re
from typing import Any, Final

from wfprov.emulator import enforce, generic
from wfprov.emulator.errors import ApiError, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call, Kind, Service
from wfprov.emulator.world import World

_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MESSAGE: Final = "google.cloud.pubsub.topic.v1.messagePublished"
_AUDIT: Final = "google.cloud.audit.log.v1.written"
_STORAGE: Final = "google.cloud.storage.object.v1."
_KEPT: Final = ("channel", "transport")


def _complete(world: World, resource: str, body: Json) -> Json:
    """What the service adds: an id, the type of content, its own topic and subscription."""
    *_, location, _, name = resource.split("/")
    project = resource.split("/")[1]
    own = f"eventarc-{location}-{name}-{world.unique_number(3)}"
    pubsub = {"topic": f"projects/{project}/topics/{own}", **_pubsub(body)}
    return {
        "eventDataContentType": "application/json",
        **{key: value for key, value in body.items() if key != "_standIn"},
        "uid": world.unique_hex(32),
        "etag": world.etag(),
        "transport": {
            "pubsub": {**pubsub, "subscription": f"projects/{project}/subscriptions/{own}-sub"}
        },
    }


def _create(call: Call) -> Any:
    name = call.query.get("triggerId", "")
    if _NAME.fullmatch(name) is None:
        raise invalid(f"triggerId {name[:70]!r} does not match {_NAME.pattern}.")
    _check(call, call.body)
    return generic.create(call)


def _patch(call: Call) -> Any:
    old = call.stored()
    new = generic.merged(old, call.body, call.query.get("updateMask", ""))
    for key in _KEPT:
        if new.get(key) != old.get(key):
            raise invalid(f"The field {key} of a trigger cannot be updated.")
    if _type(new) != _type(old):
        raise invalid("The event type of a trigger cannot be updated.")
    _check(call, new)
    return generic.patch(call)


def _check(call: Call, trigger: Json) -> None:
    filters = {f.get("attribute"): f.get("value") for f in trigger.get("eventFilters") or ()}
    event = str(filters.get("type") or "")
    if not event:
        raise invalid("A trigger must have an event filter for the attribute 'type'.")
    workflow = str((trigger.get("destination") or {}).get("workflow") or "")
    if call.world.objects.peek(RESOURCES, f"//workflows.googleapis.com/{workflow}") is None:
        raise invalid(f"The destination {workflow[:200]!r} is no workflow that exists.")
    if workflow.split("/")[1] != call.project:
        raise invalid("The workflow must be in the project of the trigger.")
    email = str(trigger.get("serviceAccount") or "").rpartition("/")[2]
    if not email:
        raise invalid("A trigger for a workflow must have a service account.")
    call.act_as(email)
    project = f"//cloudresourcemanager.googleapis.com/projects/{call.project}"
    if event != _MESSAGE:
        audit = event == _AUDIT
        permission = f"eventarc.events.{'receiveAuditLogWritten' if audit else 'receiveEvent'}"
        _must_have(call.world, email, permission, project)
    if event.startswith(_STORAGE):
        if not filters.get("bucket"):
            raise invalid(f"The event type {event} must be filtered by 'bucket'.")
        agent = call.world.service_agent(call.project, "storage")
        _must_have(call.world, agent, "pubsub.topics.publish", project)


def _must_have(world: World, email: str, permission: str, full: str) -> None:
    if world.settings.enforce and not enforce.permitted(
        world, f"serviceAccount:{email}", permission, full
    ):
        raise ApiError(
            "FAILED_PRECONDITION",
            f"Invalid resource state: permission {permission!r} denied on {full} for "
            f"{email} (or it may not exist).",
        )


def _type(trigger: Json) -> Any:
    filters = trigger.get("eventFilters") or ()
    return next((f.get("value") for f in filters if f.get("attribute") == "type"), None)


def _pubsub(trigger: Json) -> Json:
    found: Json = (trigger.get("transport") or {}).get("pubsub") or {}
    return found


_T: Final = "projects.locations.triggers"
SERVICE: Final = Service(
    api="eventarc",
    handlers={"v1": {f"{_T}.create": _create, f"{_T}.patch": _patch}},
    kinds=(Kind(pattern="projects/*/locations/*/triggers/*", complete=_complete),),
)
