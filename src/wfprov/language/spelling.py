"""Names what a user may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_MOST_COMPARED: Final = 500
_LONGEST_COMPARED: Final = 80
_SURE: Final = 0.75


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that a word surely means, or None."""
    near = get_close_matches(word, sorted(known), 1, _SURE) if len(word) < _LONGEST_COMPARED else []
    return near[0] if near else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """`Did you mean 'x'?` for the nearest known name, else the alternatives, else nothing."""
    names = sorted(set(known))
    near = (
        get_close_matches(word, names[:_MOST_COMPARED], 1) if len(word) < _LONGEST_COMPARED else []
    )
    if near:
        return f"Did you mean {near[0]!r}?"
    if 0 < len(names) <= 20:  # noqa: PLR2004 (more than that is no help)
        return f"Known here: {', '.join(names)}."
    return ""
