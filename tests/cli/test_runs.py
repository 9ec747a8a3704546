"""What a run shows while it happens, how it is broken off, and what a plan is bound to."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from wfprov.emulator import admin

WAITS = 60.0
"""Seconds after which a test that waits for a process gives up."""


def started(session, *arguments, **streams):
    """A command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "wfprov", *arguments], cwd=session.folder, text=True, **streams
    )


def hold(emulator, path):
    fault = {"kind": "hold", "path": path, "count": 1}
    admin.answer(emulator.plane, "POST", "emulator/v1/faults", {}, fault)


def release(emulator):
    admin.answer(emulator.plane, "DELETE", "emulator/v1/faults", {}, None)


def is_held(emulator):
    faults = admin.answer(emulator.plane, "GET", "emulator/v1/faults", {}, None).body["faults"]
    return any(fault["hits"] for fault in faults)


def wait_until(holds):
    deadline = time.monotonic() + WAITS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def on_a_terminal(session, *arguments):
    """What a command writes to a terminal, both streams."""
    master, slave = pty.openpty()
    process = started(session, *arguments, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    heard = b""
    with suppress(OSError):  # the other end closes it
        while piece := os.read(master, 4096):
            heard += piece
    assert process.wait(timeout=WAITS) == 0, heard
    os.close(master)
    return heard.decode()


def planned(session, *more, code=0):
    ended = session.wfprov("plan", "-e", "shop", *more)
    assert ended.code == code, ended.out + ended.err
    return ended


def test_an_interrupted_apply_ends_what_is_under_way_and_reports(deployed, emulator):
    hold(emulator, "payments:setIamPolicy")
    command = ("apply", "-e", "shop", "--auto-approve", "--events", "events.ndjson")
    process = started(deployed, *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: is_held(emulator))
    process.send_signal(signal.SIGINT)
    events = deployed.folder / "events.ndjson"
    wait_until(lambda: '"interrupted"' in events.read_text())
    release(emulator)
    out, err = process.communicate(timeout=WAITS)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert re.search(r"ok +policy of service payments", out)
    assert re.search(r"-- +create workflow order-intake +not started", out), out
    assert "Interrupted. 4 of 5 done, 0 failed, 1 not started." in out
    assert "run again:  wfprov apply -e shop" in out
    last = json.loads(events.read_text().splitlines()[-1])
    assert (last["kind"], last["interrupted"]) == ("summary", True)
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    assert "Nothing to do" in planned(deployed).out


def test_a_second_interrupt_ends_at_once_and_calls_unknown_what_it_left(deployed, emulator):
    hold(emulator, "payments:setIamPolicy")
    command = ("apply", "-e", "shop", "--auto-approve", "--events", "events.ndjson")
    process = started(deployed, *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: is_held(emulator))
    process.send_signal(signal.SIGINT)
    wait_until(lambda: '"interrupted"' in (deployed.folder / "events.ndjson").read_text())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=WAITS)  # while the request is still held
    assert process.returncode == 130
    assert "Traceback" not in err
    assert re.search(r"\? +policy of service payments\n.* whether it was done is not known", out), (
        out
    )
    release(emulator)
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0


def test_an_interrupted_plan_ends_at_once_and_changes_nothing(deployed, emulator):
    hold(emulator, "payments:getIamPolicy")
    process = started(
        deployed, "plan", "-e", "shop", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    wait_until(lambda: is_held(emulator))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=WAITS)
    assert process.returncode == 130
    assert err.strip().endswith("error: interrupted, and nothing was changed")
    assert "Traceback" not in err
    release(emulator)


def test_a_terminal_has_a_bar_and_a_pipe_has_plain_lines(deployed):
    piped = deployed.wfprov("apply", "-e", "shop", "--auto-approve")
    assert "\x1b" not in piped.out + piped.err
    assert re.search(r"^  ok +create workflow order-intake +\d+\.\d s$", piped.out, re.MULTILINE)
    assert "reading:" not in piped.out + piped.err
    assert "applying" not in piped.out + piped.err
    shown = on_a_terminal(deployed, "destroy", "-e", "shop", "--auto-approve")
    assert re.search(r"reading: \d+ requests", shown)
    assert re.search(r"applying .*\d+/\d+", shown)
    assert "remove workflow order-intake" in shown
    quiet = on_a_terminal(deployed, "apply", "-e", "shop", "--auto-approve", "--quiet")
    assert "applying" not in quiet


def test_what_is_seen_late_is_waited_for_visibly_and_no_longer_than_asked(deployed, emulator):
    late = {"visibilityDelay": 3.0}
    admin.answer(emulator.plane, "PATCH", "emulator/v1/settings", {}, late)
    fresh = emulator.plane.snapshot()
    waited = deployed.wfprov("apply", "-e", "shop", "--auto-approve")
    assert waited.code == 0, waited.out + waited.err
    assert "waits to be seen" in waited.out + waited.err
    emulator.plane.restore(str(fresh))
    refused = deployed.wfprov("apply", "-e", "shop", "--auto-approve", "--wait", "0")
    assert refused.code == 1
    assert "waits to be seen" not in refused.out + refused.err
    assert "run again in some minutes" in refused.out + refused.err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.write("environments/other.yaml", environment(s)), "environment"),
        (
            lambda s: s.write(
                "wfprov.yaml",
                (s.folder / "wfprov.yaml").read_text().replace("stack: orders", "stack: bills"),
            ),
            "stack",
        ),
    ],
    ids=["environment", "stack"],
)
def test_a_saved_plan_is_for_the_environment_and_the_stack_that_it_was_made_for(
    deployed, emulator, change, words
):
    planned(deployed, "-o", "plan.json")
    change(deployed)
    emulator.plane.forget_requests()
    more = ("-e", "other") if words == "environment" else ()
    refused = deployed.wfprov("apply", "plan.json", *more)
    assert refused.code == 3, refused.out + refused.err
    assert f"for the {words}" in refused.err
    assert not [e for e in emulator.plane.requests() if e["verb"] != "GET"]


def environment(session):
    return (session.folder / "environments/shop.yaml").read_text()
