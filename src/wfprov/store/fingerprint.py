"""A digest of a JSON document, by which a change to it is noticed."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any


def digest(body: Any) -> str:
    """`sha256:` and the digest of a JSON value, whatever its layout and the order of its keys."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{sha256(text.encode()).hexdigest()}"
