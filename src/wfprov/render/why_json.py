"""The `why` document: the chain of each call, for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wfprov.audit.question import Refused
from wfprov.audit.why import Called, Reason
from wfprov.render.json import FORMAT_VERSION, grant_document, location
from wfprov.render.place import Places


def why_document(calls: Sequence[Called], ingress: Mapping[str, str]) -> dict[str, object]:
    """Every call with its chain, in the order of the text."""
    places = Places()
    return {
        "format_version": FORMAT_VERSION,
        "calls": [_call(call, ingress, places) for call in calls],
    }


def refusal_document(refused: Refused, ingress: Mapping[str, str]) -> dict[str, object]:
    """What was read of a refusal, and the calls that ask for what was refused."""
    places = Places()
    denial = refused.denial
    return {
        "format_version": FORMAT_VERSION,
        "refusal": {
            "cause": str(denial.cause),
            "permissions": list(refused.permissions),
            "resources": list(denial.resources),
            "principals": list(denial.principals),
            "path": denial.path,
            "steps": [f"{f.routine}.{f.step}" for f in denial.frames],
        },
        "stranger": refused.stranger or None,
        "roles": list(refused.roles),
        "calls": [_call(call, ingress, places) for call in refused.calls],
        "elsewhere": [_call(call, ingress, places) for call in refused.elsewhere],
    }


def _call(call: Called, ingress: Mapping[str, str], places: Places) -> dict[str, object]:
    target = call.target
    auth = target.auth if target is not None else None
    return {
        "workflow": call.name,
        "site": call.id,
        "call": call.site_function or None,
        "location": location(call.at, places),
        "kind": str(target.kind) if target is not None else None,
        "url": target.url if target is not None else None,
        "api_method": target.api_method if target is not None else None,
        "resource": target.resource if target is not None else None,
        "ingress": ingress.get(target.resource or "") if target is not None else None,
        "via": list(target.via) if target is not None else [],
        "auth": auth
        and {"type": auth.type, "audience": auth.audience, "scopes": list(auth.scopes)},
        "needs": [_reason(reason) for reason in call.reasons],
        "question": target.question.message if target is not None and target.question else None,
    }


def _reason(reason: Reason) -> dict[str, object]:
    standing = reason.standing
    by = standing.by
    return {
        "permission": reason.need.permission,
        "on": reason.need.on,
        "source": reason.need.source,
        "tier": str(reason.need.tier),
        "member": reason.member,
        "grant": reason.grant and grant_document(reason.grant),
        "live": {
            "state": str(standing.state),
            "how": standing.how,
            "by": by and {"role": by.role, "on": by.on},
            "reasons": list(standing.reasons),
            "fixes": [fix.command for fix in standing.fixes],
        },
    }
