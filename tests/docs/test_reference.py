"""The reference pages say all that the code has, and the site builds without a warning."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from wfprov.app.rulebook import every_rule
from wfprov.cli.main import app, run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pages():
    spec = importlib.util.spec_from_file_location("reference_pages", ROOT / "tools/docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


def test_every_rule_has_a_page_and_a_row(pages):
    for rule in every_rule():
        page = pages[f"rules/{rule.slug}.md"]
        assert rule.summary in page
        assert rule.docs.strip() in page
        assert f"[{rule.slug}]({rule.slug}.md)" in pages["rules/index.md"]


def commands(group, words=("wfprov",)):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


def test_every_option_of_every_command_is_in_the_reference(pages):
    sections = dict(part.split("`", 1) for part in pages["reference/cli.md"].split("\n## `")[1:])
    for words, command in commands(typer.main.get_command(app)):
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help":
                for spelling in parameter.opts:
                    assert f"`{spelling}" in sections[words], (words, spelling)


def test_every_command_shows_examples():
    for words, command in commands(typer.main.get_command(app)):
        assert "Examples:" in (command.epilog or ""), words


def test_a_finding_leads_to_its_rule(capsys):
    assert run(["catalog", "lookup", "basic-role"]) == 0
    assert "Grant the narrow roles" in capsys.readouterr().out


def test_the_site_builds_strictly(tmp_path):
    pytest.importorskip("material")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "site/rules/basic-role/index.html").exists()
    front = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert "fonts.googleapis.com" not in front
    assert 'src="http' not in front
