"""What a credential looks like, by the forms that those who issue them gave them."""

from __future__ import annotations

import re
from typing import Final

_FORMS: Final = (
    # https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
    # (not opened) lists the issuers; each form was tried on values of one's own making.
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^-]*-----END)?"),
    ("an API key of Google", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("an OAuth client secret of Google", r"\bGOCSPX-[0-9A-Za-z_-]{28}\b"),
    ("an access token of Google", r"\bya29\.[0-9A-Za-z_-]{20,}"),
    ("a token of GitHub", r"\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{60,})"),
    ("a token of GitLab", r"\bglpat-[0-9A-Za-z_-]{20,}"),
    ("a token of Slack", r"\bxox[abeprs]-[0-9A-Za-z-]{10,}"),
    ("a key of Stripe", r"\b[rs]k_live_[0-9A-Za-z]{16,}"),
    ("an access key of AWS", r"\bA(?:KIA|SIA)[0-9A-Z]{16}\b"),
    ("a signed token", r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}"),
    ("an Authorization header", r"(?i)\b(?:bearer|basic) +(?=\S*\d)[0-9A-Za-z+/=._~-]{12,}"),
    ("a password in an address", r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,100}:[^\s/@]{1,100}@"),
)
_COMPILED: Final = tuple((what, re.compile(form)) for what, form in _FORMS)


def credential_in(text: str) -> str:
    """What kind of credential a text holds, in words: `a token of GitHub`; empty: none is seen."""
    return next((what for what, form in _COMPILED if form.search(text)), "")


def masked(text: str) -> str:
    """The text with what looks like a credential as stars, as long as before."""
    for _, form in _COMPILED:
        text = form.sub(lambda found: found[0][:4] + re.sub(".", "*", found[0][4:]), text)
    return text
