"""One request and its answer, whatever transport carried them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
"""A JSON object; the emulator's edge speaks nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request after its API is known.

    `path` has no API prefix and no query, is still percent-encoded and starts
    without a slash: `v1/projects/p/locations/l/workflows`. Header names are
    lower case. `body` is None when there was none.
    """

    api: str
    verb: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Status, JSON body and the headers that matter to clients."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
