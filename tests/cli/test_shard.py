"""A stack in shards: in a matrix of jobs, in tasks of a Cloud Run job, and as one plan again."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from wfprov.emulator import admin

HOST = "-493817260155.europe-west1.run.app"
CALLS = {
    "alpha": ("pay",),
    "beta": ("pay", "stock"),
    "gamma": ("stock",),
    "delta": ("mail",),
    "epsilon": ("tax",),
    "zeta": ("ship",),
    "eta": (),
}
COUNT = 3
WFPROV = str(Path(sys.executable).with_name("wfprov"))


@pytest.fixture
def fleet(session, emulator, owner, monkeypatch):
    """Seven workflows, three of which share policies."""
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(owner))
    place = "//run.googleapis.com/projects/acme-shop/locations/europe-west1/services"
    names = [f"{place}/{name}" for name in sorted({s for some in CALLS.values() for s in some})]
    admin.answer(emulator.plane, "POST", "emulator/v1/resources", {}, {"names": names})
    for name, services in CALLS.items():
        steps = "".join(
            f"- call_{s}:\n    call: http.post\n    args:\n      url: https://{s}{HOST}/x\n"
            "      auth: {type: OIDC}\n"
            for s in services
        )
        session.write(f"workflows/{name}.yaml", steps or "- done:\n    return: 1\n")
    rows = "".join(f"  flow-{n}: {{source: workflows/{n}.yaml}}\n" for n in CALLS)
    session.write("wfprov.yaml", f"version: 1\nstack: fleet\nworkflows:\n{rows}")
    session.write(
        "environments/shop.yaml",
        f"endpoint: {emulator.http_url}\nendpoints: {{iam: 'http://{emulator.grpc_target}'}}\n"
        "project: acme-shop\nregion: europe-west1\n",
    )
    return session


def shards(fleet) -> list[str]:
    names = []
    for index in range(1, COUNT + 1):
        names.append(f"plan-{index}.json")
        ended = fleet.wfprov("plan", "-e", "shop", "--shard", f"{index}/{COUNT}", "-o", names[-1])
        assert ended.code == 0, ended.err
        assert f"Shard {index}/{COUNT}: " in ended.out
    return names


def due(body) -> dict[str, dict]:
    return {c["address"]: c for c in body["changes"] if c["action"] not in {"no-op", "inherited"}}


def nothing_is_due(fleet) -> bool:
    return fleet.wfprov("plan", "-e", "shop", "--shard", "1/1", "--detailed-exitcode").code == 0


def test_no_two_shards_write_one_policy_and_together_they_are_the_plan(fleet):
    saved = [json.loads((fleet.folder / name).read_text()) for name in shards(fleet)]
    written = [{a for a in due(body) if "serviceusage" not in a} for body in saved]
    assert all(not one & other for one in written for other in written if one is not other)
    assert all(sum("/workflows/" in a for a in one) >= 1 for one in written)
    whole = fleet.wfprov("plan", "-e", "shop", "--format", "json").json
    merged = fleet.wfprov("plan", "--merge", *[f"plan-{i}.json" for i in (2, 1, 3)], "-o", "m.json")
    assert merged.code == 0
    together = json.loads((fleet.folder / "m.json").read_text())
    assert due(together) == due(whole)
    assert together["shard"] is None
    assert set(together["fingerprints"]) == set(whole["fingerprints"])
    assert fleet.wfprov("apply", "m.json").code == 0
    assert nothing_is_due(fleet)


def test_each_shard_is_applied_by_itself_in_any_order(fleet):
    for name in reversed(shards(fleet)):
        ended = fleet.wfprov("apply", name)
        assert ended.code == 0, ended.out + ended.err
    assert nothing_is_due(fleet)


@pytest.mark.parametrize(
    ("index", "total", "first"),
    [
        ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
        ("CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT", 0),
        ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    ],
)
def test_a_matrix_of_processes_at_once_plans_and_applies(fleet, index, total, first):
    """What the guide shows: every task runs the same command, and nothing is left to do."""
    command = [WFPROV, "apply", "-e", "shop", "--auto-approve"]
    tasks = [
        subprocess.Popen(
            command,
            cwd=fleet.folder,
            env={**os.environ, index: str(first + task), total: str(COUNT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for task in range(COUNT)
    ]
    for number, task in enumerate(tasks, 1):
        out, _ = task.communicate(timeout=120)
        assert task.returncode == 0, out
        assert f"Shard {number}/{COUNT}: " in out
    assert nothing_is_due(fleet)


def test_the_tasks_of_a_job_share_one_reviewed_plan(fleet, monkeypatch):
    assert fleet.wfprov("plan", "-e", "shop", "-o", "plan.json").code == 0
    monkeypatch.setenv("CLOUD_RUN_TASK_COUNT", str(COUNT))
    for task in range(COUNT):
        monkeypatch.setenv("CLOUD_RUN_TASK_INDEX", str(task))
        ended = fleet.wfprov("apply", "plan.json")
        assert ended.code == 0, ended.out + ended.err
        assert f"Shard {task + 1}/{COUNT}: " in ended.out
    again = fleet.wfprov("apply", "plan.json")
    assert "Nothing left to do" in again.out
    monkeypatch.delenv("CLOUD_RUN_TASK_COUNT")
    assert nothing_is_due(fleet)


def test_a_plan_to_prune_is_shared_too(fleet):
    assert fleet.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    config = (fleet.folder / "wfprov.yaml").read_text()
    fleet.write("wfprov.yaml", config.replace("  flow-beta: {source: workflows/beta.yaml}\n", ""))
    assert fleet.wfprov("plan", "-e", "shop", "--prune", "-o", "plan.json").code == 0
    for index in range(1, COUNT + 1):
        ended = fleet.wfprov("apply", "plan.json", "--shard", f"{index}/{COUNT}")
        assert ended.code == 0, ended.out + ended.err
    assert fleet.wfprov("plan", "-e", "shop", "--prune", "--detailed-exitcode").code == 0


def test_the_reports_of_shards_become_one_and_a_second_run_mends_it(fleet, emulator):
    fault = {"kind": "error", "path": "mail:setIamPolicy", "status": "PERMISSION_DENIED"}
    admin.answer(emulator.plane, "POST", "emulator/v1/faults", {}, {**fault, "count": -1})
    files, codes = [], []
    for index in range(1, COUNT + 1):
        files.append(f"events-{index}.ndjson")
        command = ("apply", "-e", "shop", "--auto-approve", "--shard", f"{index}/{COUNT}")
        codes.append(fleet.wfprov(*command, "--events", files[-1]).code)
    assert sorted(codes) == [0, 0, 1]
    report = fleet.wfprov("apply", "--merge", *files)
    assert report.code == 1
    assert "FAIL  grant policy of service mail" in report.out
    assert "--    make workflow flow-delta" in report.out
    assert "1 failed, 1 not started" in report.out
    admin.answer(emulator.plane, "DELETE", "emulator/v1/faults", {}, None)
    failed = codes.index(1) + 1
    again = ("apply", "-e", "shop", "--auto-approve", "--shard", f"{failed}/{COUNT}")
    assert fleet.wfprov(*again, "--events", "again.ndjson").code == 0
    report = fleet.wfprov("apply", "--merge", *files, "again.ndjson")
    assert report.code == 0
    assert report.out.startswith("Done: ")
    report = fleet.wfprov("apply", "--merge", files[0], files[1])
    assert report.code == 1
    assert "there is no run of shard 3/3" in report.out


def test_a_run_that_was_killed_is_no_done_run(fleet):
    command = ("apply", "-e", "shop", "--auto-approve", "--shard", "1/3", "--events", "e.ndjson")
    assert fleet.wfprov(*command).code == 0
    text = (fleet.folder / "e.ndjson").read_text()
    fleet.write("e.ndjson", text[: text.rindex('"summary"')])
    report = fleet.wfprov("apply", "--merge", "e.ndjson")
    assert report.code == 1
    assert "e.ndjson has no end" in report.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan", "-e", "shop", "--shard", "4/3"), "is no shard"),
        (("plan", "-e", "shop", "--shard", "2/3", "--prune"), "--prune looks at the whole stack"),
        (("plan", "--merge", "plan-1.json", "plan-2.json"), "3/3 is missing"),
        (("plan", "--merge", "wfprov.yaml"), "is no JSON"),
        (("apply", "--merge"), "nothing to report"),
        (("apply", "--merge", "wfprov.yaml"), "is no JSON"),
        (("apply", "plan-1.json", "plan-2.json"), "one plan is applied at a time"),
        (("apply", "plan-1.json", "--shard", "2/3"), "is shard 1/3, and this is shard 2/3"),
    ],
)
def test_what_does_not_fit_is_wrong_usage(fleet, arguments, words):
    if any(a.startswith("plan-") for a in arguments):
        shards(fleet)
    ended = fleet.wfprov(*arguments)
    assert ended.code == 3
    assert words in ended.err


def test_a_variable_that_is_no_shard_is_named(fleet, monkeypatch):
    monkeypatch.setenv("WFPROV_SHARD", "3/2")
    ended = fleet.wfprov("plan", "-e", "shop", "--offline")
    assert ended.code == 3
    assert "WFPROV_SHARD" in ended.err


def test_a_job_that_is_not_parallel_is_the_whole(fleet, monkeypatch):
    monkeypatch.setenv("CI_NODE_TOTAL", "1")
    ended = fleet.wfprov("plan", "-e", "shop", "--offline")
    assert ended.code == 0
    assert "Shard" not in ended.out


GUIDE = (Path(__file__).parents[2] / "docs/guides/fleet.md").read_text(encoding="utf-8")


def example(sign: str) -> str:
    """The block of the guide that holds a sign."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    [found] = [block for block in blocks if sign in block]
    return found


