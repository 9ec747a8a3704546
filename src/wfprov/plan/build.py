"""Makes a plan from the desired and the live state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wfprov.core.checked import Checked
from wfprov.core.diagnostic import in_order
from wfprov.core.facts import Facts
from wfprov.core.ports import Cloud
from wfprov.core.resource import Access
from wfprov.desired.graph import Desired
from wfprov.plan.change import LIFETIME, AccessChange, Change, Mode, Plan
from wfprov.plan.deployer import deployer_permissions
from wfprov.plan.diff import difference
from wfprov.plan.forecast import forecast
from wfprov.plan.legal import check_legal
from wfprov.plan.live import NOTHING, PARALLEL, Live, read_live


def plan(
    desired: Desired,
    live: Live,
    facts: Facts,
    *,
    created: float,
    mode: Mode = Mode.APPLY,
) -> Checked[Plan]:
    """What makes the live state the desired one.

    With findings that are errors the plan shows what would be done, and must not be applied.
    `live` is `plan.live.NOTHING` for an offline plan.
    """
    desired = desired.with_numbers(live.numbers)
    found = difference(desired, live, mode)
    findings = (*found.diagnostics, *forecast(found.changes, live))
    value = Plan(
        stack=desired.stack,
        mark=desired.mark,
        endpoint=desired.endpoint,
        environment=desired.environment,
        project=desired.project,
        mode=mode,
        created=created,
        expires=created + LIFETIME,
        offline=live.offline,
        changes=found.changes,
        drift=found.drift,
        blocked=() if mode is Mode.DESTROY else desired.blocked,
        errors=tuple(d.message for d in findings if d.is_error),
        notes=_notes(desired, live, mode),
        owned=found.owned,
        deployer_permissions=deployer_permissions(found.changes, facts),
        above=_relied_on(desired, found.changes),
        existing={email: id_ for email, id_ in sorted(live.accounts.items()) if id_},
    )
    if not value.errors:
        check_legal(value)
    return Checked(value, in_order(findings))


def plan_offline(desired: Desired, facts: Facts, *, created: float) -> Checked[Plan]:
    """What a stack would make in an empty project; it cannot be applied."""
    return plan(desired, NOTHING, facts, created=created)


def plan_live(
    desired: Desired,
    cloud: Cloud,
    facts: Facts,
    *,
    created: float,
    mode: Mode = Mode.APPLY,
    parallel: int = PARALLEL,
) -> tuple[Checked[Plan], Live]:
    """A plan against what is live, and what was read for it, which apply need not read again.

    Raises:
        CloudError: what the control plane refused.
    """
    live = read_live(desired, cloud, parallel=parallel)
    return plan(desired, live, facts, created=created, mode=mode), live


def _relied_on(desired: Desired, changes: Iterable[Change]) -> tuple[Access, ...]:
    """The policies that give what is not granted again, with no membership of their own."""
    givers = {
        giver
        for change in changes
        if isinstance(change, AccessChange)
        for giver in change.inherited.values()
    }
    return tuple(
        replace(access, memberships=frozenset())  # type: ignore[type-var]
        for access in (*desired.above, *desired.accesses)
        if access.subject in givers
    )


def _notes(desired: Desired, live: Live, mode: Mode) -> tuple[str, ...]:
    """What is left alone on purpose, and what was not looked at: it is never assumed empty."""
    unseen = tuple(
        f"{address.name} may not be read: what the stack's accounts have there is not known"
        for address in sorted(live.unread)
    )
    unseen += tuple(
        f"{email} may not be read: whether it exists is not known"
        for email in sorted(desired.existing.keys() - live.accounts.keys())
        if not live.offline
    )
    if not (live.offline or desired.everywhere or mode in {Mode.PART, Mode.BOOTSTRAP}):
        unseen += ("Other regions were not looked at: the command line names the place.",)
    if live.not_looked:
        unseen += (f"Not looked at: {'; '.join(dict.fromkeys(live.not_looked))}.",)
    if mode is not Mode.DESTROY:
        return unseen
    where = ", ".join(desired.projects) or "no project"
    unseen = (*unseen, f"Looked at: {where}. What the stack has in other projects stays.")
    apis = sorted({r.address.name for r in desired.resources if r.kind == "api_service"})
    kept = (f"{len(apis)} APIs stay enabled: others may use them",) if apis else ()
    foreign = sorted(
        {
            m.member
            for access in desired.accesses
            for m in access.memberships
            if m.member not in desired.owned
        }
    )
    return (
        *unseen,
        *kept,
        *(f"the grants of {m} stay: the account is not the stack's" for m in foreign),
    )
