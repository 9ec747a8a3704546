"""The house's own rules: sizes, docstrings, rules, and what a cheap command may import."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import wfprov
from wfprov.core.rule import Rule

ROOT = Path(__file__).parents[1]
PACKAGE = Path(wfprov.__file__).parent
MODULES = sorted(p for p in PACKAGE.rglob("*.py"))
CLOUD_LIBRARIES = ("google", "googleapiclient", "grpc", "httplib2", "requests", "urllib3", "proto")
STRAY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


def named(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_stays_small_enough_to_live_in(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 420


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_says_in_one_line_what_it_is(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring
    assert docstring.splitlines()[0].endswith((".", "?"))


def test_no_room_is_named_for_leftovers():
    assert not [p for p in MODULES if p.stem in STRAY_NAMES or p.parent.name in STRAY_NAMES]


def rules() -> list[tuple[str, Rule]]:
    found = []
    for info in pkgutil.walk_packages([str(PACKAGE)], "wfprov."):
        if ".emulator" in info.name or ".gcp" in info.name or info.name == "wfprov.__main__":
            continue
        module = importlib.import_module(info.name)
        found += [(info.name, rule) for rule in getattr(module, "RULES", ())]
    return found


def test_a_slug_names_one_rule_and_every_rule_is_documented():
    by_slug: dict[str, Rule] = {}
    for module, rule in rules():
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", rule.slug), (module, rule.slug)
        assert rule.summary, rule.slug
        assert rule.docs, rule.slug
        assert by_slug.setdefault(rule.slug, rule) is rule, f"{rule.slug} is declared twice"
    assert len(by_slug) > 20


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["check", "workflow.yaml"],
        ["inspect", "workflow.yaml", "--project", "p-acme", "--region", "europe-west1"],
    ],
    ids=["help", "check", "inspect"],
)
def test_a_command_that_needs_no_cloud_imports_no_cloud_library(arguments, tmp_path):
    (tmp_path / "workflow.yaml").write_text(
        "- load:\n    call: googleapis.bigquery.v2.jobs.query\n"
        "    args: {projectId: acme, body: {query: 'SELECT 1'}}\n"
    )
    program = (
        "import json, sys\n"
        "from wfprov.cli.main import run\n"
        f"code = run({arguments!r})\n"
        "print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stderr.strip().splitlines()[-1])
    assert code == 0
    assert not [m for m in modules if m.split(".")[0] in CLOUD_LIBRARIES]


def test_nothing_that_is_committed_names_a_path_of_one_machine():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    local = re.compile(rb"(?<![\w.])/(?:work|home|root|farm)/[a-z.]")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path != Path(__file__):
            assert not local.search(path.read_bytes()), name
