"""`make bench`: a plan of a fleet against a control plane that answers late.

Usage: bench_plan.py [WORKFLOWS [PROJECTS [MILLISECONDS]]], by default 1000 10 50.
Each workflow calls a Cloud Run service and reads a secret of its own. The control plane is a
process of its own on the same machine; each request waits before it is answered.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from wfprov.cli.main import run
from wfprov.emulator.identity import token_for

OWNER = "user:ana@example.com"
PARALLEL = 10
REGION = "europe-west1"
DEFINITION = """\
main:
  steps:
    - key:
        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
        args: {{secret_id: key-{name}, project_id: {project}}}
        result: key
    - charge:
        call: http.post
        args:
          url: https://{name}-{number}.{region}.run.app/charge
          auth: {{type: OIDC}}
          body: ${{key}}
"""


@dataclass(frozen=True, slots=True)
class Fleet:
    """How many workflows, spread evenly over how many projects."""

    workflows: int
    projects: int

    def project(self, number: int) -> str:
        """The project of a workflow."""
        return f"fleet-{number % self.projects:03d}"

    def names(self) -> Iterator[tuple[str, str, str]]:
        """Workflow, project and the project's number, for each."""
        for index in range(self.workflows):
            project = self.project(index)
            yield f"flow-{index:04d}", project, str(700000000000 + index % self.projects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A control plane in a process of its own."""

    http: str
    grpc: str

    def admin(self, verb: str, path: str, body: Mapping[str, object] | None = None) -> None:
        """One request of its admin API."""
        request = Request(  # noqa: S310 (loopback)
            f"{self.http}/emulator/v1/{path}",
            data=json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json"},
            method=verb,
        )
        with urlopen(request) as answer:  # noqa: S310
            answer.read()


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    """`wfprov emulator serve` in a folder, until the block ends."""
    command = [str(Path(sys.executable).with_name("wfprov")), "emulator", "serve"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--grpc-port", "0"], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None, "it is a pipe"
        text = ""
        while len(found := re.findall(r"127\.0\.0\.1:\d+", text)) < 2:  # noqa: PLR2004
            line = process.stdout.readline()
            if not line:
                raise SystemExit("the control plane did not start")
            text += line
        yield Server(http=f"http://{found[0]}", grpc=found[1])
    finally:
        process.terminate()
        process.wait()


def written(folder: Path, fleet: Fleet, server: Server) -> None:
    """The fleet as a configuration, its definitions, and what they call."""
    flows = folder / "workflows"
    flows.mkdir()
    rows = []
    for name, project, number in fleet.names():
        text = DEFINITION.format(name=name, project=project, number=number, region=REGION)
        (flows / f"{name}.yaml").write_text(text, encoding="utf-8")
        rows.append(f"  {name}: {{source: workflows/{name}.yaml, project: {project}}}")
    (folder / "wfprov.yaml").write_text(
        "version: 1\nstack: fleet\nworkflows:\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    (folder / "environments").mkdir()
    (folder / "environments" / "bench.yaml").write_text(
        f"endpoint: {server.http}\nendpoints: {{iam: 'http://{server.grpc}'}}\n"
        f"project: fleet-000\nregion: {REGION}\n",
        encoding="utf-8",
    )
    for project, number in dict.fromkeys((p, n) for _, p, n in fleet.names()):
        server.admin(
            "POST", "projects", {"projectId": project, "projectNumber": number, "owner": OWNER}
        )
        names = []
        for name, home, _ in fleet.names():
            if home == project:
                names += [
                    f"//run.googleapis.com/projects/{home}/locations/{REGION}/services/{name}",
                    f"//secretmanager.googleapis.com/projects/{home}/secrets/key-{name}",
                ]
        server.admin("POST", "resources", {"names": names, "project": project, "owner": OWNER})


def planned(parallel: int) -> tuple[dict[str, Any], float, float]:
    """The plan of the folder, the requests that were sent, and the seconds that it all took.

    It is the whole command, text and saved plan included, in a process that has its modules loaded.
    """
    command = ["plan", "-e", "bench", "-o", "plan.json", "--parallelism", str(parallel)]
    text = io.StringIO()
    cpu, started = time.process_time(), time.perf_counter()
    with redirect_stdout(text), redirect_stderr(text):
        code = run([*command, "--quiet", "--events", "events.ndjson"])
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    assert code == 0, text.getvalue()[-2000:]
    events = [json.loads(line) for line in Path("events.ndjson").read_text().splitlines()]
    return events[-1], seconds, cpu


def main() -> None:
    """Prints the time of one plan against the floor: requests / parallelism x latency."""
    numbers = [int(text) for text in sys.argv[1:]]
    count, projects, latency = (*numbers, *(1000, 10, 50)[len(numbers) :])
    os.environ["GOOGLE_OAUTH_ACCESS_TOKEN"] = token_for(OWNER)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as server:
        os.chdir(folder)
        for folder_of, fleet in (("warm", Fleet(1, 1)), ("full", Fleet(count, projects))):
            Path(folder, folder_of).mkdir()
            os.chdir(Path(folder, folder_of))
            written(Path(), fleet, server)
            if folder_of == "warm":
                planned(PARALLEL)
                server.admin("POST", "reset")
        fault = {"kind": "latency", "seconds": latency / 1000, "count": -1}
        server.admin("POST", "faults", fault)
        summary, seconds, cpu = planned(PARALLEL)
        due = json.loads(Path("plan.json").read_text())["changes"]
        os.chdir("/")
    requests = summary["requests"]
    floor = requests / PARALLEL * latency / 1000
    print(f"wfprov plan of {count} workflows in {projects} projects, preflight included")
    print(f"  {latency} ms latency, {PARALLEL} requests at a time, the modules loaded before")
    print(f"  the control plane is a process of its own on the same {os.cpu_count()} cores")
    print(f"  {len(due)} changes planned, shown and saved; {requests} requests")
    print(f"  floor (requests / {PARALLEL} x {latency} ms)  {floor:.2f} s")
    print(f"  took                           {seconds:.2f} s = {seconds / floor:.2f} x the floor")
    print(f"  of it CPU of the client        {cpu:.2f} s")


if __name__ == "__main__":
    main()
