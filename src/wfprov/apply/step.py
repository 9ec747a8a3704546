"""Carries out one step of a plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from wfprov.apply.outcome import Observer, Waiting
from wfprov.apply.retry import CYCLE, REQUEST, VISIBLE, Retry, Retrying
from wfprov.core.address import Address
from wfprov.core.errors import (
    CloudError,
    ConflictError,
    ExistsError,
    InvalidError,
    NotFoundError,
    RefusedError,
    ServiceDisabledError,
    StalePlanError,
)
from wfprov.core.policy import Membership
from wfprov.core.ports import Clock, Cloud, Dice
from wfprov.core.resource import Body, Call, Resource
from wfprov.plan.change import AccessChange, Create, Delete, Replace, Update, calls_of
from wfprov.plan.stages import Part, Step, grants_of, revokes_of

_NOT_THERE: Final = re.compile(
    r"does not exist|may not exist|not found|unknown service account", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a step works with. `bodies` are policies that the plan has read a moment ago."""

    cloud: Cloud
    clock: Clock
    dice: Dice
    observe: Observer
    owned: frozenset[str]
    bodies: Mapping[Address, Body] = field(default_factory=dict)
    request: Retry = REQUEST
    cycle: Retry = CYCLE
    visible: Retry = VISIBLE


def carry_out(step: Step, world: World) -> tuple[str, ...]:
    """Does a step, and returns what a user would wonder about.

    Raises:
        CloudError: what the control plane refused, when waiting or trying again did not help.
        StalePlanError: a membership is neither as the plan found it nor as it would leave it.
    """
    return _Doing(step, world).done()


class _Doing:
    """A step under way, and the notes it takes."""

    def __init__(self, step: Step, world: World) -> None:
        self._step = step
        self._world = world
        self._notes: dict[str, int] = {}
        self._cloud = Retrying(
            cloud=world.cloud,
            clock=world.clock,
            dice=world.dice,
            retry=world.request,
            on_retry=self._retried,
        )

    def done(self) -> tuple[str, ...]:
        match self._step.change:
            case AccessChange() as change:
                self._access(change)
            case Create(after=after) | Replace(after=after) if self._step.id.part is Part.MAKE:
                self._visible(lambda: self._made(after))
            case Update() as change:
                for call in calls_of(change):
                    self._visible(lambda call=call: self._cloud.send(call))  # type: ignore[misc]
            case Delete(before=before) | Replace(before=before):
                self._removed(before)
            case _:
                raise AssertionError(f"{self._step.id} is no step of its change")
        return tuple(n if c == 1 else f"{n} ({c} times)" for n, c in self._notes.items())

    def _made(self, after: Resource) -> None:
        """Creates, and takes what is there already for done when it is the same.

        It is there when the answer to an earlier attempt was lost.
        """
        try:
            self._cloud.send(after.create())
        except ExistsError:
            live = after.parse(self._cloud.send(after.read()))
            if live == after:
                self._note("was there already")
                return
            raise

    def _removed(self, before: Resource) -> None:
        call = before.delete()
        assert call is not None, "a plan removes only what can be removed"
        try:
            self._cloud.send(call)
        except NotFoundError:
            self._note("was gone already")

    def _access(self, change: AccessChange) -> None:
        if self._step.id.part is Part.GRANT:
            add, remove = grants_of(change)
        else:
            add, remove = frozenset[Membership](), revokes_of(change)
        bad = self._visible(lambda: self._written(change, add, remove))
        if bad is not None:
            raise bad

    def _written(
        self, change: AccessChange, add: frozenset[Membership], remove: frozenset[Membership]
    ) -> InvalidError | None:
        """Reads, changes and writes, from the start again when somebody else was faster.

        A member that the API refuses keeps none of the others out: it is returned as the error.
        """
        access = change.access
        body = self._world.bodies.get(access.address) if self._step.id.part is Part.GRANT else None
        pauses = self._world.cycle.pauses(self._world.dice)
        while True:
            if body is None:
                body = self._cloud.send(access.read())
            live = access.members(body)
            self._hold_against_plan(change, live)
            if add <= live and not remove & live:
                return None
            try:
                self._cloud.send(access.write(access.changed(body, add=add, remove=remove)))
            except ConflictError as error:
                pause = next(pauses, None)
                if pause is None:
                    raise
                self._note("restarted: somebody else changed the policy")
                self._pause(str(error), pause)
                body = None
            except InvalidError as error:
                refused = _refused(error, add)
                if not refused or refused == add or self._is_young(error):
                    raise
                self._written(change, add - refused, remove)
                return error
            else:
                return None

    def _hold_against_plan(self, change: AccessChange, live: frozenset[Membership]) -> None:
        ours = self._world.owned
        differing = (live ^ change.before) - change.add - change.remove
        moved = sorted((m for m in differing if m.member in ours), key=Membership.sort_key)
        if moved:
            words = tuple(
                f"{m.member} {'gained' if m in live else 'lost'} {m.key.role}" for m in moved
            )
            raise StalePlanError(
                f"the policy of {change.access.subject} has moved: {'; '.join(words)}",
                moved=words,
                help="plan again, and look at what has changed",
            )
        for m in sorted(differing, key=Membership.sort_key):
            verb = "gained" if m in live else "lost"
            self._note(f"kept an edit of somebody else: {m.member} {verb} {m.key.role}")

    def _visible(self, act: Callable[[], object]) -> InvalidError | None:
        """Does something that works on what was just made, and waits while that is not seen yet."""
        for pause in self._world.visible.pauses(self._world.dice):
            try:
                result = act()
            except (InvalidError, NotFoundError, RefusedError, ServiceDisabledError) as error:
                if not self._is_young(error):
                    raise
                self._note("waited for what was just made to be seen")
                self._pause(f"waits to be seen: {error.message}", pause)
            else:
                return result if isinstance(result, InvalidError) else None
        result = act()
        return result if isinstance(result, InvalidError) else None

    def _is_young(self, error: CloudError) -> bool:
        """Whether an error may only say that something new is not seen everywhere yet."""
        kinds = {id_.address.kind for id_ in self._step.after}
        if isinstance(error, ServiceDisabledError):
            return "api_service" in kinds
        if not _NOT_THERE.search(error.message):
            return False
        emails = {m.partition(":")[2] for m in self._world.owned}
        if "service_account" not in kinds:
            return False
        if isinstance(error, NotFoundError):
            return True
        about = f"{error.message} {getattr(error, 'resource', '')}"
        return "serviceAccounts" in about or any(email in about for email in emails)

    def _retried(self, call: Call, error: CloudError, pause: float) -> None:
        self._note(f"tried {call.method} again: {error.status or error.message}")
        self._pause(error.message, pause, sleep=False)

    def _pause(self, reason: str, pause: float, *, sleep: bool = True) -> None:
        self._world.observe(Waiting(self._step, reason, pause))
        if sleep:
            self._world.clock.sleep(pause)

    def _note(self, note: str) -> None:
        self._notes[note] = self._notes.get(note, 0) + 1


def _refused(error: InvalidError, add: frozenset[Membership]) -> frozenset[Membership]:
    """The members that an error names."""
    named = {word.strip("'\"`.,;()") for word in re.split(r"[\s:]+", error.message)}
    return frozenset(m for m in add if m.member.partition(":")[2].partition("?")[0] in named)
