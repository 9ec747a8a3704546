"""A headless Chromium over a pipe: loads a page, presses keys, looks."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BINARY = shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-pipe",
]  # fmt: skip
KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
        "ArrowDown": 40, "End": 35, "Home": 36}  # fmt: skip
PATIENCE = 30.0


class Chromium:
    """One page. https://chromedevtools.github.io/devtools-protocol/ (not opened)"""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._left, self._number, self._session = b"", 0, ""
        self.problems: list[str] = []
        self.requests: list[str] = []

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one command; what is told meanwhile is kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = self._next()
            if found.get("id") == self._number:
                assert "error" not in found, (method, found["error"])
                return found["result"]
            self._told(found)
        raise TimeoutError(method)

    def open(self, page: Path) -> None:
        """Loads a file and waits until it is there."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        answer = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = answer["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send("Page.navigate", url=page.as_uri())
        self.until("document.readyState === 'complete'")

    def run(self, expression: str) -> Any:
        """The value of an expression in the page."""
        answer = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Waits for an expression to be true."""
        last = time.monotonic() + PATIENCE
        while not self.run(expression):
            assert time.monotonic() < last, expression
            time.sleep(0.02)

    def press(self, *keys: str) -> None:
        """Presses keys, or types what is not the name of one."""
        for key in keys:
            if key not in KEYS:
                self.send("Input.insertText", text=key)
                continue
            same = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
            extra = {"text": "\r"} if key == "Enter" else {}
            self.send("Input.dispatchKeyEvent", type="keyDown", **same, **extra)
            self.send("Input.dispatchKeyEvent", type="keyUp", **same)

    def look(self, file: Path, width: int, height: int, scheme: str = "light") -> bytes:
        """A picture of the window."""
        self.sized(width, height, scheme)
        data = self.send("Page.captureScreenshot", format="png")["data"]
        file.write_bytes(base64.b64decode(data))
        return file.read_bytes()

    def sized(self, width: int, height: int, scheme: str = "light") -> None:
        """Sets the window and the colours that are asked for."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        self.send(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            some = os.read(self._reading, 1 << 16)
            assert some, "the browser ended"
            self._left += some
        one, _, self._left = self._left.partition(b"\0")
        return json.loads(one)

    def _told(self, found: dict[str, Any]) -> None:
        what, told = found.get("method"), found.get("params", {})
        if what == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(told["exceptionDetails"]))
        elif what == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.problems.append(told["entry"]["text"])
        elif what == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])


@contextmanager
def chromium(profile: Path) -> Iterator[Chromium]:
    """A browser with a profile of its own."""
    assert BINARY is not None
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()

    def piped() -> None:
        # Out of the way first: either of them may be 3 or 4 already.
        commands, answers = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (to_read, from_write))
        os.dup2(commands, 3)
        os.dup2(answers, 4)

    # The browser reads commands from descriptor 3 and answers on 4.
    running = subprocess.Popen(
        [BINARY, *FLAGS, f"--user-data-dir={profile}"],
        preexec_fn=piped,  # noqa: PLW1509 (nothing else runs in this process meanwhile)
        close_fds=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_read)
    os.close(from_write)
    try:
        yield Chromium(from_read, to_write)
    finally:
        running.terminate()
        running.wait(20)
        os.close(to_write)
        os.close(from_read)
