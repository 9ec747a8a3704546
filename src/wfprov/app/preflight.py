"""Asks, before the first change, whether the deployer may do all of a plan."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from wfprov.app.wiring import facts
from wfprov.core.crew import Crew
from wfprov.core.errors import (
    BlockedError,
    BusyError,
    InvalidError,
    NotFoundError,
    RefusedError,
    ServiceDisabledError,
)
from wfprov.core.facts import Facts
from wfprov.core.ports import Cloud
from wfprov.plan.allowed import Preflight
from wfprov.plan.change import Change, Plan
from wfprov.plan.preflight import Demand, demands, verdict


def preflight(changes: Iterable[Change], cloud: Cloud, known: Facts, *, parallel: int) -> Preflight:
    """What the control plane says of the deployer, asked once for each resource.

    Nothing that does nothing is asked about. An answer that is refused leaves it open.

    Raises:
        CloudError: no answer, or no credentials.
    """
    asked = demands(changes, known)
    with Crew(parallel) as crew:
        answers = [crew.submit(partial(_answer, cloud, demand)) for demand in asked]
        return verdict(
            ((d, *future.result()) for d, future in zip(asked, answers, strict=True)), known
        )


def must_be_allowed(found: Preflight | None) -> None:
    """Stops before the first change when it is known that some change would be refused.

    Raises:
        BlockedError: with the first permission that is lacking, its resource, the least role.
    """
    if found is None or found.ok:
        return
    first = found.lacking[0]
    more = f", and {len(found.lacking) - 1} more" if len(found.lacking) > 1 else ""
    role = f"grant {first.role} there" if first.role else "no predefined role may be granted for it"
    raise BlockedError(
        f"the deployer lacks {first.permission} on {first.resource}{more}: nothing was changed",
        help=f"{role}, then run again; --no-preflight applies without asking",
    )


def of_saved(plan: Plan, cloud: Cloud, *, parallel: int) -> Preflight:
    """What is said of the one who applies a saved plan.

    All of it counts, what an earlier apply has done too: its requests are sent again.

    Raises:
        CloudError: no answer, or no credentials.
    """
    return preflight(plan.due, cloud, facts(), parallel=parallel)


def allowed(plan: Plan, cloud: Cloud, *, parallel: int) -> None:
    """Stops before a saved plan when some change would be refused.

    Raises:
        BlockedError: a permission is lacking.
        CloudError: no answer, or no credentials.
    """
    must_be_allowed(of_saved(plan, cloud, parallel=parallel))


def _answer(cloud: Cloud, demand: Demand) -> tuple[frozenset[str] | None, str]:
    if demand.call is None:
        return None, demand.why
    try:
        body = cloud.send(demand.call)
    except (BusyError, InvalidError, NotFoundError, RefusedError, ServiceDisabledError) as error:
        return None, error.message
    held = body.get("permissions", ())
    assert isinstance(held, list | tuple), "permissions is a list"
    return frozenset(map(str, held)), ""
