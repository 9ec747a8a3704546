"""Makes, changes and removes a resource, and reads back what an answer left open."""

from __future__ import annotations

from wfprov.apply.doing import Doing
from wfprov.core.errors import (
    CloudError,
    ExistsError,
    NotFoundError,
    ServiceDisabledError,
)
from wfprov.core.resource import Call, Replace, Resource
from wfprov.plan.change import Update, calls_of


def make(doing: Doing, after: Resource) -> None:
    """Creates a resource; one that is there already and the same counts as made.

    It is there when the answer to an earlier attempt, of this run or of another, was lost. What its
    creation could not set is set by an update then.
    """
    made = after.as_created()
    try:
        doing.write(after.create())
    except CloudError as error:
        if _is_plain(doing, error):
            raise
        live = _there(doing, after, error) if _exists(error) else _back(doing, after, error)
        if live is None or live not in (made, after):
            raise
        doing.note("was there already")
        made = live
    if made != after:
        change(doing, Update(made, after))


def change(doing: Doing, update: Update) -> None:
    """Makes the calls of an update; after a lost answer those that are still to be made."""
    planned = calls_of(update)
    waiting = list(planned)
    while waiting:
        call = waiting.pop(0)
        try:
            doing.write(call)
        except CloudError as error:
            if _is_plain(doing, error):
                raise
            rest = _rest(_back(doing, update.after, error), update.after, planned)
            if rest is None or call in rest:
                raise
            doing.note("was done already")
            waiting = rest


def remove(doing: Doing, before: Resource) -> None:
    """Deletes a resource; one that is gone already counts as removed."""
    call = before.delete()
    assert call is not None, "a plan removes only what can be removed"
    try:
        doing.write(call)
    except CloudError as error:
        if _is_plain(doing, error) and not isinstance(error, NotFoundError):
            raise
        live = _back(doing, before, error)
        if live is not None and not live.gone:
            raise
        doing.note("was gone already")


def _rest(live: Resource | None, after: Resource, planned: tuple[Call, ...]) -> list[Call] | None:
    """The planned calls that are still to be made; None when what is live is not on the way."""
    if live is None:
        return None
    calls = after.update(live)
    if isinstance(calls, Replace) or not all(call in planned for call in calls):
        return None
    return list(calls)


def _is_plain(doing: Doing, error: CloudError) -> bool:
    """Whether it only says that what the write rests on is not seen yet, and nothing was lost."""
    return not doing.lost and doing.young(error)


def _exists(error: CloudError) -> bool:
    return isinstance(error, ExistsError)


def _there(doing: Doing, after: Resource, error: CloudError) -> Resource:
    """What is live of something that is there for sure; reads may lag behind what made it.

    Raises:
        CloudError: the write's own: it is not seen, and nobody can tell whether it is as it should.
    """
    try:
        return doing.seen(lambda: after.parse(doing.send(after.read())))
    except CloudError:
        doing.lost = True
        raise error from None


def _back(doing: Doing, resource: Resource, error: CloudError) -> Resource | None:
    """What is live after a write that failed; None when nothing is.

    Raises:
        CloudError: the write's own, when it cannot be read either.
    """
    try:
        return resource.parse(doing.send(resource.read()))
    except (NotFoundError, ServiceDisabledError):
        return None
    except CloudError:
        raise error from None
