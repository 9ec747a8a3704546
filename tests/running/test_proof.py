"""What is granted is enough to run, and nothing of it can be taken away unnoticed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from running import Proof, guard, plane
from wfprov.app.doubtful import REPLACES_OWN_POLICY
from wfprov.app.init import init, templates
from wfprov.app.load import Loaded, Selection, load
from wfprov.app.plan import make_live
from wfprov.emulator.enforce import permitted

PARTS = 6
LEAST_RUN = 60 // PARTS
NAMES = [starter.name for starter in templates()]

NOT_REACHED = {
    ("text-autonomy-daily", "main.read_emitted_index"),
    ("text-autonomy-daily", "wait_for_scene_terminal.poll_success"),
    ("text-autonomy-daily", "wait_for_scene_terminal.poll_failure"),
    ("src__connectors__connector_compute", "main.delete_machine"),
}
"""Calls behind a combination of ways that the executions do not come by, or behind a machine that
has to run and then to be stopped: the emulator keeps no such state.
"""

NOT_NOTICED = {
    ("vision_annotation", "main.new_annotation"): "the emulator reads no image from its bucket",
}
"""Sites whose grants may be missed by nobody, and why."""


def stack_of(path: Path, number: int) -> Loaded:
    """A definition as `wfprov plan PATH` reads it, as a stack of its own."""
    found = load(Selection(paths=(str(path),), project="demo-project", region="us-central1"))
    spec = replace(found.stack.workflows[0], name=f"workflow-{number}")
    stack = replace(found.stack, name=f"corpus-{number}", endpoint="embedded", workflows=(spec,))
    return replace(found, stack=stack, sources=dict.fromkeys([spec.name], *found.sources.values()))


def excused(listed: object, name: str, site: str) -> bool:
    assert isinstance(listed, set | dict)
    return any(part in name and site == known for part, known in listed)


def proven(proof: Proof, name: str, counts: Counter[str]) -> bool:
    """Holds one workflow to the claim; False when its plan has questions or errors."""
    planned = proof.apply()
    if planned is None:
        counts["with questions or errors"] += 1
        return False
    [inspected] = planned.inspected
    if any(d.rule is REPLACES_OWN_POLICY for d in inspected.diagnostics):
        counts["warned that it replaces the policy that holds its own grant"] += 1
        return False
    email = proof.account(inspected)
    run = proof.run(inspected, email)
    counts["definitions run"] += 1
    counts["calls made"] += len(run.sent)
    refused = [(s.verb, s.host, s.path, s.status, s.permission) for s in run.sent if s.refused]
    assert not refused, (name, refused[0])
    missed = [
        use.site.id
        for use in inspected.sites
        if use.site.reachable
        and use.targets
        and (use.site.span.start, use.site.span.end) not in run.places
        and not use.site.function.startswith("events.")
        and not excused(NOT_REACHED, name, use.site.id)
    ]
    logs = {u.site.id for u in inspected.sites if u.site.function == "sys.log"}
    counts["log sites not reached"] += len(logs.intersection(missed))
    assert not set(missed) - logs, (name, missed)
    for why in run.not_run.values():
        counts[f"not run: {why}"] += 1
    for removed in proof.without_each(planned, inspected, email, run):
        counts["grants removed"] += 1
        what = (name, removed.access.subject, removed.membership.key.role, removed.sites)
        if removed.refused is None:
            assert all(excused(NOT_NOTICED, name, site) for site in removed.sites), what
            counts["not noticed"] += 1
            continue
        assert removed.named, (*what, removed.refused)
        assert proof.explains(removed), (*what, removed.refused)
        counts["noticed and named"] += 1
    return True


@pytest.mark.parametrize("part", range(PARTS))
def test_real_definitions_run_with_their_grants_and_not_with_one_less(corpus, tmp_path, part):
    counts: Counter[str] = Counter()
    with plane(stack_of(corpus[0].path, 0), tmp_path) as control:
        for number, definition in enumerate(corpus):
            if number % PARTS == part:
                proven(Proof(stack_of(definition.path, number), control), definition.id, counts)
    print(dict(counts))  # noqa: T201  the figures are the proof
    assert counts["definitions run"] >= LEAST_RUN
    assert counts["noticed and named"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_starter_runs_with_its_grants_and_not_with_one_less(name, tmp_path, monkeypatch):
    init(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    loaded = load(Selection(environment="local"))
    counts: Counter[str] = Counter()
    with plane(loaded, tmp_path) as control:
        if name == "iap-endpoint":
            resource = "projects/493817260155/iap_web/compute/services/tickets-backend"
            guard(control, "tickets.example.com", resource)
        assert proven(Proof(loaded, control), name, counts)
    assert counts["calls made"] > 0
    assert counts["noticed and named"] > 0
    print(name, dict(counts))  # noqa: T201  the figures are the proof


CONDITIONED = """
main:
  steps:
    - restart:
        call: googleapis.sqladmin.v1.instances.restart
        args: {project: demo-project, instance: orders}
    - look:
        call: googleapis.sqladmin.v1.instances.get
        args: {project: demo-project, instance: orders}
    - read:
        call: googleapis.firestore.v1.projects.databases.documents.get
        args: {name: projects/demo-project/databases/(default)/documents/orders/one}
    - remember:
        call: googleapis.firestore.v1.projects.databases.documents.patch
        args: {name: projects/demo-project/databases/audit/documents/orders/one, body: {}}
    - tables:
        call: googleapis.sqladmin.v1.databases.list
        args: {project: demo-project, instance: orders}
"""

DEMO = "projects/demo-project"
REACHED = {
    ("cloudsql.instances.restart", f"sqladmin.googleapis.com/{DEMO}/instances/orders"): True,
    ("cloudsql.instances.restart", f"sqladmin.googleapis.com/{DEMO}/instances/orders-2"): False,
    ("datastore.entities.get", f"firestore.googleapis.com/{DEMO}/databases/(default)"): True,
    ("datastore.entities.get", f"firestore.googleapis.com/{DEMO}/databases/other"): False,
    ("datastore.entities.update", f"firestore.googleapis.com/{DEMO}/databases/(default)"): False,
}


def test_grants_under_a_condition_suffice_and_reach_nothing_else(tmp_path):
    path = tmp_path / "narrow.yaml"
    path.write_text(CONDITIONED)
    loaded = stack_of(path, 1)
    counts: Counter[str] = Counter()
    with plane(loaded, tmp_path) as control:
        proof = Proof(loaded, control)
        assert proven(proof, "narrow", counts)
        again = make_live(loaded, control, proof.clock.now, parallel=1)
        assert not again.plan.due
        world = proof.emulator.plane.world
        account = f"serviceAccount:{proof.account(again.inspected[0])}"
        reached = {
            (permission, name): permitted(world, account, permission, f"//{name}")
            for permission, name in REACHED
        }
    assert reached == REACHED
    assert counts["noticed and named"] == 4


def test_a_run_without_any_grant_is_refused(tmp_path, monkeypatch):
    """The claims above say something only when the control plane says no."""
    init(tmp_path, "order-intake")
    monkeypatch.chdir(tmp_path)
    loaded = load(Selection(environment="local"))
    with plane(loaded, tmp_path) as control:
        proof = Proof(loaded, control)
        planned = proof.apply()
        assert planned is not None
        [inspected] = planned.inspected
        stranger = f"nobody@{loaded.stack.project}.iam.gserviceaccount.com"
        run = proof.run(inspected, stranger)
        assert any(one.refused for one in run.sent)
