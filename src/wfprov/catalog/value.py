"""What a path in a request holds, as far as the definition tells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wfprov.analysis.domain import (
    Abstract,
    Const,
    ListOf,
    MapOf,
    Never,
    Text,
    Unknown,
    alternatives,
)

NOTHING = Const(None)


def at(value: Abstract | None, path: str) -> Iterator[Abstract]:
    """Every value that a path may lead to: `disks[].source` goes through a list.

    What is certainly absent yields null. A string stands for itself wherever the path ends.
    """
    yield from _walk(value, re.findall(r"[^.\[\]]+|\[\]", path))


def _walk(value: Abstract | None, steps: list[str]) -> Iterator[Abstract]:
    if value is None:
        yield NOTHING
        return
    if not steps:
        yield from alternatives(value)
        return
    step, rest = steps[0], steps[1:]
    for choice in alternatives(value):
        match choice:
            case Unknown():
                yield choice
            case MapOf() if step != "[]":
                yield from _walk(choice.get(step), rest)
            case ListOf(items, more) if step == "[]":
                if not items and more is None:
                    yield NOTHING
                for item in items:
                    yield from _walk(item, rest)
                if more is not None:
                    yield from _walk(more, rest)
            case _:
                yield NOTHING


def is_set(value: Abstract) -> bool | None:
    """Whether a value is there and not empty; None when the definition does not tell."""
    match value:
        case Const(None | "" | False):
            return False
        case Unknown():
            return None
        case MapOf(entries, rest):
            return bool(entries) or (False if rest is None else None)
        case ListOf(items, rest):
            return bool(items) or (False if rest is None else None)
        case Never():
            return False
        case _:
            return True


def texts(value: Abstract | None, depth: int = 8) -> Iterator[str]:
    """Every string in a value, holes as `{name}`; nested deeper than `depth` is left out."""
    if value is None or depth == 0:
        return
    for choice in alternatives(value):
        match choice:
            case Const(str() as text):
                yield text
            case Text():
                yield str(choice)
            case MapOf(entries, rest):
                for _, entry in entries:
                    yield from texts(entry, depth - 1)
                yield from texts(rest, depth - 1)
            case ListOf(items, rest):
                for item in items:
                    yield from texts(item, depth - 1)
                yield from texts(rest, depth - 1)
            case _:
                pass


def is_whole(value: Abstract | None) -> bool:
    """Whether nothing in a value is unknown."""
    match value:
        case None | Const() | Never():
            return True
        case MapOf(entries, rest):
            return rest is None and all(is_whole(entry) for _, entry in entries)
        case ListOf(items, rest):
            return rest is None and all(is_whole(item) for item in items)
        case _:
            return False