def ran(fleet, script: str, **variables: str) -> str:
    """What a line of a pipeline prints."""
    path = f"{Path(WFPROV).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-ec", script],
        cwd=fleet.folder,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture
def guided(fleet):
    """The fleet in an environment of the name that the guide uses."""
    environments = fleet.folder / "environments"
    fleet.write("environments/prod.yaml", (environments / "shop.yaml").read_text())
    return fleet


def is_done(fleet) -> bool:
    return fleet.wfprov("plan", "-e", "prod", "--shard", "1/1", "--detailed-exitcode").code == 0


def test_the_pipeline_of_the_guide_plans_reviews_applies_and_reports(guided):
    jobs = yaml.safe_load(example("# GitLab"))
    total = str(jobs["plan"]["parallel"])
    assert jobs["apply"]["parallel"] == jobs["plan"]["parallel"]
    nodes = [str(index) for index in range(1, int(total) + 1)]
    for node in nodes:
        ran(guided, jobs["plan"]["script"], CI_NODE_INDEX=node, CI_NODE_TOTAL=total)
    assert "Plan: " in ran(guided, jobs["review"]["script"])
    for node in nodes:
        ran(guided, jobs["apply"]["script"], CI_NODE_INDEX=node, CI_NODE_TOTAL=total)
    [report] = [line for line in GUIDE.splitlines() if line.startswith("wfprov apply --merge")]
    assert ran(guided, report).startswith("Done: 21 steps made")
    assert is_done(guided)


