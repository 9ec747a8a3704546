"""Pub/Sub v1: topics and subscriptions; a published message gets an id and is not delivered.

Source: https://cloud.google.com/pubsub/docs/reference/rest (not opened)
"""

from typing import Any, Final

from wfprov.emulator import generic
from wfprov.emulator.errors import ApiError
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call, Kind, Service
from wfprov.emulator.world import PROJECT_HOST, World

_MISSING: Final = "Resource not found (resource={short})."


def _topic(world: World, resource: str, body: Json) -> Json:  # noqa: ARG001
    return {key: value for key, value in body.items() if key != "_standIn"}


def _subscription(world: World, resource: str, body: Json) -> Json:  # noqa: ARG001
    return {
        "topic": "_deleted-topic_",
        "pushConfig": {},
        "ackDeadlineSeconds": 10,
        "messageRetentionDuration": "604800s",
        "expirationPolicy": {"ttl": "2678400s"},
        "state": "ACTIVE",
        **{key: value for key, value in body.items() if key != "_standIn"},
    }


def _create_topic(call: Call) -> Any:
    call.require("pubsub.topics.create", f"{PROJECT_HOST}projects/{call.project}")
    return generic.create(call)


def _create_subscription(call: Call) -> Any:
    """Needs a permission on the project, and one on the topic.

    Source: https://cloud.google.com/pubsub/docs/access-control (2026-11-23)
    """
    call.require("pubsub.subscriptions.create", f"{PROJECT_HOST}projects/{call.project}")
    topic = call.world.full_name("pubsub", str(call.body.get("topic", "")))
    call.require("pubsub.topics.attachSubscription", topic)
    if call.world.objects.peek(RESOURCES, topic) is None:
        raise ApiError("NOT_FOUND", _MISSING.format(short=topic.rpartition("/")[2]))
    token = (call.body.get("pushConfig") or {}).get("oidcToken") or {}
    if token.get("serviceAccountEmail"):
        call.act_as(token["serviceAccountEmail"])
    return generic.create(call)


def _publish(call: Call) -> Json:
    call.stored()
    count = len(call.body.get("messages") or [])
    return {"messageIds": [call.world.unique_number(16) for _ in range(count)]}


SERVICE: Final = Service(
    api="pubsub",
    handlers={
        "v1": {
            "projects.topics.create": _create_topic,
            "projects.subscriptions.create": _create_subscription,
            "projects.topics.publish": _publish,
        }
    },
    kinds=(
        Kind(pattern="projects/*/topics/*", complete=_topic, missing=_MISSING),
        Kind(pattern="projects/*/subscriptions/*", complete=_subscription, missing=_MISSING),
    ),
)
