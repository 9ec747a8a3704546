"""Every command that a page shows does what the page says, on the embedded control plane."""

from __future__ import annotations

import io
import re
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from wfprov.cli.main import run

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"(?:<!-- not run: (?P<why>.+?) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
COMMAND = re.compile(r"\$ (?P<command>.*?)(?:\s+# (?:exit (?P<code>\d+)|.*))?")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def executed(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    words = shlex.split(command)
    assert words[0] == "wfprov", f"only wfprov is run; mark the block: {command}"
    said = io.StringIO()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with redirect_stdout(said), redirect_stderr(said):
        code = run(words[1:])
    return code, said.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_commands_of_a_page_do_what_it_says(page, tmp_path, monkeypatch):
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["kind"] == "yaml" and (head := re.match(r"# ([\w./-]+\.yaml)\b", block["text"])):
            file = tmp_path / head[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block["text"], encoding="utf-8")
        if block["kind"] != "console" or block["why"]:
            continue
        said, at = "", 0
        for line in block["text"].splitlines():
            if shown := COMMAND.fullmatch(line):
                code, said = executed(shown["command"], tmp_path, monkeypatch)
                at = 0
                assert code == int(shown["code"] or 0), f"{line}\n{said}"
            else:
                found = said.find(line.strip(), at)
                assert found >= 0, f"{line!r} is not, or not in this order, in\n{said}"
                at = found + len(line.strip())


def test_no_page_hides_commands_in_another_kind_of_block():
    for page in PAGES:
        if page.name == "terraform.md":
            continue  # tests/cli/test_guide_terraform.py runs its commands, with terraform there
        for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
            assert block["kind"] not in {"sh", "bash", "shell"}, named(page)
            if block["kind"] in {"", "text"}:
                assert not re.search(r"^\$ ", block["text"], re.MULTILINE), named(page)
