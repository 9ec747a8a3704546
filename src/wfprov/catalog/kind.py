"""A kind of target: how it is recognised in a request and what the routes say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wfprov.catalog.methods import Reached, connector, routed
from wfprov.catalog.request import Request
from wfprov.catalog.target import AnswerKind, Kind, TargetUse
from wfprov.core.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A request with what the routes and the connectors' names say of it.

    `reached` holds one method when the call tells which, several when a hole hides it.
    """

    request: Request
    facts: Facts
    reached: tuple[Reached, ...]

    @property
    def one(self) -> Reached | None:
        """The method, when there is just one."""
        return self.reached[0] if len(self.reached) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetKind:
    """How one kind of target is recognised.

    `recognise` returns None for a call of another kind. `answers` are the user's answers that
    make any call one of this kind.
    """

    kind: Kind
    recognise: Callable[[Sighting], TargetUse | None]
    answers: tuple[AnswerKind, ...] = ()


def sighted(request: Request, facts: Facts) -> Sighting:
    """The request with the methods it reaches."""
    found = connector(request, facts)
    reached = (found,) if found is not None else routed(request, facts) if request.is_http else ()
    return Sighting(request=request, facts=facts, reached=reached)
