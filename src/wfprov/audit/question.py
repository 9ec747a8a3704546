"""Which calls a question is about: a step, a role, a permission, a resource, or a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final, Literal, TypeAlias

from wfprov.audit.denial import Denial
from wfprov.audit.survey import canonical
from wfprov.audit.why import Called, Reason
from wfprov.catalog.url import HOLE
from wfprov.core.address import Permission, RoleName
from wfprov.core.facts import Facts
from wfprov.iam.cover import is_grantable

Kind: TypeAlias = Literal["step", "role", "permission", "resource", "identity", "workflow"]

_NEAR: Final = 3
_WHERE: Final = frozenset({"projects", "locations"})
_PROJECT: Final = re.compile(r"projects/[^/]+")
_OF_ACCOUNT: Final = re.compile(r"^projects/[^/]+/serviceAccounts/")
"""An account is named in its project or in none; its e-mail address is unique."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was found of a question: the calls, with only those reasons that it is about.

    `near` are names like the one that was asked for, where nothing was found.
    """

    kind: Kind | None
    calls: tuple[Called, ...] = ()
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What the definitions say of a refusal.

    `permissions` are those of the text that exist. `calls` ask for what was refused; `elsewhere`
    ask for the same permission, on another resource or as another identity. `stranger` is the
    identity that the text names when no workflow runs as it. `roles` hold the permission, the
    narrowest first, where nothing asks for it.
    """

    denial: Denial
    permissions: tuple[str, ...]
    calls: tuple[Called, ...] = ()
    elsewhere: tuple[Called, ...] = ()
    stranger: str = ""
    roles: tuple[RoleName, ...] = ()


def asked(words: Sequence[str], calls: Sequence[Called]) -> Asked:
    """The calls that `STEP`, `ROLE [on RESOURCE]`, `PERMISSION [on RESOURCE]`, ... is about."""
    text = " ".join(words).strip()
    what, on = text, ""
    if found := re.fullmatch(r"(\S+) on (.+)", text):
        what, on = found[1], found[2]
    for kind in _KINDS:
        kept = tuple(c for c in (_about(kind, what, call) for call in calls) if c is not None)
        if on and kept:
            there = tuple(c for c in (_about("resource", on, call) for call in kept) if c)
            if not there:
                there_is = {r.grant.on if r.grant else r.need.on for c in kept for r in c.reasons}
                ends = sorted({name.rpartition("/")[2] for name in there_is})
                return Asked(kind=None, near=tuple(f"{what} on {end}" for end in ends[:_NEAR]))
            kept = there
        if kept:
            return Asked(kind=kind, calls=kept)
    names = sorted({name for call in calls for name in _names(call)})
    likely = [n for n in names if what.lower() in n.lower()]
    near = get_close_matches(what, names, n=_NEAR) or likely[:_NEAR]
    return Asked(kind=None, near=tuple(near))


def refused(denial: Denial, calls: Sequence[Called], facts: Facts) -> Refused:
    """The calls that a refusal is about, by its step, permission, resource, address and identity.

    What the text names narrows; the step that a failed execution names goes before all else.
    """
    known = _existing(denial.permissions, calls, facts)
    steps = [c for c in calls if any(_is_step(c, f.routine, f.step) for f in denial.frames[:1])]
    asking = [c for c in steps or calls if c.reasons]
    if known:
        asking = _with(known, asking) or _with(known, calls)
    elif not steps and not denial.resources and not denial.path:
        asking = []
    here = _there(denial, asking) if denial.resources or denial.path else asking
    if steps and not known and not here:
        here = asking  # the step is sure, whatever name the resource has in the text
    emails = [e.lower() for e in denial.principals]
    accounts = {r.member.partition(":")[2] for c in calls for r in c.reasons}
    own = [e for e in emails if e in accounts]
    if own:
        here = [c for c in (_by(own, call) for call in here) if c is not None]
    stranger = emails[0] if emails and not own else ""
    found = [] if stranger else here
    elsewhere = asking if (known or steps) and not found else []
    return Refused(
        denial=denial,
        permissions=known,
        calls=tuple(found),
        elsewhere=tuple(elsewhere),
        stranger=stranger,
        roles=() if found else _narrowest(known, facts),
    )


_KINDS: Final[tuple[Kind, ...]] = (
    "step", "role", "permission", "resource", "identity", "workflow",
)  # fmt: skip


def _about(kind: Kind, text: str, call: Called) -> Called | None:
    """The call with the reasons that a text is about; None when none is."""
    if kind == "step":
        names = {call.id, f"{call.name}/{call.id}", call.id.rpartition(".")[2]}
        return call if text in names or _is_line(text, call) else None
    if kind == "workflow":
        return call if text == call.name else None
    kept = tuple(r for r in call.reasons if _is(kind, text, r))
    return replace(call, reasons=kept) if kept else None


def _is(kind: Kind, text: str, reason: Reason) -> bool:
    grant = reason.grant
    match kind:
        case "role":
            names = set()
            if grant is not None:
                names = {grant.role_name, grant.role_name.removeprefix("roles/")}
                names |= {grant.role_name.rpartition("/")[2]} if grant.custom_role else set()
            return text in names
        case "permission":
            return text.lower() == reason.need.permission.lower()
        case "identity":
            return text.lower() in {reason.member, reason.member.partition(":")[2]}
        case _:
            names = {reason.need.on, *({grant.on} if grant is not None else set())}
            return any(_names_resource(text, name) for name in names)


