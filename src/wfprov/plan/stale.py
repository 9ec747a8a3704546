"""Whether the live state is still one that a saved plan can start from.

Each change may be in its before or in its planned after state, so that a plan which failed half-way
is simply applied again.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfprov.core.address import Address, segment_after
from wfprov.core.ownership import account_address
from wfprov.core.resource import Access, Resource
from wfprov.core.resource import Replace as Unchangeable
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
    calls_of,
)
from wfprov.plan.live import Live
from wfprov.plan.stages import revokes_of


def looked_at(plan: Plan) -> Desired:
    """What must be read again before a plan is applied: what it will write and what it rests on."""
    resources: list[Resource] = []
    accesses: list[Access] = []
    for change in plan.changes:
        match change:
            case Create(after=resource) | Update(after=resource) | Replace(after=resource):
                resources.append(resource)
            case Delete(before=resource):
                resources.append(resource)
            case AccessChange(access=access):
                accesses.append(access)
            case NoOp(resource=resource):
                resources.append(resource)
    changed = {access.address for access in accesses}
    return Desired(
        stack=plan.stack,
        mark=plan.mark,
        resources=tuple(resources),
        accesses=tuple(accesses),
        above=tuple(access for access in plan.above if access.address not in changed),
        projects=tuple(sorted({project for _, project in _losing(plan)})),
        existing=dict.fromkeys(plan.existing),
    )


def moved(plan: Plan, live: Live) -> tuple[str, ...]:
    """What is neither as the plan found it nor as it would leave it, in words; empty: nothing.

    Of a policy, the members of the stack's accounts count, and all members of the bindings that
    the plan changes; edits elsewhere are merged.
    """
    found = [words for change in plan.changes for words in _moved(plan, change, live)]
    for email, identity in plan.existing.items():
        now = live.accounts.get(email, identity)
        if now != identity:
            found.append(f"{email} {'was made anew' if now else 'is gone'}")
    made = {address_of(change) for change in plan.changes if not isinstance(change, Delete)}
    for address, _ in _losing(plan):
        account = live.resources.get(address)
        if account is None or account.owner in plan.marks:
            continue
        if account.owner or address not in made:
            found.append(f"{address.name} is not the stack's, and the plan takes from it")
    return tuple(found)


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
            if now is not None and not (_same(now, after) or _same(now, after.as_created())):
                yield f"{after.address.name} was made by somebody else, and differently"
        case Replace(before=before, after=after):
            # A replacement may have been half done: nothing is there then.
            if now is not None and not (_same(now, before) or _same(now, after)):
                yield f"{before.address.name} was changed{_revision(before, now)}"
        case Update(before=before, after=after):
            if now is None:
                yield f"{before.address.name} is gone"
            elif _anew(before, now):
                yield f"{before.address.name} was deleted and made anew"
            elif not (_same(now, before) or _same(now, after) or _on_the_way(change, now)):
                yield f"{before.address.name} was changed{_revision(before, now)}"
        case Delete(before=before):
            if now is not None and not now.gone and not _same(now, before):
                yield f"{before.address.name} was changed{_revision(before, now)}"
        case AccessChange():
            yield from _moved_access(plan, change, live)
        case NoOp(resource=resource):
            if now is None:
                yield f"{resource.address.name} is gone"
            elif _anew(resource, now):
                yield f"{resource.address.name} was deleted and made anew"
            elif not _same(now, resource.over(now)):
                yield f"{resource.address.name} was changed{_revision(resource, now)}"


def _moved_access(plan: Plan, change: AccessChange, live: Live) -> Iterator[str]:
    address = change.access.address
    if address in live.absent and (change.before or change.add):
        if not _only_removes(plan, change):  # what lies nowhere is removed from there
            yield from _gone(plan, change)
        return
    now = live.members(change.access)
    for m, giver in sorted(change.inherited.items(), key=lambda row: row[0].sort_key()):
        above = next((a for a in plan.above if a.subject == giver), None)
        if m not in now and above is not None and m not in live.members(above):
            yield f"{m.member} lost {m.key.role} on {giver}, and with it on {change.access.subject}"
    keys = {m.key for m in change.add | change.remove}
    ours = plan.owned
    for m in sorted(now ^ change.before, key=lambda m: m.sort_key()):
        if m in change.add or m in change.remove:
            continue
        if m.key in keys or m.member in ours:
            verb = "lost" if m in change.before else "gained"
            yield f"{m.member} {verb} {m.key.role} on {change.access.subject}"


def _only_removes(plan: Plan, change: AccessChange) -> bool:
    """Whether nothing of the stack is to stay or to come in a policy."""
    ours = {m for m in change.before if m.member in plan.owned}
    return not change.add and not change.inherited and ours <= change.remove


def _gone(plan: Plan, change: AccessChange) -> Iterator[str]:
    """Words for a policy that is not there, unless its resource is one that the plan makes."""
    own = account_address(change.access.subject.rpartition("/serviceAccounts/")[2])
    made = {address_of(c) for c in plan.changes if isinstance(c, Create)}
    if change.before or own not in made:
        yield f"{change.access.subject} is gone"


def _losing(plan: Plan) -> tuple[tuple[Address, str], ...]:
    """The accounts that lose memberships, with the project of each; remains of deleted ones not."""
    members = {m.member for c in plan.changes if isinstance(c, AccessChange) for m in revokes_of(c)}
    addresses = (account_address(member.partition(":")[2]) for member in sorted(members))
    return tuple((a, segment_after(a.name, "projects") or "") for a in addresses if a is not None)


def _same(one: Resource, other: Resource) -> bool:
    """Whether two are equal, where of one only the digests of its texts may be known."""
    return one == other or one.sealed() == other.sealed()


def _anew(before: Resource, now: Resource) -> bool:
    """Whether what was found has been deleted since, and made again under its name."""
    return bool(before.identity and now.identity and before.identity != now.identity)


def _on_the_way(change: Update, now: Resource) -> bool:
    """Whether some of the update's requests were made, and the others lead on from there."""
    rest = change.after.update(now)
    planned = calls_of(change)
    if isinstance(rest, Unchangeable) or len(rest) >= len(planned):
        return False
    return all(call in planned for call in rest)


def _revision(before: Resource, now: Resource) -> str:
    if before.revision and now.revision and before.revision != now.revision:
        return f" (revision {before.revision} -> {now.revision})"
    return ""


def _done(change: Change, live: Live) -> bool:
    now = live.resources.get(address_of(change))
    match change:
        case Create(after=after) | Update(after=after) | Replace(after=after):
            return now is not None and _same(now, after)
        case Delete():
            return now is None or now.gone
        case NoOp():
            return True
        case AccessChange(access=access):
            members = live.members(access)
            return change.add <= members and not change.remove & members
