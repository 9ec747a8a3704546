"""Which API method a call reaches: by a connector's name, or by an address through the routes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from wfprov.analysis.domain import shown
from wfprov.catalog.request import Request
from wfprov.catalog.resource import PROJECTS, Parts, pairs_of, parts_of
from wfprov.catalog.storage_xml import HOST as STORAGE
from wfprov.catalog.storage_xml import as_json
from wfprov.catalog.url import Url, has_hole, is_hole
from wfprov.core.facts import Facts, Method, MethodId

GOOGLE = ".googleapis.com"
FIRESTORE = "firestore.googleapis.com"

LEGACY = {"sql": "sqladmin", "prediction": "ml"}
"""First path segments under www.googleapis.com whose host has another name.

Source: rootUrl and servicePath in older discovery documents,
https://www.googleapis.com/discovery/v1/apis (2026-11-23)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A method that a call reaches, and what the call says of its resource.

    `method` is None for a helper that no discovery document has. `host` is the host without region.
    """

    id: MethodId
    method: Method | None
    parts: Parts
    service: str


def connector(request: Request, facts: Facts) -> Reached | None:
    """The method of a `googleapis.` call, or None when the name is no connector's."""
    found = re.fullmatch(r"googleapis\.(\w+)\.(\w+)\.([\w.]+)", request.function)
    if found is None:
        return None
    id_ = MethodId(found[1], found[2], found[3])
    method = facts.method(id_)
    arguments = {
        name: text
        for name, given in request.call.args.items()
        if name != "body" and (text := shown(given)) is not None
    }
    names = method.params if method is not None else ("name", "parent")
    service = facts.service(id_.api) or f"{id_.api}{GOOGLE}"
    own = method is None or "{projectsId}" not in method.path or bool({*names} & {*PROJECTS})
    parts = parts_of(arguments, names, holds_project=own)
    return Reached(id=id_, method=method, parts=parts, service=service)


def service_host(url: Url, facts: Facts) -> str | None:
    """The plain host of a Google API address: regions, rep, mtls taken off.

    `us-central1-run.googleapis.com` is `run.googleapis.com`; None when it is not Google's.
    Source: https://docs.cloud.google.com/docs/security/compliance/endpoints (2026-11-23)
    """
    host = url.host
    if host is None or not host.endswith(GOOGLE):
        return None
    label = host.removesuffix(GOOGLE)
    label = re.sub(r"\.mtls$", "", label)
    label = re.sub(r"\.[^.]+(\.p)?\.rep$", "", label)
    if facts.knows_host(f"{label}{GOOGLE}"):
        return f"{label}{GOOGLE}"
    pieces = label.split("-")
    for i in range(1, len(pieces)):
        shorter = f"{'-'.join(pieces[i:])}{GOOGLE}"
        if facts.knows_host(shorter):
            return shorter
    if "." in label and label.endswith(".storage"):
        return STORAGE
    return f"{label}{GOOGLE}"


def routed(request: Request, facts: Facts) -> tuple[Reached, ...]:
    """The methods that an address may reach: one when the address tells, several when a hole hides.

    Empty when no route fits.
    """
    url = request.url
    host = None if url is None else service_host(url, facts)
    if url is None or host is None or request.verb is None:
        return ()
    if host == STORAGE and (json := as_json(request)) is not None:
        made = (("name", json.name),) if json.name is not None else ()
        url = replace(url, query=(*url.query, *made))
        return _matches(host, json.path, json.verb, url, facts)
    path = re.sub(r"^/*(?:(?:resumable/)?upload/|download/)?", "", url.path)
    hosts = [(host, path)]
    if host == "www.googleapis.com":
        first, _, rest = path.partition("/")
        if first in LEGACY:
            hosts.append((f"{LEGACY[first]}{GOOGLE}", path))
        hosts += [(f"{first}{GOOGLE}", path), (f"{first}{GOOGLE}", rest)]
    if host == FIRESTORE and path.rpartition("/")[0].endswith("/documents"):
        # A collection at the root of a database: the flat path knows nested ones only.
        # https://firebase.google.com/docs/firestore/reference/rest/v1/projects.databases.documents/createDocument (2026-11-23)  # noqa: E501 - an address
        before, _, collection = path.rpartition("/")
        hosts.append((host, f"{before}/-/{collection}"))
    for at, route in hosts:
        if found := _matches(at, route, request.verb, url, facts):
            return found
    return ()


