"""The JSON Schema of one entry of `triggers:`, each key with its help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wfprov.desired.shapes import EMAIL, SHARED_NAME
from wfprov.desired.trigger_settings import (
    CHANNEL,
    CONTENT_TYPES,
    EVENT_RETRY,
    LOCATION,
    MOST_ATTEMPTS,
    NAME,
    SCHEDULE_RETRY,
    TOPIC,
)
from wfprov.render.schemas.shape import (
    BOOLEAN,
    COUNT,
    FILLED,
    closed,
    mapped,
    matching,
    one_of,
    optional,
)

HELP: Final[Mapping[str, str]] = {
    "schedule": "When the workflow starts: minute, hour, day, month, weekday.",
    "time_zone": "The zone of the schedule, such as Europe/Berlin; UTC without it.",
    "argument": "The runtime argument of each execution.",
    "paused": "Whether it is paused; left out, that stays as it is live.",
    "event": "The type of event, such as google.cloud.storage.object.v1.finalized.",
    "filters": "Attributes that the event must have: {bucket: NAME}.",
    "location": "Where the events come from; the workflow's region without it.",
    "topic": "The Pub/Sub topic whose messages are the events.",
    "channel": "The channel on which a partner publishes the events.",
    "content_type": "How the event is written down.",
    "retry": "How often a failed attempt is made again; durations in seconds.",
    "name": "The name of the job or trigger; by default that of the workflow and the kind.",
    "service_account": "As which account it starts the workflow: `dedicated` (the default: one for "
    "the workflow's triggers), the e-mail address of one that is there, or {shared: NAME}.",
}
"""What each key is for."""

_SCALAR: Final[dict[str, object]] = {"type": ["string", "number", "boolean"]}


def trigger() -> dict[str, object]:
    """One trigger: a schedule or an event."""
    both: dict[str, object] = {"name": matching(NAME.pattern), "service_account": account()}
    attempts = {**COUNT, "maximum": MOST_ATTEMPTS}
    schedule = {
        "schedule": FILLED,
        "time_zone": FILLED,
        "argument": True,
        "paused": BOOLEAN,
        "retry": closed({**dict.fromkeys(SCHEDULE_RETRY, COUNT), "attempts": attempts}, ()),
        **both,
    }
    event = {
        "event": FILLED,
        "filters": mapped(_SCALAR),
        "location": matching(LOCATION.pattern),
        "topic": matching(TOPIC.pattern),
        "channel": matching(CHANNEL.pattern),
        "content_type": one_of(CONTENT_TYPES),
        "retry": closed(dict.fromkeys(EVENT_RETRY, COUNT), ()),
        **both,
    }
    return {"anyOf": [_with(schedule, "schedule"), _with(event, "event")]}


def _with(properties: dict[str, object], key: str) -> dict[str, object]:
    """An object of which only one key has to be written, with a value."""
    shown: dict[str, object] = {
        name: {
            "allOf": [schema if name == key else optional(schema)],
            "description": HELP[name],
        }
        for name, schema in properties.items()
    }
    return closed(shown, (key,))


def account() -> dict[str, object]:
    """A choice of a service account."""
    return {
        "anyOf": [
            {"const": "dedicated"},
            matching(EMAIL.pattern),
            closed({"shared": matching(SHARED_NAME.pattern)}),
        ]
    }
