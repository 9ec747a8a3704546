"""Connections of httplib2 that tell when a request was sent more than once, and when not at all."""

from __future__ import annotations

from http.client import HTTPException
from typing import Any, Final

import google_auth_httplib2
import httplib2
from google.auth.exceptions import TransportError


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


class _Tokens(google_auth_httplib2.Request):  # type: ignore[misc]  # untyped
    """Asks for tokens; any failure of the wire is a TransportError.

    The library's own may be an OSError, as if the request that wants the token had failed.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:
        try:
            return super().__call__(*args, **options)
        except OSError as error:
            raise TransportError(error) from error  # type: ignore[no-untyped-call]


class AuthorizedWire(google_auth_httplib2.AuthorizedHttp):  # type: ignore[misc]  # untyped
    """A `Wire` as `http`, whose requests carry a token.

    Tokens come over connections of their own: what breaks there says nothing of the requests, and
    the two may go to the same host.
    """

    def __init__(self, credentials: Any, timeout: float) -> None:
        super().__init__(credentials, http=Wire(timeout=timeout))
        self._request = _Tokens(httplib2.Http(timeout=timeout))

    def close(self) -> None:
        """Closes the connections of both."""
        super().close()
        self._request.http.close()
