"""The standard library for real, as far as it is documented; the rest is one choice of many.

Where Google does not say what a function gives, one thing that it may give stands here: the
analysis must allow for it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Bytes:
    """A value of the type bytes: no string."""

    held: bytes


class RaisedError(Exception):
    """An error of the workflow, which a `try` may handle."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value


def error(tag: str) -> RaisedError:
    return RaisedError({"message": tag, "tags": [tag], "code": 400})


POLICIES: Final[dict[str, Any]] = {
    "http.default_retry": {"max_retries": 5, "backoff": {"initial_delay": 1}},
    "http.default_retry_non_idempotent": {"max_retries": 5},
    "retry.default_backoff": {"initial_delay": 1, "max_delay": 60, "multiplier": 1.25},
}
PREDICATES: Final = {
    "http.default_retry_predicate",
    "http.default_retry_predicate_non_idempotent",
    "retry.always",
    "retry.never",
}


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return str(value)
    raise error("TypeError")


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Bytes):
        return base64.b64encode(value.held).decode()
    if isinstance(value, dict):
        return {key: plain(held) for key, held in value.items()}
    return [plain(held) for held in value] if isinstance(value, list) else value


def raw(value: Any) -> bytes:
    if isinstance(value, Bytes):
        return value.held
    if isinstance(value, str):
        return value.encode()
    raise error("TypeError")


def nested(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    made = dict(one)
    for key, value in other.items():
        both = isinstance(made.get(key), dict) and isinstance(value, dict)
        made[key] = nested(made[key], value) if both else value
    return made


TYPES: Final[dict[type, str]] = {
    bool: "boolean", int: "integer", float: "double", str: "string", dict: "map", list: "list",
    type(None): "null", Bytes: "bytes",
}  # fmt: skip


def library(name: str, args: list[Any], choose: Callable[[int], int]) -> Any:
    """What a function returns.

    Raises:
        RaisedError: it fails, or there is no such function.
    """
    try:
        return _library(name, args, choose)
    except (ValueError, KeyError, TypeError, OverflowError, re.error):
        raise error("ValueError") from None


def _library(name: str, args: list[Any], choose: Callable[[int], int]) -> Any:
    module = name.partition(".")[0]
    if module == "text":
        return _text(name, args)
    if module in ("json", "base64", "hash"):
        return _coded(name, args)
    if module in ("map", "list"):
        return _collection(name, args)
    match name, args:
        case "default", [value, fallback]:
            return fallback if value is None else value
        case "if", [condition, yes, no]:
            if condition is not None and not isinstance(condition, bool):
                raise error("TypeError")
            return yes if condition else no
        case "string", [value]:
            return written(value)
        case "int", [int() | float() | str() as value] if not isinstance(value, bool):
            return int(value)
        case "double", [int() | float() | str() as value] if not isinstance(value, bool):
            return float(value)
        case "len", [str() | list() | dict() as value]:
            return len(value)
        case "keys", [dict() as value]:
            return list(value)
        case "get_type", [value]:
            return TYPES[type(value)]
        case "math.abs", [value] if is_number(value):
            return abs(value)
        case "math.floor", [value] if is_number(value):
            return math.floor(value)
        case (("math.max" | "math.min"), [one, other]) if is_number(one) and is_number(other):
            return max(one, other) if name == "math.max" else min(one, other)
        case "sys.now", []:
            return 1.7e9 + choose(1000)
        case "time.format", [seconds, *_] if is_number(seconds):
            return f"2026-11-23T00:00:{choose(60):02}Z"
        case "time.parse", [str()]:
            return 1.7e9 + choose(1000)
        case "uuid.generate", []:
            return f"00000000-0000-4000-8000-{choose(2**32):012x}"
        case (("sys.sleep" | "sys.sleep_until"), [_]):
            return None
        case _, [_] if name in PREDICATES:
            return choose(2) == 1
        case _:
            raise error("TypeError")


def _collection(name: str, args: list[Any]) -> Any:
    match name, args:
        case "map.get", [holder, str() as key]:
            return holder.get(key) if isinstance(holder, dict) else None
        case "map.get", [holder, list() as path]:
            for key in path:
                holder = holder.get(key) if isinstance(holder, dict) else None
            return holder
        case "list.concat", [list() as items, item]:
            return [*items, item]
        case "list.prepend", [list() as items, item]:
            return [item, *items]
        case "map.merge", [dict() as one, dict() as other]:
            return {**one, **other}
        case "map.merge_nested", [dict() as one, dict() as other]:
            return nested(one, other)
        case "map.delete", [dict() as holder, str() as key]:
            return {k: v for k, v in holder.items() if k != key}
        case _:
            raise error("TypeError")


def _coded(name: str, args: list[Any]) -> Any:
    match name, args:
        case "json.decode", [data]:
            return json.loads(raw(data))
        case "json.encode", [data, *_]:
            return Bytes(json.dumps(plain(data)).encode())
        case "json.encode_to_string", [data, *_]:
            return json.dumps(plain(data), separators=(",", ":"))
        case "base64.encode", [data, *_]:
            return base64.b64encode(raw(data)).decode()
        case "base64.decode", [str() as data, *_]:
            return Bytes(base64.b64decode(data, validate=True))
        case "hash.compute_checksum", [data, str() as algorithm]:
            return Bytes(hashlib.new(algorithm.lower(), raw(data)).digest())
        case "hash.compute_hmac", [key, data, str() as algorithm]:
            return Bytes(hmac.new(raw(key), raw(data), algorithm.lower()).digest())
        case _:
            raise error("TypeError")


def _text(name: str, args: list[Any]) -> Any:
    match name, args:
        case "text.encode", [str() as text, *_]:
            return Bytes(text.encode())
        case "text.decode", [Bytes(held), *_]:
            return held.decode()
        case "text.to_lower", [str() as text]:
            return text.lower()
        case "text.to_upper", [str() as text]:
            return text.upper()
        case "text.url_encode", [str() as text]:
            return urllib.parse.quote(text, safe="")
        case "text.url_encode_plus", [str() as text]:
            return urllib.parse.quote_plus(text, safe="")
        case "text.url_decode", [str() as text]:
            return urllib.parse.unquote(text)
        case "text.split", [str() as text, str() as separator] if separator:
            return text.split(separator)
        case "text.substring", [str() as text, start, end] if is_int(start) and is_int(end):
            if not 0 <= start <= end <= len(text):
                raise error("IndexError")
            return text[start:end]
        case "text.replace_all", [str() as text, str() as old, str() as new] if old:
            return text.replace(old, new)
        case "text.replace_all_regex", [str() as text, str() as pattern, str() as new]:
            return re.sub(pattern, new.replace("\\", ""), text)
        case "text.match_regex", [str() as text, str() as pattern]:
            return re.search(pattern, text) is not None
        case "text.find_all", [str() as text, str() as part] if part:
            return [m.start() for m in re.finditer(re.escape(part), text)]
        case "text.find_all_regex", [str() as text, str() as pattern] if pattern:
            return [{"index": m.start(), "match": m.group()} for m in re.finditer(pattern, text)]
        case _:
            raise error("TypeError")
