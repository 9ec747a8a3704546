"""Checks grants against what they are for, apart from how they were chosen.

It knows nothing of scopes, covers or drafts: a grant answers a requirement when its principal is
the same, its role holds the permission, the resource lies at or below the grant's own, and its
condition, if it has one, is met.
Source: https://docs.cloud.google.com/iam/docs/resource-hierarchy-access-control (2026-11-23)
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from wfprov.catalog.target import Need, Tier
from wfprov.core.address import Permission
from wfprov.core.facts import Facts
from wfprov.core.policy import Condition
from wfprov.iam.grant import Grant
from wfprov.iam.requirement import Requirement

PROJECT: Final = "//cloudresourcemanager.googleapis.com/projects/"

CLAUSE: Final = re.compile(r'resource\.(type|name) == "([^"\\]*)"')

NAMED: Final[Mapping[str, tuple[str, re.Pattern[str]]]] = {
    "sqladmin.googleapis.com/Instance": (
        "//cloudsql.googleapis.com/",
        re.compile(r"cloudsql\.instances\.(?!(?:create|list)$).+"),
    ),
    "firestore.googleapis.com/Database": (
        "//firestore.googleapis.com/",
        re.compile(
            r"datastore\.(?:entities|databases)\.(?!(?:create|list)$).+|"
            r"datastore\.entities\.(?:create|list)"
        ),
    ),
}
"""The types whose checks carry a resource's name, where they lie, and which checks those are.

Source: https://cloud.google.com/sql/docs/mysql/iam-conditions (2026-11-23)
Source: https://cloud.google.com/iam/docs/conditions-resource-attributes (2026-11-23)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a check of grants found: both are empty when they suffice and none can be dropped.

    `uncovered`: requirements that no grant answers. `idle`: grants without which the others
    answer just as much.
    """

    uncovered: tuple[Requirement, ...]
    idle: tuple[Grant, ...]

    @property
    def holds(self) -> bool:
        """Whether the grants suffice and none can be dropped."""
        return not self.uncovered and not self.idle


def prove(requirements: Iterable[Requirement], given: Iterable[Grant], facts: Facts) -> Proof:
    """Checks that grants answer every requirement and that each is the only one for some.

    Requirements of tier derived are left out: they are asked about and never granted.
    """
    grants = tuple(given)
    held = {id(grant): _held(grant, facts) for grant in grants}
    standing: dict[tuple[str, str], list[Grant]] = defaultdict(list)
    for grant in grants:
        standing[grant.principal, grant.on].append(grant)
    uncovered: list[Requirement] = []
    alone: Counter[int] = Counter()
    for requirement in dict.fromkeys(requirements):
        if requirement.need.tier is Tier.DERIVED:
            continue
        near = (standing.get((requirement.principal, on), ()) for on in _places(requirement.need))
        answering = _answering(requirement, chain.from_iterable(near), held)
        if not answering:
            uncovered.append(requirement)
        elif len(answering) == 1:
            alone[id(answering[0])] += 1
    return Proof(
        uncovered=tuple(uncovered),
        idle=tuple(grant for grant in grants if not alone[id(grant)]),
    )


def uncovered(
    requirements: Iterable[Requirement], given: Iterable[Grant], facts: Facts
) -> tuple[Requirement, ...]:
    """The requirements that no grant answers."""
    return prove(requirements, given, facts).uncovered


def _held(grant: Grant, facts: Facts) -> frozenset[Permission]:
    if grant.custom_role is not None:
        return frozenset(grant.custom_role.permissions)
    role = None if grant.role is None else facts.role(grant.role)
    return frozenset() if role is None else role.permissions


def _places(need: Need) -> Iterable[str]:
    """Every resource on which a grant may answer the need, each once."""
    parts = need.on.split("/")
    within = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return dict.fromkeys([*within, PROJECT + _project(need.on, need.project), need.policy_on or ""])


def _answering(
    requirement: Requirement,
    grants: Iterable[Grant],
    held: Mapping[int, frozenset[Permission]],
) -> list[Grant]:
    need = requirement.need
    return [
        grant
        for grant in grants
        if need.permission in held[id(grant)]
        and (grant.condition is None or meets(grant.condition, need))
        and (
            covers(grant.on, need.on, need.project)
            or (need.policy_on is not None and grant.on == need.policy_on)
        )
    ]


def meets(condition: Condition, need: Need) -> bool:
    """Whether a check of the need passes the condition; one that is not understood lets none."""
    found = [CLAUSE.fullmatch(clause) for clause in condition.expression.split(" && ")]
    said = {clause[1]: clause[2] for clause in found if clause is not None}
    if len(said) != len(found) or said.get("type") not in NAMED:
        return False
    host, checks = NAMED[said["type"]]
    name = f"{host}{said.get('name', '')}"
    return checks.fullmatch(need.permission) is not None and (
        need.on == name or need.on.startswith(f"{name}/")
    )


def covers(above: str, name: str, project: str) -> bool:
    """Whether a resource is `above` or lies in it; one without a project lies in `project`."""
    if name == above or name.startswith(f"{above}/"):
        return True
    if not above.startswith(PROJECT):
        return False
    return _project(name, project) == above.removeprefix(PROJECT)


def _project(name: str, project: str) -> str:
    """The project that a resource lies in; `project` for one whose name tells none."""
    parts = name.removeprefix("//").split("/")
    own = parts[2] if parts[1:2] == ["projects"] and len(parts) > 2 else ""  # noqa: PLR2004
    return project if own in {"", "-", "_"} else own
