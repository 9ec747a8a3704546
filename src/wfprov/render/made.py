"""What an offline plan makes, thing by thing, for those who write it for another engine."""

from __future__ import annotations

from dataclasses import dataclass

from wfprov.core.address import Address, ResourceName
from wfprov.core.policy import Membership
from wfprov.core.resource import Access, Resource
from wfprov.desired.graph import Because
from wfprov.plan.change import AccessChange, Create, Plan


@dataclass(frozen=True, slots=True)
class Left:
    """Something that the other engine has no word for, or says differently."""

    address: Address
    message: str


@dataclass(frozen=True, slots=True)
class Grant:
    """One member that is given one role on what an access list is about, and who asks for it."""

    access: Access
    membership: Membership
    because: tuple[Because, ...] = ()

    @property
    def member(self) -> str:
        """The member, with `{number:PROJECT}` where only the project's id is known."""
        return self.membership.member

    @property
    def address(self) -> Address:
        """A name of its own for the grant."""
        parts = (self.access.subject, *self.membership.sort_key())
        return Address("grant", ResourceName(" ".join(part for part in parts if part)))

    @property
    def comments(self) -> tuple[str, ...]:
        """A line for each place that asks for it."""
        return tuple(
            f"{b.workflow} {b.site} ({b.file}:{b.line}:{b.column})"
            + (f": {', '.join(b.permissions)}" if b.permissions else "")
            for b in self.because
        )


def resources(plan: Plan) -> tuple[Resource, ...]:
    """What is made, in the plan's order."""
    return tuple(c.after for c in plan.changes if isinstance(c, Create))


def grants(plan: Plan) -> tuple[Grant, ...]:
    """Every membership that is added, by access list, then role and member."""
    return tuple(
        Grant(change.access, membership, change.because.get(membership, ()))
        for change in plan.changes
        if isinstance(change, AccessChange)
        for membership in sorted(change.add, key=Membership.sort_key)
    )
