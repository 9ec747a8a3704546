"""The access that a change adds, and whether the policy lets it pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from wfprov.core.address import Permission
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.facts import Facts
from wfprov.desired.model import AccessRule, Inspected, NewAccessPolicy
from wfprov.desired.names import member_of
from wfprov.iam.grant import Grant
from wfprov.iam.requirement import Requirement

_ABOVE: Final = "//cloudresourcemanager.googleapis.com/"

BLOCKED: Final = 4
ERROR: Final = 1

_Held: TypeAlias = dict[tuple[str, str], list[tuple[Grant, frozenset[Permission]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A grant that the base does not have; `member` is who gets it, as a policy names them.

    `because` are the needs that ask for it.
    """

    workflow: str
    member: str
    grant: Grant
    because: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Added access, whether it passes, and by which rule: None when no rule is about it."""

    added: Added
    passes: bool
    rule: AccessRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a change adds, with the verdict on each grant.

    `policy` is that of the base, so that a change can not let itself pass; `is_new`: the base has
    no such stack. `head` are the workflows as they are now.
    """

    stack: str
    environment: str
    base: str
    commit: str
    judged: tuple[Judged, ...]
    policy: NewAccessPolicy
    is_new: bool
    head: tuple[Inspected, ...]
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def refused(self) -> tuple[Judged, ...]:
        """The access that does not pass."""
        return tuple(one for one in self.judged if not one.passes)

    @property
    def questions(self) -> int:
        """How many questions are open: what they ask for is not known, so it can not pass."""
        return sum(len(one.questions) for one in self.head)

    @property
    def exit_code(self) -> int:
        """0 when all passes, 1 when a definition has an error, 4 when something is refused."""
        if any(d.is_error for d in self.diagnostics):
            return ERROR
        return BLOCKED if self.refused or self.questions else 0


def added(head: Iterable[Inspected], base: Iterable[Inspected], facts: Facts) -> tuple[Added, ...]:
    """The access that `head` asks for and `base` does not give, by workflow and grant.

    Access that the same workflow has in the base as the same member, by a grant on the same
    resource or above it and with no condition that the new one lacks, is not new. What another
    workflow of that identity has does not count: a workflow that takes an identity over gets it.
    """
    held: _Held = {}
    for one in base:
        open_sites = {site.id for site, _ in one.questions}
        for grant in one.grants:
            if open_sites.issuperset(grant.sites):
                continue  # nothing of it is applied before the question is answered
            key = one.workflow.name, member_of(grant.principal, one.workflow)
            held.setdefault(key, []).append((grant, _permissions(grant, facts)))
    return tuple(_added(head, held, facts))


def _added(
    head: Iterable[Inspected],
    held: _Held,
    facts: Facts,
) -> Iterator[Added]:
    for one in sorted(head, key=lambda i: i.workflow.name):
        for grant in one.grants:
            member = member_of(grant.principal, one.workflow)
            wanted = _permissions(grant, facts)
            if not any(
                wanted <= permissions and _is_within(grant, old)
                for old, permissions in held.get((one.workflow.name, member), ())
            ):
                yield Added(
                    workflow=one.workflow.name, member=member, grant=grant, because=grant.because
                )


def judged(some: Iterable[Added], policy: NewAccessPolicy) -> tuple[Judged, ...]:
    """Each piece of added access with the verdict: what is allowed and not denied passes."""
    return tuple(_judged(one, policy) for one in some)


def _judged(one: Added, policy: NewAccessPolicy) -> Judged:
    denied = next((rule for rule in policy.deny if _fits(rule, one, any)), None)
    if denied is not None:
        return Judged(added=one, passes=False, rule=denied)
    allowed = next((rule for rule in policy.allow if _fits(rule, one, all)), None)
    return Judged(added=one, passes=allowed is not None, rule=allowed)


def _fits(rule: AccessRule, one: Added, of_custom: Callable[[Iterable[bool]], bool]) -> bool:
    """Whether a rule is about the access; a custom role by `any` or `all` of its permissions."""
    level = "project" if one.grant.on.startswith(_ABOVE) else "resource"
    custom = one.grant.custom_role
    names = [one.grant.role_name] if custom is None else list(custom.permissions)
    role = rule.role
    return (
        (role is None or of_custom(_is(role, name) for name in names))
        and (rule.on is None or _is(rule.on, one.grant.on))
        and (rule.principal is None or _is(rule.principal, one.member.partition(":")[2]))
        and (rule.workflow is None or _is(rule.workflow, one.workflow))
        and rule.level in {None, level}
    )


def _is(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern in which only `*` has a meaning."""
    return fnmatchcase(text, pattern.replace("[", "[[]").replace("?", "[?]"))


def _is_within(grant: Grant, old: Grant) -> bool:
    """Whether what a grant opens lies in what an old one opens, the roles left aside."""
    if old.condition is not None and old.condition != grant.condition:
        return False
    if grant.on == old.on or grant.on.startswith(f"{old.on}/"):
        return True
    project = old.on.removeprefix(f"{_ABOVE}projects/")
    return (
        project != old.on
        and "/" not in project
        and grant.on.partition("/projects/")[2].partition("/")[0] == project
    )


def _permissions(grant: Grant, facts: Facts) -> frozenset[Permission]:
    if grant.custom_role is not None:
        return frozenset(grant.custom_role.permissions)
    role = facts.role(grant.role_name)
    return frozenset({Permission(grant.role_name)}) if role is None else role.permissions
