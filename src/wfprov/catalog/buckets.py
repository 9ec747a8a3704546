"""The buckets that a request to another API names, by the `gs://` addresses in its body.

Source: https://docs.cloud.google.com/vision/docs/before-you-begin (not opened)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wfprov.analysis.domain import Abstract, Const, ListOf, MapOf, Text, Unknown, alternatives
from wfprov.catalog.request import Request
from wfprov.catalog.url import masked
from wfprov.core.address import ResourceName

_PATH = re.compile(r"body(?:\.\w+(?:\[\])?)+")
_ADDRESS = re.compile(r"(?i)uri|gcs")
_OUTPUT = re.compile(r"(?i)output")
_DEEPEST = 8


def buckets(condition: str, permission: str, request: Request) -> tuple[ResourceName, ...]:
    """The buckets at the paths that a condition speaks of, `body.outputConfig.gcsDestination`.

    None where an address is not told. What is read is at an input, what is made at an output.
    """
    reads = permission.endswith((".get", ".list"))
    found: dict[ResourceName, None] = {}
    for path in _PATH.findall(condition):
        for given in request.values(path):
            for text in _addresses(given, path, reads=reads):
                name = re.match(r"gs://([^/]+)", masked(text or "").text)
                if name is None:
                    return ()
                bucket = masked(text or "").show(name[1])
                found[ResourceName(f"//storage.googleapis.com/projects/_/buckets/{bucket}")] = None
    return tuple(found)


def _addresses(
    given: Abstract | None, key: str, *, reads: bool, depth: int = _DEEPEST
) -> Iterator[str | None]:
    """The addresses in a value that stands at a key; None for one that is not told."""
    for choice in () if given is None else alternatives(given):
        match choice:
            case MapOf(entries, rest):
                for name, entry in entries:
                    if depth and not (reads and _OUTPUT.search(name)):
                        yield from _addresses(entry, name, reads=reads, depth=depth - 1)
                if rest is not None:
                    yield None
            case ListOf(items, rest):
                for item in (*items, rest):
                    if depth:
                        yield from _addresses(item, key, reads=reads, depth=depth - 1)
            case Const(str() as text) if text.startswith("gs://"):
                yield text
            case Text() if str(choice).startswith("gs://"):
                yield str(choice)
            case Text() | Unknown() if _ADDRESS.search(key):
                yield None
            case _:
                pass
