r"""Finds the blocks, attributes, strings and heredocs of a Terraform file; it evaluates nothing.

```
body      = { attribute | block }
attribute = name "=" expression ( newline | "," )
block     = name { name | string } "{" body "}"
heredoc   = "<<" [ "-" ] name newline { line } name
```

Every pass is linear in the text; what is no HCL is skipped to the end of its line.

Source: https://developer.hashicorp.com/terraform/language/syntax/configuration (not opened)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Range: TypeAlias = tuple[int, int]

_BLANK: Final = re.compile(r"(?:[\s,;]++|#[^\n]*+|//[^\n]*+|/\*.*?(?:\*/|\Z))*+", re.DOTALL)
_ATTRIBUTE: Final = re.compile(
    r'(?P<name>[A-Za-z_][\w-]*+|"[^"\n\\$%]*+"|\([^()\n]*+\))[ \t]*+(?:=(?![=>])|:)[ \t]*+'
)
_BLOCK: Final = re.compile(
    r'(?P<kind>[A-Za-z_][\w-]*+)(?P<labels>(?:[ \t]++(?:[A-Za-z_][\w-]*+|"[^"\n\\]*+"))*+)[ \t]*+\{'
)
_LABEL: Final = re.compile(r'[A-Za-z_][\w-]*+|"[^"\n\\]*+"')
_TOKEN: Final = re.compile(
    r"""(?P<comment>\#[^\n]*+|//[^\n]*+|/\*.*?(?:\*/|\Z))
    |(?P<heredoc><<-?[ \t]*+(?P<marker>[A-Za-z_][\w-]*+)[ \t]*+\r?\n)
    |(?P<quote>")|(?P<open>[\[({])|(?P<close>[\])}])|(?P<end>[\n,])|[^\#/<"\[({\])}\n,]++|.""",
    re.VERBOSE | re.DOTALL,
)
_IN_STRING: Final = re.compile(r'[^"\\$%\n]++|\\.|\$\$\{|%%\{|(?P<open>[$%]\{)|(?P<quote>")|.')
_IN_TEMPLATE: Final = re.compile(r'[^"{}]++|(?P<quote>")|(?P<open>\{)|(?P<close>\})')
_HEREDOC: Final = re.compile(r"<<(?P<dash>-?)[ \t]*+(?P<marker>[A-Za-z_][\w-]*+)[ \t]*+\r?\n")
_CALL: Final = re.compile(r"(?P<name>[a-z][a-z0-9_]*+)[ \t]*+\(")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}
_DEEPEST: Final = 50
_MOST_BLOCKS: Final = 20_000


@dataclass(slots=True)
class Block:
    """A block with the range of its header and those of its attributes' expressions."""

    kind: str
    labels: tuple[str, ...]
    at: Range
    attributes: dict[str, Range] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks at the top of a file, in order."""
    root = Block("", (), (0, 0))
    stack = [root]
    at = count = 0
    while at < len(text):
        at = _after(_BLANK, text, at)
        if text.startswith("}", at):
            at += 1
            if len(stack) > 1:
                stack.pop()
        elif attribute := _ATTRIBUTE.match(text, at):
            end = _end_of_expression(text, attribute.end())
            stack[-1].attributes.setdefault(attribute["name"].strip('"'), (attribute.end(), end))
            at = max(end, attribute.end())
        elif (header := _BLOCK.match(text, at)) and len(stack) < _DEEPEST and count < _MOST_BLOCKS:
            labels = tuple(label.strip('"') for label in _LABEL.findall(header["labels"]))
            block = Block(header["kind"], labels, (at, header.end("labels")))
            stack[-1].blocks.append(block)
            stack.append(block)
            count += 1
            at = header.end()
        else:
            at = max(_end_of_expression(text, at), at + 1)
    return tuple(root.blocks)


def entries(text: str, place: Range) -> Mapping[str, Range] | None:
    """The entries of `{ a = 1, b = 2 }`, each with the range of its value; None for no such map."""
    start, end = place
    if not (text.startswith("{", start) and text[end - 1 : end] == "}"):
        return None
    found: dict[str, Range] = {}
    at, last = start + 1, end - 1
    while (at := _after(_BLANK, text, at)) < last:
        attribute = _ATTRIBUTE.match(text, at, last)
        if attribute is None:
            return None
        stop = min(_end_of_expression(text, attribute.end()), last)
        found.setdefault(attribute["name"].strip('"'), (attribute.end(), stop))
        at = max(stop, attribute.end())
    return found


def items(text: str, place: Range) -> tuple[Range, ...] | None:
    """The ranges of the items of `[a, b]`; None for no list."""
    start, end = place
    if not (text.startswith("[", start) and text[end - 1 : end] == "]"):
        return None
    return _between(text, start + 1, end - 1)


def call(text: str, place: Range) -> tuple[str, tuple[Range, ...]] | None:
    """Name and arguments of `name(a, b)`; None for any other expression."""
    start, end = place
    head = _CALL.match(text, start, end)
    if head is None or _end_of_expression(text, start) != end or text[end - 1] != ")":
        return None
    return head["name"], _between(text, head.end(), end - 1)


def choice(text: str, place: Range) -> tuple[Range, Range, Range] | None:
    """The ranges of `condition ? one : other`; None for any other expression."""
    start, end = place
    marks: list[int] = []
    depth = 0
    at = start
    while at < end:
        sign = text[at]
        if sign == '"':
            at = max(_end_of_string(text, at), at + 1)
            continue
        depth += (sign in "[({") - (sign in "])}")
        if not depth and sign == ("?" if not marks else ":") and len(marks) < 2:  # noqa: PLR2004
            marks.append(at)
        at += 1
    if len(marks) < 2:  # noqa: PLR2004
        return None
    return (start, marks[0]), (marks[0] + 1, marks[1]), (marks[1] + 1, end)


def heredoc(text: str, place: Range) -> Range | None:
    """The range of the lines of a heredoc; None for any other expression."""
    head = _HEREDOC.match(text, *place)
    if head is None:
        return None
    return head.end(), _end_of_heredoc(text, head.end(), head["marker"])[0]


def string(text: str, place: Range) -> str | None:
    """What a quoted string says, the templates in it left as they are; None for anything else."""
    start, end = place
    if not text.startswith('"', start) or _end_of_string(text, start) != end or end - start < 2:  # noqa: PLR2004
        return None
    return _ESCAPE.sub(
        lambda m: chr(int(m[1], 16)) if m[1] else _ESCAPES.get(m[2], m[2]),
        text[start + 1 : end - 1],
    )


def _between(text: str, start: int, end: int) -> tuple[Range, ...]:
    found: list[Range] = []
    at = start
    while (at := _after(_BLANK, text, at)) < end:
        stop = min(_end_of_expression(text, at), end)
        found.append((at, stop))
        at = max(stop, at + 1)
    return tuple(found)


def _end_of_expression(text: str, start: int) -> int:
    """Where the expression ends that begins at `start`, spaces after it left out."""
    depth = 0
    at = last = start
    while at < len(text):
        token = _TOKEN.match(text, at)
        assert token is not None, "the last alternative takes any character"
        kind = token.lastgroup
        if kind == "heredoc":
            at = last = _end_of_heredoc(text, token.end(), token["marker"])[1]
            continue
        if kind == "quote":
            at = last = _end_of_string(text, at)
            continue
        if (kind == "end" and not depth) or (kind == "close" and not depth):
            break
        depth += (kind == "open") - (kind == "close")
        at = token.end()
        if kind != "comment" and not token.group().isspace():
            last = at - (len(token.group()) - len(token.group().rstrip()))
    return last


def _end_of_heredoc(text: str, start: int, marker: str) -> Range:
    """Where the lines of a heredoc end, and where its closing marker does."""
    closing = re.compile(rf"^[ \t]*+{re.escape(marker)}(?=[ \t]*\r?$)", re.MULTILINE)
    found = closing.search(text, start)
    return (len(text), len(text)) if found is None else found.span()


def _end_of_string(text: str, start: int) -> int:
    """Where the string ends that begins at `start`; at the end of its line when it does not."""
    inside = ['"']
    at = start + 1
    while at < len(text):
        in_string = inside[-1] == '"'
        token = (_IN_STRING if in_string else _IN_TEMPLATE).match(text, at)
        if token is None:  # a line break inside a string
            return at
        kind = token.lastgroup
        at = token.end()
        if kind == "open":
            inside.append("{")
        elif kind == "close" or (kind == "quote" and in_string):
            inside.pop()
            if not inside:
                return at
        elif kind == "quote":
            inside.append('"')
    return at


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()
