"""Readings of `triggers:`: what starts a workflow, by time or by an event."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from wfprov.core.credential import credential_in
from wfprov.core.span import Span
from wfprov.desired import event_types
from wfprov.desired.cron import problem
from wfprov.desired.event_types import MESSAGE_PUBLISHED, EventType, event_type, near
from wfprov.desired.model import Dedicated, EventTrigger, ScheduleTrigger, Trigger
from wfprov.desired.reader import Fields, Reader, nearest, plain
from wfprov.desired.rules_config import (
    CREDENTIAL_IN_ENV,
    UNKNOWN_EVENT_TYPE,
    WRONG_SCHEDULE,
)
from wfprov.desired.settings import service_account
from wfprov.language.nodes import MappingNode, Node, ScalarNode

_BOTH: Final = ("name", "service_account", "retry")
SCHEDULE_KEYS: Final = ("schedule", "time_zone", "argument", "paused", *_BOTH)
EVENT_KEYS: Final = ("event", "filters", "location", "topic", "channel", "content_type", *_BOTH)
SCHEDULE_RETRY: Final = {
    "attempts": "retryCount",
    "max_duration": "maxRetryDuration",
    "min_backoff": "minBackoffDuration",
    "max_backoff": "maxBackoffDuration",
    "max_doublings": "maxDoublings",
}
MOST_ATTEMPTS: Final = 5
"""Source: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
(2026-11-23)"""
LARGEST_MESSAGE: Final = 100_000
"""Bytes; a whole job has 1 MB at most: https://cloud.google.com/scheduler/quotas (not opened)"""
EVENT_RETRY: Final = ("attempts",)
NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
NAME_HINT: Final = "at most 63 lower-case letters, digits and hyphens, beginning with a letter"
LOCATION: Final = re.compile(r"[a-z]+(?:-[a-z]+)*[0-9]*")
TOPIC: Final = re.compile(r"(?:projects/[^/\s]+/topics/)?[A-Za-z][A-Za-z0-9._~+%-]{2,254}")
CHANNEL: Final = re.compile(
    r"(?:projects/[^/\s]+/locations/[^/\s]+/channels/)?[a-z][a-z0-9-]{0,62}"
)
CONTENT_TYPES: Final = ("application/json", "application/protobuf")
"""Source: https://docs.cloud.google.com/sdk/gcloud/reference/eventarc/triggers/update
(2026-11-23)"""


def triggers(reader: Reader) -> Callable[[Node], tuple[Trigger, ...] | None]:
    """A reading of the list of triggers."""

    def trigger(node: Node) -> Trigger | None:
        if not isinstance(node, MappingNode):
            reader.wrong_type(node, "a trigger", "a map")
            return None
        written = {key.text for key, _ in node.entries if isinstance(key, ScalarNode)}
        if "event" in written and "schedule" not in written:
            return _event(reader, node)
        if "schedule" in written and "event" not in written:
            return _schedule(reader, node)
        fields = reader.fields(node, "a trigger", (*SCHEDULE_KEYS, *EVENT_KEYS[: -len(_BOTH)]))
        reader.missing(
            fields.at,
            "a trigger says both `schedule` and `event`"
            if "event" in written
            else "a trigger says neither `schedule` nor `event`",
            'write one of them: schedule: "0 6 * * *", or event: google.cloud....',
        )
        return None

    def reading(node: Node) -> tuple[Trigger, ...] | None:
        found = (trigger(item) for item in reader.items(node, "`triggers`"))
        return tuple(one for one in found if one is not None)

    return reading


def _schedule(reader: Reader, node: MappingNode) -> ScheduleTrigger | None:
    f = reader.fields(node, "a schedule trigger", SCHEDULE_KEYS)
    schedule = f.read("schedule", reader.text("a schedule"))
    at = f.node("schedule")
    if schedule is None or at is None:
        if at is None:
            reader.missing(f.place("schedule"), "`schedule` is empty", 'for example "0 6 * * *"')
        return None
    wrong = problem(schedule)
    if wrong:
        reader.reject(
            WRONG_SCHEDULE,
            at,
            f"`{schedule[:60]}` is no schedule: {wrong}",
            'minute, hour, day, month, weekday: "0 6 * * MON-FRI", or `every 15 minutes`',
        )
    return ScheduleTrigger(
        schedule=schedule,
        time_zone=f.read("time_zone", reader.text("a time zone")),
        argument=_argument(reader, f),
        paused=f.read("paused", reader.boolean("`paused`")),
        retry=f.read("retry", _schedule_retry(reader)) or {},
        name=f.read("name", reader.text("a name for a trigger", shape=NAME, hint=NAME_HINT)),
        service_account=f.read("service_account", service_account(reader)) or Dedicated(),
        places=_places(f, SCHEDULE_KEYS, reader),
        at=reader.span(node),
    )


