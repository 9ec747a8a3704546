"""Addresses with holes: taken apart without ever looking inside a hole."""

from __future__ import annotations

import re
from dataclasses import dataclass

HOLE = re.compile(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
FIRST = 0xF0000
"""Holes stand as characters of this private plane while a text is cut up."""

MACHINE = "machine:"
"""How the hole begins that stands for an IP address of a virtual machine, whose name follows."""

MASK = "\U000f0000-\U000ffffd"


@dataclass(frozen=True, slots=True)
class Masked:
    """A text whose holes are one private character each, so that it can be split and matched."""

    text: str
    holes: tuple[str, ...] = ()

    def show(self, part: str) -> str:
        """A part of the text, its holes as `{name}` again."""
        if not self.holes or part.isascii():
            return part
        return "".join(
            self.holes[ord(c) - FIRST] if FIRST <= ord(c) < FIRST + len(self.holes) else c
            for c in part
        )


def masked(text: str) -> Masked:
    """The text with its holes masked; a lone brace stays as it is."""
    if "{" not in text:
        return Masked(text)
    holes: list[str] = []

    def mask(found: re.Match[str]) -> str:
        if len(holes) == 0xFFFD:  # noqa: PLR2004 (the size of the plane)
            return "\ufffd"
        holes.append(found[0])
        return chr(FIRST + len(holes) - 1)

    hidden = HOLE.sub(mask, text)
    return Masked(hidden, tuple(holes))


def is_hole(part: str) -> bool:
    """Whether a masked part is one hole and nothing else."""
    return len(part) == 1 and ord(part) >= FIRST


def has_hole(part: str) -> bool:
    """Whether a masked part holds a hole."""
    return not part.isascii() and any(ord(c) >= FIRST for c in part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """The address of a request; every text in it is masked, `show` brings the holes back.

    `host` is lower-case and without port, None when a hole stands where the address begins:
    then `path` is what follows the hole. `query` holds the address's own parameters.
    """

    mask: Masked
    scheme: str | None
    host: str | None
    path: str
    query: tuple[tuple[str, str], ...]

    def show(self, part: str) -> str:
        """A part of the address, its holes as `{name}`."""
        return self.mask.show(part)

    @property
    def shown_host(self) -> str:
        """The host, or the hole that the address begins with."""
        return self.show(self.host if self.host is not None else self.mask.text[:1])


def parsed(text: str) -> Url | None:
    """The address, or None when the text is none: no http scheme, and no hole at its beginning."""
    mask = masked(text.strip())
    scheme: str | None
    host: str | None
    if found := re.match(
        rf"([A-Za-z][A-Za-z0-9+.-]*|[{MASK}])://([^/?#]*)(.*)$", mask.text, re.DOTALL
    ):
        scheme = None if is_hole(found[1]) else found[1].lower()
        if scheme not in (None, "http", "https"):
            return None
        host = found[2].rpartition("@")[2]
        host = re.sub(r":\d*$", "", host).lower()
        rest = found[3]
    elif mask.text and is_hole(mask.text[0]):
        scheme, host, rest = None, None, mask.text[1:]
    else:
        return None
    rest = rest.partition("#")[0]
    path, _, query = rest.partition("?")
    pairs = tuple(
        (key, value) for key, _, value in (item.partition("=") for item in query.split("&")) if key
    )
    return Url(mask=mask, scheme=scheme, host=host, path=path, query=pairs)
