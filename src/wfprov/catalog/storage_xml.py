"""Addresses of Cloud Storage's XML API, as the requests of its JSON API that ask for the same.

```
address = "https://storage.googleapis.com/" bucket [ "/" object ]
        | "https://" bucket ".storage.googleapis.com" [ "/" object ]
```

Source: https://docs.cloud.google.com/storage/docs/access-control/iam-xml (2026-11-28)
Source: https://docs.cloud.google.com/storage/docs/request-endpoints (not opened)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wfprov.catalog.url import Url, has_hole

HOST: Final = "storage.googleapis.com"
_JSON: Final = frozenset({"b", "batch", "download", "resumable", "storage", "upload"})
_VERBS: Final = {"GET": "GET", "HEAD": "GET", "PUT": "POST", "DELETE": "DELETE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonRequest:
    """A request of the JSON API; `name` is the object that it makes."""

    verb: str
    path: str
    name: str | None = None


def as_json(url: Url, verb: str) -> JsonRequest | None:
    """The request of the JSON API that asks for the same permissions; None for no XML address.

    What is masked in the address is masked here. An address with a subresource (`?acl`,
    `?uploads`) asks for something else, and one whose only part is a hole does not tell whether an
    object is meant.
    """
    host = url.host or ""
    path = url.path.removeprefix("/")
    if host == HOST:
        bucket, _, name = path.partition("/")
    elif host.endswith(f".{HOST}"):
        bucket, name = host.removesuffix(f".{HOST}"), path
    else:
        return None
    likened = _VERBS.get(verb)
    subresource = any(not value for _, value in url.query)
    if likened is None or not bucket or subresource or (host == HOST and bucket in _JSON):
        return None
    base = f"storage/v1/b/{bucket}"
    if name:
        name = name.replace("/", "%2F")
        if verb == "PUT":
            return JsonRequest(verb=likened, path=f"{base}/o", name=name)
        return JsonRequest(verb=likened, path=f"{base}/o/{name}")
    if verb == "PUT" or (host == HOST and has_hole(bucket)):
        return None
    return JsonRequest(verb=likened, path=f"{base}/o" if verb == "GET" else base)
