"""Resources and kinds of target in a reader's words."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from wfprov.catalog.target import Kind

KINDS: Final = {
    Kind.CLOUD_RUN_SERVICE: "Cloud Run",
    Kind.CLOUD_RUN_JOB: "Cloud Run job",
    Kind.CLOUD_FUNCTION: "function",
    Kind.GOOGLE_API: "Google API",
    Kind.IAP: "behind IAP",
    Kind.PRIVATE_ENDPOINT: "private endpoint",
    Kind.WORKFLOW: "workflow",
    Kind.CALLBACK: "callback",
    Kind.LOGGING: "log",
    Kind.GKE: "GKE",
    Kind.API_GATEWAY: "API Gateway",
    Kind.WORKSPACE_API: "Workspace API",
    Kind.EXTERNAL: "external",
    Kind.UNKNOWN: "unknown",
}
"""What each kind of target is called in a table."""

_PARTS: Final = frozenset({"tables", "versions", "objects"})
"""What is named along with what it is part of."""
_IRREGULAR: Final = {"iap_web": "IAP resource", "indexes": "index"}


def short_name(resource: str, project: str | None = None) -> str:
    """A full resource name in a few words: `service orders`, `table orders of dataset sales`.

    The project is named only where it is not `project`. A text that is no full resource name comes
    back as it is.
    """
    if not resource.startswith("//"):
        return resource
    parts = resource.removeprefix("//").split("/")[1:]
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    if len(parts) % 2 or not pairs:
        return resource
    collection, name = pairs[-1]
    words = f"{_singular(collection)} {name}"
    if collection in _PARTS and len(pairs) > 1:
        above, owner_name = pairs[-2]
        words += f" of {_singular(above)} {owner_name}"
    owner = dict(pairs[:-1]).get("projects", "_")
    return words if owner in {"_", "-", project} or project is None else f"{words} in {owner}"


def place_in_words(resource: str) -> str:
    """The name and region of a target for its line: `orders (europe-west1)`."""
    parts = resource.split("/")
    region = dict(pairwise(parts)).get("locations")
    return f"{parts[-1]} ({region})" if region and region != parts[-1] else parts[-1]


def counted(number: int, one: str, many: str = "") -> str:
    """`1 call`, `3 calls`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _singular(collection: str) -> str:
    if collection in _IRREGULAR:
        return _IRREGULAR[collection]
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", collection).replace("_", " ").lower()
    if words.endswith("ies"):
        return words[:-3] + "y"
    return words.removesuffix("s")
