"""Reads the discovery documents of google-api-python-client into compact tables of methods."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

SERVICE_NAMES = {
    # The host of an API and the name under which it is enabled differ for these.
    # https://docs.cloud.google.com/translate/docs/setup (2026-11-23)
    "translation.googleapis.com": "translate.googleapis.com",
}


def documents() -> Iterator[dict[str, Any]]:
    """Every REST discovery document that the installed library brings, by file name."""
    folder = resources.files("googleapiclient") / "discovery_cache" / "documents"
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".json") and file.name != "index.json":
            document = json.loads(file.read_text(encoding="utf-8"))
            if document.get("protocol") == "rest" and "resources" in document:
                yield document


def methods(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The methods of a document with their resource path, `projects.topics.publish`."""

    def walk(node: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name, method in sorted(node.get("methods", {}).items()):
            yield prefix + name, method
        for name, child in sorted(node.get("resources", {}).items()):
            yield from walk(child, f"{prefix}{name}.")

    return walk(document, "")


def host(document: Mapping[str, Any]) -> str:
    """The host of a document, `run.googleapis.com`."""
    return re.sub(r"^https?://([^/]+)/.*$", r"\1", document["rootUrl"])


def service(document: Mapping[str, Any]) -> str:
    """The name under which the API is enabled, `run.googleapis.com`."""
    at = host(document)
    if at == "www.googleapis.com":
        at = f"{document['name']}.googleapis.com"
    return SERVICE_NAMES.get(at, at)


def compact(document: Mapping[str, Any]) -> dict[str, Any]:
    """The methods of one document: {scopes, methods: {name: [verb, path, params, flags, scopes]}}.

    `path` is whole (service path and version in it), its variables expanded as the flat path says;
    `params` are the names of path parameters as a caller gives them; flags: 1 takes a body,
    2 answers with an operation; `scopes` are indices into the document's list.
    """
    scopes = sorted(document.get("auth", {}).get("oauth2", {}).get("scopes", {}))
    index = {scope: i for i, scope in enumerate(scopes)}
    rows: dict[str, Any] = {}
    for name, method in methods(document):
        path = document.get("servicePath", "") + (method.get("flatPath") or method["path"])
        answer = method.get("response", {}).get("$ref", "")
        flags = ("request" in method) + 2 * answer.endswith("Operation")
        params = [
            key
            for key in method.get("parameterOrder", ())
            if method["parameters"][key].get("location") == "path"
        ]
        known = sorted(index[s] for s in method.get("scopes", ()) if s in index)
        rows[name] = [method["httpMethod"], path.lstrip("/"), params, flags, known]
    return {"scopes": scopes, "methods": rows}


def policy_types(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Resource types with setIamPolicy: (type, resource, verb, url), for the IAM tables.

    A type is the service and the collections of a full resource name,
    `run.googleapis.com/projects/locations/services`.
    """
    base = f"https://{host(document)}/"
    for name, method in methods(document):
        if not name.endswith(".setIamPolicy"):
            continue
        path = document.get("servicePath", "") + (method.get("flatPath") or method["path"])
        tail = re.sub(r"(:setIamPolicy|/setIamPolicy|/iam)$", "", path)
        tail = re.sub(r"^([a-z]+/)?v\d\w*/|^storage/v\d/|^compute/(v1|beta|alpha)/", "", tail)
        kind = f"{service(document)}/{collections(tail)}"
        resource = name.removesuffix(".setIamPolicy")
        yield kind, resource, method["httpMethod"], base + path.lstrip("/")


def collections(path: str) -> str:
    """The collections of a path, its ids left out: `projects/locations/services`."""
    return "/".join(part for part in path.split("/") if part and not part.startswith("{"))
