"""The algebra of IAM policies: members added, members taken away, nothing else touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from wfprov.core.address import RoleName


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Condition:
    """An IAM condition; all three texts take part in a binding's identity.

    Source: https://cloud.google.com/iam/docs/conditions-overview (2026-11-23)
    """

    expression: str
    title: str
    description: str = ""

    def body(self) -> dict[str, str]:
        """The condition as the API writes it."""
        body = {"expression": self.expression, "title": self.title}
        return body | {"description": self.description} if self.description else body


@dataclass(frozen=True, slots=True)
class BindingKey:
    """What makes two bindings one: the role and the condition."""

    role: RoleName
    condition: Condition | None = None

    def sort_key(self) -> tuple[str, str, str, str]:
        """An order in which an unconditional binding comes first."""
        c = self.condition
        return (self.role, c.title, c.expression, c.description) if c else (self.role, "", "", "")


@dataclass(frozen=True, slots=True)
class Membership:
    """One member in one binding: the atom that a plan adds or removes."""

    key: BindingKey
    member: str

    def sort_key(self) -> tuple[str, str, str, str, str]:
        """By binding, then member."""
        return (*self.key.sort_key(), self.member)


def canonical_member(member: str) -> str:
    """The spelling in which IAM compares members.

    E-mails and domains compare without case; `principal:` and `principalSet:` keep theirs, and so
    does the `?uid=` of a deleted member.

    Source: https://cloud.google.com/iam/docs/principal-identifiers (2026-11-23)
    """
    prefix, colon, rest = member.partition(":")
    if not colon or prefix in {"principal", "principalSet"}:
        return member
    if prefix == "deleted":
        return f"deleted:{canonical_member(rest)}"
    value, question, uid = rest.partition("?")
    return f"{prefix}:{value.lower()}{question}{uid}"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it was read, kept whole: unknown fields, order, audit configs and all.

    `body` is the API's JSON and never changed; a changed policy is a new one.
    """

    body: Mapping[str, object] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """The etag, empty when there is none."""
        return str(self.body.get("etag", ""))

    def memberships(self) -> frozenset[Membership]:
        """Every member of every binding, spelled canonically."""
        return frozenset(
            Membership(key, canonical_member(member))
            for key, binding in self._bindings()
            for member in _members(binding)
        )

    def changed(
        self, *, add: Iterable[Membership] = (), remove: Iterable[Membership] = ()
    ) -> Policy:
        """This policy with memberships added and removed; all else survives as it was written.

        A binding that keeps members keeps its place and its other members' spelling; one that
        loses its last member goes; a new one comes last, sorted. Version is 3 as soon as any
        binding has a condition, as IAM requires.

        Source: https://cloud.google.com/iam/docs/policies#versions (2026-11-23)
        """
        adding: dict[BindingKey, set[str]] = {}
        removing: dict[BindingKey, set[str]] = {}
        for wanted, memberships in ((adding, add), (removing, remove)):
            for m in memberships:
                wanted.setdefault(m.key, set()).add(m.member)
        bindings: list[dict[str, object]] = []
        present: set[BindingKey] = set()
        for key, binding in self._bindings():
            copy = deepcopy(dict(binding))
            kept = [
                member
                for member in _members(binding)
                if canonical_member(member) not in removing.get(key, ())
            ]
            if key not in present:
                have = {canonical_member(m) for m in kept}
                kept += sorted(adding.get(key, set()) - have)
                present.add(key)
            if kept or not _members(binding):
                copy["members"] = kept
                bindings.append(copy)
        for key in sorted(adding.keys() - present, key=BindingKey.sort_key):
            fresh: dict[str, object] = {"role": key.role, "members": sorted(adding[key])}
            if key.condition:
                fresh["condition"] = key.condition.body()
            bindings.append(fresh)
        body = deepcopy(dict(self.body))
        body["bindings"] = bindings
        if any("condition" in b for b in bindings):
            body["version"] = 3
        return Policy(body)

    def _bindings(self) -> Iterable[tuple[BindingKey, Mapping[str, object]]]:
        bindings = self.body.get("bindings", ())
        assert isinstance(bindings, list | tuple), "bindings is a list"
        for binding in bindings:
            assert isinstance(binding, Mapping), "a binding is a map"
            yield BindingKey(RoleName(str(binding.get("role", ""))), _condition(binding)), binding


def _condition(binding: Mapping[str, object]) -> Condition | None:
    condition = binding.get("condition")
    if not isinstance(condition, Mapping) or not condition:
        return None
    return Condition(
        expression=str(condition.get("expression", "")),
        title=str(condition.get("title", "")),
        description=str(condition.get("description", "")),
    )


def _members(binding: Mapping[str, object]) -> list[str]:
    members = binding.get("members", ())
    assert isinstance(members, list | tuple), "members is a list"
    return [str(member) for member in members]
