"""What a whole command takes of memory at its peak, on definitions made to exhaust it."""
# ruff: noqa: E501 (definitions on one line)

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"
URL = "https://a.example/"
DEPLOYED = 128 * 1024
READ = 1024 * 1024


def filled(unit: Callable[[int], str], size: int, head: str = "", tail: str = "") -> str:
    """A text of nearly that size."""
    parts, length, count = [head], len(head) + len(tail), 0
    while length + len(made := unit(count)) < size:
        parts.append(made)
        length, count = length + len(made), count + 1
    return "".join([*parts, tail])


def fanned(depth: int, width: int) -> str:
    """Subworkflows that call the next one several times: exponentially many ways."""
    text = "main:\n  steps:\n    - go: {call: f0, args: {x: a}}\n"
    for i in range(depth):
        text += f"f{i}:\n  params: [x]\n  steps:\n"
        for k in range(width):
            text += f"    - s{k}: {{call: f{i + 1}, args: {{x: '${{x + \"{k}\"}}'}}}}\n"
    return f"{text}f{depth}:\n  params: [x]\n  steps:\n    - g: {{call: http.get, args: {{url: '${{\"{URL}\" + x}}'}}}}\n"


BOMB = (
    "main:\n  steps:\n    - a: &s0 {steps: [{x: {call: http.get, args: {url: 'https://a.example/'}}}]}\n"
    + "".join(
        f"    - b{i}: &s{i} {{steps: [{{p: *s{i - 1}}}, {{q: *s{i - 1}}}]}}\n" for i in range(1, 40)
    )
)
MAPS = "a: &a [1, 1]\n" + "".join(
    f"{c}: &{c} [{', '.join(['*' + b] * 9)}]\n" for b, c in zip("abcdefgh", "bcdefghi", strict=True)
)
DEPLOYABLE = {
    "aliases of aliases": MAPS,
    "aliases of steps": BOMB,
    "calls of a connector": filled(
        lambda i: f"- s{i}: {{call: googleapis.storage.v1.objects.get, args: {{bucket: b{i}, object: o}}}}\n",
        DEPLOYED,
    ),
    "log entries": filled(lambda i: f"- s{i}: {{call: sys.log}}\n", DEPLOYED),
    "one value": filled(lambda _: "{},", DEPLOYED, "- a: {return: [", "{}]}\n"),
    "brackets": "[" * (DEPLOYED - 1),
    "one expression": "- a: {assign: [{x: 1}]}\n- b:\n    return: ${" + "+".join(["x"] * 65_000) + "}\n",
    "ways": fanned(60, 4),
}  # fmt: skip
READABLE = {
    "10,000 steps": "main:\n  steps:\n" + "".join(
        f"    - s{i}: {{call: http.get, args: {{url: '{URL}{i}'}}, result: r}}\n" for i in range(10_000)
    ),
    "log entries": filled(lambda i: f"- s{i}: {{call: sys.log}}\n", READ),
}  # fmt: skip

FOUND = {
    "aliases of aliases": ("aliases-too-large", 0),
    "aliases of steps": ("aliases-too-large", 1),
    "calls of a connector": ("", DEPLOYABLE["calls of a connector"].count("call:")),
    "log entries": ("wrong-arguments", DEPLOYABLE["log entries"].count("call:")),
    "one value": ("", 0),
    "brackets": ("invalid-yaml", 0),
    "one expression": ("expression-syntax", 0),
    "ways": ("too-many-ways", 1),
}
"""What is said of each when it was really analysed: a rule, empty for none at all, and the sites."""


RUN = """\
import atexit, sys
from pathlib import Path

def told() -> None:
    lines = Path("/proc/self/status").read_text().splitlines()
    print(next(line for line in lines if line.startswith("VmHWM")), file=sys.__stderr__)

atexit.register(told)
from wfprov.__main__ import main
main()
"""


def peak(text: str, folder: Path, rule: str, sites: int) -> int:
    """The most MiB that `inspect` has resident at once, everything that Python takes included.

    The kernel's count of the process itself: that of its parent would hold the tests' own, too.
    """
    path = folder / "w.yaml"
    path.write_text(text, encoding="utf-8")
    place = ["--project", "acme-prod", "--region", "europe-west1"]
    ended = subprocess.run(
        [sys.executable, "-c", RUN, "inspect", str(path), "--format", "json", *place],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert ended.returncode in (0, 1)
    (workflow,) = json.loads(ended.stdout)["workflows"]
    rules = {found["rule"] for found in workflow["diagnostics"]}
    assert rule in rules if rule else not rules
    assert len(workflow["sites"]) == sites
    found = re.search(r"VmHWM:\s*(\d+) kB", ended.stderr)
    assert found is not None
    return int(found[1]) // 1024


def stated(row: str) -> int:
    """The MiB that docs/limits.md gives for a row."""
    found = re.search(rf"\| {re.escape(row)} \|[^|]*\| (\d+) MiB \|", PAGE.read_text("utf-8"))
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("name", DEPLOYABLE)
def test_a_definition_that_can_be_deployed_takes_no_more_memory_than_stated(name, tmp_path):
    taken = peak(DEPLOYABLE[name], tmp_path, *FOUND[name])
    assert taken < stated("a definition that can be deployed")


@pytest.mark.parametrize("name", READABLE)
def test_any_definition_that_is_read_takes_no_more_memory_than_stated(name, tmp_path):
    sites = READABLE[name].count("call:")
    assert peak(READABLE[name], tmp_path, "definition-too-large", sites) < stated(
        "any definition that is read"
    )
