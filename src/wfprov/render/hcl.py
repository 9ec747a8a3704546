"""Terraform's language: quoted texts, heredocs, attributes and blocks, laid out as `terraform fmt`.

Source: https://developer.hashicorp.com/terraform/language/expressions/strings (not opened; each
form is held against the terraform binary by a test)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, TypeAlias

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL: Final = re.compile(r'[\\"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]|[$%](?=\{)')
_PLAIN_KEY: Final = re.compile(r"[ -~]+")
_HEREDOC: Final = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f\ufeff]*\n")
_STEP: Final = "  "


@dataclass(frozen=True, slots=True)
class Expression:
    """What is written as it stands: a reference, `google_service_account.order.email`."""

    text: str


Value: TypeAlias = "str | bool | Expression | Sequence[str | Expression] | Mapping[str, str]"


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = value`."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Block:
    """`kind "label" "label" { ... }`; `comments` stand above it, a line each."""

    kind: str
    labels: tuple[str, ...] = ()
    body: tuple[Attribute | Block, ...] = ()
    comments: tuple[str, ...] = ()


def document(comments: Iterable[str], blocks: Iterable[Block]) -> str:
    """A file: comments, then blocks with an empty line between them."""
    parts = ["\n".join(map(_comment, comments)), *("\n".join(_block(b, "")) for b in blocks)]
    return "\n\n".join(part for part in parts if part) + "\n"


def quoted(text: str) -> str:
    """A text between quotes, of which nothing is taken for a template."""

    def escaped(found: re.Match[str]) -> str:
        sign = found.group()
        if sign in "$%":
            return sign * 2
        return _ESCAPES.get(sign) or f"\\u{ord(sign):04X}"

    return f'"{_SPECIAL.sub(escaped, text)}"'


def text_of(text: str) -> str:
    """A long text as a heredoc; between quotes where a heredoc cannot hold it."""
    if not _HEREDOC.fullmatch(text) or text == "\n":
        return quoted(text)
    lines = text.splitlines()
    end = "EOT"
    while any(line.strip() == end for line in lines):
        end += "_"
    return f"<<{end}\n{re.sub(r'[$%](?={)', lambda m: m.group() * 2, text)}{end}"


def _comment(line: str) -> str:
    return f"# {line}".rstrip()


def _block(block: Block, indent: str) -> list[str]:
    head = " ".join([block.kind, *(f'"{label}"' for label in block.labels)])
    above = [indent + _comment(line) for line in block.comments]
    if not block.body:
        return [*above, f"{indent}{head} {{}}"]
    inside = _body(block.body, indent + _STEP)
    return [*above, f"{indent}{head} {{", *inside, f"{indent}}}"]


def _body(items: Sequence[Attribute | Block], indent: str) -> list[str]:
    """The lines of a body: attributes of one line aligned, an empty line around all others."""
    groups: list[list[str]] = []
    for single, found in groupby(items, key=_is_single):
        if single:
            rows = [(i.name, _value(i.value, "")) for i in found if isinstance(i, Attribute)]
            groups.append(_aligned(rows, indent))
            continue
        for item in found:
            if isinstance(item, Block):
                groups.append(_block(item, indent))
            else:
                groups.append(f"{indent}{item.name} = {_value(item.value, indent)}".split("\n"))
    return [line for i, group in enumerate(groups) for line in ([""] if i else []) + group]


def _is_single(item: Attribute | Block) -> bool:
    return isinstance(item, Attribute) and "\n" not in _value(item.value, "")


def _aligned(rows: Sequence[tuple[str, str]], indent: str) -> list[str]:
    wide = max(len(name) for name, _ in rows)
    return [f"{indent}{name:<{wide}} = {value}" for name, value in rows]


def _value(value: Value, indent: str) -> str:
    inside = indent + _STEP
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case Expression(text=text):
            return text
        case Mapping():
            if not value:
                return "{}"
            rows = [(_key(name), quoted(value[name])) for name in sorted(value)]
            return "\n".join(["{", *_aligned(rows, inside), f"{indent}}}"])
        case _:
            if not value:
                return "[]"
            items = [f"{inside}{_value(item, inside)}," for item in value]
            return "\n".join(["[", *items, f"{indent}]"])


def _key(name: str) -> str:
    """A key between quotes, in ASCII, so that every column is as wide as it is long."""
    if _PLAIN_KEY.fullmatch(name):
        return quoted(name)
    signs = (c if _PLAIN_KEY.fullmatch(c) else f"\\U{ord(c):08X}" for c in name)
    return f'"{"".join(quoted(c)[1:-1] if len(c) == 1 else c for c in signs)}"'
