"""Addresses of Cloud Storage's XML API, as the requests of its JSON API that ask for the same.

```
address = "https://storage.googleapis.com/" bucket [ "/" object ]
        | "https://" bucket ".storage.googleapis.com" [ "/" object ]
```

Source: https://docs.cloud.google.com/storage/docs/access-control/iam-xml (2026-11-28)
Source: https://docs.cloud.google.com/storage/docs/request-endpoints (not opened)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from wfprov.analysis.domain import Const, MapOf, alternatives
from wfprov.catalog.request import Request
from wfprov.catalog.url import has_hole

HOST: Final = "storage.googleapis.com"
_JSON: Final = frozenset({"b", "batch", "download", "resumable", "storage", "upload"})
_VERBS: Final = {"GET": "GET", "HEAD": "GET", "PUT": "POST", "DELETE": "DELETE"}

SUBRESOURCES: Final = frozenset(
    {
        "acl", "autoclass", "billing", "compose", "cors", "defaultObjectAcl", "delete",
        "encryption", "encryptionConfig", "ipFilter", "lifecycle", "location", "logging",
        "notification", "object-lock", "partNumber", "policy", "retention", "softDelete",
        "storageClass", "tagging", "uploadId", "uploads", "versioning", "website",
    }
)  # fmt: skip
"""The parameters that make another request of one for a bucket or an object, whatever their value.

Source: https://docs.cloud.google.com/storage/docs/xml-api/reference-headers (not opened)
Source: https://docs.cloud.google.com/storage/docs/access-control/iam-xml (2026-11-28)
"""
_COPIED: Final = ("x-goog-copy-source", "x-amz-copy-source")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonRequest:
    """A request of the JSON API; `name` is the object that it makes."""

    verb: str
    path: str
    name: str | None = None


def as_json(request: Request) -> JsonRequest | None:
    """The request of the JSON API that asks for the same permissions; None for no XML address.

    What is masked in the address is masked here. A request with a subresource (`?acl`,
    `?uploadId=abc`) asks for something else, as may one whose parameters are not all known, and an
    address whose only part is a hole does not tell whether an object is meant. A PUT with a header
    that names the source copies that.
    """
    url, verb = request.url, request.verb
    if url is None or verb is None:
        return None
    host = url.host or ""
    path = url.path.removeprefix("/")
    if host == HOST:
        bucket, _, name = path.partition("/")
    elif host.endswith(f".{HOST}"):
        bucket, name = host.removesuffix(f".{HOST}"), path
    else:
        return None
    likened = _VERBS.get(verb)
    if likened is None or not bucket or (host == HOST and bucket in _JSON):
        return None
    keys = {None if has_hole(key) else key for key, _ in url.query} | {*_keys(request, "query")}
    if keys & {None, *SUBRESOURCES}:
        return None
    base = f"storage/v1/b/{bucket}"
    if name:
        name = name.replace("/", "%2F")
        sources = set(_sources(request)) if verb == "PUT" else set()
        if sources:
            start, _, copied = (sources.pop() or "").removeprefix("/").partition("/")
            if sources or not copied:
                return None
            copied = copied.replace("/", "%2F")
            return JsonRequest(
                verb="POST", path=f"storage/v1/b/{start}/o/{copied}/copyTo/b/{bucket}/o/{name}"
            )
        if verb == "PUT":
            return JsonRequest(verb=likened, path=f"{base}/o", name=name)
        return JsonRequest(verb=likened, path=f"{base}/o/{name}")
    if verb == "PUT" or (host == HOST and has_hole(bucket)):
        return None
    return JsonRequest(verb=likened, path=f"{base}/o" if verb == "GET" else base)


def _keys(request: Request, name: str) -> Iterator[str | None]:
    """The keys that a map among the arguments may hold; None for those that are not known."""
    given = request.call.arg(name)
    if given is None and request.call.open_args is not None:
        yield None
    for choice in () if given is None else alternatives(given):
        match choice:
            case MapOf(entries, rest):
                yield from (key for key, _ in entries)
                if rest is not None:
                    yield None
            case Const():
                continue
            case _:
                yield None


def _sources(request: Request) -> Iterator[str | None]:
    """What a PUT may copy, `bucket/object`; None where that, or whether it copies, is not known."""
    given = request.call.arg("headers")
    if None in _keys(request, "headers"):
        yield None
    for choice in () if given is None else alternatives(given):
        named = choice.entries if isinstance(choice, MapOf) else ()
        copied = [value for key, value in named if key.lower() in _COPIED]
        for value in (one for source in copied for one in alternatives(source)):
            match value:
                case Const(str() as text) if "{" not in text:
                    yield text
                case _:
                    yield None
