"""How a template of Terraform is cut: literals, holes, directives and what these govern.

`~` beside `{` or `}` takes away the blanks next to it, up to the end of that line and with it: the
next line keeps its indentation.

Source: https://developer.hashicorp.com/terraform/language/expressions/strings (not opened)
Source: https://github.com/hashicorp/hcl/blob/main/hclsyntax/parser_template.go (2026-11-28)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from wfprov.language.tokens import HOLE

PART: Final = re.compile(
    rf"(?P<escape>\$\$\{{|%%\{{)|(?P<hole>{HOLE})"
    r"""|(?P<directive>%\{~?(?P<code>(?:[^{}"\n]++|"(?:[^"\\\n]|\\.)*+")*+)\})"""
)
_MOST_DIRECTIVES: Final = 2000
_BLANK: Final = " \t\r"
_REST_OF_LINE: Final = re.compile(r"[ \t\r]*+\n?")
DEEPEST: Final = 20
"""How deep directives are followed within each other."""


@dataclass(slots=True)
class Block:
    """A directive and what it governs: branches of (opening, parts); the top has one of neither."""

    branches: list[tuple[re.Match[str] | None, list[Part]]]
    closing: re.Match[str] | None = None


Part: TypeAlias = "tuple[int, int] | re.Match[str] | Block"


def blocks(text: str, *, stripped: bool) -> Block:
    """The text cut into ranges, holes and governed blocks; what does not close stands flat.

    Where it is `stripped`, the blanks that `~` takes away are left out.
    """
    top = Block([(None, [])])
    stack = [top]
    done = trimmed = 0
    count = 0
    for part in PART.finditer(text):
        if part["escape"] is not None:
            continue
        literal_end = part.start()
        if stripped and text.startswith("~", literal_end + 2):
            literal_end = _stripped_end(text, max(done, trimmed), literal_end)
        here = stack[-1].branches[-1][1]
        if literal_end > max(done, trimmed):
            here.append((max(done, trimmed), literal_end))
        done = part.end()
        if stripped and text.startswith("~", done - 2):
            rest = _REST_OF_LINE.match(text, done)
            trimmed = done if rest is None else rest.end()
        if part["hole"] is not None:
            here.append(part)
            continue
        count += 1
        word = (part["code"].strip(" ~").split(None, 1) or [""])[0]
        if word in ("if", "for") and len(stack) < DEEPEST and count < _MOST_DIRECTIVES:
            block = Block([(part, [])])
            here.append(block)
            stack.append(block)
        elif word == "else" and len(stack) > 1:
            stack[-1].branches.append((part, []))
        elif word in ("endif", "endfor") and len(stack) > 1:
            stack.pop().closing = part
        else:
            here.append(part)
    last = max(done, trimmed)
    if last < len(text):
        stack[-1].branches[-1][1].append((last, len(text)))
    return top


def _stripped_end(text: str, start: int, end: int) -> int:
    """Where a text ends without the blanks at the end of its last line and the break after them."""
    if end > start and text[end - 1] == "\n":
        end -= 1
    while end > start and text[end - 1] in _BLANK:
        end -= 1
    return end
