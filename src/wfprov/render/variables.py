"""Values of environment variables as they may be shown: in full only where they tell no secret."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from wfprov.core.resource import digest_of

_SECRET_NAME: Final = re.compile(
    r"PASS|PWD|SECRET|TOKEN|KEY|CRED|AUTH|COOKIE|SIGN|SALT|HOOK|DSN|CONN", re.IGNORECASE
)
_PLAIN: Final = re.compile(r"true|false|[+-]?\d{1,9}(?:\.\d{1,9})?|[a-z]+-[a-z]+\d{1,2}")
"""Switches, numbers and regions."""
_WORD: Final = r"(?:[A-Za-z]{1,20}\d{0,3}|\d{1,12})"
_WORDS: Final = re.compile(rf"{_WORD}(?:[-_.]{_WORD})*")
"""What a path or a host is made of when it is no token."""


def shown_variable(name: str, value: str) -> str:
    """The value where it is a switch, a number, a region or a plain address; else its digest.

    A value under a name that speaks of a secret is never shown.
    """
    if not _SECRET_NAME.search(name) and (_PLAIN.fullmatch(value) or _plain_address(value)):
        return value
    return f"{digest_of(value)[:15]}.."


def _plain_address(value: str) -> bool:
    """Whether it is an address without user, query or a part that could be a token."""
    try:
        url = urlsplit(value)
        plain = url.scheme in {"http", "https"} and not (url.username or url.query or url.fragment)
        port = url.port
    except ValueError:
        return False
    parts = [*(url.hostname or "").split("."), *url.path.split("/")]
    return plain and port in {None, 80, 443, 8080} and all(map(_tells_nothing, parts))


def _tells_nothing(part: str) -> bool:
    return not part or bool(_WORDS.fullmatch(part))