def _event(reader: Reader, node: MappingNode) -> EventTrigger | None:
    f = reader.fields(node, "an event trigger", EVENT_KEYS)
    event = f.read("event", reader.text("a type of event"))
    at = f.node("event")
    if event is None or at is None:
        if at is None:
            hint = "for example google.cloud.storage.object.v1.finalized"
            reader.missing(f.place("event"), "`event` is empty", hint)
        return None
    channel = f.read("channel", reader.text("a channel", shape=CHANNEL, hint="write its id"))
    known = EventType() if channel else event_type(event)
    if known is None:
        meant = near(event) or tuple(event_types.KNOWN)[:3]
        reader.reject(
            UNKNOWN_EVENT_TYPE,
            at,
            f"`{event[:80]}` is no type of event that is known",
            f"did you mean {' or '.join(meant)}?",
        )
    filters = f.read("filters", reader.text_map("`filters`", reader.text("a filter"))) or {}
    _check_filters(reader, f, event, known, filters)
    topic = f.read("topic", reader.text("a topic", shape=TOPIC, hint="write its id"))
    if topic is not None and event != MESSAGE_PUBLISHED:
        reader.bad_value(
            f.node("topic") or node,
            f"events of the type {event[:80]} come through no topic of yours",
            f"a topic goes with {MESSAGE_PUBLISHED}",
        )
    retry = f.read("retry", _event_retry(reader)) or 0
    return EventTrigger(
        event=event,
        filters=filters,
        location=f.read(
            "location",
            reader.text("a location", shape=LOCATION, hint="a region, eu, us or global"),
        ),
        topic=topic,
        channel=channel,
        content_type=f.read("content_type", reader.choice("a content type", CONTENT_TYPES)),
        attempts=retry,
        name=f.read("name", reader.text("a name for a trigger", shape=NAME, hint=NAME_HINT)),
        service_account=f.read("service_account", service_account(reader)) or Dedicated(),
        places=_places(f, EVENT_KEYS, reader),
        at=reader.span(node),
    )


def _check_filters(
    reader: Reader, f: Fields, event: str, known: EventType | None, filters: dict[str, str]
) -> None:
    if known is None:
        return
    node = f.node("filters")
    strange = False
    for entry in reader.entries(node, "`filters`") if isinstance(node, MappingNode) else ():
        if known.takes is not None and entry.key not in known.takes:
            strange = True
            what = nearest(entry.key, known.takes) if known.takes else "it takes no filters"
            reader.bad_key(entry, f"events of the type {event} have no `{entry.key[:40]}`", what)
    for name in known.needs if not strange else ():
        if name not in filters:
            reader.missing(
                f.place("filters") if "filters" in f else f.place("event"),
                f"events of the type {event} are filtered by `{name}`",
                f"write filters: {{{', '.join(f'{n}: ...' for n in known.needs)}}}",
            )


def _argument(reader: Reader, f: Fields) -> str | None:
    """The JSON text of the argument; None when there is none."""
    if "argument" not in f:
        return None
    node = f.node("argument")
    if node is None:
        return "null"
    try:
        text = json.dumps(plain(node), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        reader.bad_value(node, "the argument cannot be written as JSON")
        return None
    if len(text.encode()) > LARGEST_MESSAGE:
        reader.bad_value(node, f"the argument is longer than {LARGEST_MESSAGE} bytes")
    credential = credential_in(text)
    if credential:
        reader.reject(
            CREDENTIAL_IN_ENV,
            node,
            f"the argument of the schedule holds {credential}",
            "put it into Secret Manager and let the workflow read it",
        )
    return text


def _schedule_retry(reader: Reader) -> Callable[[Node], dict[str, str] | None]:
    def reading(node: Node) -> dict[str, str] | None:
        f = reader.fields(node, "`retry`", tuple(SCHEDULE_RETRY))
        found = {}
        for key, name in SCHEDULE_RETRY.items():
            value = f.read(key, reader.whole_number(f"`{key}`"))
            if value is None:
                continue
            if key == "attempts" and value > MOST_ATTEMPTS:
                reader.bad_value(
                    f.node(key) or node, f"{value} attempts; a job has {MOST_ATTEMPTS}"
                )
            found[name] = f"{value}s" if name.endswith("Duration") else str(value)
        return found

    return reading


def _event_retry(reader: Reader) -> Callable[[Node], int | None]:
    def reading(node: Node) -> int | None:
        f = reader.fields(node, "`retry`", EVENT_RETRY)
        return f.read("attempts", reader.whole_number("`attempts`"))

    return reading


def _places(f: Fields, keys: tuple[str, ...], reader: Reader) -> dict[str, Span]:
    found = ((key, f.node(key)) for key in keys)
    return {key: reader.span(node) for key, node in found if node is not None}
