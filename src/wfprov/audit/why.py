"""The chain behind each need: step, call, identity, permission, grant, and what is live of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wfprov.audit.command import added
from wfprov.audit.model import Estate, Fix, Held, Subject
from wfprov.audit.survey import (
    Ask,
    asks_of,
    canonical,
    doubts_about,
    gives,
    is_above,
    is_project,
    open_to_all,
    passes,
)
from wfprov.catalog.target import Need, TargetUse, Tier
from wfprov.core.address import is_pattern
from wfprov.core.policy import Membership
from wfprov.core.span import Span
from wfprov.desired.model import SiteUse
from wfprov.iam.cover import BASIC
from wfprov.iam.grant import Grant

NOT_DEPLOYED: Final = "the workflow is not deployed yet"


class State(StrEnum):
    """What is known of the live grant behind a need."""

    THERE = "there"
    MISSING = "missing"
    UNCLEAR = "unclear"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a need is answered live: by what, or why not, and what mends it.

    `how` completes "live: yes, " or stands alone; `by` is the grant that answers it. `reasons` say
    more, one line each.
    """

    state: State
    how: str
    by: Held | None = None
    reasons: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One permission that a call exercises, whose it is, the grant for it, and what is live.

    `grant` is None where wfprov makes none: a guessed permission is asked about first.
    """

    need: Need
    member: str
    grant: Grant | None
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One thing that one way of reaching a site calls, with the reasons for its grants.

    `site` is None, and `target` too, where the configuration asks and no call does (call logs).
    """

    subject: Subject
    id: str
    at: Span
    site: SiteUse | None
    target: TargetUse | None
    reasons: tuple[Reason, ...]

    @property
    def name(self) -> str:
        """The workflow's id."""
        return self.subject.name

    @property
    def site_function(self) -> str:
        """What is called, as the definition writes it; empty where no call asks."""
        return "" if self.site is None else self.site.site.function


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What live access is held against: all that was read, or why nothing was.

    `apply` is the command that makes the grants of the stack.
    """

    estate: Estate | None
    unchecked: str = ""
    apply: str = "wfprov apply"


def calls(subjects: Iterable[Subject], looked: Looked) -> tuple[Called, ...]:
    """Every call of the workflows with its chain, in the order of the text."""
    explaining = _Explaining(looked)
    return tuple(called for subject in subjects for called in explaining.of(subject))


class _Explaining:
    def __init__(self, looked: Looked) -> None:
        self._looked = looked
        self._held: dict[str, list[Held]] = defaultdict(list)
        for one in looked.estate.held if looked.estate is not None else ():
            self._held[one.member].append(one)

    def of(self, subject: Subject) -> Iterator[Called]:
        """The calls of one workflow, then what its configuration asks for."""
        asks = [a for a in asks_of(subject) if not a.past]
        by_need: dict[tuple[str, str, str], Ask] = {}
        for ask in asks:
            need = ask.requirement.need
            by_need.setdefault((ask.requirement.site, need.permission, need.on), ask)
        for use in subject.inspected.sites:
            for target in use.targets or (None,):
                needs = target.needs if target is not None else ()
                found = [by_need.get((use.site.id, n.permission, n.on)) for n in needs]
                yield Called(
                    subject=subject,
                    id=use.site.id,
                    at=use.site.span,
                    site=use,
                    target=target,
                    reasons=tuple(
                        self._reason(need, ask, subject)
                        for need, ask in zip(needs, found, strict=True)
                    ),
                )
        own = {use.site.id for use in subject.inspected.sites}
        for ask in asks:
            if ask.requirement.site not in own:
                yield Called(
                    subject=subject,
                    id=ask.requirement.site,
                    at=ask.requirement.at,
                    site=None,
                    target=None,
                    reasons=(self._reason(ask.need, ask, subject),),
                )

    def _reason(self, need: Need, ask: Ask | None, subject: Subject) -> Reason:
        if ask is None:
            guessed = need.tier is Tier.DERIVED
            how = "it is guessed: nothing is granted without an answer" if guessed else "no role"
            nothing = Standing(state=State.UNCLEAR, how=how)
            return Reason(need=need, member=subject.member, grant=None, standing=nothing)
        return Reason(
            need=need, member=ask.member, grant=ask.grant, standing=self._standing(ask, subject)
        )

    def _standing(self, ask: Ask, subject: Subject) -> Standing:
        estate = self._looked.estate
        if estate is None:
            return Standing(state=State.NOT_CHECKED, how=self._looked.unchecked)
        mine = [h for h in self._held[ask.member] if gives(h, ask, estate)]
        through = sorted((h for h in mine if passes(h, ask)), key=lambda h: _nearness(h, ask))
        if through:
            return Standing(
                state=State.THERE,
                how=_held_where(through[0], ask),
                by=through[0],
                reasons=() if subject.live else (NOT_DEPLOYED,),
            )
        if open_to_all(ask, estate):
            return Standing(state=State.THERE, how="everybody may: the policy names allUsers")
        if is_pattern(ask.grant.on):
            how = "part of the name is not known, so no policy could be looked at"
            return Standing(state=State.NOT_CHECKED, how=how)
        if gone := sorted({str(ask.on), str(canonical(ask.grant.on))} & estate.absent):
            how = f"{gone[0].rpartition('/')[2]} is not there, or its API is disabled"
            return Standing(state=State.MISSING, how=how, reasons=(f"looked for {gone[0]}",))
        doubts = tuple(dict.fromkeys(doubts_about(ask, self._held, estate)))
        above = [n for n in estate.above.get(ask.project, ()) if n in estate.unread]
        reasons = [*doubts, *(f"the policy of {n.removeprefix('//')} was not read" for n in above)]
        reasons += [] if subject.live else [NOT_DEPLOYED]
        reasons += [
            f"{other} holds {h.role} there instead, which helps another identity only"
            for other in _mistaken(subject, ask.member)
            for h in self._held[other]
            if gives(h, ask, estate) and not BASIC.fullmatch(h.role)
        ]
        return Standing(
            state=State.UNCLEAR if doubts else State.MISSING,
            how="nothing that was read gives it" if doubts else "no grant gives it",
            reasons=tuple(reasons),
            fixes=self._fixes(ask),
        )

    def _fixes(self, ask: Ask) -> tuple[Fix, ...]:
        fixes = [Fix(text="make all grants of the stack", command=self._looked.apply)]
        if ask.grant.custom_role is None:
            fixes.append(added(canonical(ask.grant.on), Membership(ask.key, ask.member)))
        return tuple(f for f in fixes if f.command)


def _nearness(held: Held, ask: Ask) -> tuple[bool, bool, bool, str]:
    """Sorts the grant that wfprov would make first, then those on the resource, then above."""
    exact = held.membership.key == ask.key and held.on == canonical(ask.grant.on)
    return (not exact, is_above(held.on), is_project(held.on), held.on)


def _held_where(held: Held, ask: Ask) -> str:
    if held.on == canonical(ask.grant.on):
        return "" if held.role == ask.grant.role_name else f"by {held.role}"
    return f"by {held.role}, inherited from {held.on}"


def _mistaken(subject: Subject, member: str) -> Iterator[str]:
    """The identities that are granted by mistake in place of the one that signs."""
    for other in (subject.member, subject.agent, subject.compute):
        if other and other != member:
            yield other
