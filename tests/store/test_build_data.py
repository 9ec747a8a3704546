"""The database is built from its inputs alone: the same inputs give the same bytes."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = ROOT / "src" / "wfprov" / "data"

ROLES = {
    "roles/run.invoker": {
        "stage": "GA",
        "title": "Cloud Run Invoker",
        "permissions": ["run.jobs.run", "run.routes.invoke"],
    }
}
ROW = {
    "api": "run", "version": "v2", "method": "projects.locations.jobs.run", "evidence": "stated",
    "permissions": ["run.jobs.run"], "polling": [], "conditional": [], "act_as": None,
    "on": "//run.googleapis.com/projects/{project}/locations/{location}/jobs/{job}",
    "policy_on": "run.projects.locations.jobs", "source": "https://example.com",
}  # fmt: skip
POLICY = {
    "api": "run", "version": "v2", "resource": "projects.locations.jobs", "verb": "POST",
    "url": "https://run.googleapis.com/v2/projects/{projectsId}/locations/{locationsId}"
    "/jobs/{jobsId}:setIamPolicy",
}  # fmt: skip


READING = {
    "api": "run", "version": "v2", "method": "projects.locations.jobs.run", "read": "2026-11-23",
    "source": "https://example.com/again", "changed": "the page of the method",
}  # fmt: skip


def build(
    folder: Path, curated: list[dict[str, object]], second: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    (folder / "conditions.tsv").write_text("# none\n")
    (folder / "methods.jsonl").write_text(
        f"# one\n{json.dumps(second)}\n" if second else "# none\n"
    )
    inputs = {
        "roles": ROLES, "methods": [], "policies": [POLICY], "polling": {},
    }  # fmt: skip
    arguments = []
    for name, value in inputs.items():
        path = folder / f"{name}.json.gz"
        with gzip.open(path, "wt") as file:
            json.dump(value, file)
        arguments += [f"--{name}", str(path)]
    with gzip.open(folder / "curated.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in curated)
    arguments += ["--curated", str(folder / "curated.jsonl.gz"), "--out", str(folder)]
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "build_data.py"), *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        done = build(tmp_path / name, [ROW])
        assert done.returncode == 0, done.stderr
    first, second = ((tmp_path / name / "facts.sqlite").read_bytes() for name in ("a", "b"))
    assert first == second


def test_a_permission_that_no_role_holds_stops_the_build(tmp_path):
    done = build(tmp_path / "a", [{**ROW, "permissions": ["run.jobs.fly"]}])
    assert done.returncode == 1
    assert "no role has run.jobs.fly" in done.stderr
    assert not (tmp_path / "a" / "facts.sqlite").exists()


def test_a_second_reading_is_laid_over_the_researched_row(tmp_path):
    assert build(tmp_path / "a", [ROW], READING).returncode == 0
    database = sqlite3.connect(tmp_path / "a" / "facts.sqlite")
    (blob,) = database.execute("SELECT methods FROM need WHERE api = 'run'").fetchone()
    database.close()
    need = json.loads(zlib.decompress(blob))["projects.locations.jobs.run"]
    assert (need["perms"], need["source"], need["read"]) == (
        ["run.jobs.run"],
        "https://example.com/again",
        "2026-11-23",
    )


def test_a_second_reading_of_no_researched_row_must_be_whole(tmp_path):
    done = build(tmp_path / "a", [ROW], {**READING, "method": "projects.locations.jobs.list"})
    assert done.returncode == 1
    assert "run v2 projects.locations.jobs.list: no researched row has it" in done.stderr
