"""`make bench`: runs every bench and writes what they print to docs/benchmarks.md.

Usage: figures.py [CORPUS]; without a corpus the project's own templates are measured, and the part
about public definitions stays as it was.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = """\
# Figures

Written by `make bench CORPUS=DIR`; nothing here is typed by hand. Each figure is a ratio of two
things that were measured in one run on one machine, because absolute times say more about the
machine.

CORPUS is a folder of public definitions, `DIR/defs/**`, with what their people granted in
`DIR/groundtruth.jsonl` where that is known. It is not part of this repository: the definitions have
licences of their own.
"""
NOT_RUN = "<!-- not run: a figure, measured by make bench -->"
PARTS = (
    (
        "Start-up, and reading a corpus",
        "bench.py",
        True,
        "Whole processes against an empty Python; a corpus against PyYAML's loaders, in one.",
    ),
    (
        "From 10 to 10,000 steps",
        "bench_growth.py",
        False,
        "The CPU time of parsing, checking and analysing each shape of definition; linear is 10 x.",
    ),
    (
        "The catalog",
        "bench_catalog.py",
        False,
        "Opening the facts about Google's APIs and roles, and choosing the roles of workflows.",
    ),
    (
        "A plan of a fleet",
        "bench_plan.py",
        False,
        "Requests and time against the floor: requests / parallelism x latency.",
    ),
    (
        "Precision and recall on public definitions",
        "bench_accuracy.py",
        True,
        "Call sites against a plain walk of the YAML; roles against those that people granted.",
    ),
)


def part(title: str, tool: str, corpus: str | None, about: str) -> str:
    """One section: the command and what it printed."""
    command = [sys.executable, str(ROOT / "tools" / tool), *([corpus] if corpus else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    sys.stdout.write(done.stdout)
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise SystemExit(f"{tool} ended with {done.returncode}")
    shown = f"python tools/{tool}{' CORPUS' if corpus else ''}"
    return (
        f"## {title}\n\n{about}\n\n{NOT_RUN}\n```console\n$ {shown}\n{done.stdout.rstrip()}\n```\n"
    )


def kept(title: str) -> str:
    """A section as it stands in the page; empty when it is not there."""
    old = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    found = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", old, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def main() -> None:
    """Writes the page."""
    corpus = sys.argv[1] if len(sys.argv) > 1 else None
    day = datetime.now(tz=UTC).date()
    where = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
    sections = [HEAD, f"Measured on {day} with {where}.\n"]
    for title, tool, wants, about in PARTS:
        if wants and corpus is None and tool == "bench_accuracy.py":
            sections.append(kept(title))
            continue
        sections.append(part(title, tool, corpus if wants else None, about))
    PAGE.write_text("\n".join(filter(None, sections)), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
