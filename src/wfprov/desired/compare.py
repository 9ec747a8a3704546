"""What the workflows of one environment have that those of another lack."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from wfprov.core.span import Span
from wfprov.desired.model import Dedicated, Existing, Inspected, Shared, WorkflowSpec
from wfprov.iam.grant import Grant

Aspect: TypeAlias = Literal["workflow", "identity", "grant", "api", "env", "question"]
Key: TypeAlias = tuple[str, Aspect, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that an environment has.

    `what` names it without the environment's own project and region, which stand as `{project}`
    and `{region}`: that is what two environments are compared by. `shown` names it as it is there,
    and `grant` is the grant itself. `sites` and `at` are the calls that ask for it.
    """

    workflow: str
    aspect: Aspect
    what: str
    shown: str
    grant: Grant | None = None
    sites: tuple[str, ...] = ()
    at: tuple[Span, ...] = ()

    @property
    def key(self) -> Key:
        """What it is compared by."""
        return self.workflow, self.aspect, self.what


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What only the left environment has, what only the right one has, and how much both have."""

    left: tuple[Item, ...]
    right: tuple[Item, ...]
    both: int

    @property
    def due(self) -> bool:
        """Whether the two differ."""
        return bool(self.left or self.right)


def difference(left: tuple[Inspected, ...], right: tuple[Inspected, ...]) -> Difference:
    """What each of two environments has that the other lacks, sorted by workflow."""
    mine, theirs = _items(left), _items(right)
    return Difference(
        left=tuple(mine[key] for key in sorted(mine.keys() - theirs.keys())),
        right=tuple(theirs[key] for key in sorted(theirs.keys() - mine.keys())),
        both=len(mine.keys() & theirs.keys()),
    )


def _items(inspected: tuple[Inspected, ...]) -> Mapping[Key, Item]:
    return {item.key: item for one in inspected for item in _of_workflow(one)}


def _of_workflow(one: Inspected) -> Iterator[Item]:
    spec = one.workflow
    at = () if spec.at is None else (spec.at,)
    yield Item(workflow=spec.name, aspect="workflow", what="", shown=spec.name, at=at)
    account = _identity(spec)
    yield Item(
        workflow=spec.name,
        aspect="identity",
        what=_neutral(account, spec),
        shown=account,
        at=at,
    )
    for grant in one.grants:
        yield _of_grant(grant, spec)
    for service, project in one.apis:
        yield Item(
            workflow=spec.name,
            aspect="api",
            what=_neutral(f"{service} in {project}", spec),
            shown=service if project == spec.project else f"{service} in {project}",
        )
    for name in spec.env:
        yield Item(workflow=spec.name, aspect="env", what=name, shown=name, at=at)
    for site, question in one.questions:
        yield Item(
            workflow=spec.name,
            aspect="question",
            what=f"{site.id} {question.hole}",
            shown=question.message,
            sites=(site.id,),
            at=(site.span,),
        )


def _of_grant(grant: Grant, spec: WorkflowSpec) -> Item:
    custom = grant.custom_role
    role = ", ".join(custom.permissions) if custom else grant.role_name
    condition = f" if {grant.condition.expression}" if grant.condition else ""
    return Item(
        workflow=spec.name,
        aspect="grant",
        what=_neutral(f"{grant.principal} {role} {grant.on}{condition}", spec),
        shown=f"{grant.role_name} on {grant.on}{condition}",
        grant=grant,
        sites=grant.sites,
        at=tuple(dict.fromkeys(r.at for r in grant.because)),
    )


def _identity(spec: WorkflowSpec) -> str:
    match spec.service_account:
        case Dedicated():
            return "an account of its own"
        case Existing(email=email):
            return email
        case Shared(name=name):
            return f"the shared account {name}"


def _neutral(text: str, spec: WorkflowSpec) -> str:
    """The text with the environment's project, its number and its region named as such.

    Only whole words are: project `shop` is not in `shopping`, but it is in bucket `shop-uploads`,
    which people name after it.
    """
    names = {
        spec.project: "{project}",
        spec.project_number: "{project}",
        spec.region: "{region}",
    }
    known = {name: sign for name, sign in names.items() if name}
    if not known:
        return text
    words = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    pattern = rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])"
    return re.sub(pattern, lambda found: known[found[0]], text)
