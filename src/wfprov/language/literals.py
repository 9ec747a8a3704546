"""Decodes the literals of expressions."""

from __future__ import annotations

import re
from typing import Final

from wfprov.language.ast import Primitive

CONSTANTS: Final[dict[str, Primitive]] = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    "null": None,
    "Null": None,
    "NULL": None,
}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\", "/": "/"}
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_LONGEST_INTEGER: Final = 400


def number(word: str) -> int | float:
    """The number that a token is; one of very many digits is a float."""
    if word.isdecimal() and len(word) <= _LONGEST_INTEGER:
        return int(word)
    return float(word)


def unescaped(text: str) -> str:
    """The string with its escapes replaced; one that is not known stays as it is."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    sign = escape[1]
    if len(sign) > 1:
        code = int(sign[1:], 16)
        return escape[0] if 0xD800 <= code <= 0xDFFF else chr(code)  # noqa: PLR2004 (surrogates)
    return _ESCAPES.get(sign, escape[0])
