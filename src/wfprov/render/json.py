"""The `inspect` document: what machines read, keys as the contract names them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from wfprov.catalog.target import Auth, Need, Question, TargetUse
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.span import Span
from wfprov.desired.model import Inspected, SiteUse
from wfprov.iam.grant import Grant
from wfprov.render.place import Places

FORMAT_VERSION: Final = "1.0"
_PIECE: Final = 20_000


def text_of(document: object) -> str:
    """A document as JSON, two blanks deep, ASCII only, with a last line break."""
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def pieces_of(document: object) -> Iterator[str]:
    """A document as JSON, two blanks deep, in pieces of some thousand lines."""
    made = json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(document)
    while piece := "".join(islice(made, _PIECE)):
        yield piece


def inspect_document(inspected: Sequence[Inspected]) -> dict[str, object]:
    """What is known of each definition, in the order given."""
    places = Places()
    return {
        "format_version": FORMAT_VERSION,
        "workflows": [_workflow(one, places) for one in inspected],
    }


def diagnostic_document(diagnostic: Diagnostic, places: Places) -> dict[str, object]:
    """One finding; its location is a place in a file, or a live `resource`."""
    at = diagnostic.at
    return {
        "rule": diagnostic.rule.slug,
        "severity": str(diagnostic.severity),
        "confidence": str(diagnostic.confidence),
        "message": diagnostic.message,
        "help": diagnostic.help,
        "location": location(at, places) if isinstance(at, Span) else {"resource": at.name},
    }


def location(span: Span, places: Places) -> dict[str, object]:
    """A place: lines and columns from 1, in code points, the end exclusive."""
    start, end = places.start(span), places.end(span)
    return {
        "file": span.source.name,
        "start": {"line": start[0], "column": start[1]},
        "end": {"line": end[0], "column": end[1]},
    }


def _workflow(inspected: Inspected, places: Places) -> dict[str, object]:
    return {
        "name": inspected.workflow.name,
        "source": inspected.workflow.source_path,
        "ok": not any(d.is_error for d in inspected.diagnostics),
        "diagnostics": [diagnostic_document(d, places) for d in inspected.diagnostics],
        "sites": [_site(use, places) for use in inspected.sites],
        "grants": [grant_document(grant) for grant in inspected.grants],
        "apis": sorted({service for service, _ in inspected.apis}),
    }


def _site(use: SiteUse, places: Places) -> dict[str, object]:
    return {
        "id": use.site.id,
        "call": use.site.function,
        "reachable": use.site.reachable,
        "location": location(use.site.span, places),
        "targets": [_target(target) for target in use.targets],
    }


def _target(target: TargetUse) -> dict[str, object]:
    return {
        "kind": str(target.kind),
        "method": target.method,
        "api_method": target.api_method,
        "url": target.url,
        "resource": target.resource,
        "auth": target.auth and _auth(target.auth),
        "principal": target.principal,
        "confidence": str(target.confidence),
        "via": list(target.via),
        "needs": [_need(need) for need in target.needs],
        "question": target.question and _question(target.question),
    }


def _auth(auth: Auth) -> dict[str, object]:
    return {"type": auth.type, "audience": auth.audience, "scopes": list(auth.scopes)}


def _need(need: Need) -> dict[str, object]:
    return {
        "permission": need.permission,
        "on": need.on,
        "tier": str(need.tier),
        "when": need.when,
        "principal": need.principal,
    }


def _question(question: Question) -> dict[str, object]:
    return {
        "hole": question.hole,
        "from": question.origin,
        "message": question.message,
        "answer": question.answer,
    }


def grant_document(grant: Grant) -> dict[str, object]:
    """One grant, as `inspect` shows it."""
    custom = grant.custom_role
    return {
        "principal": grant.principal,
        "role": grant.role,
        "permissions": custom and list(custom.permissions),
        "on": grant.on,
        "condition": grant.condition and grant.condition.body(),
        "custom_role": custom and {"id": custom.id, "project": custom.project},
        "because": list(grant.sites),
        "excess": grant.excess,
        "inert": grant.inert,
    }
