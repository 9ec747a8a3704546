"""The desired state as a value, with the reason for each part and the order among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from wfprov.core.address import Address, segment_after
from wfprov.core.policy import Membership
from wfprov.core.resource import Access, Call, Managed, Resource
from wfprov.core.span import Span
from wfprov.desired.names import NUMBER

_AGENT: Final = "@gcp-sa-workflows."
_STORAGE_AGENT: Final = "@gs-project-accounts."

BlockReason: TypeAlias = Literal[
    "question", "forbidden-role", "unknown-resource", "derived-permission"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """The place that asks for a grant; line and column count from 1.

    It is kept in saved plans, where no source is at hand to count them later. `when`: the condition
    under which the call needs it, empty for always; `breadth` what else the grant opens, in words,
    because no narrower resource is known or takes it.
    """

    workflow: str
    site: str
    file: str
    line: int
    column: int
    permissions: tuple[str, ...] = ()
    when: str = ""
    breadth: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """What must be answered or changed before anything is applied.

    `answer` is the YAML to write, empty where there is nothing to answer.
    """

    reason: BlockReason
    workflow: str
    site: str
    file: str
    line: int
    column: int
    message: str
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """Everything that a stack should be.

    `resources` are in order of their addresses, `accesses` too; `above` are the policies from which
    those inherit, with no membership of ours. `because` gives for each membership of an access the
    places that ask for it. `projects` and `regions` (`projects/p/locations/l`) are where the
    stack's own things are looked for, `everywhere`: in every other region of the projects too.
    `owned` are the members of the stack's own accounts, `existing` the accounts of others that its
    workflows run as, by e-mail address, with the place that names each. `asked` are the requests
    that told what is wanted, with the place of each, `projects/p/locations/l`.
    """

    stack: str
    mark: str
    endpoint: str = ""
    environment: str = ""
    project: str = ""
    resources: tuple[Resource, ...] = ()
    accesses: tuple[Access, ...] = ()
    above: tuple[Access, ...] = ()
    because: Mapping[Address, Mapping[Membership, tuple[Because, ...]]] = field(
        default_factory=dict
    )
    blocked: tuple[Blocked, ...] = ()
    projects: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    owned: frozenset[str] = frozenset()
    existing: Mapping[str, Span | None] = field(default_factory=dict)
    everywhere: bool = False
    asked: tuple[tuple[str, Call], ...] = ()

    @property
    def foreign_numbers(self) -> tuple[str, ...]:
        """The projects that policies name by number, sorted."""
        named = (segment_after(access.subject, "projects") for access in self.accesses)
        return tuple(sorted({name for name in named if name and name.isdigit()}))

    @property
    def settled(self) -> tuple[str, ...]:
        """The subjects of the accesses that something asks for which is not itself in question."""
        open_ = {(b.workflow, b.site) for b in self.blocked if b.reason == "question"}
        return tuple(
            access.subject
            for access in self.accesses
            if any(
                (because.workflow, because.site) not in open_
                for why in self.because.get(access.address, {}).values()
                for because in why
            )
        )

    @property
    def unnumbered(self) -> tuple[str, ...]:
        """The projects whose number must be read before the members are known, sorted."""
        members = (m.member for access in self.accesses for m in access.memberships)
        return tuple(sorted({found[1] for m in members if (found := NUMBER.search(m))}))

    def with_numbers(self, numbers: Mapping[str, str]) -> Desired:
        """The desired state with the numbers of projects filled in where they are known."""

        def named(m: Membership) -> Membership:
            return Membership(m.key, NUMBER.sub(lambda f: numbers.get(f[1], f[0]), m.member))

        return replace(
            self,
            accesses=tuple(
                replace(a, memberships=frozenset(map(named, a.memberships)))  # type: ignore[type-var]
                for a in self.accesses
            ),
            because={
                address: {named(m): why for m, why in reasons.items()}
                for address, reasons in self.because.items()
            },
        )


_BEHIND: Final = {"service_agent": "@gcp-sa-", "workload_identity_pool": "principalSet://"}
"""Kinds that members come into being with, and by what such members are known."""


def _is_behind(address: Address, members: Iterable[str]) -> bool:
    """Whether members of a policy come into being with a thing: agents, principals of a pool."""
    return any(_BEHIND[address.kind] in member for member in members)


def dependencies(things: Iterable[Managed]) -> dict[Address, tuple[Address, ...]]:
    """For each thing, those of the others that must be made before it.

    Beside what a thing needs by itself, one that runs as a member waits for every access that holds
    that member: a workflow is deployed when its grants are made.
    """
    known = {thing.address: thing for thing in things}
    holding: dict[str, list[Address]] = {}
    agents = tuple(a for a in known if a.kind == "storage_agent")
    behind = tuple(a for a in known if a.kind in _BEHIND)
    services = tuple(a for a in known if a.name.endswith("/services/workflows.googleapis.com"))
    for address, thing in known.items():
        if isinstance(thing, Access):
            for member in {m.member for m in thing.memberships}:
                holding.setdefault(member, []).append(address)
    needs: dict[Address, tuple[Address, ...]] = {}
    for address, thing in known.items():
        found = {n for n in thing.needs() if n in known}
        if isinstance(thing, Access) and any(_AGENT in m.member for m in thing.memberships):
            found |= set(services)  # enabling the API is what makes its agent
        if isinstance(thing, Access):
            names = {m.member for m in thing.memberships}
            found |= {a for a in behind if _is_behind(a, names)}
        if isinstance(thing, Access) and any(_STORAGE_AGENT in m.member for m in thing.memberships):
            found |= set(agents)
        if isinstance(thing, Resource) and thing.runs_as:
            found |= set(holding.get(thing.runs_as, ()))
        needs[address] = tuple(sorted(found - {address}))
    return needs
