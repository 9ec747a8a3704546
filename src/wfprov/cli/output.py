"""Where a command writes: results to standard output, progress and errors to standard error."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TextIO

from wfprov.render.style import ANSI, PLAIN, Style


@dataclass(slots=True, kw_only=True)
class Output:
    """The two streams, and what they can show.

    `terminal`: messages go to a terminal, where a bar may stand; while one does, `above` prints
    over it. `interactive`: there is somebody to ask.
    """

    results: TextIO
    messages: TextIO
    colour: bool
    interactive: bool
    width: int
    terminal: bool = False
    loud: bool = False
    above: Callable[[str], None] | None = None

    @classmethod
    def of_process(cls) -> Output:
        """Standard output and error; colour on a terminal unless NO_COLOR is set.

        Source: https://no-color.org (2026-11-23)
        """
        terminal, plain = sys.stdout.isatty(), _is_plain()
        return cls(
            results=sys.stdout,
            messages=sys.stderr,
            colour=terminal and not plain,
            interactive=sys.stderr.isatty() and sys.stdin.isatty(),
            terminal=sys.stderr.isatty() and os.environ.get("TERM") != "dumb",
            loud=sys.stderr.isatty() and not plain,
            width=max(60, shutil.get_terminal_size((80, 24)).columns) if terminal else 100,
        )

    @property
    def style(self) -> Style:
        """How results are painted."""
        return ANSI if self.colour else PLAIN

    def result(self, text: str) -> None:
        """Writes what the command was asked for."""
        if self.above is not None and self.results.isatty():
            self.above(text)
            return
        self.results.write(text if text.endswith("\n") else text + "\n")
        self.results.flush()

    def pieces(self, texts: Iterable[str]) -> None:
        """Writes what the command was asked for, piece by piece: it is never held as a whole."""
        for text in texts:
            self.results.write(text)
        self.results.write("\n")
        self.results.flush()

    def message(self, text: str) -> None:
        """Writes something beside the result."""
        if self.above is not None:
            self.above(text)
            return
        self.messages.write(text + "\n")
        self.messages.flush()

    def error(self, text: str, *, help_text: str = "") -> None:
        """Writes why nothing more was done, and what to do."""
        red, plain = ("\033[1;31m", "\033[0m") if self.loud else ("", "")
        self.message(f"{red}error{plain}: {text}")
        if help_text:
            rows = textwrap.wrap(
                help_text, self.width - 8, break_long_words=False, break_on_hyphens=False
            )
            self.message("\n".join([f"  help: {rows[0]}", *(f"        {row}" for row in rows[1:])]))

    def abandon(self) -> None:
        """Stops writing: the reader has gone."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_plain() -> bool:
    """Whether somebody wants no colour."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
