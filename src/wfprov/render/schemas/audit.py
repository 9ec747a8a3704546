"""The JSON Schema of `audit --format json`."""

from __future__ import annotations

from wfprov.core.rule import Confidence, Severity
from wfprov.render.audit_json import FORMAT
from wfprov.render.schemas.shape import (
    BOOLEAN,
    COUNT,
    FILLED,
    TEXT,
    closed,
    document,
    listed,
    matching,
    one_of,
    optional,
)

_POSITION: dict[str, object] = {"type": "integer", "minimum": 1}


def audit_schema() -> dict[str, object]:
    """The schema of an audit."""
    point = closed({"line": _POSITION, "column": _POSITION})
    place = closed({"file": FILLED, "start": point, "end": point})
    suppressed = closed(
        {"by": one_of(("comment", "baseline")), "reason": FILLED, "location": optional(place)}
    )
    finding = closed(
        {
            "rule": FILLED,
            "severity": one_of(map(str, Severity)),
            "confidence": one_of(map(str, Confidence)),
            "fingerprint": matching("[0-9a-f]{32}"),
            "message": FILLED,
            "workflows": listed(FILLED),
            "identity": optional(FILLED),
            "role": optional(FILLED),
            "on": matching("//.+"),
            "reasons": listed(FILLED),
            "used": optional(FILLED),
            "fixes": listed(closed({"text": FILLED, "command": optional(FILLED)})),
            "location": optional(place),
            "related": listed(closed({"location": place, "message": FILLED})),
            "suppressed": optional(suppressed),
        }
    )
    comment = closed(
        {
            "rule": FILLED,
            "severity": one_of(map(str, Severity)),
            "message": FILLED,
            "help": TEXT,
            "location": optional(place),
        }
    )
    return document(
        "wfprov audit",
        closed(
            {
                "format_version": {"const": FORMAT},
                "title": FILLED,
                "projects": listed(FILLED),
                "counts": closed({"workflows": COUNT, "identities": COUNT, "policies": COUNT}),
                "asset_search": listed(FILLED),
                "usage": BOOLEAN,
                "findings": listed(finding),
                "comments": listed(comment),
                "baseline_gone": COUNT,
                "not_looked": listed(closed({"what": FILLED, "why": FILLED})),
            }
        ),
    )
