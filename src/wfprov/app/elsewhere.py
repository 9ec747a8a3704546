"""Grants of a stack's accounts on what no definition names any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wfprov.app.holdings import Holdings, find
from wfprov.core.facts import Facts
from wfprov.core.ownership import account_address
from wfprov.core.policy import Membership
from wfprov.core.ports import Cloud
from wfprov.desired.graph import Desired
from wfprov.plan.diff import own_members
from wfprov.plan.live import Live
from wfprov.resources.service_account import ServiceAccount


def with_grants_elsewhere(
    desired: Desired, live: Live, cloud: Cloud, facts: Facts, *, parallel: int
) -> tuple[Desired, Live]:
    """Both with every further policy of the stack's projects in which its live accounts appear.

    Nothing is wanted of those policies, so what the accounts have there is unasked for. What could
    not be looked at is in `not_looked` of the live state. Without a live account there is nothing
    to find, and nothing is sent.

    Raises:
        CloudError: no answer, or no credentials.
    """
    members = {
        member
        for member in own_members(desired, live)
        if account_address(member.partition(":")[2]) in live.resources
    }
    if not members:
        return desired, live
    read = (*desired.accesses, *desired.above)
    found = find(
        cloud,
        members,
        desired.projects,
        facts,
        parallel=parallel,
        over=(),
        known=[(a, live.bodies.get(a.address)) for a in read if a.address not in live.unread],
        accounts={
            project: [
                resource.email
                for resource in live.resources.values()
                if isinstance(resource, ServiceAccount) and resource.project == project
            ]
            for project in desired.projects
        },
    )
    known = {access.address for access in read}
    holding = {str(h.on) for h in found.found}
    more = {
        address: access
        for address, access in found.accesses.items()
        if address not in known and address in found.bodies and access.subject in holding
    }
    return (
        replace(desired, accesses=(*desired.accesses, *(more[a] for a in sorted(more)))),
        replace(
            live,
            bodies={**live.bodies, **{a: found.bodies[a] for a in more}},
            not_looked=(*live.not_looked, *_not_looked(found)),
        ),
    )


def _not_looked(found: Holdings) -> Iterator[str]:
    for holding in sorted(found.found, key=lambda h: (h.on, Membership.sort_key(h.membership))):
        if not holding.fresh:
            member, role = holding.membership.member, holding.membership.key.role
            yield f"{holding.on}, where {member} has {role} by what Cloud Asset knows"
    reasons: dict[str, list[str]] = {}
    for unseen in found.not_looked:
        reasons.setdefault(unseen.why, []).append(unseen.what)
    for why, what in reasons.items():
        yield f"{', '.join(what)} ({why})"
