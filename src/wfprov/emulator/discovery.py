"""Google's discovery documents: the routes and schemas of every API the emulator answers.

Read from the copies inside google-api-python-client, without importing it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import unquote

from wfprov.emulator.retired import RETIRED

_PLACEHOLDER: Final = re.compile(r"\{(\+?)([^}]+)\}")
_MEDIA: Final = ("resumable/upload/", "upload/", "download/")
"""What stands before the path where the body, and not the resource, is sent or asked for.

Source: https://cloud.google.com/storage/docs/request-endpoints#json-api (2026-11-23)
"""
_VERSION: Final = re.compile(r"^v\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method of a discovery document."""

    id: str
    api: str
    version: str
    verb: str
    template: str
    regex: re.Pattern[str]
    path_params: tuple[str, ...]
    query_params: Mapping[str, Mapping[str, Any]]
    request: str | None
    response: str | None
    weight: int

    @property
    def action(self) -> str:
        """The last word of the id: `create`, `getIamPolicy`, ..."""
        return self.id.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A request path read by a method's template.

    `resource` is the path of the resource that the request names, without
    version and verb (`projects/p/locations/l`), `collection` the trailing
    literal (`workflows`) where there is one.
    """

    method: Method
    params: Mapping[str, str]
    resource: str
    collection: str | None


class Document:
    """One discovery document: its methods and schemas."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.api: str = raw["name"]
        self.version: str = raw["version"]
        self.service_path: str = raw.get("servicePath", "")
        self.schemas: Mapping[str, Any] = raw.get("schemas", {})
        self.methods: dict[str, Method] = {}
        self._by_verb: dict[str, list[Method]] = {}
        for item in (*_walk(raw), *RETIRED.get(f"{self.api}.{self.version}", ())):
            method = _method(item, self.api, self.version)
            self.methods[method.id] = method
            self._by_verb.setdefault(method.verb, []).append(method)
        for methods in self._by_verb.values():
            methods.sort(key=lambda m: -m.weight)

    def route(self, verb: str, path: str) -> Match | None:
        """The method that answers `verb path`, or None; the most literal template wins."""
        for media in _MEDIA:
            path = path.removeprefix(media)
        prefix = self.service_path
        for candidate in dict.fromkeys((path.removeprefix(prefix), path)):
            for method in self._by_verb.get(verb, ()):
                found = method.regex.fullmatch(candidate)
                if found is not None:
                    values = (unquote(value) for value in found.groups())
                    params = dict(zip(method.path_params, values, strict=True))
                    return _locate(method, params, candidate)
        return None

    def has_operation_schema(self, name: str | None) -> bool:
        """Whether a schema is `google.longrunning.Operation` under whatever name."""
        properties = self.schemas.get(name or "", {}).get("properties", {})
        return "done" in properties and "response" in properties and "name" in properties


class Discovery:
    """All documents, each read when first asked for."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = packaged_documents() if folder is None else folder
        self._documents: dict[str, Document] = {}
        self._lock = Lock()

    @cached_property
    def versions(self) -> Mapping[str, tuple[str, ...]]:
        """Versions by API name, as the file names tell."""
        found: dict[str, list[str]] = {}
        for path in sorted(self._folder.glob("*.json")):
            api, _, version = path.stem.partition(".")
            found.setdefault(api, []).append(version)
        return {api: tuple(versions) for api, versions in found.items()}

    def document(self, api: str, version: str) -> Document:
        """The document of one API version.

        Raises:
            KeyError: there is none.
        """
        key = f"{api}.{version}"
        with self._lock:
            if key not in self._documents:
                if version not in self.versions.get(api, ()):
                    raise KeyError(key)
                raw = json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8"))
                self._documents[key] = Document(raw)
            return self._documents[key]

    def route(self, api: str, verb: str, path: str) -> tuple[Document, Match] | None:
        """The document and method that answer a path, or None.

        The version that the path names is tried first, then the others.
        """
        versions = self.versions.get(api, ())
        named = next((part for part in path.split("/", 3)[:3] if _VERSION.match(part)), "")
        for version in sorted(versions, key=lambda v: (v != named, not v.isalnum(), v)):
            if named and version != named and path.startswith(f"{named}/"):
                break
            document = self.document(api, version)
            match = document.route(verb, path)
            if match is not None:
                return document, match
        return None


def packaged_documents() -> Path:
    """The folder of discovery documents inside google-api-python-client."""
    spec = find_spec("googleapiclient")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "discovery_cache" / "documents"


def _walk(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from raw.get("methods", {}).values()
    for child in raw.get("resources", {}).values():
        yield from _walk(child)


def _method(raw: Mapping[str, Any], api: str, version: str) -> Method:
    parameters = raw.get("parameters", {})
    template: str = raw["path"]
    names: list[str] = []
    pattern = ""
    at = 0
    weight = 0
    for place in _PLACEHOLDER.finditer(template):
        literal = template[at : place.start()]
        weight += len(literal)
        name = place[2]
        names.append(name)
        given = parameters.get(name, {}).get("pattern", "").removeprefix("^").removesuffix("$")
        multi = place[1] == "+"
        # A parent of documents is the collection of all, too.
        more = place.end() < len(template)
        if more and given.endswith("/.*") and not given.endswith("[^/]+/.*"):
            given = given.removesuffix("/.*") + "(?:/.*)?"
        # A slash inside a value arrives percent-encoded, so "[^/]" still holds.
        pattern += re.escape(literal) + "(" + (given if multi and given else "[^/]+") + ")"
        at = place.end()
    literal = template[at:]
    weight += len(literal) + (1000 if ":" in literal else 0)
    return Method(
        id=raw["id"],
        api=api,
        version=version,
        verb=raw["httpMethod"],
        template=template,
        regex=re.compile(pattern + re.escape(literal)),
        path_params=tuple(names),
        query_params={k: v for k, v in parameters.items() if v.get("location") == "query"},
        request=raw.get("request", {}).get("$ref"),
        response=raw.get("response", {}).get("$ref"),
        weight=weight,
    )


def _locate(method: Method, params: Mapping[str, str], path: str) -> Match:
    head, _, last = method.template.rpartition("/")
    whole, _, custom = last.rpartition(":") if ":" in last and "}:" in last else (last, "", "")
    literal = whole if whole and "{" not in whole else None
    if literal is not None and ":" in literal:
        literal = literal.partition(":")[0]
    is_verb = literal is not None and literal == method.action
    single = method.path_params[0] if len(method.path_params) == 1 else None
    if single is not None and "{+" in method.template and "/" in params[single]:
        resource = params[single]
    else:
        shown = unquote(path)
        if custom:
            shown = shown.removesuffix(f":{custom}")
        parts = shown.split("/")
        if literal is not None:
            parts = parts[:-1]
        if head.startswith("v") and _VERSION.match(parts[0] if parts else ""):
            parts = parts[1:]
        elif len(parts) > 1 and _VERSION.match(parts[1]) and head.startswith("/".join(parts[:2])):
            parts = parts[2:]
        resource = "/".join(parts)
    collection = None if is_verb else literal
    return Match(method=method, params=params, resource=resource, collection=collection)
