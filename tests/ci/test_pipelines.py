"""What runs in pipelines, as far as it runs here: its scripts under bash, the real command."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
REVIEW = str(ROOT / "ci/review.sh")
COMMENT = str(ROOT / "ci/comment.py")


def review(repository, **variables):
    given = {
        "WFPROV_ENVIRONMENT": "prod",
        "WFPROV_BASE": "HEAD",
        "WFPROV_REPORTS": str(repository.reports),
        **variables,
    }
    return repository.run("bash", REVIEW, check=False, **given)


def comment(repository, github, *reports: str):
    return repository.run(
        sys.executable,
        COMMENT,
        *(str(repository.reports / name) for name in reports or ("new-access.md", "plan.md")),
        check=False,
        GITHUB_API_URL=github.address,
        GITHUB_REPOSITORY="acme/orders",
        GITHUB_TOKEN="not-a-secret",
        WFPROV_PULL_REQUEST="7",
    )


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.cloudbuild", "ci/cloudbuild.yaml"),
        ("vendor.gitlab-ci", "ci/gitlab.yml"),
    ],
)
def test_each_file_is_what_its_service_takes(schema, path):
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


class TestReview:
    def test_a_change_that_adds_nothing_passes(self, repository):
        done = review(repository)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "adds no access" in (repository.reports / "new-access.md").read_text()
        assert "Plan: " in (repository.reports / "plan.md").read_text()

    def test_one_that_adds_access_ends_with_4_and_fills_summary_and_output(self, repository):
        repository.adds()
        summary, output = repository.folder / "summary", repository.folder / "output"
        done = review(repository, GITHUB_STEP_SUMMARY=str(summary), GITHUB_OUTPUT=str(output))
        assert done.returncode == 4
        assert output.read_text() == "exit-code=4\n"
        assert "1 new grant" in summary.read_text()
        assert "All changes" in summary.read_text()

    def test_a_broken_definition_ends_with_1_and_still_reports(self, repository):
        repository.write("workflows/intake.yaml", "- a: {next: nowhere}\n")
        assert review(repository).returncode == 1
        assert (repository.reports / "plan.md").read_text()

    def test_what_is_named_in_a_hostile_way_is_no_command(self, repository):
        repository.write("workflows/$(touch sprung).yaml", "- a: {return: 1}\n")
        done = review(
            repository,
            WFPROV_ENVIRONMENT="",
            WFPROV_PROJECT="acme-shop; touch sprung",
            WFPROV_PATHS="workflows/$(touch sprung).yaml\n--help",
            WFPROV_BASE="$(touch sprung)",
        )
        assert done.returncode != 0
        assert not list(repository.folder.rglob("sprung"))

    def test_nothing_that_a_definition_says_is_taken_for_a_command_of_the_runner(self, repository):
        repository.write("workflows/intake.yaml", '- "::error::pwned": {next: nowhere}\n')
        lines = review(repository).stdout.splitlines()
        stop = next(line for line in lines if line.startswith("::stop-commands::"))
        token = stop.rpartition("::")[2]
        assert len(token) == 32
        begin, end = lines.index(stop), lines.index(f"::{token}::")
        said = [n for n, line in enumerate(lines) if "pwned" in line]
        assert said
        assert all(begin < n < end for n in said)


class TestComment:
    def test_it_is_written_once_and_then_updated_in_its_place(self, repository, github):
        repository.adds()
        review(repository)
        github.comments = {n: f"comment {n}" for n in range(1, 131)}
        first = comment(repository, github)
        assert first.stdout == "Wrote https://github.example/1\n"
        repository.adds("ledger")
        review(repository)
        second = comment(repository, github)
        assert second.stdout == "Updated https://github.example/1\n"
        assert len(github.comments) == 131
        assert "2 new grants" in github.comments[131]
        assert "wfprov plan" in github.comments[131]
        assert [m for m, _ in github.requests if m != "GET"] == ["POST", "PATCH"]

    def test_a_stranger_who_wrote_the_marker_does_not_get_the_report(self, repository, github):
        review(repository)
        comment(repository, github)
        github.strangers = {1}
        assert comment(repository, github).stdout.startswith("Wrote ")
        assert len(github.comments) == 2

    def test_the_pull_request_of_a_fork_is_no_failure(self, repository, github):
        review(repository)
        github.refuses = 403
        done = comment(repository, github)
        assert done.returncode == 0
        assert "may not comment" in done.stdout

    def test_another_refusal_fails_and_says_so_without_the_token(self, repository, github):
        review(repository)
        github.refuses = 422
        done = comment(repository, github)
        assert done.returncode == 1
        assert "GitHub answered 422" in done.stdout
        assert "not-a-secret" not in done.stdout + done.stderr

    def test_two_long_reports_fit_one_comment(self, repository, github):
        repository.reports.mkdir()
        (repository.reports / "new-access.md").write_text("<!-- a -->\n" + "x" * 40_000)
        (repository.reports / "plan.md").write_text("y" * 40_000)
        comment(repository, github)
        (written,) = github.comments.values()
        assert len(written) < 65_536
        assert "job's summary" in written

    def test_no_report_is_no_comment(self, repository, github):
        assert comment(repository, github).returncode == 0
        assert github.requests == []


def test_the_action_passes_every_input_by_the_environment():
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"], "an expression in a script is an injection"
    text = (ROOT / "action.yml").read_text()
    assert all(f"inputs.{name}" in text for name in action["inputs"])


def test_the_build_plans_and_applies_just_that_plan(repository, tmp_path):
    """Runs the build's scripts as they are: `$$` is Cloud Build's escape of `$`."""
    build = yaml.safe_load((ROOT / "ci/cloudbuild.yaml").read_text())
    repository.write(
        "environments/prod.yaml", "endpoint: embedded\nproject: acme-shop\nregion: europe-west1\n"
    )
    venv = tmp_path / "workspace/.wfprov-venv/bin"
    venv.mkdir(parents=True)
    (venv / "wfprov").symlink_to(repository.commands / "wfprov")
    said = []
    for step in build["steps"]:
        script = (
            step["args"][1].replace("$$", "$").replace("/workspace", str(tmp_path / "workspace"))
        )
        # The installation is left out: it needs the package from an index.
        script = re.sub(r"^(python -m venv|\S+/pip install).*$", "", script, flags=re.MULTILINE)
        done = repository.run(
            "bash", "-c", script, check=False, WFPROV_ENVIRONMENT="prod", WFPROV_PACKAGE="wfprov"
        )
        assert done.returncode == 0, (step["id"], done.stdout, done.stderr)
        said.append(done.stdout + done.stderr)
    assert "Apply:  wfprov apply" in said[1]
    again = repository.run("wfprov", "plan", "-e", "prod", "--detailed-exitcode")
    assert "Nothing to do" in again.stdout


def test_the_scripts_of_the_merge_request_run(repository):
    jobs = yaml.safe_load((ROOT / "ci/gitlab.yml").read_text())
    repository.adds()
    codes = []
    for line in jobs["wfprov:review"]["script"]:
        done = repository.run(
            "bash", "-c", line, check=False, WFPROV_ENVIRONMENT="prod",
            CI_MERGE_REQUEST_DIFF_BASE_SHA="HEAD",
        )  # fmt: skip
        codes.append(done.returncode)
    assert codes == [0, 0, 4]
    assert (repository.folder / "wfprov-plan.md").read_text().startswith("<!-- wfprov:plan")


def test_the_hook_runs_its_entry_on_the_files_that_it_names(repository):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    named = re.compile(hook["files"])
    files = ("wfprov.yaml", "environments/prod.yaml", "workflows/intake.yaml", "a/workflows/b.json")
    assert all(named.search(path) for path in files)
    assert not any(named.search(path) for path in ("README.md", "src/x.py", "charts/values.yaml"))
    assert repository.run(*shlex.split(hook["entry"])).returncode == 0
    repository.write("workflows/intake.yaml", "- a: {next: nowhere}\n")
    assert repository.run(*shlex.split(hook["entry"]), check=False).returncode == 1


def test_the_image_runs_as_nobody_from_pinned_bases_with_what_it_needs():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+", base) for base in bases)
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["65532:65532"]
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--" not in line]
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    for name in (part.removeprefix("./") for parts in copied for part in parts):
        assert (ROOT / name).exists()
        assert f"!{name}" in kept, "what is copied is not ignored"
    assert kept[0] == "*"
