"""A call read as a request: method, address, signature, parameters, body."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from wfprov.analysis.calls import OutboundCall
from wfprov.analysis.domain import (
    Abstract,
    Const,
    Hole,
    ListOf,
    MapOf,
    Text,
    Unknown,
    alternatives,
    shown,
)
from wfprov.catalog import value
from wfprov.catalog.target import Answer, Auth, Place
from wfprov.catalog.url import Url, parsed

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
"""The scope of a token when none is asked for.

Source: https://docs.cloud.google.com/workflows/docs/authenticate-from-workflow (2026-11-23)
"""

HTTP_VERBS = {
    "http.get": "GET",
    "http.post": "POST",
    "http.put": "PUT",
    "http.patch": "PATCH",
    "http.delete": "DELETE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An outbound call with what the catalog needs of it.

    `auth` is None for an unsigned request; `auth_hole` is set when the definition does not tell how
    it is signed. `answer` is what the user wrote for this site.
    """

    call: OutboundCall
    place: Place
    answer: Answer | None
    verb: str | None
    address: str | None
    url: Url | None
    auth: Auth | None
    auth_hole: Hole | None

    @property
    def function(self) -> str:
        """The called name, `http.post`."""
        return self.call.function

    @property
    def is_http(self) -> bool:
        """Whether it is a plain HTTP request, not a connector."""
        return self.function in HTTP_VERBS or self.function == "http.request"

    @property
    def is_signed(self) -> bool:
        """Whether a token of the workflow's account goes with it, or may."""
        return self.auth_hole is not None or (self.auth is not None and self.auth.type != "header")

    @property
    def no_address(self) -> str | None:
        """What stands where the address should, in words, when it certainly is none."""
        given = self.call.arg("url")
        if self.url is not None or given is None:
            return None
        match given:
            case Const(bool() | int() | float() | None as plain):
                return json.dumps(plain)
            case MapOf():
                return "a map"
            case ListOf():
                return "a list"
            case _:
                return self.address or '""'

    def text(self, name: str) -> str | None:
        """An argument that is a string, holes as `{name}`."""
        given = self.call.arg(name)
        return None if given is None else shown(given)

    def values(self, path: str) -> Iterator[Abstract]:
        """What `body.x` or `query.x` may hold; an unknown argument map is unknown everywhere."""
        root, _, rest = path.partition(".")
        if root == "body":
            given = self.call.arg("body")
            if given is None and self.call.open_args is not None:
                yield Unknown(self.call.open_args)
                return
            yield from value.at(given, rest)
            return
        if not self.is_http:
            given = self.call.arg(rest)
            if given is None and self.call.open_args is not None:
                yield Unknown(self.call.open_args)
                return
            yield from value.at(given, "")
            return
        if self.url is not None:
            for key, text in self.url.query:
                if key == rest:
                    yield (
                        Const(self.url.show(text))
                        if self.url.show(text) == text
                        else Text((Hole(self.url.show(text).strip("{}")),))
                    )
                    return
        given = self.call.arg("query")
        if isinstance(given, MapOf):
            yield from alternatives(given.get(rest) or value.NOTHING)
        else:
            yield from value.at(given, rest)

    def with_host(self, host: str) -> Request:
        """The same request, its address beginning with `host` where a hole stood."""
        base = host if "://" in host else f"https://{host}"
        rest = self.url.show(self.url.path) if self.url is not None else ""
        if self.url is not None and self.url.query:
            rest += "?" + "&".join(f"{k}={self.url.show(v)}" for k, v in self.url.query)
        address = base.rstrip("/") + (
            rest if rest.startswith(("/", "?")) or not rest else f"/{rest}"
        )
        auth = self.auth
        if auth is not None and auth.type == "OIDC" and auth.audience == self.address:
            auth = replace(auth, audience=address)
        return replace(self, address=address, url=parsed(address), auth=auth)


def read(call: OutboundCall, place: Place) -> Request:
    """The call as a request."""
    given = call.arg("url")
    address = None if given is None else shown(given)
    if given is None and call.open_args is not None:
        address = str(call.open_args)
    auth, hole = _auth(call, address)
    verb = HTTP_VERBS.get(call.function)
    if call.function == "http.request":
        verb = (shown(call.args["method"]) or None) if "method" in call.args else None
        verb = None if verb is None or "{" in verb else verb.upper()
    return Request(
        call=call,
        place=place,
        answer=place.answer(call.site, call.via),
        verb=verb,
        address=address,
        url=None if address is None else parsed(address),
        auth=auth,
        auth_hole=hole,
    )


def _auth(call: OutboundCall, address: str | None) -> tuple[Auth | None, Hole | None]:
    """How the request is signed, and the hole when the definition does not tell.

    An OIDC token's audience is the whole address when none is given.
    Source: https://docs.cloud.google.com/workflows/docs/authenticate-from-workflow (2026-11-23)
    """
    if not call.function.startswith("http."):
        if not call.function.startswith(("googleapis.", "gke.", "experimental.")):
            return None, None
        scopes = scopes_of(next(value.at(call.arg("connector_params"), "scopes"), value.NOTHING))
        return Auth(type="OAuth2", scopes=scopes or (CLOUD_PLATFORM,)), None
    given = call.arg("auth")
    if given is None and call.open_args is not None and "headers" not in call.args:
        return None, call.open_args
    for choice in () if given is None else alternatives(given):
        match choice:
            case MapOf():
                kind = next(value.at(choice, "type"), value.NOTHING)
                if hole := _first_hole(kind):
                    return None, hole
                signed = _signed(choice, auth_type(kind), address)
                if signed is not None:
                    return signed, None
            case Unknown(hole):
                return None, hole
            case _:
                continue
    headers = call.arg("headers")
    for choice in () if headers is None else alternatives(headers):
        if isinstance(choice, MapOf) and any(
            name.lower() in {"authorization", "proxy-authorization"} for name, _ in choice.entries
        ):
            return Auth(type="header"), None
    return None, None


def _signed(given: MapOf, kind: str | None, address: str | None) -> Auth | None:
    if kind == "OIDC":
        audience = shown(next(value.at(given, "audience"), value.NOTHING))
        return Auth(type="OIDC", audience=audience or address)
    if kind == "OAuth2":
        scopes = (
            *scopes_of(next(value.at(given, "scope"), value.NOTHING)),
            *scopes_of(next(value.at(given, "scopes"), value.NOTHING)),
        )
        return Auth(type="OAuth2", scopes=scopes or (CLOUD_PLATFORM,))
    return None


def _first_hole(kind: Abstract) -> Hole | None:
    match kind:
        case Unknown(hole):
            return hole
        case Text(parts):
            return next(part for part in parts if isinstance(part, Hole))
        case _:
            return None


def auth_type(kind: Abstract) -> Literal["OIDC", "OAuth2"] | None:
    """The type of signature that a text means, in whichever case it is written; None for others."""
    meant = kind.value.lower() if isinstance(kind, Const) and isinstance(kind.value, str) else ""
    return "OIDC" if meant == "oidc" else "OAuth2" if meant == "oauth2" else None


def scopes_of(given: Abstract) -> tuple[str, ...]:
    """The scopes of a string, a list, or a text with spaces or commas between them."""
    match given:
        case ListOf(items, _):
            return tuple(scope for item in items for scope in scopes_of(item))
        case _:
            return tuple(s for s in re.split(r"[\s,]+", shown(given) or "") if s)
