"""Where a permission is granted: the narrowest resource whose policy can carry it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from wfprov.catalog.target import Need
from wfprov.catalog.url import HOLE, masked
from wfprov.core.address import Permission, ResourceName, project_name
from wfprov.core.facts import Facts
from wfprov.core.policy import Condition
from wfprov.iam.conditional import CONDITIONED, CONDITIONED_HOSTS, condition_on

CONFIGURED: Final = frozenset({"{project}", "{project_number}", "{region}", "{workflow}"})
"""Holes that the environment fills: a name with these is as good as known."""

NEVER_WIDENED: Final = ("//iam.googleapis.com/", "//iap.googleapis.com/")
"""To act as one account must not become to act as all; an IAP resource is told or asked for.

Source: https://docs.cloud.google.com/iam/docs/service-accounts-actas (2026-11-23)
"""

PROJECTS: Final = "//cloudresourcemanager.googleapis.com/projects/"


@dataclass(frozen=True, slots=True)
class Scope:
    """A resource with a policy. `type` is empty for a project and above.

    `breadth` says what else a grant there opens, empty when it opens no more than was used.
    `condition` narrows a project's grant to one resource, whose type is then `type`.
    """

    on: ResourceName
    type: str = ""
    breadth: str = ""
    condition: Condition | None = None


def narrowest_scope(
    need: Need, facts: Facts, unmade: frozenset[ResourceName] = frozenset()
) -> Scope:
    """The lowest resource, at or above the used one, whose policy can carry the permission.

    Those of `unmade` are not there to carry anything.

    A name with holes widens to its parent; the hole of the environment's own project does not
    count. When even the project is a hole the name stays a pattern, for the plan to ask about.
    Where no policy below the project carries it, a condition on the name stands in if the service
    honours one.

    Source: https://docs.cloud.google.com/iam/docs/resource-types-with-policies (2026-11-23)
    """
    name = need.policy_on or need.on
    if (narrowed := _conditional(need)) is not None:
        return narrowed
    if name.startswith("//cloudresourcemanager.googleapis.com/"):
        return Scope(name, breadth=_breadth(need.on, name))
    if name.startswith(NEVER_WIDENED):
        kind = type_of(name)
        return Scope(name, kind if facts.policy_type(kind) else "iap" if "//iap." in name else kind)
    pattern: Scope | None = None
    for prefix in _ancestors(name):
        kind = type_of(prefix)
        if prefix in unmade or facts.policy_type(kind) is None:
            continue
        working = facts.effective(kind)
        if working is not None and need.permission not in working:
            continue
        scope = Scope(prefix, kind, _breadth(need.on, prefix))
        if not _hidden(prefix):
            return scope
        pattern = pattern or scope
    project = _project(need)
    if project is None or _hidden(project):
        return pattern or Scope(project_name(project or "{project}"))
    return Scope(project_name(project), breadth=_breadth(need.on, project_name(project)))


@dataclass(frozen=True, slots=True)
class Hidden:
    """Why a grant is wider than the call: the holes in the name of what is used.

    `breadth` says in words what is opened.
    """

    holes: tuple[str, ...]
    breadth: str


def hidden_in(need: Need, facts: Facts) -> Hidden | None:
    """What makes the scope of a need wider than it would be if every name were known."""
    name = need.policy_on or need.on
    holes = tuple(hole for hole in HOLE.findall(name) if hole not in CONFIGURED)
    if not holes or name.startswith(NEVER_WIDENED) or _hidden(_project(need) or ""):
        return None
    scope = narrowest_scope(need, facts)
    whole = replace(need, on=_filled(need.on), policy_on=_filled(name))
    if scope.on.count("/") >= narrowest_scope(whole, facts).on.count("/"):
        return None
    return Hidden(holes, scope.breadth)


def _filled(name: str) -> ResourceName:
    """The name as if what it does not tell were known."""
    return ResourceName(HOLE.sub(lambda f: f[0] if f[0] in CONFIGURED else "known", name))


def working_at(scope: Scope, facts: Facts) -> frozenset[Permission] | None:
    """What can take effect at a scope or below; None when everything can, or nobody knows."""
    if scope.condition is not None:
        return CONDITIONED[scope.type].working(facts)
    return facts.effective(scope.type) if scope.type else None


def type_of(name: str) -> str:
    """The type of a full resource name, `run.googleapis.com/projects/locations/services`."""
    mask = masked(name)
    service, _, path = mask.text.removeprefix("//").partition("/")
    parts = path.split("/")
    kept: list[str] = []
    i = 0
    while i < len(parts):
        kept.append(parts[i])
        i += 1 if parts[i] == "global" else 2
    return f"{service}/{'/'.join(kept)}"


def _conditional(need: Need) -> Scope | None:
    """The project under a condition on the used resource's name, for types without a policy."""
    if not need.on.startswith(CONDITIONED_HOSTS):
        return None
    for name in _ancestors(need.on):
        kind = type_of(name)
        condition = condition_on(name, kind, need.permission)
        project = _project(need)
        if condition is not None and project is not None:
            on = project_name(project)
            return Scope(on, kind, _breadth(need.on, on), condition)
    return None


def _ancestors(name: str) -> Iterator[ResourceName]:
    """The name and its parents, longest first, each ending in an id."""
    mask = masked(name)
    service, _, path = mask.text.removeprefix("//").partition("/")
    parts = path.split("/")
    ends = []
    i = 0
    while i < len(parts):
        if parts[i] == "global":
            i += 1
            continue
        if i + 1 < len(parts):
            ends.append(i + 2)
        i += 2
    for end in reversed(ends):
        yield ResourceName(mask.show(f"//{service}/{'/'.join(parts[:end])}"))


def _hidden(name: str) -> bool:
    """Whether a part of the name is known neither from the text nor from the environment."""
    return any(hole not in CONFIGURED for hole in HOLE.findall(name))


def _project(need: Need) -> str | None:
    mask = masked(need.on)
    found = re.match(r"//[^/]+/projects/([^/]+)", mask.text)
    if found is not None and found[1] not in {"_", "-"}:
        return mask.show(found[1])
    return need.project or None


def _breadth(used: str, scope: str) -> str:
    """What a grant on the scope opens beside the used resource."""
    if used == scope:
        return ""
    below = used.removeprefix(f"{scope}/") if used.startswith(f"{scope}/") else ""
    if not below:
        mask = masked(used)
        below = mask.show(re.sub(r"^//[^/]+/(?:projects/[^/]+(?:/|$))?", "", mask.text))
        below = re.sub(r"^(?:locations|zones|regions)/[^/]+/|^global/", "", below)
    collection = below.partition("/")[0]
    return f"all {collection} of {scope.rsplit('/', 1)[-1]}" if collection else ""
