"""The changes between what is live and what is desired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from wfprov.core.address import Address, ResourceName, project_name
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.ownership import account_address, role_address
from wfprov.core.policy import Membership
from wfprov.core.resource import Access, Resource
from wfprov.core.resource import Replace as Unchangeable
from wfprov.desired.graph import Desired
from wfprov.plan import rules
from wfprov.plan.change import (
    AccessChange,
    Change,
    Create,
    Delete,
    Drift,
    Mode,
    NoOp,
    Replace,
    Update,
)
from wfprov.plan.drift import mended
from wfprov.plan.live import Live
from wfprov.resources.eventarc_trigger import EventarcTrigger
from wfprov.resources.scheduler_job import SchedulerJob
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Changes in order of their addresses, what is left alone, and what stands in the way."""

    changes: tuple[Change, ...]
    drift: tuple[Drift, ...]
    diagnostics: tuple[Diagnostic, ...]
    owned: frozenset[str]


def difference(desired: Desired, live: Live, mode: Mode) -> Difference:
    """What makes the live state the desired one, or with `Mode.DESTROY` removes the stack."""
    mine = {a: r for a, r in live.resources.items() if r.owner == desired.mark}
    owned = own_members(desired, live)
    if mode is Mode.DESTROY:
        owned = frozenset(m for m in owned if _is_removable(m, live, desired))
    changes: list[Change] = []
    drift: list[Drift] = []
    findings: list[Diagnostic] = [*_no_accounts(desired, live, mode)]
    if mode is not Mode.DESTROY:
        for resource in desired.resources:
            was = live.resources.get(resource.address)
            changes.append(_changed(resource, was))
            findings += _foreign(resource, was, mode)
    wanted = set() if mode is Mode.DESTROY else {r.address for r in desired.resources}
    for address, resource in mine.items():
        if address in wanted or mode in _PARTLY:
            continue
        moved_to = _moved_to(resource, desired) if mode is not Mode.DESTROY else ""
        if mode in {Mode.APPLY, Mode.REFRESH} and not moved_to:
            drift.append(Drift(address=address, message="no definition asks for it any more"))
            continue
        if resource.delete() is None:
            continue
        changes.append(Delete(resource, moved_to))
        findings += _protected(resource)
    losing = frozenset(owned) if mode in {Mode.PRUNE, Mode.DESTROY} else frozenset()
    given = _given(desired, live, losing)
    for access in (*desired.accesses, *desired.above):
        findings += _missing(access, desired, live, mode)
        change, left = _access(access, desired, live, mode, owned=owned, given=given)
        idle = not (change.add or change.remove or change.access.memberships or change.inherited)
        changes += [] if idle else [change]
        drift += [left] if left.memberships else []
    drift += mended(desired, live, changes)
    if mode is Mode.REFRESH:
        changes = []
    return Difference(
        changes=tuple(sorted(changes, key=_order)),
        drift=tuple(sorted(drift, key=lambda d: d.address)),
        diagnostics=tuple(findings),
        owned=frozenset(owned),
    )


_PARTLY: Final = frozenset({Mode.PART, Mode.BOOTSTRAP})
"""The modes that do not look at the whole stack."""


def own_members(desired: Desired, live: Live) -> frozenset[str]:
    """The members of the stack's accounts: those that it wants and those that carry its mark."""
    accounts = (r for r in live.resources.values() if isinstance(r, ServiceAccount))
    marked = {f"serviceAccount:{a.email}" for a in accounts if a.owner == desired.mark}
    return desired.owned | marked


def _moved_to(resource: Resource, desired: Desired) -> str:
    """Where the thing of that name is made now; a workflow or trigger is in one place only."""
    if not (desired.everywhere and isinstance(resource, Workflow | SchedulerJob | EventarcTrigger)):
        return ""
    name = resource.address.name.rpartition("/")[2]
    places = (
        r.scope
        for r in desired.resources
        if r.kind == resource.kind and r.address.name.rpartition("/")[2] == name
    )
    return next(places, "")


def _no_accounts(desired: Desired, live: Live, mode: Mode) -> Iterator[Diagnostic]:
    """A finding for each account that somebody else should have made."""
    gone = {email for email, id_ in live.accounts.items() if not id_}
    made = {m.partition(":")[2] for m in desired.owned}
    for email in sorted(gone - made) if mode is not Mode.DESTROY else ():
        yield Diagnostic(
            rule=rules.MISSING_ACCOUNT,
            message=f"the service account {email} does not exist",
            at=desired.existing[email] or Address("service_account", ResourceName(f"//{email}")),
            help="make it first, correct the address, or leave `service_account:` out: a dedicated "
            "account is made then",
        )


def _order(change: Change) -> tuple[str, str]:
    match change:
        case AccessChange(access=access):
            return access.address.kind, access.address.name
        case Create(after=r) | NoOp(resource=r):
            return r.address.kind, r.address.name
        case Update(before=r) | Replace(before=r) | Delete(before=r):
            return r.address.kind, r.address.name


def _changed(resource: Resource, was: Resource | None) -> Change:
    if was is None:
        return Create(resource)
    resource = resource.over(was)
    if was == resource:
        return NoOp(was)
    calls = resource.update(was)
    if isinstance(calls, Unchangeable):
        return Replace(was, resource, calls.reason)
    return Update(was, resource) if calls else NoOp(resource)


