"""Full resource names, filled from templates, with the project as it is configured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wfprov.catalog.target import Place
from wfprov.catalog.url import is_hole, masked
from wfprov.core.address import ResourceName, project_name

PROJECTS = ("project", "projectId", "project_id", "projectsId")
LOCATIONS = ("location", "region", "zone", "locationsId")
OWN_PROJECT = re.compile(
    r"\{(?:template:|var\.|local\.)(?i:(?:(?:gcp|google)[-_])?project(?:[-_]?id)?)\}"
)
"""How a template names the project that it is deployed to, by convention: `${project_id}`.

It is presumed to be the configured one, as a pattern; a plan has every template filled in before
anything is granted.
"""

RELATIVE = frozenset({"name", "parent", "resource", "database", "session", "endpoint"})
"""The arguments that hold a relative name in every method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a request says of the resource it is about.

    `named` are values by parameter (`bucket`), `collected` ids by collection (`topics`), both with
    holes as `{name}`. `whole` is the hole that a whole name was, when it was one.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    collected: Mapping[str, str] = field(default_factory=dict)
    whole: str | None = None

    def id_of(self, collection: str, variable: str) -> str | None:
        """The id for `collection/{variable}` in a template."""
        if variable in self.named:
            return self.named[variable]
        if collection in self.collected:
            return self.collected[collection]
        if collection == "projects":
            if "namespaces" in self.collected:
                return self.collected["namespaces"]
            named = next((self.named[name] for name in PROJECTS if name in self.named), None)
            # A name that another call answered is presumed to lie in the workflow's own project.
            answered = self.whole is not None and self.whole.startswith("{result:")
            return named or (None if answered else self.whole)
        if collection in {"locations", "regions", "zones"}:
            return next((self.named[name] for name in LOCATIONS if name in self.named), self.whole)
        return self.whole


def pairs_of(name: str) -> tuple[dict[str, str], str | None]:
    """Ids by collection of a relative name, and the hole it begins with when that hides some.

    `projects/p/topics/{t}` gives projects and topics; `{args.parent}/topics/t` only topics.
    """
    mask = masked(name.removeprefix("/"))
    parts = re.sub(r"^https?://[^/]+/(?:[\w]+/)?v\d\w*/", "", mask.text).split("/")
    found: dict[str, str] = {}
    whole: str | None = None
    i = 0
    if parts and is_hole(parts[0]):
        whole, i = mask.show(parts[0]), 1
    elif parts == [""]:
        return {}, None
    while i + 1 < len(parts):
        if parts[i] == "global":
            i += 1
            continue
        found.setdefault(mask.show(parts[i]), mask.show(parts[i + 1]))
        if parts[i] == "documents":
            found["documents"] = mask.show("/".join(parts[i + 1 :]))
            break
        i += 2
    return found, whole


def parts_of(arguments: Mapping[str, str], names: Iterable[str], *, holds_project: bool) -> Parts:
    """The parts of a connector's arguments; `names` are those that hold relative names.

    `holds_project`: the project is an argument of its own, or the resource lies in none. Else it
    is in the relative name, and one that is a hole hides it, `topic: ${args.topic}`.
    """
    collected: dict[str, str] = {}
    whole: str | None = None
    for name in names:
        text = arguments.get(name)
        if text is None:
            continue
        if "/" in text or "{" in text:
            pairs, hole = pairs_of(text)
            collected |= {k: v for k, v in pairs.items() if k not in collected}
            if pairs or not holds_project or name in RELATIVE:
                whole = whole or hole
    plain = {k: v for k, v in arguments.items() if "/" not in v or k == "object"}
    return Parts(named=plain, collected=collected, whole=whole)


def filled(template: str, parts: Parts, place: Place, more: Mapping[str, str]) -> ResourceName:
    """The template with its variables replaced; what is not known stays as `{name}`.

    `more` answers `{body.x}` and `{query.x}`. A helper's project, location and version default to
    the workflow's own and `latest`, as the connectors' pages say.
    Source: https://docs.cloud.google.com/workflows/docs/reference/googleapis (2026-11-23)
    """
    service, _, path = template.removeprefix("//").partition("/")
    out: list[str] = []
    for segment in path.split("/"):
        variable = re.fullmatch(r"\{(.+)\}", segment)
        if variable is None:
            out.append(segment)
            continue
        name = variable[1].rstrip("?")
        collection = out[-1] if out else ""
        if name in more:
            text = more[name]
        elif name.startswith("args."):
            text = parts.named.get(name[5:]) or _default(name[5:], place)
        elif name == "project_number":
            text = place.project_number or place.project
        else:
            unknown = place.project if collection == "projects" else "{" + name + "}"
            text = parts.id_of(collection, name) or unknown
        if "/" in text and name.startswith("body."):
            out.extend(text.strip("/").split("/"))
            continue
        out.append(text if name in {"object", "document"} else text.rstrip("/").rsplit("/", 1)[-1])
    return ResourceName(f"//{service}/{'/'.join(with_project_id(out, place))}")


def with_project_id(path: list[str], place: Place) -> list[str]:
    """The path with the configured project's id where its number stood."""
    return [
        place.project if before == "projects" and is_own_project(part, place) else part
        for before, part in zip(["", *path], path, strict=False)
    ]


def is_own_project(part: str, place: Place) -> bool:
    """Whether it is the configured project's number, or presumed to be the project by its name."""
    if part in {place.project_number, "{project_number}"}:
        return True
    return OWN_PROJECT.fullmatch(part) is not None


def _default(name: str, place: Place) -> str:
    match name:
        case "project" | "project_id":
            return place.project
        case "location":
            return place.region
        case "version":
            return "latest"
        case _:
            return "{args." + name + "}"


def project_of(name: str, place: Place) -> str:
    """The project that a resource lies in; a bucket or an account without one: the configured."""
    found = re.match(r"//[^/]+/projects/([^/]+)", masked(name).text)
    if found is None or found[1] in {"_", "-"}:
        return place.project
    project = masked(name).show(found[1])
    return place.project if is_own_project(project, place) else project


def project_resource(name: str, place: Place) -> ResourceName:
    """The project that a resource lies in, by its full name."""
    return project_name(project_of(name, place))
