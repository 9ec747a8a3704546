"""Tells whether a request without an answer was sent at all."""

from __future__ import annotations

import socket
import ssl
from typing import Final

_UNCONNECTED: Final = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)


def is_unsent(error: Exception) -> bool:
    """Whether an exception says for certain that no connection was made; False when in doubt.

    A certificate is looked at before anything is sent.

    Source: https://requests.readthedocs.io/en/latest/api/#exceptions (`ConnectTimeout`; not
    opened), https://urllib3.readthedocs.io/en/stable/reference/urllib3.exceptions.html (not opened)
    """
    import httplib2
    import requests
    import urllib3.exceptions

    certain = (
        *_UNCONNECTED,
        httplib2.ServerNotFoundError,
        requests.ConnectTimeout,
        urllib3.exceptions.NewConnectionError,  # a name that is not found is one, too
    )
    at: object = error
    while isinstance(at, Exception):
        if isinstance(at, certain):
            return True
        at = _inner(at)
    return _is_unconnected_channel(error)


def _inner(error: Exception) -> object:
    """What requests and urllib3 have put into an exception: a reason, or the first argument."""
    import requests
    import urllib3.exceptions

    match error:
        case urllib3.exceptions.MaxRetryError():
            return error.reason
        case urllib3.exceptions.ProxyError():
            return error.original_error
        case requests.ConnectionError() | urllib3.exceptions.SSLError():
            return error.args[0] if error.args else None
        case _:
            return None


def _is_unconnected_channel(error: Exception) -> bool:
    """Whether gRPC says that it has no connection: the words are its own, the status is not."""
    status = getattr(error, "grpc_status_code", None)
    said = str(getattr(error, "message", ""))
    return (
        status is not None
        and status.name == "UNAVAILABLE"
        and said.startswith("failed to connect to all addresses")
    )
