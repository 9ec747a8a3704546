"""What the library's functions of strings make of abstract values: text, base64, json, url.

Exact where the strings are known and what the function does is documented to the last character;
else a string with the hole that it comes from.

Source: https://cloud.google.com/workflows/docs/reference/stdlib/text (2026-11-23)
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, TypeAlias

from wfprov.analysis.domain import Abstract, Const, Hole, ListOf, MapOf, Text, Unknown
from wfprov.analysis.lattice import ENTRIES, NEVER, join_all
from wfprov.analysis.platform import decoded
from wfprov.analysis.strings import LENGTH, each, is_text, pairs, parts_of, text_of

Args: TypeAlias = Sequence[Abstract]
Function: TypeAlias = Callable[[Args], Abstract]


def any_text(name: str) -> Text:
    """A string of which only its origin is known."""
    return Text((Hole(name),))


def origin(values: Args) -> Hole | None:
    """The first hole in the values: where what is made of them comes from."""
    for value in values:
        match value:
            case Unknown(hole):
                return hole
            case Text(parts):
                return next(part for part in parts if isinstance(part, Hole))
            case _:
                pass
    return None


def constant(value: Abstract) -> Function:
    """A function that always returns this value."""
    return lambda _: value


def _texts(name: str, function: Callable[..., Abstract | str], count: int) -> Function:
    """A function of strings: exact where all are known, a hole of its name where not."""

    def applied(args: Args) -> Abstract:
        if len(args) < count:
            return NEVER
        if count == 1:
            return each(args[0], lambda value: one((value,)))
        if count == 2:  # noqa: PLR2004
            return join_all(one(both) for both in pairs(args[0], args[1]))
        return one(tuple(args[:count]))

    def one(values: Args) -> Abstract:
        known = []
        for value in values:
            if not isinstance(value, Const):
                return Text((origin(values) or Hole(name),))
            if not isinstance(value.value, str):
                return NEVER
            known.append(value.value)
        made = function(*known)
        return made if not isinstance(made, str) else text_of((made,))

    return applied


def _split(text: str, separator: str) -> Abstract:
    if not separator:
        return ListOf((), any_text("text.split"))
    parts = text.split(separator)
    if len(parts) > ENTRIES:
        return ListOf((), any_text("text.split"))
    return ListOf(tuple(Const(part) for part in parts))


def _splitted(args: Args) -> Abstract:
    exact = _texts("text.split", _split, 2)

    def one(value: Abstract) -> Abstract:
        match value, args[1]:
            case Const(), Const():
                return exact((value, args[1]))
            case Text((str() as head, *_)), Const(str() as separator) if separator in head:
                first, *more = head.split(separator)[:-1]
                known = tuple(Const(part) for part in (first, *more))
                return ListOf(known[:ENTRIES], any_text("text.split"))
            case _:
                return ListOf((), any_text("text.split"))

    return each(args[0], one)


def _replace(text: str, old: str, new: str) -> Abstract:
    if not old or len(text) * (len(new) + 1) > LENGTH:
        return any_text("text.replace_all")
    return Const(text.replace(old, new))


def _substring(args: Args) -> Abstract:
    if len(args) < 3:  # noqa: PLR2004
        return NEVER
    match args[0], args[1], args[2]:
        case Const(str() as text), Const(int() as start), Const(int() as end) if (
            text.isascii() and 0 <= start <= end <= len(text)
        ):
            return Const(text[start:end])
        case Text((str() as head, *_)), Const(int() as start), Const(int() as end) if (
            head.isascii() and 0 <= start <= end <= len(head)
        ):
            return Const(head[start:end])
        case _:
            return Text((origin(args) or Hole("text.substring"),))


_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


def _url_encoded(space: str) -> Function:
    """Percent-encoding, of the literals in a partly known string too; a blank becomes `space`."""

    def one(value: Abstract) -> Abstract:
        parts = parts_of(value)
        if parts is None or not (is_text(value) or isinstance(value, Unknown)):
            return NEVER
        return text_of(
            _percent(part).replace("%20", space) if isinstance(part, str) else part
            for part in parts
        )

    return lambda args: each(args[0], one)


def _percent(text: str) -> str:
    return "".join(
        c if c in _UNRESERVED else "".join(f"%{b:02X}" for b in c.encode("utf-8", "replace"))
        for c in text
    )


_ENCODED: Final = re.compile(r"(?:[^%+]|%[0-9A-Fa-f]{2})*+")


def _url_decoded(text: str) -> Abstract:
    """The text without percent-encoding; what a plus sign stands for is not documented."""
    if _ENCODED.fullmatch(text):
        with suppress(UnicodeDecodeError):
            return text_of((unquoted(text),))
    return any_text("text.url_decode")


def unquoted(text: str) -> str:
    """The text that percent-encoded UTF-8 stands for.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    raw = re.sub(
        rb"%([0-9A-Fa-f]{2})",
        lambda found: bytes([int(found[1], 16)]),
        text.encode("utf-8", "surrogatepass"),
    )
    return raw.decode("utf-8")