def _is_line(text: str, call: Called) -> bool:
    """Whether a text is `FILE:LINE` of the call, as compilers write it."""
    file, _, line = text.rpartition(":")
    source = call.at.source
    if not line.isdigit() or not source.name.endswith(file) or not file:
        return False
    return source.text.count("\n", 0, call.at.start) + 1 == int(line)


def _is_step(call: Called, routine: str, step: str) -> bool:
    parts = call.id.partition("#")[0].split(".")
    return parts[0] == routine and parts[-1] == step


def _names(call: Called) -> set[str]:
    found = {call.id, call.name}
    for reason in call.reasons:
        found |= {str(reason.need.permission), reason.need.on.rpartition("/")[2]}
        if reason.grant is not None:
            found.add(str(reason.grant.role_name))
    return found


def _names_resource(text: str, name: str) -> bool:
    """Whether words or a path name a resource: `orders`, `service orders`, its full name."""
    if text.startswith("//") or "/" in text:
        return _same(text, name, within=False)
    words = text.split()
    parts = name.removeprefix("//").split("/")[1:]
    for collection, own in zip(parts[::2], parts[1::2], strict=False):
        if collection in _WHERE and own != parts[-1]:
            continue  # nearly everything is in the project: that says nothing
        if words and own == words[-1]:
            return all(w.lower().rstrip("s") in collection.lower() for w in words[:-1])
    return False


def _existing(permissions: Iterable[str], calls: Sequence[Called], facts: Facts) -> tuple[str, ...]:
    """The permissions among words that look like one, as IAM spells them.

    A refusal may spell one otherwise: `iam.serviceaccounts.actAs`.
    """
    needed = {r.need.permission.lower(): r.need.permission for c in calls for r in c.reasons}
    found = [
        needed.get(p.lower(), p)
        for p in permissions
        if p.lower() in needed or facts.exists(Permission(p))
    ]
    return tuple(dict.fromkeys(map(str, found)))


def _with(permissions: Iterable[str], calls: Iterable[Called]) -> list[Called]:
    wanted = set(permissions)
    kept = (
        replace(c, reasons=tuple(r for r in c.reasons if r.need.permission in wanted))
        for c in calls
    )
    return [c for c in kept if c.reasons]


def _by(emails: Iterable[str], call: Called) -> Called | None:
    kept = tuple(r for r in call.reasons if r.member.partition(":")[2] in emails)
    return replace(call, reasons=kept) if kept else None


def _there(denial: Denial, calls: Iterable[Called]) -> list[Called]:
    """The calls of which a resource, or the address that was asked, is the refused one."""
    found = []
    for call in calls:
        spec = call.subject.inspected.workflow

        def named(name: str, number: str = f"projects/{spec.project_number}/") -> str:
            return name.replace(number, f"projects/{spec.project}/")  # noqa: B023 (used at once)

        names = [named(name) for name in denial.resources]
        kept = tuple(
            r for r in call.reasons if any(_same(n, named(r.need.on), within=True) for n in names)
        )
        url = call.target.url if call.target is not None else None
        addressed = url is not None and (
            (denial.path and _fits(denial.path, _path_of(url)))
            or any(n.startswith("https://") and _fits(n, url) for n in names)
        )
        if kept or addressed:
            found.append(replace(call, reasons=kept or call.reasons))
    return found


def _same(text: str, name: str, *, within: bool) -> bool:
    """Whether a written name is that of a resource, or (`within`) of something in or above it.

    `name` may have holes; a written name may lack the service, or be the last part alone.
    """
    if text.startswith("https://"):
        return False
    path = canonical(name).removeprefix("//").partition("/")[2]
    written = text.removeprefix("//").partition("/")[2] if text.startswith("//") else text
    written = _OF_ACCOUNT.sub("projects/-/serviceAccounts/", written.strip("/"))
    if "/" not in written:
        return written == path.rpartition("/")[2]
    if _fits(written, path):
        return True
    if not within:
        return False
    if _PROJECT.fullmatch(path) and written.startswith("projects/_/"):
        return True  # the name of a bucket does not tell its project
    # A project alone says little: it is above nearly everything.
    alone = _PROJECT.fullmatch(written) is not None
    return _begins(path, written) or (not alone and _begins(written, path))


def _begins(shorter: str, longer: str) -> bool:
    parts = longer.split("/")[: shorter.count("/") + 1]
    return len(parts) == shorter.count("/") + 1 and (
        _fits("/".join(parts), shorter) or _fits(shorter, "/".join(parts))
    )


def _fits(text: str, pattern: str) -> bool:
    """Whether a text is one of those that a name with holes stands for.

    Looked for from left to right, each part where it first is: a name may be a stranger's, and a
    regular expression with many holes takes very long.
    """
    text = text.partition("?")[0]
    parts = HOLE.split(pattern.partition("?")[0])[:: HOLE.groups + 1]
    if len(parts) == 1:
        return text == parts[0]
    if not text.startswith(parts[0]) or not text.endswith(parts[-1]):
        return False
    at, end = len(parts[0]), len(text) - len(parts[-1])
    for part in parts[1:-1]:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end


def _path_of(url: str) -> str:
    _, _, rest = url.partition("://")
    return f"/{rest.partition('/')[2]}".partition("?")[0]


def _narrowest(permissions: Iterable[str], facts: Facts) -> tuple[RoleName, ...]:
    """The roles that hold the first permission: its service's own, then the others, least first."""
    for permission in permissions:
        own = f"roles/{permission.partition('.')[0]}."
        roles = [r for r in facts.roles_with(Permission(permission)) if is_grantable(r)]
        ordered = sorted(
            roles, key=lambda r: (not r.name.startswith(own), len(r.permissions), r.name)
        )
        return tuple(r.name for r in ordered[:_NEAR])
    return ()
