r"""The words and signs of an expression.

```
name    = ( letter | "_" ) { letter | digit | "_" }
number  = digits [ "." digits ] [ ( "e" | "E" ) [ "+" | "-" ] digits ]
string  = '"' { character | "\" character } '"' | "'" { character | "\" character } "'"
hole    = "${" { character | hole } "}"          (only in a template)
made    = { letter | digit | "_" | hole }         (a name that a template makes, `${kind}_job`)
sign    = "//" | "==" | "!=" | "<=" | ">=" | one of  + - * / % < > ( ) [ ] { } , . :
```
"""

from __future__ import annotations

import re
from typing import Final

_HOLE_BODY: Final = r"""(?:[^{}"']++|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\{[^{}]*+\}|["'])*+"""
HOLE: Final = rf"\$\{{{_HOLE_BODY}\}}"
_REST: Final = r"""|(?P<name>[A-Za-z_][A-Za-z0-9_]*+)
    |(?P<sign>//|[=!<>]=|[-+*/%<>()\[\]{},.:])
    |(?P<number>[0-9]++(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?)
    |(?P<bad>&&|\|\||.)
    |(?P<end>\Z))"""
_PLAIN: Final = re.compile(
    r"""\s*+(?:(?P<string>"(?:[^"\\]++|\\.)*+"|'(?:[^'\\]++|\\.)*+')""" + _REST,
    re.VERBOSE | re.DOTALL,
)
_TEMPLATE: Final = re.compile(
    rf"""\s*+(?:(?P<string>"(?:[^"\\$]++|\\.|{HOLE}|\$)*+"|'(?:[^'\\$]++|\\.|{HOLE}|\$)*+')
    |(?P<made>[A-Za-z_]\w*+{HOLE}(?:\w|{HOLE})*+|(?:{HOLE})++\w(?:\w|{HOLE})*+)
    |(?P<hole>{HOLE})"""
    + _REST,
    re.VERBOSE | re.DOTALL,
)
_ALONE: Final = re.compile(r"[A-Za-z_]\w*")
_QUOTES: Final = frozenset({'"', "'"})
_WORDS: Final = {
    "and": "and",
    "AND": "and",
    "or": "or",
    "OR": "or",
    "not": "not",
    "NOT": "not",
    "in": "in",
}

Token = tuple[str, str, int, int]
"""Kind, text, start, end. The kind of a sign and of an operator's word is itself (lower case)."""


def hole_name(hole: str) -> str:
    """What fills a hole `${...}`: `var.region`, or `template:region` for a name that stands alone.

    Alone it could be taken for a variable of the workflow, or for the workflow's own region, which
    is written `${wfprov.region}`.
    """
    inside = hole[2:-1].strip().strip("~").strip().removeprefix("wfprov.")
    own = hole.startswith("${wfprov.")
    return f"template:{inside}" if _ALONE.fullmatch(inside) and not own else inside


def tokens(text: str, start: int, limit: int, *, template: bool) -> list[Token]:
    """The tokens from `start` on, at most `limit`; the last is of kind `end` or `too many`."""
    found: list[Token] = []
    for match in (_TEMPLATE if template else _PLAIN).finditer(text, start):
        kind = match.lastgroup or "end"
        begin, end = match.span(kind)
        word = match[kind]
        if kind == "sign":
            kind = word
        elif kind == "name":
            kind = _WORDS.get(word, "name")
        elif kind == "made":
            kind = "name"
        found.append((kind, word, begin, end))
        if kind == "end":
            return found
        if word in _QUOTES:  # a string that does not end: what follows is no code
            found.append(("end", "", len(text), len(text)))
            return found
        if len(found) >= limit:
            break
    found.append(("too many", "", len(text), len(text)))
    return found
