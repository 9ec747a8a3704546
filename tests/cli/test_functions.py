"""A function's address does not tell its generation; the function itself does."""

from __future__ import annotations

import http.client
from types import SimpleNamespace

import pytest

from wfprov.emulator import admin, identity
from wfprov.emulator.objects import RESOURCES

HOST = "europe-west1-acme-shop.cloudfunctions.net"
FUNCTIONS = "projects/acme-shop/locations/europe-west1/functions"
ACCOUNT = "order-intake@acme-shop.iam.gserviceaccount.com"


def definition(*names):
    return "".join(
        f"- ask_{name}:\n    call: http.get\n    args:\n"
        f"      url: https://{HOST}/{name}\n      auth: {{type: OIDC}}\n"
        for name in names
    )


@pytest.fixture
def shop(deployed, emulator):
    """The stack, in a project with an old and a new function."""

    def send(verb, what, body):
        return admin.answer(emulator.plane, verb, f"emulator/v1/{what}", {}, body).body

    old, new = (f"//cloudfunctions.googleapis.com/{FUNCTIONS}/{n}" for n in ("old", "New_Tax"))
    bodies = {old: {"environment": "GEN_1"}, new: {"environment": "GEN_2"}}
    made = {"names": [old, new], "bodies": bodies, "owner": "user:ana@example.com"}
    send("POST", "resources", made)

    def write(*names):
        deployed.write("workflows/order-intake.yaml", definition(*names))
        return deployed

    return SimpleNamespace(calls=write, send=send, wfprov=deployed.wfprov)


def call(emulator, name):
    """The status that the workflow's account is answered with."""
    audience = f"https://{HOST}/{name}"
    token = identity.id_token(f"serviceAccount:{ACCOUNT}", audience, now=1_795_000_000)
    connection = http.client.HTTPConnection(emulator.http_url.removeprefix("http://"), timeout=10)
    headers = {"Host": HOST, "Authorization": f"Bearer {token}"}
    connection.request("GET", f"/{name}", headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def lists(shop):
    requests = shop.send("GET", "requests", {})["requests"]
    return [r for r in requests if r["path"].endswith(f"v2/{FUNCTIONS}")]


def test_each_gets_the_invoker_of_its_generation_and_is_asked_about_once(shop, emulator):
    shop.calls("old", "New_Tax")
    assert shop.wfprov("plan", "-e", "shop", "--offline").code == 4
    planned = shop.wfprov("plan", "-e", "shop", "--format", "json")
    assert planned.code == 0, planned.out
    assert len(lists(shop)) == 1
    granted = {
        (m["role"], change["address"].rpartition("/")[2])
        for change in planned.json["changes"]
        for m in change.get("add", ())
    }
    assert ("roles/cloudfunctions.invoker", "old") in granted, planned.out
    assert ("roles/run.invoker", "new-tax") in granted, planned.out
    applied = shop.wfprov("apply", "-e", "shop", "--auto-approve", "--wait", "0")
    assert applied.code == 0, applied.out + applied.err
    assert (call(emulator, "old"), call(emulator, "New_Tax")) == (200, 200)
    again = shop.wfprov("plan", "-e", "shop", "--detailed-exitcode")
    assert again.code == 0, again.out
    world = emulator.plane.world
    for name in (
        f"//cloudfunctions.googleapis.com/{FUNCTIONS}/old",
        "//run.googleapis.com/projects/acme-shop/locations/europe-west1/services/new-tax",
    ):
        with world.objects.transaction():
            world.objects.put("policy", name, {"etag": world.etag()})
    assert (call(emulator, "old"), call(emulator, "New_Tax")) == (403, 403)


def test_a_function_that_is_made_anew_in_the_other_generation_changes_the_plan(shop, emulator):
    shop.calls("old")
    assert shop.wfprov("apply", "-e", "shop", "--auto-approve", "--wait", "0").code == 0
    name = f"//cloudfunctions.googleapis.com/{FUNCTIONS}/old"
    world = emulator.plane.world
    with world.objects.transaction():
        world.objects.drop(RESOURCES, name)
    made = {"names": [name], "bodies": {name: {"environment": "GEN_2"}}}
    shop.send("POST", "resources", {**made, "owner": "user:ana@example.com"})
    planned = shop.wfprov("plan", "-e", "shop")
    assert planned.code == 0, planned.out
    assert "roles/run.invoker" in planned.out


def test_one_that_is_not_there_stays_a_question_that_says_so(shop):
    shop.calls("gone")
    ended = shop.wfprov("plan", "-e", "shop")
    assert ended.code == 4
    assert "it is not among the functions in europe-west1 of acme-shop" in " ".join(
        ended.out.split()
    )
    assert "{function: {name: gone, generation: 2}}" in ended.out


def test_one_that_may_not_be_seen_stays_a_question_that_names_the_permission(shop):
    shop.calls("old")
    refusal = "Permission 'cloudfunctions.functions.list' denied on resource (or it may not exist)."
    fault = {"kind": "error", "status": "PERMISSION_DENIED", "message": refusal, "count": -1}
    shop.send("POST", "faults", {**fault, "path": f"v2/{FUNCTIONS}$"})
    ended = shop.wfprov("plan", "-e", "shop")
    words = " ".join((ended.out + ended.err).split())
    assert ended.code == 4, words
    assert "cloudfunctions.functions.list is missing" in words


def test_an_answer_spares_the_request(shop):
    shop.calls("old")
    session = shop.calls("old")
    session.write(
        "wfprov.yaml",
        "version: 1\nstack: orders\nworkflows:\n  order-intake:\n"
        "    source: workflows/order-intake.yaml\n"
        "    answers: {main.ask_old: {function: {name: old, generation: 1}}}\n",
    )
    assert shop.wfprov("plan", "-e", "shop").code == 0
    assert lists(shop) == []


def test_why_and_audit_look_at_the_function_too(shop):
    shop.calls("old", "New_Tax")
    assert shop.wfprov("apply", "-e", "shop", "--auto-approve", "--wait", "0").code == 0
    why = shop.wfprov("why", "-e", "shop", "order-intake")
    assert why.code == 0, why.out + why.err
    assert "1st generation, seen live" in " ".join(why.out.split()), why.out
    assert "generation:" not in why.out
    audited = shop.wfprov("audit", "-e", "shop")
    assert audited.code == 0, audited.out
    assert "roles/cloudfunctions.invoker" not in audited.out, audited.out


def test_the_deployer_that_bootstrap_makes_may_look(shop, applied_by_the_deployer):
    shop.calls("old", "New_Tax")
    ended = applied_by_the_deployer()
    assert ended.code == 0, ended.out + ended.err
    assert len(lists(shop)) >= 2