def _foreign(resource: Resource, was: Resource | None, mode: Mode) -> Iterator[Diagnostic]:
    if was is not None and was.owner == "" and resource.owner and not was.gone:
        later = "" if mode is Mode.BOOTSTRAP else ", and destroy will remove it"
        yield Diagnostic(
            rule=rules.ADOPTED,
            message=f"{resource.address.name} is there already and carries no mark: the plan makes "
            f"it the stack's, with the access it has{later}",
            at=resource.address,
            help="name another deployer with --deployer to leave it alone"
            if mode is Mode.BOOTSTRAP
            else "give the trigger another `name:` to leave it alone"
            if isinstance(resource, SchedulerJob | EventarcTrigger)
            else "rename the workflow, or name the account by e-mail, to leave it alone",
        )
    if was is not None and was.owner not in {"", resource.owner} and resource.owner:
        yield Diagnostic(
            rule=rules.OTHER_STACK,
            message=f"{resource.address.name} is part of the stack {was.owner}",
            at=resource.address,
            help="rename the workflow or use another project (two environments of one stack have "
            "each their own mark), or remove that mark to hand it over",
        )


def _protected(resource: Resource) -> Iterator[Diagnostic]:
    if resource.protected:
        yield Diagnostic(
            rule=rules.PROTECTED,
            message=f"{resource.address.name} is protected from deletion",
            at=resource.address,
            help="apply it with `deletion_protection: false` first",
        )


def _missing(access: Access, desired: Desired, live: Live, mode: Mode) -> Iterator[Diagnostic]:
    """A finding when the resource of a wanted membership is not there and will not be made."""
    if mode is Mode.DESTROY or access.address not in live.absent or not access.memberships:
        return
    own = account_address(access.subject.rpartition("/serviceAccounts/")[2])
    if own in {r.address for r in desired.resources}:
        return
    reasons = [b for why in desired.because.get(access.address, {}).values() for b in why]
    open_ones = {(b.workflow, b.site) for b in desired.blocked}
    if reasons and all(b.when and (b.workflow, b.site) in open_ones for b in reasons):
        return  # one of several that the call may mean: the question which is asked already
    asked = ", ".join(
        sorted({f"{b.site} of {b.workflow} ({b.file}:{b.line}:{b.column})" for b in reasons})
    )
    why = f" ({live.absent[access.address]})" if live.absent[access.address] else ""
    yield Diagnostic(
        rule=rules.MISSING_RESOURCE,
        message=f"{access.subject} does not exist{why}; {asked or 'a grant'} asks for access to it",
        at=access.address,
        help="create it first, or correct the name in the definition or the environment",
    )


def _access(
    access: Access,
    desired: Desired,
    live: Live,
    mode: Mode,
    *,
    owned: frozenset[str],
    given: Mapping[str, frozenset[Membership]],
) -> tuple[AccessChange, Drift]:
    before = live.members(access)
    wanted = frozenset() if mode is Mode.DESTROY else access.memberships
    ours = frozenset(m for m in before if m.member in owned)
    dead = frozenset(m for m in before if _dead(m.member, owned))
    unwanted = frozenset() if mode is Mode.PART else ours - wanted
    removes = mode in {Mode.PRUNE, Mode.DESTROY}
    # What bootstrap bound otherwise before it binds anew: an older condition would stay open.
    rebound = frozenset(m for m in unwanted if _is_rebound(m, desired, mode))
    missing = wanted - before
    inherited = _inherited(access, missing, given)
    change = AccessChange(
        access=replace(access, memberships=wanted),  # type: ignore[type-var]
        before=before,
        add=missing - inherited.keys(),
        remove=dead | (unwanted if removes else rebound),
        inherited=inherited,
        because={m: w for m, w in desired.because.get(access.address, {}).items() if m in wanted},
    )
    left = Drift(
        address=access.address,
        message="the stack's own accounts have access that no definition asks for",
        memberships=frozenset() if removes else unwanted - rebound,
    )
    return change, left


def _is_rebound(membership: Membership, desired: Desired, mode: Mode) -> bool:
    role = role_address(membership.key.role)
    return mode is Mode.BOOTSTRAP and role in {r.address for r in desired.resources}


def _dead(member: str, owned: frozenset[str]) -> bool:
    """Whether it is what is left of an account of ours that was deleted."""
    return member.startswith("deleted:") and member[8:].partition("?")[0] in owned


def _given(
    desired: Desired, live: Live, losing: frozenset[str]
) -> dict[str, frozenset[Membership]]:
    """What each project grants, and goes on to grant, to all that is in it, by its full name.

    Only unconditional bindings count.
    """
    return {
        above.subject: frozenset(
            m
            for m in live.members(above)
            if m.key.condition is None and (m.member not in losing or m in above.memberships)
        )
        for above in (*desired.above, *desired.accesses)
        if above.subject.startswith(project_name(""))
    }


def _inherited(
    access: Access, missing: frozenset[Membership], given: Mapping[str, frozenset[Membership]]
) -> dict[Membership, str]:
    """The missing memberships that the project grants already, with the project."""
    name = project_name(access.subject.partition("/projects/")[2].partition("/")[0])
    if name == access.subject:
        return {}
    return dict.fromkeys(missing & given.get(name, frozenset()), name)


def _is_removable(member: str, live: Live, desired: Desired) -> bool:
    """Whether destroying a stack may take a member's grants: its account is the stack's or gone."""
    address: Address | None = account_address(member.partition(":")[2])
    was = live.resources.get(address) if address is not None else None
    return was is None or was.owner == desired.mark
