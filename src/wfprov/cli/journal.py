"""Writes the events of a run to a file, each line as soon as it happens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TextIO

from wfprov import __version__
from wfprov.cli.output import Output
from wfprov.core.errors import CloudError, InputError, WfprovError
from wfprov.core.resource import Call

if TYPE_CHECKING:
    from wfprov.apply.outcome import Event, Report
    from wfprov.gcp.dispatch import Sent


@contextmanager
def journal(path: Path | None, command: str, output: Output) -> Iterator[Journal]:
    """A journal in a file that is made anew; without a path it writes nothing.

    Raises:
        InputError: the file cannot be written.
    """
    if path is None:
        yield Journal(None, output)
        return
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as problem:
        raise InputError(
            f"cannot write events to {path}: {problem.strerror or problem}",
            help="name a file in a folder that is there",
        ) from None
    with file:
        written = Journal(file, output)
        written.started(command)
        yield written


class Journal:
    """Events as lines. A file that can be written no more ends the journal, never the run."""

    def __init__(self, file: TextIO | None, output: Output) -> None:
        self._file = file
        self._output = output
        self._lock = Lock()
        self._number = 0

    def started(self, command: str) -> None:
        from wfprov.render import events

        self._write(events.started(command, __version__))

    def answered(self, sent: Sent) -> None:
        if self._file is not None:
            from wfprov.render import events

            self._write(events.answered(sent.call, sent.seconds, sent.error))

    def retried(self, call: Call, error: CloudError, pause: float) -> None:
        if self._file is not None:
            from wfprov.render import events

            self._write(events.retried(call, error, pause))

    def event(self, event: Event) -> None:
        if self._file is not None:
            from wfprov.render import events

            told = events.of(event)
            if told is not None:
                self._write(told)

    def failure(self, error: WfprovError) -> None:
        if self._file is not None:
            from wfprov.render import events

            self._write(events.failure(error))

    def summary(
        self,
        *,
        requests: int,
        refused: int,
        seconds: float,
        report: Report | None,
        interrupted: bool,
    ) -> None:
        if self._file is not None:
            from wfprov.render import events

            self._write(
                events.summary(
                    requests=requests,
                    refused=refused,
                    seconds=seconds,
                    report=report,
                    interrupted=interrupted,
                )
            )

    def _write(self, event: Mapping[str, object]) -> None:
        from wfprov.render.events import stamped

        with self._lock:
            if self._file is None:
                return
            self._number += 1
            line = json.dumps(stamped(event, self._number, time.time()), ensure_ascii=False)
            try:
                self._file.write(line + "\n")
                self._file.flush()
            except OSError as problem:
                self._file = None
                self._output.message(
                    f"warning: no more events are written: {problem.strerror or problem}"
                )
