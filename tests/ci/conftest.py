"""A GitHub on loopback that keeps comments, and a repository to run pipelines in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = "version: 1\nstack: orders\nworkflows:\n  intake: {source: workflows/intake.yaml}\n"
CALL = """\
- {name}:
    call: http.post
    args:
      url: https://{host}-493817260155.europe-west1.run.app/x
      auth: {{type: OIDC}}
"""


@dataclass
class GitHub:
    """The comments of one pull request; `refuses` is a status that every write gets.

    `strangers` are the ids of comments by people who do not belong to the repository.
    """

    comments: dict[int, str] = field(default_factory=dict)
    strangers: set[int] = field(default_factory=set)
    requests: list[tuple[str, str]] = field(default_factory=list)
    refuses: int = 0
    address: str = ""


def _handler(github: GitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self, status: int, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _note(self) -> bool:
            github.requests.append((self.command, self.path))
            assert self.headers["Authorization"] == "Bearer not-a-secret"
            if github.refuses and self.command != "GET":
                self._answer(github.refuses, {"message": "refused"})
                return False
            return True

        def _body(self) -> str:
            return json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]

        def do_GET(self) -> None:
            self._note()
            query = parse_qs(urlsplit(self.path).query)
            size, page = int(query["per_page"][0]), int(query["page"][0])
            listed = [
                {
                    "id": number,
                    "body": text,
                    "user": {"type": "User" if number in github.strangers else "Bot"},
                    "author_association": "NONE",
                }
                for number, text in github.comments.items()
            ]
            self._answer(200, listed[size * (page - 1) : size * page])

        def do_POST(self) -> None:
            text = self._body()
            if self._note():
                github.comments[len(github.comments) + 1] = text
                self._answer(201, {"html_url": "https://github.example/1"})

        def do_PATCH(self) -> None:
            text = self._body()
            if self._note():
                github.comments[int(self.path.rpartition("/")[2])] = text
                self._answer(200, {"html_url": "https://github.example/1"})

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A GitHub that listens on loopback."""
    made = GitHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


class Repository:
    """A git repository with a stack, and `wfprov` on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self.folder.mkdir()
        self.reports = folder / "reports"
        commands = folder / "bin"
        commands.mkdir()
        command = commands / "wfprov"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wfprov "$@"\n')
        command.chmod(0o755)
        self.commands = commands
        self.environment = {
            "PATH": f"{commands}:{os.environ['PATH']}",
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT / "src"),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "LC_ALL": "C.UTF-8",
        }
        self.write("wfprov.yaml", CONFIG)
        self.write("environments/prod.yaml", "project: acme-shop\nregion: europe-west1\n")
        self.write("workflows/intake.yaml", CALL.format(name="a", host="orders"))
        self.run("git", "init", "-q")
        self.commit()

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self) -> None:
        self.run("git", "add", "-A")
        who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        self.run("git", *who, "commit", "-q", "-m", "a change")

    def run(self, *command: str, check: bool = True, **variables: str):
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def adds(self, host: str = "payments") -> None:
        """A change that calls one more service."""
        text = (self.folder / "workflows/intake.yaml").read_text()
        self.write("workflows/intake.yaml", text + CALL.format(name="b", host=host))


@pytest.fixture
def repository(tmp_path) -> Repository:
    """A repository whose one workflow calls one service."""
    return Repository(tmp_path)