def _matches(host: str, path: str, verb: str, url: Url, facts: Facts) -> tuple[Reached, ...]:
    literal = re.match(r"[ -~]*", path)
    start = literal[0].rsplit("/", 1)[0] if literal is not None and "/" in literal[0] else ""
    candidates = list(facts.methods_at(host, verb, start))
    segments = path.rstrip("/").split("/")
    fits = [(fit, method) for method in candidates for fit in _fits(method.path, segments)]
    certain = [(fit, method) for fit, method in fits if not fit.guesses]
    if certain:
        best = max(fit.score for fit, _ in certain)
        fit, method = next((f, m) for f, m in certain if f.score == best)
        return (_reached(method, fit.values, url),)
    # Where one hole stands for words of the path, each method that it may make is one; that
    # several do is left out where one would be enough.
    guessed = {
        method.id: _reached(method, fit.values, url) for fit, method in fits if fit.guesses == 1
    }
    for method in candidates:
        if method.id not in guessed and (wrapped := _wraps(method.path, segments)) is not None:
            hole, values = wrapped
            guessed[method.id] = _reached(method, values, url, whole=url.show(hole))
    return tuple(guessed.values()) or tuple(_reached(m, fit.values, url) for fit, m in fits)


def _reached(method: Method, values: dict[str, str], url: Url, whole: str | None = None) -> Reached:
    named = {name: url.show(text) for name, text in values.items()}
    for key, text in url.query:
        named.setdefault(key, url.show(text))
    collected: dict[str, str] = {}
    template = method.path.split("/")
    for before, part in pairwise(template):
        variable = re.match(r"\{\+?(\w+)\}", part)
        if variable is not None and variable[1] in named and not before.startswith("{"):
            collected.setdefault(before, named[variable[1]])
        if variable is not None and part.startswith("{+"):
            pairs, hole = pairs_of(named.get(variable[1], ""))
            collected |= pairs
            whole = whole or hole
    parts = Parts(named=named, collected=collected, whole=whole)
    return Reached(id=method.id, method=method, parts=parts, service=method.service)


@dataclass(frozen=True, slots=True)
class _Part:
    """One segment of a route: a literal, or a variable that may end in an action, `{name}:stop`."""

    text: str
    name: str = ""
    action: str = ""


@lru_cache(maxsize=4096)
def _parts(template: str) -> tuple[tuple[_Part, ...], bool]:
    """The segments of a route, and whether its last one takes several of a path."""
    parts = template.split("/")
    many = re.fullmatch(r"\{\+?\w+?\d?\}(:\w+)?", parts[-1]) is not None and (
        parts[-1].startswith("{+") or re.search(r"Id1\}", parts[-1]) is not None
    )
    variables = [re.fullmatch(r"\{\+?(\w+)\}(?::(\w+))?", part) for part in parts]
    return tuple(
        _Part(part) if v is None else _Part(part, v[1], v[2] or "")
        for part, v in zip(parts, variables, strict=True)
    ), many


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well a path fits a template, and its variables; `guesses` are holes taken for words."""

    score: int
    guesses: int
    values: dict[str, str]


def _fits(template: str, segments: list[str]) -> Iterator[_Fit]:
    """The fit of a path to a template; nothing when it does not fit."""
    parts, many = _parts(template)
    if len(segments) != len(parts) and not (many and len(segments) > len(parts)):
        return
    if len(segments) > len(parts):
        segments = [*segments[: len(parts) - 1], "/".join(segments[len(parts) - 1 :])]
    score = guesses = 0
    values: dict[str, str] = {}
    for part, given in zip(parts, segments, strict=True):
        segment = given
        if not part.name:
            if segment == part.text:
                score += 4
            elif is_hole(segment):
                guesses += 1
            else:
                return
            continue
        head, colon, tail = segment.rpartition(":")
        if part.action:
            if not colon or (tail != part.action and not is_hole(tail)):
                return
            score, segment = score + 4, head
        guesses += bool(colon) and is_hole(tail)  # an action, or the end of a name
        if not segment:
            return
        if ":" in segment and not has_hole(segment):
            score -= 1
        values[part.name] = segment
    yield _Fit(score, guesses, values)


def _wraps(template: str, segments: list[str]) -> tuple[str, dict[str, str]] | None:
    """The hole that stands for several segments of the template, and the variables before it.

    None when it does not fit.
    """
    parts = template.split("/")
    if len(segments) >= len(parts):
        return None
    holes = [i for i, segment in enumerate(segments) if is_hole(segment)]
    for i in holes:
        before, after = segments[:i], segments[i + 1 :]
        if len(parts) < len(before) + len(after) + 2:
            continue
        tail = parts[len(parts) - len(after) :] if after else []
        if all(_meets(p, s) for p, s in zip(parts, before, strict=False)) and all(
            _meets(p, s) for p, s in zip(tail, after, strict=True)
        ):
            if not after and parts[-1].startswith("{") and ":" in parts[-1]:
                continue
            pairs = zip(parts, before, strict=False)
            variables = ((re.fullmatch(r"\{(\w+)\}", part), given) for part, given in pairs)
            return segments[i], {name[1]: given for name, given in variables if name is not None}
    return None


def _meets(part: str, segment: str) -> bool:
    action = re.fullmatch(r"\{\+?\w+\}:(\w+)", part)
    if action is not None:
        return segment.endswith(f":{action[1]}")
    return part.startswith("{") or part == segment
