"""Whether the live state is still one that a saved plan can start from.

Each change may be in its before or in its planned after state, so that a plan which failed half-way
is simply applied again.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfprov.core.resource import Access, Resource
from wfprov.desired.graph import Desired
from wfprov.plan.change import (
    AccessChange,
    Change,
    Create,
    Delete,
    NoOp,
    Plan,
    Replace,
    Update,
    address_of,
)
from wfprov.plan.live import Live


def looked_at(plan: Plan) -> Desired:
    """What must be read again before a saved plan is applied: only what it will write."""
    resources: list[Resource] = []
    accesses: list[Access] = []
    for change in plan.due:
        match change:
            case Create(after=resource) | Update(after=resource) | Replace(after=resource):
                resources.append(resource)
            case Delete(before=resource):
                resources.append(resource)
            case AccessChange(access=access):
                accesses.append(access)
            case NoOp():
                pass
    return Desired(
        stack=plan.stack, mark=plan.mark, resources=tuple(resources), accesses=tuple(accesses)
    )


def moved(plan: Plan, live: Live) -> tuple[str, ...]:
    """What is neither as the plan found it nor as it would leave it, in words; empty: nothing.

    Of a policy, the members of the stack's accounts count, and all members of the bindings that
    the plan changes; edits elsewhere are merged.
    """
    return tuple(words for change in plan.due for words in _moved(plan, change, live))


def merged(plan: Plan, live: Live) -> tuple[str, ...]:
    """The edits of others that the plan did not see and that stay, in words."""
    return tuple(
        f"{m.member} {'gained' if m in now else 'lost'} {m.key.role} on {change.access.subject}"
        for change in plan.due
        if isinstance(change, AccessChange)
        for now in (live.members(change.access),)
        for m in sorted((now ^ change.before) - change.add - change.remove, key=lambda m: m.member)
    )


def spent(plan: Plan, live: Live) -> bool:
    """Whether every change is in its planned after state."""
    return all(_done(change, live) for change in plan.due)


def _moved(plan: Plan, change: Change, live: Live) -> Iterator[str]:
    now = live.resources.get(address_of(change))
    match change:
        case Create(after=after):
            if now is not None and now != after:
                yield f"{after.address.name} was made by somebody else, and differently"
        case Update(before=before, after=after) | Replace(before=before, after=after):
            if now is None:
                yield f"{before.address.name} is gone"
            elif now not in (before, after):
                yield f"{before.address.name} was changed{_revision(before, now)}"
        case Delete(before=before):
            if now is not None and now != before:
                yield f"{before.address.name} was changed{_revision(before, now)}"
        case AccessChange():
            yield from _moved_access(plan, change, live)
        case NoOp():
            return


def _moved_access(plan: Plan, change: AccessChange, live: Live) -> Iterator[str]:
    address = change.access.address
    if address in live.absent and change.before:
        yield f"{change.access.subject} is gone"
        return
    keys = {m.key for m in change.add | change.remove}
    ours = plan.owned
    for m in sorted(live.members(change.access) ^ change.before, key=lambda m: m.sort_key()):
        if m in change.add or m in change.remove:
            continue
        if m.key in keys or m.member in ours:
            verb = "lost" if m in change.before else "gained"
            yield f"{m.member} {verb} {m.key.role} on {change.access.subject}"


def _revision(before: Resource, now: Resource) -> str:
    if before.revision and now.revision and before.revision != now.revision:
        return f" (revision {before.revision} -> {now.revision})"
    return ""


def _done(change: Change, live: Live) -> bool:
    now = live.resources.get(address_of(change))
    match change:
        case Create(after=after) | Update(after=after) | Replace(after=after):
            return now == after
        case Delete():
            return now is None
        case NoOp():
            return True
        case AccessChange(access=access):
            members = live.members(access)
            return change.add <= members and not change.remove & members
