"""From an outbound call to what it reaches: the first kind of target that recognises it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wfprov.analysis.calls import OutboundCall
from wfprov.catalog import call_rules, rules, told
from wfprov.catalog.kind import sighted
from wfprov.catalog.question import origin
from wfprov.catalog.registry import kinds
from wfprov.catalog.request import Request, read
from wfprov.catalog.target import Certainty, Kind, Place, TargetUse
from wfprov.catalog.use import told_permissions, with_told
from wfprov.core.address import is_pattern
from wfprov.core.facts import Facts
from wfprov.language.stdlib import FUNCTIONS

CLOSED: Final = ("http", "events", "experimental")
"""Library modules whose functions are all documented: another name of theirs calls nothing known.

Source: https://docs.cloud.google.com/workflows/docs/reference/stdlib/overview (2026-11-23)
"""

TOLD_BY_FORM: Final = frozenset(
    {
        Kind.CALLBACK,
        Kind.WORKFLOW,
        Kind.LOGGING,
        Kind.GKE,
        Kind.PRIVATE_ENDPOINT,
        Kind.IAP,
        Kind.CLOUD_RUN_JOB,
    }
)
"""Kinds that a call's name, address or arguments tell for certain."""


def match(call: OutboundCall, place: Place, facts: Facts) -> tuple[TargetUse, ...]:
    """What one way of reaching a site calls; never empty.

    An answer of the user decides before anything that the definition says. Findings about the call
    are in the target's diagnostics.
    """
    request = read(call, place)
    answer = request.answer
    if answer is not None and answer.kind == "host" and isinstance(answer.value, str):
        request = request.with_host(answer.value)
    sighting = sighted(request, facts)
    candidates = list(kinds().values())
    if answer is not None:
        named = [kind for kind in candidates if answer.kind in kind.answers]
        # Permissions say what a call needs, not what it is, where its name or form tells that.
        itself = [k for k in candidates if k.kind in TOLD_BY_FORM and answer.kind == "permissions"]
        candidates = [*itself, *named, *candidates]
    module = call.function.partition(".")[0]
    if module in CLOSED and call.function not in FUNCTIONS and answer is None:
        candidates = [kinds()[Kind.UNKNOWN]]
    for kind in candidates:
        use = kind.recognise(sighting)
        if use is not None:
            permissions = told_permissions(request)
            if permissions is not None:
                use = with_told(use, request, facts, permissions)
            found = (
                *use.diagnostics,
                *told.of_answer(sighting),
                *rules.of_transport(request),
                *rules.of_target(request, use),
                *call_rules.of_arguments(request),
                *(() if sighting.one is None else call_rules.of_connector(request, sighting.one)),
            )
            return (replace(_as_sure(use, request), via=call.via, diagnostics=found),)
    raise AssertionError(f"no kind of target took {call.function}")


def _as_sure(use: TargetUse, request: Request) -> TargetUse:
    """The target, no surer than its needs, nor than how the request is signed."""
    if use.confidence is Certainty.EXACT and any(is_pattern(need.on) for need in use.needs):
        use = replace(use, confidence=Certainty.PATTERN)
    if request.auth_hole is None or not request.is_http:
        return use
    signed = f"the request is signed, which {origin(request.auth_hole.name)} decides"
    needs = (replace(n, when=n.when or signed) if n.principal is None else n for n in use.needs)
    sure = Certainty.UNKNOWN if use.confidence is Certainty.UNKNOWN else Certainty.PATTERN
    return replace(use, confidence=sure, needs=tuple(needs))
