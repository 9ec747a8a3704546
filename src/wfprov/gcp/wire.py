"""Connections of httplib2 that tell when a request was sent more than once."""

from __future__ import annotations

from http.client import HTTPException
from typing import Any, Final

import httplib2


class _Telling:
    """A connection that counts the requests to which no answer came."""

    unanswered = 0

    def getresponse(self) -> Any:
        try:
            return super().getresponse()  # type: ignore[misc]  # of the connection beside it
        except (HTTPException, OSError):
            self.unanswered += 1
            raise


class _Plain(_Telling, httplib2.HTTPConnectionWithTimeout):  # type: ignore[misc]  # untyped
    """Over HTTP."""


class _Secure(_Telling, httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]  # untyped
    """Over HTTPS."""


_BY_SCHEME: Final = {"http": _Plain, "https": _Secure}


class Wire(httplib2.Http):  # type: ignore[misc]  # untyped
    """An `Http` whose `unanswered` counts the sendings without an answer since it was set to 0.

    When a server closes a connection instead of answering, httplib2 opens a new one, sends the same
    request again, a POST too, and tells nobody. What comes then answers the second sending: a
    refusal does not say that the first was not carried out.

    Source: https://github.com/httplib2/httplib2/blob/master/httplib2/__init__.py, `_conn_request`
    (2026-11-28, as installed: 0.32.1)
    """

    unanswered = 0

    def request(self, uri: str, *args: Any, **options: Any) -> Any:
        options["connection_type"] = _BY_SCHEME[uri.partition(":")[0].lower()]
        try:
            return super().request(uri, *args, **options)
        finally:
            for connection in self.connections.values():
                self.unanswered += connection.unanswered
                connection.unanswered = 0
