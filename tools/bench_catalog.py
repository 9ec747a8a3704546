"""Times of the catalog and of choosing grants: python tools/bench_catalog.py."""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator

from wfprov.catalog.target import Need, Tier
from wfprov.core.address import Permission, ResourceName
from wfprov.core.span import Source, Span
from wfprov.iam.build import RoleOptions, grants
from wfprov.iam.requirement import Requirement
from wfprov.store.facts import open_facts

WORKFLOWS, NEEDS = 1_000, 50
OPEN_SECONDS, SOLVE_SECONDS = 0.010, 2.0
"""The budgets: opening the catalog, and the grants of 1,000 workflows with 50 needs each."""

KINDS = (
    ("pubsub.topics.publish", "//pubsub.googleapis.com/projects/acme/topics/{}"),
    ("run.routes.invoke", "//run.googleapis.com/projects/acme/locations/europe-west1/services/{}"),
    ("secretmanager.versions.access", "//secretmanager.googleapis.com/projects/acme/secrets/{}"),
    ("storage.objects.create", "//storage.googleapis.com/projects/_/buckets/{}"),
    ("bigquery.tables.getData", "//bigquery.googleapis.com/projects/acme/datasets/{}"),
)


def measurements() -> Iterator[tuple[str, float, float]]:
    """(what, seconds, budget): medians of several runs."""
    facts = open_facts(None)
    yield "open the catalog", _median(lambda: open_facts(None).close(), 21), OPEN_SECONDS
    at = Span(Source("w.yaml", "main:\n"), 0, 4)
    fleet = [
        [
            Requirement(
                principal="workflow",
                need=Need(
                    permission=Permission(KINDS[i % len(KINDS)][0]),
                    on=ResourceName(KINDS[i % len(KINDS)][1].format(f"w{w}n{i}")),
                    tier=Tier.CURATED,
                    project="acme",
                ),
                site=f"main.s{i}",
                at=at,
            )
            for i in range(NEEDS)
        ]
        for w in range(WORKFLOWS)
    ]

    def solve() -> None:
        for asked in fleet:
            grants(asked, facts, RoleOptions())

    what = f"grants of {WORKFLOWS:,} workflows with {NEEDS} needs each"
    yield what, _median(solve, 1), SOLVE_SECONDS


def _median(act: Callable[[], None], times: int) -> float:
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def main() -> int:
    """Prints the measurements; 1 when one is over its budget.

    The collector is set as the command sets it.
    """
    gc.freeze()
    gc.set_threshold(50_000)
    over = 0
    for what, seconds, budget in measurements():
        print(f"{what}: {seconds * 1000:,.1f} ms (budget {budget * 1000:,.0f} ms)")
        over += seconds > budget
    return int(over > 0)


if __name__ == "__main__":
    sys.exit(main())
