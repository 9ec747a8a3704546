"""What no other kind recognises: a host that the definition does not tell, or a name of no library.

Source: https://docs.cloud.google.com/workflows/docs/http-requests (2026-11-23)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.question import ask, ask_value, holes_in, origin
from wfprov.catalog.target import Certainty, Kind, TargetUse
from wfprov.catalog.use import plain


def recognise(sighting: Sighting) -> TargetUse:
    """Any call: a target of kind unknown with a question."""
    request = sighting.request
    fallback = '{external: "WHAT IT IS"}'
    if not request.is_http:
        doubt = ask(request, f"what {request.function} calls is not known", fallback)
    elif holes := holes_in(request.address or ""):
        signed = (
            "" if request.auth_hole is None else f"; nor is its signature ({request.auth_hole})"
        )
        doubt = ask_value(
            request,
            f"the host comes from {origin(holes[0])} and is not known{signed}",
            holes[0],
            "{host: HOST}",
        )
    elif request.no_address is not None:
        doubt = ask(request, f"`url` is {request.no_address}, which is no address", fallback)
    elif request.address is None:
        doubt = ask(request, "the call has no `url`", fallback)
    else:
        doubt = ask(request, f"what answers at {request.address} is not known", fallback)
    return replace(plain(request, Kind.UNKNOWN), question=doubt, confidence=Certainty.UNKNOWN)


TARGET: Final = TargetKind(kind=Kind.UNKNOWN, recognise=recognise)