# What every dialect of regular expressions reads alike: signs and classes of signs, of which one
# may stand several times. More than one would take a hostile text to long searches.
_SIGN: Final = (
    r"(?:[A-Za-z0-9 _/:@,-]|\\[./:?+*-]|\[\^?(?:[A-Za-z0-9](?:-[A-Za-z0-9])?|[ _./:])+\])"
)
_PLAIN_PATTERN: Final = re.compile(rf"\^?{_SIGN}{{1,40}}+\+?{_SIGN}{{0,40}}")
_SEARCHED: Final = 1000


def _replace_regex(text: str, pattern: str, new: str) -> Abstract:
    """The text with each match replaced, for patterns that are read alike everywhere.

    Source: https://cloud.google.com/workflows/docs/reference/stdlib/text/replace_all_regex
    (not opened)
    """
    short = len(text) <= _SEARCHED and len(text) * (len(new) + 1) <= LENGTH
    if short and "$" not in new and "\\" not in new and _PLAIN_PATTERN.fullmatch(pattern):
        with suppress(re.error):  # a range that runs backwards
            return text_of((re.sub(pattern, new, text),))
    return any_text("text.replace_all_regex")


def _cased(name: str, change: Callable[[str], str]) -> Function:
    """Changes case, of the literals in a partly known string too."""

    def one(value: Abstract) -> Abstract:
        match value:
            case Const(str() as text):
                return text_of((change(text),)) if text.isascii() else any_text(name)
            case Text(parts) if all(isinstance(part, Hole) or part.isascii() for part in parts):
                return text_of(part if isinstance(part, Hole) else change(part) for part in parts)
            case Const() | MapOf() | ListOf():
                return NEVER
            case Unknown(hole):
                return Text((hole,))
            case _:
                return any_text(name)

    return lambda args: each(args[0], one)


def _json_decode(args: Args) -> Abstract:
    def one(value: Abstract) -> Abstract:
        match value:
            case Const(str() as text):
                made = decoded(text)
                return NEVER if made is None else made
            case Text((Hole() as hole,)) | Unknown(hole):
                return Unknown(hole)
            case _:
                return Unknown(Hole("json.decode"))

    return each(args[0], one)


def _json_encode(args: Args) -> Abstract:
    match args[0]:
        case Const(str() as text) if len(args) == 1 and text.isascii() and text.isalnum():
            return Const(json.dumps(text))
        case _:
            # Spaces and the order of keys are not documented.
            return any_text("json.encode_to_string")


def _base64_encode(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _bytes(name: str) -> Function:
    """A function that gives bytes: they are no string, so of them only the origin is known."""

    def one(value: Abstract) -> Abstract:
        match value:
            case Const(str()) | Text() | Unknown():
                return Unknown(origin((value,)) or Hole(name))
            case _:
                return NEVER

    return lambda args: each(args[0], one)


def _decoded(value: Abstract) -> Abstract:
    """The string that bytes say."""
    match value:
        case Unknown(hole):
            return Text((hole,))
        case Const(str()) | Text():
            return value
        case _:
            return NEVER


TEXT_FUNCTIONS: Final[Mapping[str, tuple[int, Function]]] = {
    "text.split": (2, _splitted),
    "text.substring": (3, _substring),
    "text.replace_all": (3, _texts("text.replace_all", _replace, 3)),
    "text.replace_all_regex": (3, _texts("text.replace_all_regex", _replace_regex, 3)),
    "text.to_lower": (1, _cased("text.to_lower", str.lower)),
    "text.to_upper": (1, _cased("text.to_upper", str.upper)),
    "text.url_encode": (1, _url_encoded("%20")),
    "text.url_encode_plus": (1, _url_encoded("+")),
    "text.url_decode": (1, _texts("text.url_decode", _url_decoded, 1)),
    "text.encode": (1, _bytes("text.encode")),
    "text.decode": (1, lambda args: each(args[0], _decoded)),
    "base64.encode": (1, _texts("base64.encode", _base64_encode, 1)),
    "base64.decode": (1, _bytes("base64.decode")),
    "json.decode": (1, _json_decode),
    "json.encode": (1, constant(Unknown(Hole("json.encode")))),
    "json.encode_to_string": (1, _json_encode),
}
"""Each function with the least number of arguments it takes."""
