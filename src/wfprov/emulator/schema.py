"""Checks a JSON body against a discovery schema and brings it into the cloud's own form."""

from collections.abc import Mapping
from typing import Any, Final

from wfprov.emulator.discovery import Document
from wfprov.emulator.errors import ApiError, invalid

_DEEPEST: Final = 64
_LAUNCH_STAGES: Final = {
    1: "EARLY_ACCESS",
    2: "ALPHA",
    3: "BETA",
    4: "GA",
    5: "DEPRECATED",
    6: "UNIMPLEMENTED",
    7: "PRELAUNCH",
}
"""google.api.LaunchStage: its numbers do not follow the order in discovery.

Source: https://github.com/googleapis/googleapis/blob/master/google/api/launch_stage.proto
(not opened)
"""


def normalised(document: Document, schema: str, body: Any) -> Any:
    """The request body in canonical form: camelCase keys, enum names, int64 as strings.

    Raises:
        ApiError: 400, for an unknown field or a value of the wrong type.
    """
    return _Reader(document).read({"$ref": schema}, body, "", 0)


def fitted(document: Document, schema: str | None, body: Any) -> Any:
    """The part of an answer that a schema allows; unknown fields and values are left out."""
    return {} if schema is None else _fit(document.schemas, {"$ref": schema}, body, 0)


def _fit(schemas: Mapping[str, Any], schema: Mapping[str, Any], value: Any, depth: int) -> Any:
    if "$ref" in schema:
        schema = schemas[schema["$ref"]]
    if depth > _DEEPEST:
        return None
    match schema.get("type"):
        case "object" if isinstance(value, dict):
            known = schema.get("properties", {})
            others = schema.get("additionalProperties")
            result = {}
            for key, item in value.items():
                inner = known.get(key, others)
                fit = item if not known and others is None else None
                if inner is not None:
                    fit = _fit(schemas, inner, item, depth + 1)
                if fit is not None:
                    result[key] = fit
            return result
        case "array" if isinstance(value, list):
            items = schema.get("items", {})
            fits = (_fit(schemas, items, item, depth + 1) for item in value)
            return [item for item in fits if item is not None]
        case "string" if isinstance(value, str):
            names = schema.get("enum")
            return value if names is None or value in names else None
        case "integer" if isinstance(value, int):
            return value
        case "number" if isinstance(value, (int, float)):
            return value
        case "boolean" if isinstance(value, bool):
            return value
        case "any" | None:
            return value
        case _:
            return None


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


class _Reader:
    def __init__(self, document: Document) -> None:
        self._schemas = document.schemas

    def read(self, schema: Mapping[str, Any], value: Any, at: str, depth: int) -> Any:
        if depth > _DEEPEST:
            raise invalid("Message too deep. Max recursion depth reached.")
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"]]
        if value is None:
            return None
        match schema.get("type"):
            case "object":
                return self._object(schema, value, at, depth)
            case "array":
                if not isinstance(value, list):
                    raise _mismatch(at, value)
                items = schema.get("items", {})
                return [self.read(items, v, f"{at}[{i}]", depth + 1) for i, v in enumerate(value)]
            case "string":
                return self._string(schema, value, at)
            case "integer":
                return _number(value, at, whole=True)
            case "number":
                return _number(value, at, whole=False)
            case "boolean":
                if isinstance(value, str) and value in ("true", "false"):
                    return value == "true"
                if not isinstance(value, bool):
                    raise _mismatch(at, value)
                return value
            case _:
                return value

    def _object(self, schema: Mapping[str, Any], value: Any, at: str, depth: int) -> Any:
        if not isinstance(value, dict):
            raise _mismatch(at, value)
        properties: Mapping[str, Any] = schema.get("properties", {})
        others = schema.get("additionalProperties")
        result: dict[str, Any] = {}
        for key, item in value.items():
            name = key if key in properties else _camel(key)
            place = f"{at}.{key}" if at else key
            if name in properties:
                read = self.read(properties[name], item, place, depth + 1)
                if read is not None:
                    result[name] = read
            elif others is not None:
                result[key] = self.read(others, item, place, depth + 1)
            elif properties or not isinstance(key, str):
                raise unknown_field(key, at)
            else:
                result[key] = item
        return result

    def _string(self, schema: Mapping[str, Any], value: Any, at: str) -> Any:
        names = schema.get("enum")
        if names is not None and isinstance(value, int) and not isinstance(value, bool):
            if "PRELAUNCH" in names and value in _LAUNCH_STAGES:
                return _LAUNCH_STAGES[value]
            if 0 <= value < len(names):
                return names[value]
            raise _mismatch(at, value)
        if schema.get("format") in ("int64", "uint64") and isinstance(value, int):
            return str(value)
        if not isinstance(value, str):
            raise _mismatch(at, value)
        if names is not None and value not in names:
            raise _mismatch(at, value)
        return value


def _number(value: Any, at: str, *, whole: bool) -> int | float:
    if isinstance(value, str):
        try:
            return int(value) if whole else float(value)
        except ValueError:
            raise _mismatch(at, value) from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _mismatch(at, value)
    if whole and value != int(value):
        raise _mismatch(at, value)
    return value


def unknown_field(name: str, at: str) -> ApiError:
    """400: a field that the schema does not have."""
    where = f" at '{at}'" if at else ""
    description = f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'
    return _bad_request(at, description)


def _mismatch(at: str, value: Any) -> ApiError:
    return _bad_request(at, f"Invalid value at '{at or 'body'}': {str(value)[:80]!r}")


def _bad_request(field: str, description: str) -> ApiError:
    violation = {"field": field, "description": description}
    return ApiError(
        "INVALID_ARGUMENT",
        description,
        details=(
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [violation],
            },
        ),
    )
