"""What rules say alike: asks, places, doubts and what Google saw used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wfprov.audit.command import added
from wfprov.audit.model import Estate, Fix, Held, Usage
from wfprov.audit.survey import Ask, Standing, canonical
from wfprov.core.policy import BindingKey, Membership
from wfprov.core.rule import Confidence
from wfprov.core.span import Span


def called(asks: Sequence[Ask], most: int = 3) -> str:
    """`main.charge, main.load and 4 more`."""
    sites = list(dict.fromkeys(_site(a) for a in asks))
    more = f" and {len(sites) - most} more" if len(sites) > most else ""
    return ", ".join(sites[:most]) + more


def needed(asks: Iterable[Ask]) -> str:
    """The permissions that are asked for, sorted."""
    return ", ".join(sorted({a.need.permission for a in asks}))


def places(asks: Iterable[Ask]) -> tuple[tuple[Span, str], ...]:
    """Where the asks are written, once each."""
    found: dict[tuple[str, int], tuple[Span, str]] = {}
    for ask in asks:
        at = ask.requirement.at
        found.setdefault(
            (at.source.name, at.start), (at, f"{_site(ask)} needs {ask.need.permission}")
        )
    return tuple(found.values())


def workflows(asks: Iterable[Ask]) -> tuple[str, ...]:
    """The workflows that ask, sorted."""
    return tuple(sorted({a.subject.name for a in asks}))


def names(estate: Estate, member: str) -> tuple[str, ...]:
    """The workflows that run as a member, sorted."""
    return tuple(sorted(s.name for s in estate.running_as(member)))


def head(estate: Estate, member: str) -> Span | None:
    """The beginning of the first definition that runs as a member."""
    return next((s.head for s in estate.running_as(member)), None)


def kept(asks: Iterable[Ask], estate: Estate) -> tuple[tuple[str, Membership, bool], ...]:
    """The grants that answer the asks narrowly: where, which, and whether they are there."""
    wanted = {
        (canonical(a.grant.on), a.grant.role_name, a.member): a.key
        for a in asks
        if "{" not in a.grant.on
    }
    found = []
    for (on, _, member), key in sorted(wanted.items()):
        membership = Membership(BindingKey(key.role, key.condition), member)
        there = any(h.on == on and h.membership == membership for h in estate.held)
        found.append((on, membership, there))
    return tuple(found)


def keeping(asks: Iterable[Ask], estate: Estate) -> tuple[Fix, ...]:
    """What to grant before a broader grant goes, and what is there already and stays."""
    fixes = []
    for on, membership, there in kept(asks, estate):
        fix = added(on, membership)
        fixes.append(Fix(text=fix.text.replace("grant ", "keep ", 1)) if there else fix)
    return tuple(fixes)


def surety(standing: Standing, estate: Estate) -> tuple[Confidence, tuple[str, ...]]:
    """How sure it is that a grant is not needed, and what makes it less so."""
    held = standing.held
    subjects = estate.running_as(held.member)
    reasons: list[str] = []
    sure = Confidence.HIGH
    if not all(s.owned for s in subjects):
        sure = Confidence.MEDIUM
        reasons.append("the account is not the stack's own: what else runs as it is not known")
    if not held.fresh:
        sure = Confidence.MEDIUM
        reasons.append("only Cloud Asset says that the grant is there, which may lag behind")
    unresolved = [f"{s.name}: {site}" for s in subjects for site in s.unresolved]
    if unresolved:
        sure = Confidence.LOW
        more = f" and {len(unresolved) - 2} more" if len(unresolved) > 2 else ""  # noqa: PLR2004
        reasons.append(f"what {', '.join(unresolved[:2])}{more} needs is not known")
    use = usage(held, estate)
    if use is not None and use.exercised - {a.need.permission for a in standing.answers}:
        sure = Confidence.LOW
    return sure, tuple(reasons)


def usage(held: Held, estate: Estate) -> Usage | None:
    """What Google saw of the use of a grant."""
    for use in estate.usage or ():
        if (use.member, use.role, use.on) == (held.member, held.role, held.on):
            return use
    return None


def used(held: Held, estate: Estate) -> str:
    """One line on what was used of a grant; empty where Google says nothing."""
    use = usage(held, estate)
    if use is None:
        return ""
    if not use.exercised:
        return f"not used in {use.days} days (policy insight)"
    return f"used in {use.days} days: {', '.join(sorted(use.exercised))} (policy insight)"


def email(member: str) -> str:
    """The e-mail address of a member."""
    return member.partition(":")[2] or member


def _site(ask: Ask) -> str:
    return f"{ask.subject.name} {ask.requirement.site}"
