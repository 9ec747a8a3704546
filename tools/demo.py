"""The main job, end to end, on the embedded control plane: no cloud account, nothing left behind.

Each command is the real one, in a process of its own; the demo stops at the first exit code that
is not the one expected.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

WFPROV = (str(Path(sys.executable).with_name("wfprov")),)
BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def show(folder: Path, title: str, *arguments: str, exit_code: int = 0) -> None:
    """Runs one command in the folder and prints it as a user would see it."""
    print(f"\n{BOLD}# {title}{PLAIN}\n{DIM}$ wfprov {' '.join(arguments)}{PLAIN}", flush=True)
    done = subprocess.run([*WFPROV, *arguments], cwd=folder, check=False)
    if done.returncode != exit_code:
        sys.exit(f"demo: exit code {done.returncode}, expected {exit_code}")


def change_definition(folder: Path) -> None:
    """Gives the workflow one more call, as a developer would."""
    definition = folder / "workflows" / "order-intake.yaml"
    text = definition.read_text(encoding="utf-8")
    added = """\
    - announce:
        call: googleapis.pubsub.v1.projects.topics.publish
        args:
          topic: ${"projects/" + project + "/topics/orders"}
          body:
            messages:
              - data: ${base64.encode(json.encode(order))}
"""
    marker = "    - log_order:\n"
    if text.count(marker) != 1:
        sys.exit("demo: the starter has no step `log_order` to put a step before")
    definition.write_text(text.replace(marker, added + marker), encoding="utf-8")


def main() -> None:
    """Runs the demo in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="wfprov-demo-") as name:
        folder = Path(name)
        show(folder, "A new stack from a starter", "init", "--template", "order-intake")
        show(folder, "What does it call, and what does that need?", "inspect", "-e", "local")
        show(
            folder,
            "What would change?",
            *("plan", "-e", "local", "-o", "plan.json", "--detailed-exitcode"),
            exit_code=2,
        )
        show(folder, "Apply exactly that plan", "apply", "plan.json")
        show(folder, "Nothing is left to do", "plan", "-e", "local", "--detailed-exitcode")
        change_definition(folder)
        show(
            folder,
            "The definition publishes to a topic now: a small diff",
            *("plan", "-e", "local", "--detailed-exitcode"),
            exit_code=2,
        )
        show(folder, "Plan and apply in one", "apply", "-e", "local", "--auto-approve")
        show(folder, "Still nothing to do", "plan", "-e", "local", "--detailed-exitcode")
        show(folder, "Remove what the stack owns", "destroy", "-e", "local", "--auto-approve")


if __name__ == "__main__":
    main()