def test_the_matrix_of_the_guide_applies_the_reviewed_plan(guided):
    job = yaml.safe_load(example("# GitHub Actions"))["jobs"]["apply"]
    shards_of = job["strategy"]["matrix"]["shard"]
    [step] = job["steps"]
    assert guided.wfprov("plan", "-e", "prod", "-o", "plan.json").code == 0
    for shard in shards_of:
        script = step["run"].replace("${{ matrix.shard }}", str(shard))
        ran(guided, script.replace("${{ strategy.job-total }}", str(len(shards_of))))
    assert is_done(guided)


def test_the_cloud_run_job_of_the_guide_applies_the_reviewed_plan(guided):
    words = shlex.split(example("gcloud run jobs deploy").partition("\ngcloud")[0])
    tasks = int(words[words.index("--tasks") + 1])
    [arguments] = [word.removeprefix("--args=") for word in words if word.startswith("--args=")]
    command = [words[words.index("--command") + 1], *arguments.split(",")]
    assert guided.wfprov("plan", "-e", "prod", "-o", "plan.json").code == 0
    for task in range(tasks):
        variables = {"CLOUD_RUN_TASK_INDEX": str(task), "CLOUD_RUN_TASK_COUNT": str(tasks)}
        ran(guided, shlex.join(command), **variables)
    assert is_done(guided)
