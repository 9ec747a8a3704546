"""The JSON Schema of the plan document, saved or printed."""

from __future__ import annotations

from typing import get_args

from wfprov.desired.graph import BlockReason
from wfprov.plan.change import Action, Mode
from wfprov.plan.document import FORMAT
from wfprov.render.schemas.shape import (
    BOOLEAN,
    FILLED,
    TEXT,
    closed,
    document,
    listed,
    mapped,
    matching,
    one_of,
    optional,
)

_POSITION: dict[str, object] = {"type": "integer", "minimum": 1}
_DIGEST = matching("sha256:[0-9a-f]{64}")
_MOMENT = matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def plan_schema() -> dict[str, object]:
    """The schema of `plan --format json`; a saved plan has `exact`, `contents`, `digest` too."""
    shown = {
        "format_version": {"const": FORMAT},
        "stack": FILLED,
        "environment": TEXT,
        "endpoint": TEXT,
        "project": TEXT,
        "mode": one_of(map(str, Mode)),
        "offline": BOOLEAN,
        "created": _MOMENT,
        "expires": _MOMENT,
        "applyable": BOOLEAN,
        "changes": listed({"anyOf": [_change(), _access_change()]}),
        "drift": listed(_drift()),
        "questions": listed(_blocked()),
        "errors": listed(FILLED),
        "notes": listed(FILLED),
        "fingerprints": mapped(_DIGEST),
        "deployer_permissions": listed(FILLED),
        "shard": optional(_shard()),
        "preflight": optional(_preflight()),
    }
    saved = {"exact": {"type": "object"}, "contents": mapped(TEXT), "digest": _DIGEST}
    return document("wfprov plan", closed({**shown, **saved}, required=shown))


def _shard() -> dict[str, object]:
    number: dict[str, object] = {"type": "integer", "minimum": 0}
    return closed(dict.fromkeys(("index", "count", "workflows", "of", "together"), number))


def _preflight() -> dict[str, object]:
    lack = closed(
        {
            "permission": FILLED,
            "resource": matching("//.+"),
            "role": TEXT,
            "changes": listed(FILLED),
        }
    )
    unasked = closed({"resource": matching("//.+"), "permissions": listed(FILLED), "why": FILLED})
    return closed({"lacking": listed(lack), "unasked": listed(unasked)})


def _head() -> dict[str, object]:
    call = closed({"client": FILLED, "method": FILLED, "request": {"type": "object"}})
    return {
        "address": matching("//.+"),
        "kind": FILLED,
        "action": one_of(map(str, Action)),
        "calls": listed(call),
    }


def _change() -> dict[str, object]:
    state = optional({"type": "object"})
    properties = {
        **_head(),
        "before": state,
        "after": state,
        "because": {"type": "array", "maxItems": 0},
        "reason": FILLED,
        "moved_to": FILLED,
    }
    optional_ones = {"reason", "moved_to"}
    return closed(properties, required=[n for n in properties if n not in optional_ones])


def _access_change() -> dict[str, object]:
    policy = closed({"bindings": listed(_binding())})
    inherited = _binding({"from": FILLED})
    because = closed(
        {
            "role": FILLED,
            "member": FILLED,
            "workflow": FILLED,
            "site": FILLED,
            "location": closed({"file": FILLED, "line": _POSITION, "column": _POSITION}),
            "permissions": listed(FILLED),
            "when": optional(TEXT),
            "breadth": optional(TEXT),
        }
    )
    return closed(
        {
            **_head(),
            "before": policy,
            "after": policy,
            "add": listed(_binding()),
            "remove": listed(_binding()),
            "inherited": listed(inherited),
            "because": listed(because),
        }
    )


def _binding(more: dict[str, object] | None = None) -> dict[str, object]:
    condition = closed(
        {"title": TEXT, "expression": FILLED, "description": TEXT},
        required=["title", "expression"],
    )
    always = {"role": FILLED, "members": listed(FILLED), **(more or {})}
    return closed({**always, "condition": condition}, required=always)


def _drift() -> dict[str, object]:
    return closed(
        {
            "address": matching("//.+"),
            "kind": FILLED,
            "message": FILLED,
            "bindings": listed(_binding()),
            "mended": BOOLEAN,
        }
    )


def _blocked() -> dict[str, object]:
    return closed(
        {
            "reason": one_of(get_args(BlockReason)),
            "workflow": FILLED,
            "site": FILLED,
            "file": FILLED,
            "line": _POSITION,
            "column": _POSITION,
            "message": FILLED,
            "answer": TEXT,
        }
    )
