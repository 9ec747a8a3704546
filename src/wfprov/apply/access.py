"""Grants and revokes in one policy: read, changed and written under its etag, or not at all."""

from __future__ import annotations

import re

from wfprov.apply.doing import Doing
from wfprov.core.errors import (
    CloudError,
    ConflictError,
    InvalidError,
    NotFoundError,
    StalePlanError,
)
from wfprov.core.policy import Membership
from wfprov.core.resource import Access, Body
from wfprov.plan.change import AccessChange
from wfprov.plan.stages import Part, grants_of, revokes_of


def set_access(doing: Doing, change: AccessChange) -> None:
    """Does the grant or the revoke part of a change.

    A member that the API refuses keeps none of the others out.

    Raises:
        StalePlanError: a membership is neither as the plan found it nor as it would leave it.
        CloudError: what was refused; `doing.lost` where it may have been done all the same.
    """
    if doing.step.id.part is Part.GRANT:
        add, remove = grants_of(change)
    else:
        add, remove = frozenset[Membership](), revokes_of(change)
    try:
        refused = doing.seen(lambda: _settled(doing, change, add, remove))
    except _GoneError:
        doing.note("was gone already, and its policy with it")
        return
    if refused is not None:
        raise refused


class _GoneError(Exception):
    """There is no resource any more from whose policy something is to be removed."""


def _settled(
    doing: Doing,
    change: AccessChange,
    add: frozenset[Membership],
    remove: frozenset[Membership],
) -> InvalidError | None:
    """As `_written`; what is only removed from, and is not there, is not waited for.

    Raises:
        _GoneError: it is read once more, and is not there.
    """
    try:
        return _written(doing, change, add, remove)
    except NotFoundError:
        if add:
            raise
        try:
            doing.send(change.access.read())
        except NotFoundError as error:
            raise _GoneError from error
        raise


def _written(
    doing: Doing,
    change: AccessChange,
    add: frozenset[Membership],
    remove: frozenset[Membership],
) -> InvalidError | None:
    """Reads, changes and writes, from the start again when somebody else was faster.

    A member that the API refuses is left out, and the refusal returned.
    """
    access, world = change.access, doing.world
    planned = world.bodies.get(access.address, {}) if _is_first(doing, change) else {}
    body: Body | None = planned or None
    pauses = world.cycle.pauses(world.dice)
    while True:
        if body is None:
            body = doing.send(access.read())
            doing.lost = False
        live = access.members(body)
        _hold_against_plan(doing, change, live)
        if add <= live and not remove & live:
            return None
        try:
            if not body.get("etag"):
                raise _unguarded(access)
            doing.swap(access.write(access.changed(body, add=add, remove=remove)))
        except ConflictError as error:
            pause = next(pauses, None)
            if pause is None:
                raise
            doing.note(f"restarted: {_WHY.get(error.status, _MOVED)}")
            if not doing.pause(error.message, pause):
                raise
            body = None
        except InvalidError as error:
            refused = _refused(error, add)
            old = body is planned and not doing.lost
            if old and not refused and not doing.young(error):
                body = None  # a member of others may have been deleted since the plan read it
                continue
            if not refused or refused == add or doing.young(error):
                if _is_there(doing, access, error, add, remove):
                    return None
                raise
            more = _written(doing, change, add - refused, remove)
            return error if more is None else _both(error, more)
        except CloudError as error:  # a library may have sent it twice, and told of the second
            if _is_there(doing, access, error, add, remove):
                return None
            raise
        else:
            return None


def _both(one: InvalidError, other: InvalidError) -> InvalidError:
    """One refusal that says what two say."""
    return InvalidError(
        f"{one.message}; {other.message}", call=one.call, status=one.status, help=one.help
    )


def _is_first(doing: Doing, change: AccessChange) -> bool:
    """Whether the run has not written the policy before, so that it may be as the plan read it."""
    return doing.step.id.part is Part.GRANT or not any(grants_of(change))


_MOVED = "somebody else changed the policy"
_UNGUARDED = "NO_ETAG"
_WHY = {_UNGUARDED: "the policy came without an etag"}


def _unguarded(access: Access) -> ConflictError:
    """A policy that is read without an etag is never written.

    A write without one overwrites whatever others wrote since, and may drop every condition of a
    version 3 policy. Every read is to carry one; one that does not may be behind, so it is read
    again some times and then given up.

    Source: https://docs.cloud.google.com/iam/docs/reference/rest/v1/Policy (field etag; not
    opened), the same text at
    https://pub.dev/documentation/googleapis/latest/looker_v1/Policy/etag.html (2026-11-23)
    """
    return ConflictError(
        f"the policy of {access.subject} is read without an etag, and is never written so: it "
        "might overwrite what others change meanwhile",
        call=access.read(),
        status=_UNGUARDED,
        help="grant it by hand, then plan again",
    )


def _is_there(
    doing: Doing,
    access: Access,
    error: CloudError,
    add: frozenset[Membership],
    remove: frozenset[Membership],
) -> bool:
    """Whether a write that got no answer, or a bad one, was done all the same.

    Raises:
        CloudError: the write's own, when the policy cannot be read; `doing.lost` tells whether an
            answer to the write itself left it open.
    """
    try:
        live = access.members(doing.send(access.read()))
    except CloudError:
        raise error from None
    if add <= live and not remove & live:
        doing.note("was done although no answer came")
        return True
    return False


def _hold_against_plan(doing: Doing, change: AccessChange, live: frozenset[Membership]) -> None:
    ours = doing.world.owned
    differing = (live ^ change.before) - change.add - change.remove
    moved = sorted((m for m in differing if m.member in ours), key=Membership.sort_key)
    if moved:
        words = tuple(f"{m.member} {'gained' if m in live else 'lost'} {m.key.role}" for m in moved)
        raise StalePlanError(
            f"the policy of {change.access.subject} has moved: {'; '.join(words)}",
            moved=words,
            help="plan again, and look at what has changed",
        )
    for m in sorted(differing, key=Membership.sort_key):
        verb = "gained" if m in live else "lost"
        doing.note(f"kept an edit of somebody else: {m.member} {verb} {m.key.role}")


def _refused(error: InvalidError, add: frozenset[Membership]) -> frozenset[Membership]:
    """The members that an error names."""
    named = {word.strip("'\"`.,;()") for word in re.split(r"[\s:]+", error.message)}
    return frozenset(m for m in add if m.member.partition(":")[2].partition("?")[0] in named)
