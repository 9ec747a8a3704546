"""Which changes only put back what somebody else changed since the last apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wfprov.core.resource import Resource
from wfprov.desired.graph import Desired
from wfprov.plan.change import AccessChange, Change, Create, Drift, Replace, Update, address_of
from wfprov.plan.live import Live
from wfprov.resources.eventarc_trigger import EventarcTrigger
from wfprov.resources.scheduler_job import SchedulerJob
from wfprov.resources.workflow import Workflow


def mended(desired: Desired, live: Live, changes: Iterable[Change]) -> Iterator[Drift]:
    """What is not as it was applied, though the definitions are.

    A workflow carries a digest of what it was last applied from. While that is what the
    definition still gives, whatever differs of the workflow and of its grants was changed by
    somebody else; of the APIs, accounts and roles, while that holds for all workflows. What can not
    be told is a change.
    """
    workflows = [r for r in desired.resources if isinstance(r, Workflow)]
    steady = {w.workflow_id for w in workflows if _as_applied(w, desired, live)}
    everything = bool(workflows) and len(steady) == len(workflows)
    for change in changes:
        address = address_of(change)
        match change:
            case Update(before=Workflow() as before, after=Workflow() as after):
                if before.workflow_id in steady:
                    fields = ", ".join(sorted(_differing(before, after)))
                    yield Drift(address=address, message=f"{fields} changed", mended=True)
            case Create(after=after) if everything and _is_told(after, desired):
                yield Drift(address=address, message="is gone", mended=True)
            case Update(before=was) | Replace(before=was) if everything and (
                was.owner == desired.mark
            ):
                yield Drift(address=address, message="was changed", mended=True)
            case AccessChange():
                lost = frozenset(
                    m
                    for m in change.add
                    if change.because.get(m)
                    and all(why.workflow in steady for why in change.because[m])
                    and not all(why.site.startswith("triggers.") for why in change.because[m])
                )
                if lost:
                    yield Drift(
                        address=address,
                        message="access was taken away",
                        memberships=lost,
                        mended=True,
                    )
            case _:
                pass


def _is_told(resource: Resource, desired: Desired) -> bool:
    """Whether the workflows, which were made after it, tell that a resource was there once.

    Triggers are made after their workflow, and what only they need need not have been made before.
    """
    if isinstance(resource, Workflow | SchedulerJob | EventarcTrigger):
        return False
    triggers = [r for r in desired.resources if isinstance(r, SchedulerJob | EventarcTrigger)]
    workflows = [r for r in desired.resources if isinstance(r, Workflow)]
    return not triggers or any(resource.address in w.needs() for w in workflows)


def _as_applied(wanted: Workflow, desired: Desired, live: Live) -> bool:
    found = live.resources.get(wanted.address)
    return (
        found is not None
        and found.owner == desired.mark
        and found.applied == wanted.applied
        and bool(wanted.applied)
    )


def _differing(before: Workflow, after: Workflow) -> set[str]:
    was, now = before.wire(), after.wire()
    return {field for field in (*was, *now) if was.get(field) != now.get(field)}
