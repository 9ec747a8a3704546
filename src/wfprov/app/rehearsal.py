"""The embedded control plane of `endpoint: embedded`: a place to rehearse, kept under .wfprov/."""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wfprov.core.errors import InputError
from wfprov.desired.model import Stack
from wfprov.emulator import admin
from wfprov.emulator.errors import ApiError
from wfprov.emulator.server import Emulator
from wfprov.gcp.credentials import NOBODY, Identity
from wfprov.gcp.session import Session, embedded_session

LOCK_ATTEMPTS: Final = 240
LOCK_PAUSE: Final = 0.25
"""A minute in all: as long as a large apply of another process may take."""

DATA: Final = Path(".wfprov/embedded.sqlite")
_NAMEABLE: Final = re.compile(r"//[a-z][a-z0-9.-]*/[\w./~%+:@-]+")
"""What can be a name at all: a placeholder such as `[fill in a name]` can not."""

DEPLOYER: Final = "user:you@local.example"
"""Who rehearses: the owner of every project of the embedded control plane."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A running embedded control plane."""

    emulator: Emulator

    @property
    def session(self) -> Session:
        """A session with it, as who rehearses."""
        return self.session_as(NOBODY)

    def session_as(self, identity: Identity) -> Session:
        """A session with it: as who rehearses, or as whom that one impersonates."""
        return embedded_session(
            root=self.emulator.http_url,
            grpc_target=self.emulator.grpc_target,
            token=self.emulator.token(DEPLOYER),
            identity=identity,
        )

    def stand_in(self, names: Iterable[str], project: str) -> tuple[str, ...]:
        """Makes what is missing of the resources that are called, and names what it made.

        In the cloud, somebody else makes services, secrets and topics; here nobody would.
        """
        wanted = sorted(name for name in set(names) if _NAMEABLE.fullmatch(name))
        body = {"names": wanted, "owner": DEPLOYER, "project": project}
        answer = admin.answer(self.emulator.plane, "POST", "emulator/v1/resources", {}, body)
        assert isinstance(answer.body, dict), "the admin API answers with an object"
        return tuple(answer.body["created"])


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """The only process that works on the data, until the block ends; waits a while for another.

    Raises:
        InputError: another process has it all that time.
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    with data.with_suffix(".lock").open("w") as lock:
        for attempt in range(LOCK_ATTEMPTS):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if attempt == LOCK_ATTEMPTS - 1:
                    raise InputError(
                        f"another process works on {data}",
                        help="wait for it to end; `wfprov emulator serve` holds it while it runs",
                    ) from None
                time.sleep(LOCK_PAUSE)
            else:
                break
        yield


@contextmanager
def rehearsal(stack: Stack, data: Path = DATA) -> Iterator[Rehearsal]:
    """The embedded control plane with the stack's projects, until the block ends."""
    with alone(data), Emulator.start(data=data) as emulator:
        numbers = {stack.project: stack.project_number}
        numbers |= {w.project: w.project_number for w in stack.workflows}
        for project, number in numbers.items():
            if project is None:
                continue
            wanted = {"projectId": project, "projectNumber": number, "owner": DEPLOYER}
            with suppress(ApiError):  # it is there already
                admin.answer(emulator.plane, "POST", "emulator/v1/projects", {}, wanted)
        yield Rehearsal(emulator)
