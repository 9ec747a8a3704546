"""Says what is wrong in an expression, and what to write instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from wfprov.language.tokens import Token

_MIXED_CASE: Final = re.compile(r"(?i:and|or|not)")
_ADVICE: Final = {
    "?": "There is no ?: in expressions; use if(condition, value, other).",
    "&&": "Write and.",
    "||": "Write or.",
    "!": "Write not.",
    "=": "Compare with ==.",
    "`": 'Strings stand in double quotes: "text".',
    "$": "An expression is not put inside another: leave out the inner ${ }.",
    "**": "There is no power operator.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong in an expression, at offsets of the decoded text."""

    message: str
    help: str
    start: int
    end: int


def unexpected(token: Token, wanted: str) -> Problem:
    """The problem that a token stands where something else is wanted."""
    kind, word, start, end = token
    advice = _ADVICE.get(word, "")
    if kind == "end":
        message = f"The expression ends where {wanted} is expected"
        advice = "Close the expression with }."
        start = max(start - 1, 0)
    elif kind == "too many":
        message = "The expression has too many parts to be read"
        advice = "Compute parts of it in an assign step before."
    elif word in ('"', "'"):
        message = "A string begins here that does not end"
        advice = f"Close it with {word}."
    elif kind == "name" and _MIXED_CASE.fullmatch(word):
        message = f"{word!r} is no operator: and, or, not are written all lower or all upper"
        advice = f"Write {word.lower()}."
    else:
        message = f"{word!r} stands where {wanted} is expected"
    return Problem(message=message + ".", help=advice, start=start, end=end)


def too_deep(token: Token) -> Problem:
    """The problem that too much stands inside each other where a token begins."""
    return Problem(
        message="The expression is nested too deep to be read.",
        help="Compute parts of it in an assign step before.",
        start=token[2],
        end=token[3],
    )
