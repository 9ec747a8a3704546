"""The database of facts: complete, consistent, quick to open, and free of cloud libraries."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wfprov.core.facts import MethodId
from wfprov.store.facts import SqliteFacts, open_facts

DATA = Path(__file__).parents[2] / "src" / "wfprov" / "data"


@pytest.fixture(scope="module")
def facts():
    opened = SqliteFacts()
    yield opened
    opened.close()


def every_need(facts):
    for api, version in facts._rows("SELECT api, version FROM need"):
        for name in facts._need(api, version):
            yield MethodId(api, version, name), facts.needs(MethodId(api, version, name))


def test_every_permission_that_a_method_needs_is_held_by_some_role(facts):
    unknown = set()
    for method, needs in every_need(facts):
        named = {*needs.permissions, *needs.polling, *needs.on_by}
        for conditional in needs.conditional:
            named |= {*conditional.permissions, *conditional.instead_of}
        unknown |= {(str(method), p) for p in named if not facts.exists(p)}
    assert not unknown


def test_every_role_that_a_method_names_exists(facts):
    unknown = {
        (str(method), needs.role)
        for method, needs in every_need(facts)
        if needs.tier == "curated" and needs.role and facts.role(needs.role) is None
    }
    assert not unknown


def test_every_curated_need_has_a_source_address(facts):
    rows = [(m, n) for m, n in every_need(facts) if n.tier == "curated"]
    assert len(rows) > 900
    assert not [str(m) for m, n in rows if not n.source.startswith("https://")]


def test_own_tables_are_read_by_their_grammar():
    words = {"set", "unset", "true", "eq", "prefix", "mention", "unless", "own-image"}
    for line in (DATA / "conditions.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            text, form = line.split("\t")
            assert text
            assert form.split(" ")[0] in words | {"maybe", "never"}
    for line in (DATA / "methods.jsonl").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            assert {"api", "version", "method", "read", "changed"} <= json.loads(line).keys()


def test_a_method_is_found_by_version(facts):
    method = facts.method(MethodId("run", "v2", "projects.locations.jobs.run"))
    assert method is not None
    assert (method.verb, method.service, method.long_running) == (
        "POST",
        "run.googleapis.com",
        True,
    )
    assert facts.method(MethodId("run", "v2", "projects.locations.jobs.walk")) is None


def test_a_version_without_a_row_answers_with_its_siblings_at_tier_map(facts):
    own = facts.needs(MethodId("pubsub", "v1", "projects.topics.publish"))
    assert own is not None
    assert own.tier == "curated"
    other = facts.needs(MethodId("secretmanager", "v9", "projects.secrets.versions.access"))
    assert other is not None
    assert other.tier == "map"


def test_what_nobody_knows_is_none(facts):
    assert facts.needs(MethodId("nonsense", "v1", "a.b")) is None
    assert facts.role("roles/nonsense.admin") is None
    assert facts.effective("cloudresourcemanager.googleapis.com/nonsense") is None
    assert not facts.exists("nonsense.things.get")
    assert facts.roles_with("nonsense.things.get") == ()


def test_invoking_takes_effect_on_a_service_and_running_does_not(facts):
    working = facts.effective("run.googleapis.com/projects/locations/services")
    assert "run.routes.invoke" in working
    assert "run.jobs.run" not in working
    assert "run.services.create" not in working


def test_objects_take_effect_in_a_bucket(facts):
    working = facts.effective("storage.googleapis.com/projects/buckets")
    assert {"storage.objects.get", "storage.buckets.get"} <= working
    assert "storage.buckets.create" not in working


def test_a_dataset_has_a_policy_and_a_workflow_has_none(facts):
    dataset = facts.policy_type("bigquery.googleapis.com/projects/datasets")
    assert dataset is not None
    assert dataset.verb == "PATCH"
    assert facts.policy_type("workflows.googleapis.com/projects/locations/workflows") is None


def test_opening_takes_less_than_ten_milliseconds():
    best = 1.0
    for _ in range(5):
        begin = time.perf_counter()
        opened = SqliteFacts()
        best = min(best, time.perf_counter() - begin)
        opened.close()
    assert best < 0.01


def test_the_file_stays_small_enough_to_ship():
    assert (DATA / "facts.sqlite").stat().st_size < 6_000_000


def test_reading_facts_imports_no_cloud_library():
    program = (
        "import sys\n"
        "from wfprov.core.facts import MethodId\n"
        "from wfprov.store.facts import open_facts\n"
        "open_facts().needs(MethodId('run', 'v2', 'projects.locations.jobs.run'))\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in "
        "{'google', 'googleapiclient', 'grpc', 'httplib2', 'requests'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_facts_serve_several_threads():
    from concurrent.futures import ThreadPoolExecutor

    opened = open_facts()
    names = [f"roles/{n}" for n in ("run.invoker", "run.viewer", "pubsub.publisher")] * 20
    with ThreadPoolExecutor(8) as pool:
        roles = list(pool.map(opened.role, names))
    assert [r.name for r in roles] == names
    opened.close()


def test_at_least_970_methods_are_curated_each_with_the_address_of_a_page(facts):
    curated = [needs for needs in facts.all_needs() if needs.tier == "curated"]
    assert len(curated) >= 970
    assert all(needs.source.startswith("https://") for needs in curated)


def test_every_permission_and_role_that_methods_name_exists(facts):
    for needs in facts.all_needs():
        if needs.tier == "derived":
            continue
        named = {*needs.permissions, *needs.polling, *needs.on_by}
        named |= {p for condition in needs.conditional for p in condition.permissions}
        assert {p for p in named if not facts.exists(p)} == set(), needs.source
        assert needs.role is None or facts.role(needs.role) is not None, needs.source


def test_every_permission_and_role_that_the_code_names_exists(facts):
    role, permission = re.compile(r"\"(roles/[\w.]+)\""), re.compile(r"Permission\(\s*\"([\w.]+)\"")
    named = {
        (path.name, found)
        for path in (DATA.parent).rglob("*.py")
        for pattern in (role, permission)
        for found in pattern.findall(path.read_text(encoding="utf-8"))
    }
    unknown = {
        (path, name)
        for path, name in named
        if not (facts.role(name) if name.startswith("roles/") else facts.exists(name))
    }
    assert len(named) > 50
    assert unknown == set()


def test_a_second_reading_marks_its_rows_and_says_what_it_changed(facts):
    lines = (DATA / "methods.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if not line.startswith("#")]
    assert len({(r["api"], r["version"], r["method"]) for r in rows}) == len(rows)
    for row in rows:
        needs = facts.needs(MethodId(row["api"], row["version"], row["method"]))
        assert needs is not None
        assert (needs.tier, needs.read) == ("curated", row["read"])
        assert isinstance(row["changed"], str)
        assert needs.source.startswith("https://")
        assert row.get("read_on", "https://").startswith("https://")
    assert sum(bool(needs.read) for needs in facts.all_needs()) == len(rows)


def test_the_methods_that_workflows_use_most_were_read_a_second_time():
    lines = (DATA / "methods.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if not line.startswith("#")]
    assert sum("used" in row for row in rows) >= 150
    assert all(row["read"] for row in rows if "used" in row)


def test_a_method_accepts_the_scope_that_its_row_calls_sufficient(facts):
    tasks = facts.method(MethodId("cloudtasks", "v2", "projects.locations.queues.tasks.create"))
    assert tasks is not None
    assert "https://www.googleapis.com/auth/cloud-tasks" in tasks.scopes
    refused = set()
    for name, needs in every_need(facts):
        method = facts.method(name) if needs.scope else None
        if method is not None and method.scopes and needs.scope not in method.scopes:
            refused.add((str(name), needs.scope))
    assert not refused
