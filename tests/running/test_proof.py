"""What is granted is enough to run, and nothing of it can be taken away unnoticed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from running import Proof, called, guard, plane
from wfprov.app.doubtful import REPLACES_OWN_POLICY
from wfprov.app.init import init, templates
from wfprov.app.load import Loaded, Selection, load
from wfprov.app.plan import Planned, make_live
from wfprov.emulator.enforce import permitted

PARTS = 6
LEAST_RUN = 60 // PARTS
NAMES = [starter.name for starter in templates()]

NOT_RUN = Path(__file__).with_name("not_run.tsv")

SHOWN_ARGUMENTS = {
    "vision_annotation": {
        "requests": [{"image": {"source": {"gcsImageUri": "gs://bucket-name/image.jpg"}}}]
    },
}
"""Arguments that a definition's own comment shows, where any other asks for nothing."""


def listed() -> dict[tuple[str, str], str]:
    """What is known not to run, by definition and what of it, with the reason."""
    lines = NOT_RUN.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert all(len(row) == 3 and all(row) for row in rows), rows
    found = {(name, what): why for name, what, why in rows}
    assert len(found) == len(rows), "something is listed twice"
    return found


def stack_of(path: Path, number: int) -> Loaded:
    """A definition as `wfprov plan PATH` reads it, as a stack of its own."""
    found = load(Selection(paths=(str(path),), project="demo-project", region="us-central1"))
    spec = replace(found.stack.workflows[0], name=f"workflow-{number}")
    stack = replace(found.stack, name=f"corpus-{number}", endpoint="embedded", workflows=(spec,))
    return replace(found, stack=stack, sources=dict.fromkeys([spec.name], *found.sources.values()))


def hindrance(planned: Planned) -> set[str]:
    """What keeps a planned definition from being run, in the words of the list; empty if nothing.

    Errors come before questions: with an error nothing else counts.
    """
    errors = {f"error:{d.rule.slug}" for d in planned.diagnostics if d.is_error}
    asked = {"question" for blocked in planned.plan.blocked if blocked.reason == "question"}
    warned = (d for one in planned.inspected for d in one.diagnostics)
    undone = {"own-policy" for d in warned if d.rule is REPLACES_OWN_POLICY}
    return errors or asked or undone


def proven(proof: Proof, name: str, counts: Counter[str]) -> set[str]:
    """Holds one workflow to the claim; what of it was not run, in the words of the list.

    That is its hindrance, or the ids of calls that nothing here answers.
    """
    planned = proof.plan()
    if found := hindrance(planned):
        counts["definitions not run"] += 1
        return found
    proof.carry_out(planned)
    [inspected] = planned.inspected
    email = proof.account(inspected)
    run = proof.run(inspected, email)
    counts["definitions run"] += 1
    counts["definitions run that call something"] += bool(run.sent)
    counts["requests made"] += len(run.sent)
    refused = [(s.verb, s.host, s.path, s.status, s.permission) for s in run.sent if s.refused]
    assert not refused, (name, refused[0])
    assert not called(inspected) - run.places, (name, called(inspected) - run.places)
    for removed in proof.without_each(planned, inspected, email, run):
        counts["grants removed"] += 1
        what = (name, removed.access.subject, removed.membership.key.role, removed.sites)
        assert removed.refused is not None, what
        assert removed.named, (*what, removed.refused)
        assert proof.explains(removed), (*what, removed.refused)
        counts["noticed and named"] += 1
    return {
        use.site.id
        for use in inspected.sites
        if (use.site.span.start, use.site.span.end) in run.not_run
    }


@pytest.mark.parametrize("part", range(PARTS))
def test_real_definitions_run_with_their_grants_and_not_with_one_less(corpus, tmp_path, part):
    counts: Counter[str] = Counter()
    known, fresh, stale = listed(), {}, {}
    with plane(stack_of(corpus[0].path, 0), tmp_path) as control:
        for number, definition in enumerate(corpus):
            if number % PARTS != part:
                continue
            shown = next((a for n, a in SHOWN_ARGUMENTS.items() if n in definition.id), None)
            proof = Proof(stack_of(definition.path, number), control, shown)
            found = proven(proof, definition.id, counts)
            expected = {what for name, what in known if name == definition.id}
            # One of several errors says enough of why a definition is not run.
            if not (found >= expected and expected and all(f.startswith("error:") for f in found)):
                fresh[definition.id], stale[definition.id] = found - expected, expected - found
    print(dict(counts))  # noqa: T201  the figures are the proof
    assert not any(fresh.values()), {k: v for k, v in fresh.items() if v}
    assert not any(stale.values()), {k: v for k, v in stale.items() if v}
    assert counts["definitions run that call something"] >= LEAST_RUN
    assert counts["noticed and named"] == counts["grants removed"] > 0


def test_each_line_of_the_list_is_of_a_definition_of_the_corpus(corpus):
    assert {name for name, _ in listed()} <= {definition.id for definition in corpus}


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
        assert proven(Proof(loaded, control), name, counts) == set()
    assert counts["requests made"] > 0
    assert counts["noticed and named"] == counts["grants removed"] > 0
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
        assert proven(proof, "narrow", counts) == set()
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


MACHINE = """
main:
  steps:
    - make:
        call: googleapis.compute.v1.instances.insert
        args:
          project: demo-project
          zone: us-central1-a
          body:
            name: press
            networkInterfaces:
              - subnetwork: projects/host-project/regions/us-central1/subnetworks/inner
            disks:
              - source: zones/us-central1-a/disks/data
"""


def test_what_a_machine_is_made_of_is_granted_where_that_lies_and_needed_there(tmp_path):
    path = tmp_path / "machine.yaml"
    path.write_text(MACHINE)
    loaded = stack_of(path, 2)
    counts: Counter[str] = Counter()
    with plane(loaded, tmp_path) as control:
        proof = Proof(loaded, control)
        assert proven(proof, "machine", counts) == set()
    assert counts["noticed and named"] == 3


def test_a_run_without_any_grant_is_refused(tmp_path, monkeypatch):
    """The claims above say something only when the control plane says no."""
    init(tmp_path, "order-intake")
    monkeypatch.chdir(tmp_path)
    loaded = load(Selection(environment="local"))
    with plane(loaded, tmp_path) as control:
        proof = Proof(loaded, control)
        planned = proof.plan()
        proof.carry_out(planned)
        [inspected] = planned.inspected
        stranger = f"nobody@{loaded.stack.project}.iam.gserviceaccount.com"
        run = proof.run(inspected, stranger)
        assert any(one.refused for one in run.sent)
