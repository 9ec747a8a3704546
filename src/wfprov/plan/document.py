"""A plan as the JSON document of the contract."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from wfprov.core.policy import Membership
from wfprov.core.resource import Body, Call, Resource, digest_of
from wfprov.desired.graph import Because
from wfprov.plan.allowed import Preflight
from wfprov.plan.change import (
    AccessChange,
    Action,
    Change,
    Create,
    Delete,
    Drift,
    NoOp,
    Plan,
    Replace,
    Update,
    action_of,
    address_of,
    calls_of,
)

FORMAT: Final = "1.0"
_SEALED: Final = frozenset({"sourceContents", "userEnvVars"})


def document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON: what a user reviews, texts as digests, in a fixed order."""
    return {
        "format_version": FORMAT,
        "stack": plan.stack,
        "environment": plan.environment,
        "endpoint": plan.endpoint,
        "project": plan.project,
        "mode": plan.mode.value,
        "offline": plan.offline,
        "created": timestamp(plan.created),
        "expires": timestamp(plan.expires),
        "applyable": plan.applyable,
        "changes": [_change(change) for change in plan.changes],
        "drift": [_drift(drift) for drift in plan.drift],
        "questions": [asdict(blocked) for blocked in plan.blocked],
        "errors": list(plan.errors),
        "notes": list(plan.notes),
        "fingerprints": _fingerprints(plan),
        "deployer_permissions": list(plan.deployer_permissions),
        "shard": None if plan.division is None else asdict(plan.division),
        "preflight": None if plan.preflight is None else _preflight(plan.preflight),
    }


def _preflight(found: Preflight) -> dict[str, Any]:
    return {
        "lacking": [{**asdict(lack), "changes": list(lack.changes)} for lack in found.lacking],
        "unasked": [{**asdict(u), "permissions": list(u.permissions)} for u in found.unasked],
    }


def timestamp(seconds: float) -> str:
    """Seconds since 1970 as `2026-11-23T21:40:00Z`, rounded down."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fingerprint(change: Change, owned: frozenset[str] = frozenset()) -> str:
    """A digest of what the plan shows of the live thing that it will write, or rests on."""
    match change:
        case AccessChange(before=before, inherited=inherited):
            keys = {m.key for m in change.add | change.remove}
            seen: object = (
                sorted(m.sort_key() for m in before if m.key in keys or m.member in owned),
                sorted((m.sort_key(), giver) for m, giver in inherited.items()),
            )
        case Create():
            seen = None
        case Update(before=was) | Replace(before=was) | Delete(before=was) | NoOp(resource=was):
            seen = (sorted(was.sealed().wire().items()), was.revision, was.identity)
    return digest_of(repr(seen))


def _fingerprints(plan: Plan) -> dict[str, str]:
    found = {str(address_of(c)): fingerprint(c, plan.owned) for c in plan.changes}
    return found | {f"identity {email}": digest_of(id_) for email, id_ in plan.existing.items()}


def bindings(members: Iterable[Membership]) -> list[dict[str, Any]]:
    """Memberships by binding, as a policy writes them, sorted."""
    grouped: dict[tuple[str, ...], dict[str, Any]] = {}
    for m in sorted(members, key=Membership.sort_key):
        found = grouped.setdefault(m.key.sort_key(), {"role": m.key.role, "members": []})
        found["members"].append(m.member)
        if m.key.condition:
            found["condition"] = m.key.condition.body()
    return list(grouped.values())


def _change(change: Change) -> dict[str, Any]:
    address = address_of(change)
    shown: dict[str, Any] = {
        "address": address.name,
        "kind": address.kind,
        "action": action_of(change).value,
        "before": None,
        "after": None,
        "because": [],
        "calls": [_call(call) for call in calls_of(change)],
    }
    match change:
        case Create(after=after):
            shown["after"] = after.wire()
        case Update(before=before, after=after):
            shown |= {"before": _was(before), "after": after.wire()}
        case Replace(before=before, after=after, reason=reason):
            shown |= {"before": _was(before), "after": after.wire(), "reason": reason}
        case Delete(before=before):
            shown["before"] = _was(before)
            shown |= {"moved_to": change.moved_to} if change.moved_to else {}
        case NoOp(resource=resource):
            shown |= {"before": resource.wire(), "after": resource.wire()}
        case AccessChange():
            shown |= _access(change)
    return shown


def _was(resource: Resource) -> Body:
    return {**resource.wire(), **({"revision": resource.revision} if resource.revision else {})}


def _access(change: AccessChange) -> dict[str, Any]:
    return {
        "before": {"bindings": bindings(change.before)},
        "after": {"bindings": bindings(change.after)},
        "add": bindings(change.add),
        "remove": bindings(change.remove),
        "inherited": [
            {**bindings([m])[0], "from": change.inherited[m]}
            for m in sorted(change.inherited, key=Membership.sort_key)
        ],
        "because": [
            {"role": m.key.role, "member": m.member, **_because(why)}
            for m in sorted(change.because, key=Membership.sort_key)
            for why in change.because[m]
        ],
    }


def _because(why: Because) -> dict[str, Any]:
    return {
        "workflow": why.workflow,
        "site": why.site,
        "location": {"file": why.file, "line": why.line, "column": why.column},
        "permissions": list(why.permissions),
        "when": why.when or None,
        "breadth": why.breadth or None,
    }


def _drift(drift: Drift) -> dict[str, Any]:
    return {
        "address": drift.address.name,
        "kind": drift.address.kind,
        "message": drift.message,
        "bindings": bindings(drift.memberships),
        "mended": drift.mended,
    }


def _call(call: Call) -> dict[str, Any]:
    return {"client": call.client, "method": call.method, "request": _shown(call.request)}


def _shown(value: object, name: str = "") -> object:
    """A request as it is shown: the source of a workflow and its variables as digests."""
    if name in _SEALED and isinstance(value, str):
        return digest_of(value)
    if isinstance(value, dict):
        return {k: _shown(v, name if name in _SEALED else k) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(v) for v in value]
    return value


def counts(plan: Plan) -> dict[Action, int]:
    """How many changes do what."""
    actions = [action_of(change) for change in plan.changes]
    return {action: actions.count(action) for action in Action}
