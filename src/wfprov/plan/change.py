"""The closed set of changes, and the plan that holds them.

| change       | before            | after                    |
|--------------|-------------------|--------------------------|
| Create       | nothing           | the resource             |
| Update       | what is live      | the resource             |
| Replace      | what is live      | the resource, made anew  |
| Delete       | what is live      | nothing                  |
| NoOp         | the resource      | the same                 |
| AccessChange | all live members  | those plus add, less remove; all others untouched |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from wfprov.core.address import Address
from wfprov.core.ownership import bootstrap_mark
from wfprov.core.policy import Membership
from wfprov.core.resource import Access, Body, Call, Resource
from wfprov.core.resource import Replace as Unchangeable
from wfprov.desired.graph import Because, Blocked
from wfprov.plan.allowed import Preflight
from wfprov.plan.division import Division


class Action(StrEnum):
    """What a change does, as a plan names it."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    INHERITED = "inherited"
    NO_OP = "no-op"


class Mode(StrEnum):
    """What a plan is made for."""

    APPLY = "apply"
    PRUNE = "prune"
    PART = "part"
    DESTROY = "destroy"
    REFRESH = "refresh"
    BOOTSTRAP = "bootstrap"


@dataclass(frozen=True, slots=True)
class Create:
    """The resource is not there."""

    after: Resource


@dataclass(frozen=True, slots=True)
class Update:
    """Some fields of the resource differ."""

    before: Resource
    after: Resource


@dataclass(frozen=True, slots=True)
class Replace:
    """The resource can only be made anew, for the reason given."""

    before: Resource
    after: Resource
    reason: str


@dataclass(frozen=True, slots=True)
class Delete:
    """The resource is the stack's and no longer asked for.

    `moved_to` is where the thing of that name is made now; empty: nowhere.
    """

    before: Resource
    moved_to: str = ""


@dataclass(frozen=True, slots=True)
class NoOp:
    """The resource is as it should be."""

    resource: Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChange:
    """Memberships of one policy to add and to remove.

    `before` are all of its live memberships; `inherited` are wanted ones that need not be added,
    with the resource above that grants them; `because` says who asks for the wanted ones.
    """

    access: Access
    before: frozenset[Membership] = frozenset()
    add: frozenset[Membership] = frozenset()
    remove: frozenset[Membership] = frozenset()
    inherited: Mapping[Membership, str] = field(default_factory=dict)
    because: Mapping[Membership, tuple[Because, ...]] = field(default_factory=dict)

    @property
    def after(self) -> frozenset[Membership]:
        """All memberships when the change is made."""
        return (self.before - self.remove) | self.add


Change: TypeAlias = Create | Update | Replace | Delete | NoOp | AccessChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Something live that is not as it was applied, or that no definition asks for.

    `mended`: the plan puts it back (or would, were it not made to look only); else it is left
    alone.
    """

    address: Address
    message: str
    memberships: frozenset[Membership] = frozenset()
    mended: bool = False


LIFETIME: Final = 3600.0
"""Seconds from the making of a plan to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be done to a stack in one environment.

    `mark` is what the stack's things carry, `endpoint` the control plane that was read.

    `created` and `expires` are seconds since 1970, UTC. `offline`: nothing was read, an empty
    project was assumed. `errors` are the findings that stand in the way, `notes` say what is left
    alone on purpose. `deployer_permissions` is what the one who applies needs.

    What it rests on without changing it: unchanged things are among the changes, `above` are the
    policies that give inherited grants, `existing` the accounts of others that workflows run as,
    by e-mail address, with the unique id of each. `preflight` is what was said of the one who
    planned, None when nobody was asked; `division` which part of the stack it is, None for all.
    """

    stack: str
    mark: str
    endpoint: str
    environment: str
    project: str
    mode: Mode
    created: float
    expires: float
    offline: bool = False
    changes: tuple[Change, ...] = ()
    drift: tuple[Drift, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    owned: frozenset[str] = frozenset()
    deployer_permissions: tuple[str, ...] = ()
    above: tuple[Access, ...] = ()
    existing: Mapping[str, str] = field(default_factory=dict)
    preflight: Preflight | None = None
    division: Division | None = None

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks that its things may carry: what deploys a stack has another than the stack."""
        if self.mode is Mode.BOOTSTRAP:
            return (self.mark, bootstrap_mark(self.mark))
        return (self.mark,)

    @property
    def due(self) -> tuple[Change, ...]:
        """The changes that do something."""
        idle = (Action.NO_OP, Action.INHERITED)
        return tuple(c for c in self.changes if action_of(c) not in idle)

    @property
    def applyable(self) -> bool:
        """Whether it may be carried out: nothing is open, and it rests on what is live."""
        return not (self.blocked or self.errors or self.offline)


def address_of(change: Change) -> Address:
    """What a change is about."""
    match change:
        case Create(after=resource) | NoOp(resource=resource):
            return resource.address
        case Update(before=resource) | Replace(before=resource) | Delete(before=resource):
            return resource.address
        case AccessChange(access=access):
            return access.address


def action_of(change: Change) -> Action:
    """What a change does."""
    match change:
        case Create():
            return Action.CREATE
        case Update():
            return Action.UPDATE
        case Replace():
            return Action.REPLACE
        case Delete():
            return Action.DELETE
        case NoOp():
            return Action.NO_OP
        case AccessChange():
            if change.add or change.remove:
                return Action.UPDATE
            return Action.INHERITED if change.inherited else Action.NO_OP


def calls_of(change: Change) -> tuple[Call, ...]:
    """The requests that carry a change out, in order.

    A policy is read again when it is written: its request is shown as it would be with the members
    that the plan saw, and carries the etag of that later read.
    """
    match change:
        case Create(after=after):
            return _created(after)
        case Update(before=before, after=after):
            calls = after.update(before)
            assert not isinstance(calls, Unchangeable), "an update that must replace is a Replace"
            return calls
        case Replace(before=before, after=after):
            return (*_deleted(before), *_created(after))
        case Delete(before=before):
            return _deleted(before)
        case NoOp():
            return ()
        case AccessChange(access=access):
            if action_of(change) is not Action.UPDATE:
                return ()
            body: Body = access.changed({}, add=change.after)
            return (access.read(), access.write(body))


def _created(resource: Resource) -> tuple[Call, ...]:
    rest = resource.update(resource.as_created())
    assert not isinstance(rest, Unchangeable), "what was just made can be made whole"
    return (resource.create(), *rest)


def _deleted(resource: Resource) -> tuple[Call, ...]:
    call = resource.delete()
    return () if call is None else (call,)
