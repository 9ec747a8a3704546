"""The JSON Schema of the `inspect` document."""

from __future__ import annotations

from wfprov.catalog.target import Certainty, Kind, Tier
from wfprov.core.rule import Confidence, Severity
from wfprov.render.json import FORMAT_VERSION
from wfprov.render.schemas.shape import (
    BOOLEAN,
    COUNT,
    FILLED,
    TEXT,
    closed,
    document,
    listed,
    one_of,
    optional,
)


def inspect_schema() -> dict[str, object]:
    """The schema of what `inspect --format json` prints."""
    body = closed({"format_version": {"const": FORMAT_VERSION}, "workflows": listed(_workflow())})
    return document("wfprov inspect", body)


def location_schema() -> dict[str, object]:
    """A place in a file: lines and columns from 1, the end exclusive."""
    position = {"type": "integer", "minimum": 1}
    point = closed({"line": position, "column": position})
    return closed({"file": FILLED, "start": point, "end": point})


def diagnostic_schema() -> dict[str, object]:
    """A finding."""
    return closed(
        {
            "rule": FILLED,
            "severity": one_of(map(str, Severity)),
            "confidence": one_of(map(str, Confidence)),
            "message": FILLED,
            "help": TEXT,
            "location": {"anyOf": [location_schema(), closed({"resource": FILLED})]},
        }
    )


def _workflow() -> dict[str, object]:
    return closed(
        {
            "name": FILLED,
            "source": FILLED,
            "ok": BOOLEAN,
            "diagnostics": listed(diagnostic_schema()),
            "sites": listed(_site()),
            "grants": listed(_grant()),
            "apis": listed(FILLED),
        }
    )


def _site() -> dict[str, object]:
    return closed(
        {
            "id": FILLED,
            "call": FILLED,
            "reachable": BOOLEAN,
            "location": location_schema(),
            "targets": listed(_target()),
        }
    )


def _target() -> dict[str, object]:
    auth = closed(
        {
            "type": one_of(("OIDC", "OAuth2", "header")),
            "audience": optional(TEXT),
            "scopes": listed(TEXT),
        }
    )
    question = closed({"hole": TEXT, "from": TEXT, "message": FILLED, "answer": FILLED})
    return closed(
        {
            "kind": one_of(map(str, Kind)),
            "method": optional(TEXT),
            "api_method": optional(TEXT),
            "url": optional(TEXT),
            "resource": optional(TEXT),
            "auth": optional(auth),
            "principal": FILLED,
            "confidence": one_of(map(str, Certainty)),
            "via": listed(FILLED),
            "needs": listed(_need()),
            "question": optional(question),
        }
    )


def _need() -> dict[str, object]:
    return closed(
        {
            "permission": FILLED,
            "on": FILLED,
            "tier": one_of(map(str, Tier)),
            "when": optional(TEXT),
            "principal": optional(FILLED),
        }
    )


def _grant() -> dict[str, object]:
    condition = closed(
        {"expression": FILLED, "title": FILLED, "description": TEXT}, ("expression", "title")
    )
    return closed(
        {
            "principal": FILLED,
            "role": optional(FILLED),
            "permissions": optional(listed(FILLED)),
            "on": FILLED,
            "condition": optional(condition),
            "custom_role": optional(closed({"id": FILLED, "project": FILLED})),
            "because": listed(FILLED),
            "excess": COUNT,
            "inert": COUNT,
        }
    )
