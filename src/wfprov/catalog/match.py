"""From an outbound call to what it reaches: the first kind of target that recognises it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wfprov.analysis.calls import OutboundCall
from wfprov.catalog import rules
from wfprov.catalog.kind import sighted
from wfprov.catalog.registry import kinds
from wfprov.catalog.request import read
from wfprov.catalog.target import Kind, Place, TargetUse
from wfprov.core.facts import Facts
from wfprov.language.stdlib import FUNCTIONS

CLOSED: Final = ("http", "events", "experimental")
"""Library modules whose functions are all documented: another name of theirs calls nothing known.

Source: https://docs.cloud.google.com/workflows/docs/reference/stdlib/overview (2026-11-23)
"""


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
        told = [kind for kind in candidates if answer.kind in kind.answers]
        candidates = [*told, *candidates]
    module = call.function.partition(".")[0]
    if module in CLOSED and call.function not in FUNCTIONS and answer is None:
        candidates = [kinds()[Kind.UNKNOWN]]
    for kind in candidates:
        use = kind.recognise(sighting)
        if use is not None:
            found = (*use.diagnostics, *rules.of_transport(request))
            return (replace(use, via=call.via, diagnostics=found),)
    raise AssertionError(f"no kind of target took {call.function}")
