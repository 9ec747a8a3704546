"""Which calls a refusal is about, by all that it tells."""

from __future__ import annotations

import time

import pytest

from wfprov.app.load import Selection, load
from wfprov.app.why import chains_offline
from wfprov.audit.denial import denial
from wfprov.audit.question import _fits, asked, refused
from wfprov.store.facts import open_facts

DEFINITION = """\
main:
  params: [args]
  steps:
    - first:
        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
        args: {secret_id: alpha, project_id: acme-shop}
    - second:
        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
        args: {secret_id: beta, project_id: acme-shop}
    - any:
        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
        args: {secret_id: "${args.secret}", project_id: acme-shop}
    - job:
        call: googleapis.run.v2.projects.locations.jobs.run
        args: {name: projects/acme-shop/locations/europe-west1/jobs/nightly}
"""


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flows")
    (folder / "one.yaml").write_text(DEFINITION)
    (folder / "two.yaml").write_text(DEFINITION)
    selection = Selection(paths=(str(folder),), project="acme-shop", region="europe-west1")
    return chains_offline(load(selection)).calls


def found(text: str, calls) -> list[str]:
    answer = refused(denial(text), calls, open_facts())
    return [f"{c.name} {c.id}" for c in answer.calls]


def test_a_resource_tells_one_secret_from_the_other(calls):
    text = (
        "Permission 'secretmanager.versions.access' denied for resource "
        "'projects/acme-shop/secrets/beta/versions/latest' (or it may not exist)."
    )
    assert found(text, calls) == [
        "one main.second",
        "one main.any",
        "two main.second",
        "two main.any",
    ]


def test_a_bucket_that_no_call_names_is_found_by_a_need_on_the_project(tmp_path):
    path = tmp_path / "look.yaml"
    path.write_text(
        "main:\n  params: [args]\n  steps:\n    - look:\n        call: http.post\n        args:\n"
        "          url: https://vision.googleapis.com/v1/images:annotate\n"
        "          auth: {type: OAuth2}\n          body: {requests: '${args.requests}'}\n"
    )
    selection = Selection(paths=(str(path),), project="acme-shop", region="europe-west1")
    text = (
        "Permission 'storage.objects.get' denied on resource "
        "'//storage.googleapis.com/projects/_/buckets/pictures/objects/a.jpg'"
    )
    assert found(text, chains_offline(load(selection)).calls) == ["look main.look"]


def test_an_identity_tells_one_workflow_from_the_other(calls):
    text = (
        "two-workflow@acme-shop.iam.gserviceaccount.com lacks the permission "
        "'secretmanager.versions.access' on 'projects/acme-shop/secrets/alpha'"
    )
    assert found(text, calls) == ["two main.first", "two main.any"]


def test_a_step_alone_is_enough(calls):
    text = 'PermissionDenied: 403\nin step "job", routine "main", line: 13\nThe caller may not'
    assert found(text, calls) == ["one main.job", "two main.job"]


def test_a_step_goes_before_the_same_permission_elsewhere(calls):
    text = (
        "Permission 'secretmanager.versions.access' denied\n"
        'in step "second", routine "main", line: 7'
    )
    assert found(text, calls) == ["one main.second", "two main.second"]


def test_a_permission_that_nothing_asks_for_names_the_roles_of_its_service(calls):
    answer = refused(denial("lacks permission 'pubsub.topics.publish'"), calls, open_facts())
    assert answer.calls == answer.elsewhere == ()
    assert answer.roles[0].startswith("roles/pubsub.")


def test_words_that_are_no_permission_are_left_out(calls):
    text = "run.googleapis.com: lacks permission 'run.jobs.run' for my.own.word"
    assert refused(denial(text), calls, open_facts()).permissions == ("run.jobs.run",)


def test_a_name_with_very_many_holes_is_compared_in_bounded_time():
    start = time.process_time()
    assert not _fits("a" * 20_000 + "b", "{x}a" * 400 + "c")
    assert _fits("projects/p/topics/t-1-x", "projects/{p}/topics/t-{n}-{m}")
    assert time.process_time() - start < 1


def test_a_need_is_asked_for_by_permission_and_place(calls):
    answer = asked(["secretmanager.versions.access", "on", "secret", "alpha"], calls)
    assert {c.id for c in answer.calls} == {"main.first"}
    assert answer.kind == "permission"
    assert asked(["secretmanager.versions.access", "on", "topic", "alpha"], calls).kind is None
