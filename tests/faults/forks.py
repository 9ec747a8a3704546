"""Processes that run wfprov, forked from one that has loaded it: real ones, in a third of the time.

Run as a program it is that one: it reads a command as a line of JSON, forks, tells the process id,
waits, tells the exit code, and reads the next.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Self

LOADED = (
    "google.cloud.iam_admin_v1",
    "google.cloud.workflows_v1",
    "googleapiclient.discovery",
    "wfprov.app.apply",
    "wfprov.app.bootstrap",
    "wfprov.cli.main",
    "wfprov.gcp.client_classes",
    "wfprov.gcp.discovery",
    "wfprov.gcp.session",
    "wfprov.render.apply_text",
    "wfprov.render.bootstrap_text",
    "wfprov.render.events",
    "wfprov.render.plan_text",
)


class Forks:
    """The process that has wfprov loaded, and the one that runs a command."""

    def __init__(self) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def begin(self, folder: Path, environment: dict[str, str], *arguments: str) -> Forked:
        """Begins `wfprov ARGUMENTS` in a folder; what it says goes to `said.txt` there."""
        said = folder / "said.txt"
        told = {"folder": str(folder), "environment": environment, "arguments": arguments}
        self._parent.stdin.write(json.dumps({**told, "said": str(said)}).encode() + b"\n")
        self._parent.stdin.flush()
        return Forked(int(self._parent.stdout.readline()), self._parent.stdout, said)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.stdin.close()
        self._parent.wait(timeout=30)
        self._parent.stdout.close()


class Forked:
    """One process; `code` is its exit code, below zero for the signal that ended it."""

    def __init__(self, pid: int, answers: object, said: Path) -> None:
        self.pid = pid
        self.code: int | None = None
        self._answers = answers
        self._said = said

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, or does so in a time."""
        if self.code is None and select.select([self._answers], [], [], seconds)[0]:
            self.code = int(self._answers.readline())
        return self.code is not None

    def kill(self) -> None:
        """Kill -9; it waits until the process is no more."""
        if not self.ended():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            assert self.ended(30.0)

    @property
    def said(self) -> str:
        """What it has written on standard output and standard error."""
        return self._said.read_text()


def _serve() -> None:
    _load()
    for line in sys.stdin:
        told = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(told)
        _tell(pid)
        _tell(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _load() -> None:
    """Loads what a command loads when it runs; nothing of it opens a file or a connection."""
    for module in LOADED:
        import_module(module)


def _run(told: dict) -> None:
    code = 70
    try:
        os.chdir(told["folder"])
        os.environ.update(told["environment"])
        said = os.open(told["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for have, want in ((nothing, 0), (said, 1), (said, 2)):
            os.dup2(have, want)
        sys.argv = ["wfprov", *told["arguments"]]
        from wfprov.__main__ import main

        main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
