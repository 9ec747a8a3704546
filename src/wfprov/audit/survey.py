"""Needs held against live grants: what each grant answers, and what none answers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wfprov.audit.model import Estate, Held, Subject
from wfprov.catalog.target import SERVICE_AGENT, WORKFLOW_IDENTITY, Need
from wfprov.catalog.url import HOLE
from wfprov.core.address import Permission, ResourceName, is_pattern, segment_after
from wfprov.core.facts import Role
from wfprov.core.policy import BindingKey, Membership
from wfprov.desired.names import DEFAULT_COMPUTE, member_of
from wfprov.iam.cover import BASIC, effective_excess
from wfprov.iam.grant import Grant
from wfprov.iam.proof import covers, meets
from wfprov.iam.requirement import Requirement
from wfprov.iam.scope import type_of

PUBLIC: Final = ("allUsers", "allAuthenticatedUsers")
INVOKING: Final = Permission("workflows.executions.create")
_ABOVE: Final = re.compile(r"//cloudresourcemanager\.googleapis\.com/(?:folders|organizations)/")
_PROJECT: Final = re.compile(r"//cloudresourcemanager\.googleapis\.com/projects/")
_ACCOUNT: Final = re.compile(r"(//iam\.googleapis\.com/projects)/[^/]+(/serviceAccounts/.+)")


class Verdict(StrEnum):
    """What is to be said of a live grant; each grant has one."""

    FINE = "fine"
    DOUBTFUL = "doubtful"
    BASIC = "basic"
    FORBIDDEN = "forbidden"
    INHERITED = "inherited"
    TRIGGER = "trigger"
    MISPLACED = "misplaced"
    UNUSED = "unused"
    WIDE = "wide"
    BROAD = "broad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One need of one workflow, the member that has it and the grant that wfprov would make.

    `past`: only the deployed text has it, the file does not any more.
    """

    subject: Subject
    member: str
    grant: Grant
    requirement: Requirement
    past: bool = False

    @property
    def need(self) -> Need:
        """The permission and where."""
        return self.requirement.need

    @property
    def on(self) -> ResourceName:
        """The resource, service accounts in no project."""
        return canonical(self.need.on)

    @property
    def project(self) -> str:
        """The project that the resource lies in."""
        own = segment_after(self.need.on, "projects") or ""
        return self.need.project if own in {"", "-", "_"} else own

    @property
    def key(self) -> BindingKey:
        """The binding that would answer it."""
        return BindingKey(self.grant.role_name, self.grant.condition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A live grant of a workflow's identity and what is to be said of it.

    `answers` are the needs that it answers, `might` those that it may, since part of the resource's
    name or the condition is not known. `surplus` counts the permissions that can take effect there
    and that nobody asked for.
    """

    held: Held
    verdict: Verdict
    answers: tuple[Ask, ...] = ()
    might: tuple[Ask, ...] = ()
    surplus: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A grant that is not there: the needs that nothing answers.

    `instead` is a grant that another identity holds and that would answer them. `doubts` say what
    may answer them all the same; `above` names folders and organisations that were not read.
    """

    member: str
    grant: Grant
    asks: tuple[Ask, ...]
    instead: Held | None = None
    doubts: tuple[str, ...] = ()
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The estate with its needs held against it."""

    estate: Estate
    asks: tuple[Ask, ...]
    standings: tuple[Standing, ...]
    gaps: tuple[Gap, ...]

    def standing(self, *verdicts: Verdict) -> Iterator[Standing]:
        """The grants of which one of these is to be said."""
        return (s for s in self.standings if s.verdict in verdicts)


def survey(estate: Estate) -> Survey:
    """Holds every need against every grant."""
    asks = tuple(a for subject in estate.subjects for a in asks_of(subject))
    by_member: dict[str, list[Ask]] = defaultdict(list)
    held: dict[str, list[Held]] = defaultdict(list)
    for ask in asks:
        by_member[ask.member].append(ask)
    for one in estate.held:
        held[one.member].append(one)
    gaps = tuple(_gaps(asks, held, estate))
    misplaced = {id(gap.instead) for gap in gaps if gap.instead is not None}
    identities = {s.member for s in estate.subjects if not s.foreign}
    standings = tuple(
        _standing(one, by_member[one.member], estate, misplaced=id(one) in misplaced)
        for one in estate.held
        if one.member in identities
    )
    return Survey(estate=estate, asks=asks, standings=standings, gaps=gaps)


def canonical(name: str) -> ResourceName:
    """A name with service accounts in no project: their e-mail addresses are unique."""
    account = _ACCOUNT.fullmatch(name)
    return ResourceName(f"{account[1]}/-{account[2]}" if account else name)


def is_above(name: str) -> bool:
    """Whether a folder or an organisation is named."""
    return _ABOVE.match(name) is not None


def is_project(name: str) -> bool:
    """Whether a project is named."""
    return _PROJECT.match(name) is not None


def is_default(member: str) -> bool:
    """Whether a member is a default account of Compute Engine."""
    return DEFAULT_COMPUTE.fullmatch(member.partition(":")[2]) is not None


def asks_of(subject: Subject) -> Iterator[Ask]:
    """Every need of a workflow that a grant answers, those of its file first."""
    seen: set[tuple[str, str, str]] = set()
    texts = [(subject.inspected, False)]
    if subject.deployed is not None:
        texts.append((subject.deployed, True))
    for inspected, past in texts:
        for grant in inspected.grants:
            for requirement in grant.because:
                member = _member(requirement.principal, subject)
                need = requirement.need
                key = (member, need.permission, need.on)
                if past and key in seen:
                    continue
                seen.add(key)
                yield Ask(
                    subject=subject, member=member, grant=grant, requirement=requirement, past=past
                )


def _member(principal: str, subject: Subject) -> str:
    if principal == WORKFLOW_IDENTITY:
        return subject.member
    if principal == SERVICE_AGENT and subject.agent:
        return subject.agent
    return member_of(principal, subject.inspected.workflow)


def _reaches(on: str, ask: Ask, estate: Estate) -> bool:
    """Whether a policy on `on` is asked when the need is checked."""
    return (
        covers(on, ask.on, ask.project)
        or on == ask.need.policy_on
        or on in estate.above.get(ask.project, ())
    )


def _may_reach(on: str, ask: Ask) -> bool:
    """Whether the need's resource, part of whose name is not known, may be the one or lie in it."""
    if not is_pattern(ask.on):
        return False
    parts = HOLE.split(ask.on)
    pattern = "[^/]+".join(re.escape(part) for part in parts[:: HOLE.groups + 1])
    return re.fullmatch(pattern, on) is not None


def gives(held: Held, ask: Ask, estate: Estate) -> bool:
    """Whether a grant's role holds what is asked for, on the resource or above it."""
    return (
        held.permissions is not None
        and ask.need.permission in held.permissions
        and _reaches(held.on, ask, estate)
    )


def passes(held: Held, ask: Ask) -> bool:
    """Whether the grant's condition lets the need pass; one that is not understood does not."""
    condition = held.membership.key.condition
    return condition is None or meets(condition, ask.need)


def _standing(held: Held, asks: Iterable[Ask], estate: Estate, *, misplaced: bool) -> Standing:
    matching = [a for a in asks if gives(held, a, estate)]
    answers = tuple(a for a in matching if passes(held, a))
    might = (
        *(a for a in matching if not passes(held, a)),
        *(
            a
            for a in asks
            if held.permissions
            and a.need.permission in held.permissions
            and _may_reach(held.on, a)
            and a not in matching
        ),
    )
    surplus = _surplus(held, (*answers, *might), estate)
    verdict = _verdict(held, answers, might, surplus, estate)
    if misplaced and verdict is Verdict.UNUSED:
        verdict = Verdict.MISPLACED
    return Standing(
        held=held, verdict=verdict, answers=answers, might=tuple(might), surplus=surplus
    )


def _surplus(held: Held, asks: Iterable[Ask], estate: Estate) -> int:
    if held.permissions is None:
        return 0
    whole = is_project(held.on) or is_above(held.on)
    working = None if whole else estate.facts.effective(type_of(held.on))
    role = Role(name=held.role, title="", stage="GA", permissions=held.permissions)
    return len(effective_excess((role,), frozenset(a.need.permission for a in asks), working))


def _verdict(
    held: Held, answers: tuple[Ask, ...], might: tuple[Ask, ...], surplus: int, estate: Estate
) -> Verdict:
    if BASIC.fullmatch(held.role):
        return Verdict.BASIC
    if held.role in estate.policy.forbidden_roles:
        return Verdict.FORBIDDEN
    if held.permissions is None:
        return Verdict.DOUBTFUL
    if is_default(held.member):
        return Verdict.DOUBTFUL  # other things run as it: what they need is not known
    if is_above(held.on):
        return Verdict.INHERITED
    if not answers:
        if might:
            return Verdict.DOUBTFUL
        return Verdict.TRIGGER if INVOKING in held.permissions else Verdict.UNUSED
    chosen = [a for a in answers if canonical(a.grant.on) == held.on]
    if not chosen:
        return Verdict.WIDE
    if any(a.key == held.membership.key for a in chosen):
        return Verdict.FINE
    least = sum({a.key: a.grant.excess for a in chosen}.values())
    return Verdict.BROAD if surplus > least else Verdict.FINE


def _gaps(asks: Iterable[Ask], held: Mapping[str, list[Held]], estate: Estate) -> Iterator[Gap]:
    groups: dict[tuple[str, BindingKey, str], list[Ask]] = defaultdict(list)
    for ask in asks:
        if ask.past or ask.subject.foreign or not ask.subject.live or is_pattern(ask.grant.on):
            continue
        mine = held.get(ask.member, [])
        if any(gives(h, ask, estate) and passes(h, ask) for h in mine):
            continue
        if open_to_all(ask, estate):
            continue
        groups[ask.member, ask.key, canonical(ask.grant.on)].append(ask)
    for (member, _, _), wanting in groups.items():
        first = wanting[0]
        others = [m for m in (*_others(first),) if m != member]
        instead = next(
            (
                h
                for other in others
                for h in held.get(other, ())
                if not BASIC.fullmatch(h.role)
                and all(gives(h, a, estate) and passes(h, a) for a in wanting)
            ),
            None,
        )
        doubts = tuple(dict.fromkeys(d for a in wanting for d in doubts_about(a, held, estate)))
        unread = {n for a in wanting for n in estate.above.get(a.project, ()) if n in estate.unread}
        yield Gap(
            member=member,
            grant=first.grant,
            asks=tuple(wanting),
            instead=instead,
            doubts=doubts,
            above=tuple(sorted(unread)),
        )


def _others(ask: Ask) -> tuple[str, ...]:
    """The identities that are mistaken for each other."""
    subject = ask.subject
    return tuple(m for m in (subject.member, subject.agent, subject.compute) if m)


def open_to_all(ask: Ask, estate: Estate) -> bool:
    """Whether everybody may do it."""
    return any(m.key.condition is None for m in _holding(ask, estate, PUBLIC))


def _holding(ask: Ask, estate: Estate, prefixes: tuple[str, ...]) -> Iterator[Membership]:
    """The memberships of such members that would answer a need."""
    for name in estate.chain(ask.on, ask.project):
        for m in estate.policies.get(ResourceName(name), ()):
            if m.member.startswith(prefixes):
                permissions = estate.permissions(m.key.role)
                if permissions is not None and ask.need.permission in permissions:
                    yield m


def doubts_about(ask: Ask, held: Mapping[str, list[Held]], estate: Estate) -> Iterator[str]:
    """What may answer a need all the same, and what was not read, in words."""
    for h in held.get(ask.member, ()):
        if gives(h, ask, estate) and h.membership.key.condition:
            condition = h.membership.key.condition
            yield f"{h.role} is held under the condition {condition.title!r}"
        if h.permissions is None and _reaches(h.on, ask, estate):
            yield f"what {h.role} holds could not be read"
    for m in _holding(ask, estate, ("group:", "domain:", "principalSet:")):
        yield f"{m.member} holds {m.key.role}, and who is in it is not known"
    for name in estate.chain(ask.on, ask.project):
        if name in estate.unread and not is_above(name):
            yield f"the policy of {name.removeprefix('//')} was not read: {estate.unread[name]}"
