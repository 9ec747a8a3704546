"""Pieces of JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
EDITORS: Final = "http://json-schema.org/draft-07/schema#"
"""What the YAML language server knows: draft 7 and below in its release 1.19.

Source: https://classic.yarnpkg.com/en/package/yaml-language-server (2026-11-24)
"""
TEXT: Final[dict[str, object]] = {"type": "string"}
FILLED: Final[dict[str, object]] = {"type": "string", "minLength": 1}
BOOLEAN: Final[dict[str, object]] = {"type": "boolean"}
COUNT: Final[dict[str, object]] = {"type": "integer", "minimum": 0}


def document(title: str, body: Mapping[str, object], draft: str = DRAFT) -> dict[str, object]:
    """A whole schema."""
    return {"$schema": draft, "title": title, **body}


def closed(
    properties: Mapping[str, object], required: Iterable[str] | None = None
) -> dict[str, object]:
    """An object with these properties and no other; all are required unless `required` says."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties if required is None else required),
        "additionalProperties": False,
    }


def listed(items: object) -> dict[str, object]:
    """A list."""
    return {"type": "array", "items": items}


def mapped(values: object) -> dict[str, object]:
    """An object with any keys."""
    return {"type": "object", "additionalProperties": values}


def matching(pattern: str) -> dict[str, object]:
    """A text that matches a pattern whole."""
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def one_of(values: Iterable[object]) -> dict[str, object]:
    """One of these values."""
    return {"enum": list(values)}


def optional(schema: object) -> dict[str, object]:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}
