"""The embedded control plane is worked on by one process at a time."""

from __future__ import annotations

import subprocess
import sys

ENVIRONMENT = "endpoint: embedded\nproject: acme-test\nregion: europe-west1\n"
DEFINITION = """\
- read:
    call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
    args: {secret_id: shared-key}
"""


def test_two_applies_at_once_both_end_right(session):
    session.write("environments/local.yaml", ENVIRONMENT)
    for name in ("first", "second"):
        session.write(f"workflows/{name}.yaml", DEFINITION)
        session.write(
            f"{name}.yaml",
            f"version: 1\nstack: {name}\nworkflows:\n"
            f"  {name}-flow: {{source: workflows/{name}.yaml}}\n",
        )
    command = (sys.executable, "-m", "wfprov", "apply", "-e", "local", "--auto-approve", "-c")
    running = [
        subprocess.Popen(
            [*command, f"{name}.yaml"],
            cwd=session.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for name in ("first", "second")
    ]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    for name in ("first", "second"):
        again = session.wfprov("plan", "-e", "local", "-c", f"{name}.yaml", "--detailed-exitcode")
        assert again.code == 0, again.out
