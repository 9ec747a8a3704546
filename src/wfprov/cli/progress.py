"""A bar on the terminal, on standard error; what is printed meanwhile goes above it."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from wfprov.cli.output import Output


class Bar:
    """How far it is: steps done of all, or a count of requests where nobody knows how many."""

    def __init__(self, output: Output, steps: int | None) -> None:
        self._console = Console(
            file=output.messages, no_color=not output.colour, force_terminal=True, highlight=False
        )
        columns = (
            (TextColumn("  applying"), BarColumn(30), TextColumn("{task.completed}/{task.total}"))
            if steps is not None
            else (SpinnerColumn("line"), TextColumn("reading: {task.completed} requests"))
        )
        self._progress = Progress(
            *columns, TimeElapsedColumn(), console=self._console, transient=True,
            redirect_stdout=False, redirect_stderr=False, refresh_per_second=8,
        )  # fmt: skip
        self._task = self._progress.add_task("", total=steps)
        self._progress.start()

    def step(self) -> None:
        """One step is over."""
        self._progress.advance(self._task)

    def count(self, requests: int) -> None:
        """So many requests were answered."""
        self._progress.update(self._task, completed=requests)

    def above(self, text: str) -> None:
        """Prints above the bar."""
        self._console.print(Text.from_ansi(text), soft_wrap=True)

    def close(self) -> None:
        """Takes the bar away."""
        self._progress.stop()
