"""Faults on request: what goes wrong, at which requests, and how often."""

import os
import re
import signal
from dataclasses import dataclass, field
from threading import Condition
from typing import Final

from wfprov.emulator.errors import HTTP_CODES, ApiError, invalid
from wfprov.emulator.exchange import Json, Request, Response

KINDS: Final = ("latency", "error", "reset", "lost", "stale", "kill", "hold")
"""What a fault does.

- `latency`: waits `seconds` before the request is handled.
- `error`: answers `status` (RESOURCE_EXHAUSTED, UNAVAILABLE, ...) instead.
- `reset`: breaks the connection; the request was not handled.
- `lost`: handles the request, then breaks the connection: the write is done,
  the answer never arrives.
- `stale`: reads see every object as it was before its last change.
- `kill`: this process ends at once, as by kill -9 (`when`: before or after).
- `hold`: the request waits (`when`: before or after) until faults are cleared,
  so that a test can kill the client there; with `drop` it is lost then instead
  of being handled or answered.
"""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault and the requests it meets: skip `skip` matching ones, then hit `count`."""

    kind: str
    api: str = ""
    verb: str = ""
    path: str = ""
    skip: int = 0
    count: int = 1
    seconds: float = 0.0
    status: str = "UNAVAILABLE"
    message: str = ""
    when: str = "before"
    drop: bool = False
    seen: int = 0
    hits: int = 0
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.pattern = re.compile(self.path)
        except re.error as error:
            raise invalid(f"the path of a fault is a regular expression: {error}") from None
        if self.kind not in KINDS:
            raise invalid(f"unknown fault {self.kind!r}; there are: {', '.join(KINDS)}")
        if self.when not in ("before", "after"):
            raise invalid("'when' is before or after")
        if self.status not in HTTP_CODES:
            raise invalid(f"unknown status {self.status!r}; there are: {', '.join(HTTP_CODES)}")

    def as_json(self) -> Json:
        """The fault as the admin API shows it, with how often it was met."""
        return {
            "kind": self.kind,
            "api": self.api,
            "verb": self.verb,
            "path": self.path,
            "skip": self.skip,
            "count": self.count,
            "seconds": self.seconds,
            "status": self.status,
            "when": self.when,
            "drop": self.drop,
            "seen": self.seen,
            "hits": self.hits,
        }


class ConnectionLostError(Exception):
    """The transport breaks the connection instead of answering."""


class Faults:
    """The faults in force. A count below zero means for ever."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._changed = Condition()
        self._generation = 0

    def add(self, body: Json) -> Fault:
        """Puts a fault in force.

        Raises:
            ApiError: 400, for an unknown field or value.
        """
        allowed = {
            "kind": str,
            "api": str,
            "verb": str,
            "path": str,
            "skip": int,
            "count": int,
            "seconds": (int, float),
            "status": str,
            "message": str,
            "when": str,
            "drop": bool,
        }
        for key, value in body.items():
            if key not in allowed or not isinstance(value, allowed[key]):  # type: ignore[arg-type]
                raise invalid(f"fault field {key!r} is unknown or of the wrong type")
        if "kind" not in body:
            raise invalid("a fault needs a kind")
        fault = Fault(**body)
        with self._changed:
            self._faults.append(fault)
        return fault

    def listed(self) -> list[Json]:
        """All faults in force, with their counts."""
        with self._changed:
            return [fault.as_json() for fault in self._faults]

    def clear(self) -> None:
        """Removes all faults and lets held requests go on."""
        with self._changed:
            self._faults.clear()
            self._generation += 1
            self._changed.notify_all()

    def met(self, request: Request) -> list[Fault]:
        """The faults that this request meets; each one counts it."""
        if not self._faults:
            return []
        found: list[Fault] = []
        with self._changed:
            for fault in self._faults:
                if fault.api not in ("", request.api) or fault.verb not in ("", request.verb):
                    continue
                if fault.pattern.search(request.path) is None:
                    continue
                fault.seen += 1
                if fault.seen > fault.skip and fault.hits != fault.count:
                    fault.hits += 1
                    found.append(fault)
        return found

    def before(self, faults: list[Fault]) -> Response | None:
        """Lets the faults act before the request is handled; may answer in its place.

        Raises:
            ConnectionLostError: the connection breaks.
        """
        for fault in faults:
            match fault.kind:
                case "latency":
                    self._wait(fault.seconds)
                case "error":
                    error = ApiError(fault.status, fault.message or "Injected by a fault.")
                    return Response(status=error.code, body=error.body())
                case "reset":
                    raise ConnectionLostError
                case "kill" | "hold" if fault.when == "before":
                    self._stop(fault)
        return None

    def after(self, faults: list[Fault]) -> None:
        """Lets the faults act after the request was handled.

        Raises:
            ConnectionLostError: the connection breaks.
        """
        for fault in faults:
            if fault.kind == "lost":
                raise ConnectionLostError
            if fault.kind in ("kill", "hold") and fault.when == "after":
                self._stop(fault)

    def _stop(self, fault: Fault) -> None:
        if fault.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        self._wait(None)
        if fault.drop:
            raise ConnectionLostError

    def _wait(self, seconds: float | None) -> None:
        """Waits for a time, or until faults are cleared, whichever is first."""
        with self._changed:
            generation = self._generation
            self._changed.wait_for(lambda: self._generation != generation, timeout=seconds)
