"""Shows a run while it happens: requests, steps, a bar on a terminal, events in a file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Final

from wfprov.cli.output import Output
from wfprov.core.errors import CloudError, WfprovError
from wfprov.core.resource import Call

if TYPE_CHECKING:
    from wfprov.app.wiring import Reach
    from wfprov.apply.outcome import Event, Report
    from wfprov.cli.journal import Journal
    from wfprov.cli.progress import Bar
    from wfprov.gcp.dispatch import Sent

PLAIN_EVERY: Final = 10.0
"""Seconds between two lines of a reading that takes long, where there is no terminal."""


@contextmanager
def watched(
    output: Output,
    *,
    verbose: bool,
    quiet: bool,
    parallel: int,
    command: str,
    events: Path | None = None,
    wait: float | None = None,
    impersonate: str | None = None,
    billing_project: str | None = None,
) -> Iterator[Reach]:
    """A reach whose requests and steps are shown, and told to a file of events.

    `verbose` shows each request, and their count at the end; `quiet` only what failed. On a
    terminal a bar shows how far it is.

    Raises:
        InputError: the file of events cannot be written.
    """
    from wfprov.app.wiring import Reach
    from wfprov.apply.waiting import PATIENCE, Patience
    from wfprov.cli.journal import journal

    with journal(events, command, output) as written:
        watch = _Watch(output, written, verbose=verbose, quiet=quiet)
        interrupted = False
        try:
            yield Reach(
                impersonate=impersonate or "",
                billing_project=billing_project or "",
                parallel=parallel,
                patience=PATIENCE if wait is None else Patience.of(wait),
                on_sent=watch.sent,
                on_retry=watch.retry,
                on_event=watch.event,
            )
        except KeyboardInterrupt:
            interrupted = True
            raise
        except WfprovError as error:
            written.failure(error)
            raise
        finally:
            watch.end(interrupted=interrupted)


class _Watch:
    """Counts requests, and says what happens."""

    def __init__(self, output: Output, written: Journal, *, verbose: bool, quiet: bool) -> None:
        self._output = output
        self._written = written
        self._verbose = verbose
        self._quiet = quiet
        self._lock = RLock()
        self._started = self._told = time.monotonic()
        self._count = 0
        self._failed = 0
        self._project = ""
        self._steps = 0
        self._begun = False
        self._report: Report | None = None
        self._bar: Bar | None = None

    def sent(self, sent: Sent) -> None:
        with self._lock:
            self._count += 1
            self._failed += sent.error is not None
            self._written.answered(sent)
            if self._verbose:
                refusal = (
                    f"  {sent.error.status or type(sent.error).__name__}" if sent.error else ""
                )
                name = sent.call.request.get("name") or sent.call.request.get("resource") or ""
                self._output.message(
                    f"  {sent.seconds * 1000:6.0f} ms  {sent.call}  {name}{refusal}".rstrip()
                )
            elif not self._quiet and not self._steps:
                self._reading()

    def retry(self, call: Call, error: CloudError, pause: float) -> None:
        with self._lock:
            self._written.retried(call, error, pause)
            if not self._quiet:
                self._output.message(f"  {error.message}; again in {pause:.1f} s")

    def event(self, event: Event) -> None:
        from wfprov.apply.outcome import Ended, Finished, Planned, Started, State
        from wfprov.plan.stages import stages
        from wfprov.render.apply_text import event_line

        with self._lock:
            self._written.event(event)
            match event:
                case Planned(plan=plan):
                    self._hide()
                    self._project = plan.project
                    self._steps = sum(map(len, stages(plan.changes)))
                case Started():
                    self._begun = True
                    if self._bar is None:
                        self._show(self._steps)
                case Finished(report=report):
                    self._hide()
                    self._report = report
                case _:
                    pass
            line = event_line(event, self._project, self._output.style)
            bad = isinstance(event, Ended) and event.outcome.state in {State.FAILED, State.UNKNOWN}
            if line is not None and (bad or not self._quiet):
                self._output.result(line)
            if isinstance(event, Ended) and self._bar is not None:
                self._bar.step()

    def end(self, *, interrupted: bool) -> None:
        with self._lock:
            self._hide()
            if interrupted:  # typer keeps it to itself
                changed = "" if self._begun else ", and nothing was changed"
                self._output.error(f"interrupted{changed}")
            if self._verbose:
                refused = f", {self._failed} refused" if self._failed else ""
                self._output.message(f"  {self._count} requests{refused}")
            self._written.summary(
                requests=self._count,
                refused=self._failed,
                seconds=time.monotonic() - self._started,
                report=self._report,
                interrupted=interrupted or (self._report is not None and self._report.interrupted),
            )

    def _reading(self) -> None:
        """A count of requests: in the bar of a terminal, or now and then as a line."""
        if self._output.terminal:
            if self._bar is None:
                self._show(None)
            else:
                self._bar.count(self._count)
        elif time.monotonic() - self._told > PLAIN_EVERY:
            self._told = time.monotonic()
            self._output.message(f"  reading: {self._count} requests so far")

    def _show(self, steps: int | None) -> None:
        if not self._output.terminal or self._quiet or self._verbose:
            return
        from wfprov.cli.progress import Bar

        self._bar = Bar(self._output, steps)
        self._output.above = self._bar.above

    def _hide(self) -> None:
        if self._bar is not None:
            self._output.above = None
            self._bar.close()
            self._bar = None
