"""The types of events that Eventarc brings, as far as wfprov knows what each of them asks for.

Source: https://cloud.google.com/eventarc/docs/event-types (2026-11-23),
https://docs.cloud.google.com/eventarc/docs/workflows/route-trigger-cloud-storage (2026-11-23),
https://cloud.google.com/eventarc/docs/workflows/route-trigger-cloud-audit-logs (2026-11-23)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

AUDIT: Final = "google.cloud.audit.log.v1.written"
MESSAGE_PUBLISHED: Final = "google.cloud.pubsub.topic.v1.messagePublished"
STORAGE: Final = "google.cloud.storage.object.v1."
_FIRESTORE: Final = "google.cloud.firestore.document.v1."
_SHAPE: Final = re.compile(
    r"google\.[a-z]+(?:\.[A-Za-z][A-Za-z0-9]*){1,3}\.v\d+[a-z0-9]*\.[a-zA-Z]+"
)
_PLAIN: Final = re.compile(r"google\.cloud\.[a-z]+\.[A-Za-z]+\.v\d+\.(?:created|updated|deleted)")
_NEAR: Final = 0.8


@dataclass(frozen=True, slots=True)
class EventType:
    """What a trigger for the type must say (`needs`) and can say (`takes`) as filters.

    `takes` is None where any attribute may be filtered: the list of the provider is not known.
    """

    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] | None = None


_STORAGE: Final = EventType(("bucket",), ("bucket",))
_DOCUMENT: Final = EventType(("database",), ("database", "namespace", "document"))
KNOWN: Final[Mapping[str, EventType]] = {
    AUDIT: EventType(("serviceName", "methodName"), ("serviceName", "methodName", "resourceName")),
    MESSAGE_PUBLISHED: EventType((), ()),
    **{
        f"{STORAGE}{verb}": _STORAGE
        for verb in ("archived", "deleted", "finalized", "metadataUpdated")
    },
    **{
        f"{_FIRESTORE}{verb}{context}": _DOCUMENT
        for verb in ("created", "deleted", "updated", "written")
        for context in ("", ".withAuthContext")
    },
}


def event_type(name: str) -> EventType | None:
    """What is known of a type; None for one that there is not, or that is written wrongly.

    Of the sources that send directly, most have `created`, `updated` and `deleted` of each kind of
    resource: those are taken as they are.
    """
    if name in KNOWN:
        return KNOWN[name]
    if not _SHAPE.fullmatch(name) or name.startswith((STORAGE, _FIRESTORE)):
        return None
    if _PLAIN.fullmatch(name) or not near(name):
        return EventType()
    return None


def near(name: str) -> tuple[str, ...]:
    """The known type that one could have meant, if there is one."""
    return tuple(get_close_matches(name[:200], KNOWN, n=1, cutoff=_NEAR))
