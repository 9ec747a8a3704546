"""`wfprov emulator serve`: a process of its own, from its first line to Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest


def served(folder, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "wfprov", "emulator", "serve", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def post(address: str, body: dict) -> dict:
    request = urllib.request.Request(
        address, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def test_it_says_where_it_is_serves_and_ends_cleanly_on_ctrl_c(session):
    with served(session.folder) as process:
        first = process.stdout.readline()
        root = first.split()[1]
        assert root.startswith("http://127.0.0.1:")
        said = [process.stdout.readline() for _ in range(6)]
        made = post(f"{root}/emulator/v1/projects", {"projectId": "acme-shop"})
        assert made["projectId"] == "acme-shop"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert any(line.startswith("export CLOUDSDK_API_ENDPOINT_OVERRIDES_") for line in said)
    assert "Traceback" not in err
    assert (session.folder / ".wfprov" / "embedded.sqlite").is_file()


def test_what_it_held_is_there_again_after_a_kill(session):
    with served(session.folder, "--data", "cloud.sqlite") as process:
        root = process.stdout.readline().split()[1]
        post(f"{root}/emulator/v1/projects", {"projectId": "acme-shop"})
        process.kill()
        process.communicate(timeout=20)
    with served(session.folder, "--data", "cloud.sqlite") as process:
        root = process.stdout.readline().split()[1]
        name = "//run.googleapis.com/projects/acme-shop/locations/europe-west1/services/a"
        assert post(f"{root}/emulator/v1/resources", {"names": [name]})["created"] == [name]
        with pytest.raises(urllib.error.HTTPError, match="409") as refused:
            post(f"{root}/emulator/v1/projects", {"projectId": "acme-shop"})
        refused.value.close()
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0
