"""Shows requests to the cloud while they happen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wfprov.cli.output import Output
from wfprov.core.errors import CloudError
from wfprov.core.resource import Call

if TYPE_CHECKING:
    from wfprov.app.wiring import Reach
    from wfprov.gcp.dispatch import Sent


@contextmanager
def watched(output: Output, *, verbose: bool, quiet: bool, parallel: int) -> Iterator[Reach]:
    """A reach whose requests are shown: each with `verbose`, a running count on a terminal.

    With `verbose` the count comes at the end too.
    """
    from wfprov.app.wiring import Reach

    counted = _Counter(output, verbose=verbose, running=output.interactive and not quiet)
    try:
        yield Reach(parallel=parallel, on_sent=counted.sent, on_retry=counted.retry)
    finally:
        counted.end()


class _Counter:
    """Counts requests, and says so."""

    def __init__(self, output: Output, *, verbose: bool, running: bool) -> None:
        self._output = output
        self._verbose = verbose
        self._running = running and not verbose
        self._count = 0
        self._failed = 0

    def sent(self, sent: Sent) -> None:
        self._count += 1
        self._failed += sent.error is not None
        if self._verbose:
            refusal = f"  {sent.error.status or type(sent.error).__name__}" if sent.error else ""
            name = sent.call.request.get("name") or sent.call.request.get("resource") or ""
            self._output.message(
                f"  {sent.seconds * 1000:6.0f} ms  {sent.call}  {name}{refusal}".rstrip()
            )
        elif self._running:
            self._output.messages.write(f"\r  {self._count} requests ")
            self._output.messages.flush()

    def retry(self, _call: Call, error: CloudError, pause: float) -> None:
        self._output.message(f"  {error.message}; again in {pause:.1f} s")

    def end(self) -> None:
        if self._running and self._count:
            self._output.messages.write("\r" + " " * 24 + "\r")
            self._output.messages.flush()
        if self._verbose:
            refused = f", {self._failed} refused" if self._failed else ""
            self._output.message(f"  {self._count} requests{refused}")
