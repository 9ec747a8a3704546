"""Hides the signs inside an unquoted `${...}` that YAML would take for its own.

They are replaced, one for one, by characters that mean nothing to YAML, so that a text that is not
YAML for that reason alone can be read all the same, with every place right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wfprov.language.limits import MAX_EXPRESSION_LENGTH
from wfprov.language.tokens import HOLE

# Private use: no definition has these. What Terraform fills in is hidden apart from the rest,
# because it is no fault that it stands unquoted.
_PLANE: Final = 0xF0000
_HOLE_PLANE: Final = 0x100000
_SIGNS: Final = ":#{}[],\n\r"
_HIDE: Final = {ord(sign): chr(_PLANE + ord(sign)) for sign in _SIGNS}
_HIDE_HOLE: Final = {ord(sign): chr(_HOLE_PLANE + ord(sign)) for sign in _SIGNS + "\"'\\"}
_FILLER: Final = chr(_PLANE)
_SHOW: Final = {ord(hidden): chr(sign) for sign, hidden in _HIDE.items()} | {_PLANE: None}
_SHOW_ALL: Final = _SHOW | {ord(hidden): chr(sign) for sign, hidden in _HIDE_HOLE.items()}
_HIDDEN: Final = re.compile("[" + "".join(chr(code) for code in _SHOW_ALL) + "]")
_BARE_HOLE: Final = re.compile(rf"(?<!\$){HOLE}")
_DIRECTIVE: Final = re.compile(
    r"^[ \t]*(?P<line>%\{[^}\n]*\})[ \t]*$"
    r"|(?<!%)(?P<word>%\{~?[ \t]*(?:else|endif|endfor|(?:if|for)[ \t]+[^~}\s][^}\n]*?)[ \t]*~?\})",
    re.MULTILINE,
)
_OPENING: Final = re.compile(r"(?<![\"'\w$])\$\$?\{")
_INSIDE: Final = re.compile(
    r"""[^{}"']++|"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|(?P<open>\{)|(?P<close>\})|["']"""
)
BREAK: Final = re.compile(r"(?P<colon>:(?=\s))|(?P<comment>\s#)|(?P<flow>[\[\]{},])|\n")


def has_hidden(text: str) -> bool:
    """Whether a character stands in the text that is used to hide others."""
    return _HIDDEN.search(text) is not None


def hidden_holes(text: str) -> str:
    """The text of a template, the signs inside what Terraform fills in hidden."""
    return _BARE_HOLE.sub(lambda hole: "$" + hole.group()[1:].translate(_HIDE_HOLE), text)


def directives(text: str) -> Iterator[tuple[int, int]]:
    """Where a template holds directives of Terraform: on lines of their own, and beside others.

    Source: https://developer.hashicorp.com/terraform/language/expressions/strings (not opened)
    """
    for found in _DIRECTIVE.finditer(text):
        yield found.span(found.lastgroup or 0)


def hidden_signs(text: str) -> str:
    """The text with the signs inside each `${...}` hidden; the same, if there are none."""
    parts, done = [], 0
    for opening in _OPENING.finditer(text):
        start = opening.end()
        if start <= done:
            continue
        end = _closing(text, start)
        if end is not None:
            parts += [text[done : start - 1], text[start - 1 : end + 1].translate(_HIDE)]
            done = end + 1
    return "".join([*parts, text[done:]]) if parts else text


def _closing(text: str, start: int) -> int | None:
    """Where the brace closes that was opened just before `start`, or None within a bound."""
    depth = 1
    for part in _INSIDE.finditer(text, start, start + 4 * MAX_EXPRESSION_LENGTH):
        if part.lastgroup == "open":
            depth += 1
        elif part.lastgroup == "close":
            depth -= 1
            if not depth:
                return part.start()
    return None


def with_filler(character: str, length: int) -> str:
    """The character, filled up to a length with what `shown_signs` takes away."""
    return character + _FILLER * (length - 1)


def shown_signs(text: str) -> str:
    """The text with all hidden signs shown again, and without filler."""
    return text.translate(_SHOW_ALL)


def shown_outside_holes(text: str) -> str:
    """The text with hidden signs shown again, but for those in what Terraform fills in."""
    return text.translate(_SHOW)
