"""A command-line session in a folder of its own."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from wfprov.cli.main import run
from wfprov.emulator import admin
from wfprov.emulator.server import Emulator

OWNER = "user:ana@example.com"
SERVICE = "//run.googleapis.com/projects/acme-shop/locations/europe-west1/services/payments"
DEFINITION = """\
- charge:
    call: http.post
    args:
      url: https://payments-493817260155.europe-west1.run.app/charge
      auth: {type: OIDC}
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        """Standard output as JSON."""
        return json.loads(self.out)


class Session:
    """A working folder in which commands run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, path: str, text: str) -> Path:
        """A file of the folder."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def wfprov(self, *arguments: str, stdin: str = "") -> Ended:
        """Runs `wfprov ARGUMENTS` in the folder."""
        out, err = io.StringIO(), io.StringIO()
        with _inside(self.folder, stdin), redirect_stdout(out), redirect_stderr(err):
            code = run(list(arguments))
        assert "Traceback" not in err.getvalue()
        return Ended(code, out.getvalue(), err.getvalue())


@contextmanager
def _inside(folder: Path, stdin: str) -> Iterator[None]:
    before, standard_input = Path.cwd(), sys.stdin
    os.chdir(folder)
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = standard_input
        os.chdir(before)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """An empty working folder to run commands in."""
    return Session(tmp_path)


@pytest.fixture
def owner() -> str:
    """Who owns the project of `emulator`."""
    return OWNER


@pytest.fixture
def emulator():
    """A control plane with a project and a service that others deployed."""
    with Emulator.start(operation_polls=0) as running:
        for what, body in (
            ("projects", {"projectId": "acme-shop", "projectNumber": "493817260155"}),
            ("resources", {"names": [SERVICE]}),
        ):
            sent = {**body, "owner": OWNER}
            admin.answer(running.plane, "POST", f"emulator/v1/{what}", {}, sent)
        yield running


@pytest.fixture
def deployed(session, emulator, owner, monkeypatch):
    """A stack that is deployed to that control plane, by its address."""
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(owner))
    session.write("workflows/order-intake.yaml", DEFINITION)
    session.write(
        "wfprov.yaml",
        "version: 1\nstack: orders\nworkflows:\n"
        "  order-intake: {source: workflows/order-intake.yaml}\n",
    )
    session.write(
        "environments/shop.yaml",
        f"endpoint: {emulator.http_url}\nendpoints: {{iam: 'http://{emulator.grpc_target}'}}\n"
        "project: acme-shop\nregion: europe-west1\n",
    )
    return session


@pytest.fixture
def applied_by_the_deployer(deployed, emulator, monkeypatch):
    """Makes a deployer by `bootstrap` and applies as it; what `apply` ended with."""

    def applied() -> Ended:
        made = deployed.wfprov("bootstrap", "-e", "shop", "--auto-approve", "--wait", "0")
        assert made.code == 0, made.out + made.err
        deployer = "serviceAccount:orders-shop-deployer@acme-shop.iam.gserviceaccount.com"
        monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(deployer))
        return deployed.wfprov("apply", "-e", "shop", "--auto-approve", "--wait", "0")

    return applied
