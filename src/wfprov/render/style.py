"""Colour, and text that is safe to show on a terminal."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from wfprov.core.rule import Severity

_RESET: Final = "\x1b[0m"
_CODES: Final = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}
_TAB: Final = "    "
# Control characters move the cursor or change colours; the others turn the direction of text
# (https://trojansource.codes): a file must not decide what a terminal shows.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Style:
    """How text is painted: not at all, or with ANSI colours."""

    colours: bool = False

    def paint(self, text: str, *names: str) -> str:
        """The text in a colour, `bold` or `dim`."""
        if not self.colours or not text:
            return text
        return f"\x1b[{';'.join(_CODES[name] for name in names)}m{text}{_RESET}"

    def severity(self, severity: Severity, text: str) -> str:
        """The text in the colour of a severity."""
        return self.paint(text, "bold", _SEVERITIES[severity])


_SEVERITIES: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "blue"}

PLAIN: Final = Style()
ANSI: Final = Style(colours=True)


def safe(text: str) -> str:
    """The text with tabs as four blanks and what could trick a terminal as U+FFFD."""
    return _UNSAFE.sub("\ufffd", text.replace("\t", _TAB))


def safe_lines(text: str) -> list[str]:
    """The lines of a text, each safe to show."""
    return [safe(line) for line in text.split("\n")]


def cells(text: str) -> int:
    """How many columns of a terminal a safe text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, width: int) -> str:
    """The text with blanks behind it until it takes `width` columns."""
    return text + " " * (width - cells(text))
