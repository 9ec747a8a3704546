"""Sends calls: each to its client class or discovery API, answers as JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Self, TypeAlias

from wfprov.core.errors import CloudError, InvalidError
from wfprov.core.ports import Clock
from wfprov.core.resource import Body, Call
from wfprov.gcp.clock import SystemClock
from wfprov.gcp.errors import translated
from wfprov.gcp.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request that was answered or refused, after so many seconds."""

    call: Call
    seconds: float
    error: CloudError | None = None


OnSent: TypeAlias = Callable[[Sent], None]
"""Called from several threads, one at a time."""


def unwatched(_sent: Sent) -> None:
    """Looks away."""


class GoogleCloud:
    """The `Cloud` port over Google's client libraries; each is loaded when it is first needed.

    A context manager that closes the connections. Requests are counted in `requests`, the polls of
    operations among them.
    """

    def __init__(
        self, session: Session, *, clock: Clock | None = None, on_sent: OnSent = unwatched
    ) -> None:
        self._session = session
        self._clock = clock or SystemClock()
        self._on_sent = on_sent
        self._lock = Lock()
        self._libraries: dict[bool, Any] = {}
        self.requests = 0

    def send(self, call: Call) -> Body:
        """The answer to one request; see `core.ports.Cloud`."""
        library = self._library(client_class="." in call.client.partition(":")[0])
        answer: Mapping[str, Any] = library.send(call)
        return answer

    def close(self) -> None:
        """Closes all connections."""
        with self._lock:
            for library in self._libraries.values():
                library.close()
            self._libraries.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _library(self, *, client_class: bool) -> Any:
        with self._lock:
            if client_class not in self._libraries:
                if client_class:
                    from wfprov.gcp.client_classes import ClientClasses as Library
                else:
                    from wfprov.gcp.discovery import DiscoveryApis as Library  # type: ignore[assignment]
                self._libraries[client_class] = Library(self._session, self._clock, self._watched)
            return self._libraries[client_class]

    def _watched(self, call: Call, act: Callable[[], Any]) -> Any:
        """Does one request, counted and shown, its exceptions translated."""
        started = time.monotonic()
        try:
            answer = act()
        except Exception as error:
            refusal = (
                error if isinstance(error, CloudError) else translated(error, call, self._session)
            )
            if refusal is None and isinstance(error, TypeError | ValueError):
                refusal = InvalidError(f"{call}: {error}", call=call, status="INVALID_ARGUMENT")
            self._sent(Sent(call=call, seconds=time.monotonic() - started, error=refusal))
            if refusal is None:
                raise
            raise refusal from error
        self._sent(Sent(call=call, seconds=time.monotonic() - started))
        return answer

    def _sent(self, sent: Sent) -> None:
        with self._lock:
            self.requests += 1
            self._on_sent(sent)
