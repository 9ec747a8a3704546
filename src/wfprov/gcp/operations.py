"""Waits for long-running operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from wfprov.core.errors import CloudError, UnfinishedError
from wfprov.core.ports import Clock
from wfprov.core.resource import Call
from wfprov.gcp.errors import of_operation

PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.0)
"""Seconds between the polls; the last is repeated."""

LONGEST: Final = 600.0
"""Seconds after which an operation is given up."""

LOST_POLLS: Final = 5
"""How many polls in a row may fail."""


def finished(
    operation: Mapping[str, Any],
    poll: Callable[[str], Mapping[str, Any]],
    *,
    call: Call,
    clock: Clock,
) -> Mapping[str, Any]:
    """The `response` of an operation, once it is done; `poll` reads it again by its name.

    Raises:
        CloudError: what the operation ended with.
        UnfinishedError: it did not end in time, or could not be read any more.
    """
    deadline = clock.now() + LONGEST
    pauses = iter(PAUSES)
    pause = PAUSES[0]
    lost = 0
    while not operation.get("done"):
        if clock.now() > deadline:
            raise UnfinishedError(
                f"{call}: the operation {operation.get('name')} did not end in {LONGEST:.0f} s",
                call=call,
                help="it may still end: look at it, then plan again",
            )
        pause = next(pauses, pause)
        clock.sleep(pause)
        try:
            operation = poll(str(operation["name"]))
            lost = 0
        except CloudError as error:  # the operation goes on, whatever its reading meets
            lost += 1
            if lost >= LOST_POLLS:
                raise _given_up(error, call) from error
    if operation.get("error"):
        raise of_operation(call, operation["error"])
    return {k: v for k, v in operation.get("response", {}).items() if k != "@type"}


def _given_up(error: CloudError, call: Call) -> UnfinishedError:
    return UnfinishedError(
        f"{call}: its operation could not be read: {error.message}",
        call=call,
        help="it may still end: look at it, then plan again",
    )
