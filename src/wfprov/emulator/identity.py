"""Who is calling: bearer tokens that name a principal, and the endpoints that hand them out.

A token is `wfprov.` followed by the principal in unpadded base64url, for
instance `wfprov.dXNlcjphbmFAZXhhbXBsZS5jb20` for `user:ana@example.com`. It
proves nothing; it only says who is calling, which is all that a control plane
on loopback needs.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Final

from wfprov.emulator.errors import unauthenticated
from wfprov.emulator.exchange import Json

_PREFIX: Final = "wfprov."
_PRINCIPAL: Final = re.compile(
    r"(user|serviceAccount|group|principal):\S{1,300}|deleted:serviceAccount:\S{1,300}"
)
LIFETIME: Final = 3600
"""Seconds that a token claims to live; none ever expires here."""


def token_for(principal: str) -> str:
    """The bearer token that names `principal`.

    Raises:
        ValueError: it is not a principal that can call (`user:ana@example.com`).
    """
    if _PRINCIPAL.fullmatch(principal) is None:
        raise ValueError(f"not a principal that can call: {principal!r}")
    return _PREFIX + base64.urlsafe_b64encode(principal.encode()).decode().rstrip("=")


def principal_of(token: str) -> str | None:
    """The principal that a token names, or None."""
    if not token.startswith(_PREFIX):
        return None
    text = token.removeprefix(_PREFIX).partition(".")[0]
    try:
        principal = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return principal if _PRINCIPAL.fullmatch(principal) else None


def caller(headers: Mapping[str, str]) -> str | None:
    """The principal of a request, or None without credentials.

    Raises:
        ApiError: 401, for a credential that names nobody.
    """
    given = headers.get("authorization")
    if given is None:
        return None
    scheme, _, token = given.partition(" ")
    principal = principal_of(token.strip()) if scheme.lower() == "bearer" else None
    if principal is None:
        raise unauthenticated(sent=True)
    return principal


def id_token(principal: str, audience: str, *, now: int) -> str:
    """An unsigned JWT whose `email` and `aud` say who calls what (Cloud Run, IAP)."""
    email = principal.partition(":")[2]
    claims = {
        "aud": audience,
        "azp": email,
        "email": email,
        "email_verified": True,
        "iss": "https://accounts.google.com",
        "sub": email,
        "iat": now,
        "exp": now + LIFETIME,
    }
    return ".".join((_encoded({"alg": "none", "typ": "JWT"}), _encoded(claims), ""))


def exchange(form: Mapping[str, str], *, now: int) -> Json:
    """The answer of `/oauth2/token` to the grants that client libraries use.

    `jwt-bearer` (a service account key file: the assertion's `iss` names the
    account; its signature is not checked), `refresh_token` (a user's
    credentials file: the refresh token is the principal itself).

    Raises:
        ApiError: 401, when no principal can be read.
    """
    assertion = form.get("assertion")
    audience = None
    if assertion is not None:
        claims = _claims(assertion)
        principal = f"serviceAccount:{claims.get('iss', '')}"
        audience = claims.get("target_audience")
    else:
        principal = form.get("refresh_token", "")
    try:
        token = token_for(principal)
    except ValueError:
        raise unauthenticated(sent=True) from None
    if isinstance(audience, str):
        return {"id_token": id_token(principal, audience, now=now)}
    return {"access_token": token, "expires_in": LIFETIME, "token_type": "Bearer"}


def _claims(jwt: str) -> Json:
    parts = jwt.split(".")
    try:
        payload = parts[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        raise unauthenticated(sent=True) from None
    if not isinstance(found, dict):
        raise unauthenticated(sent=True)
    return found


def _encoded(value: Json) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")
