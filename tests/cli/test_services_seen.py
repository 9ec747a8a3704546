"""A domain of its own does not tell which Cloud Run service answers; the services do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from wfprov.emulator import admin

PLACE = "projects/acme-shop/locations/europe-west1"
SERVICES = f"{PLACE}/services"


def definition(audience="payments-api", host="pay.acme.test"):
    return (
        "- charge:\n    call: http.post\n    args:\n"
        f"      url: https://{host}/charge\n"
        f"      auth: {{type: OIDC, audience: {audience}}}\n"
    )


@pytest.fixture
def shop(deployed, emulator):
    """The stack, in a project whose services accept audiences of their own."""

    def send(verb, what, body):
        return admin.answer(emulator.plane, verb, f"emulator/v1/{what}", {}, body).body

    def service(name, **body):
        full = f"//run.googleapis.com/{SERVICES}/{name}"
        made = {"names": [full], "bodies": {full: body}, "owner": "user:ana@example.com"}
        send("POST", "resources", made)

    service("billing", customAudiences=["payments-api", "shared"])
    service("refunds", customAudiences=["shared"])

    def write(**spelt):
        deployed.write("workflows/order-intake.yaml", definition(**spelt))
        return deployed

    return SimpleNamespace(calls=write, send=send, wfprov=deployed.wfprov)


def lists(shop):
    requests = shop.send("GET", "requests", {})["requests"]
    return [r for r in requests if r["path"].endswith(f"v2/{SERVICES}")]


def said(ended):
    return " ".join((ended.out + ended.err).split())


def test_the_service_that_accepts_the_audience_is_granted_and_was_asked_for_once(shop):
    shop.calls()
    assert shop.wfprov("plan", "-e", "shop", "--offline").code == 4
    planned = shop.wfprov("plan", "-e", "shop", "--format", "json")
    assert planned.code == 0, planned.out
    assert len(lists(shop)) == 1
    granted = {
        (m["role"], change["address"].rpartition("/")[2])
        for change in planned.json["changes"]
        for m in change.get("add", ())
    }
    assert ("roles/run.invoker", "billing") in granted
    assert shop.wfprov("apply", "-e", "shop", "--auto-approve", "--wait", "0").code == 0
    assert shop.wfprov("plan", "-e", "shop", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("audience", "words"),
    [
        ("shared", "it is none of the services in europe-west1 of acme-shop"),
        ("nobodys-api", "it is none of the services in europe-west1 of acme-shop"),
    ],
)
def test_an_audience_of_two_services_or_of_none_stays_a_question(shop, audience, words):
    shop.calls(audience=audience)
    ended = shop.wfprov("plan", "-e", "shop")
    assert ended.code == 4
    assert words in said(ended)
    assert "{cloud_run: SERVICE}" in ended.out


def test_services_that_may_not_be_seen_leave_a_question_that_names_the_permission(shop):
    shop.calls()
    refusal = "Permission 'run.services.list' denied on resource (or it may not exist)."
    fault = {"kind": "error", "status": "PERMISSION_DENIED", "message": refusal, "count": -1}
    shop.send("POST", "faults", {**fault, "path": f"v2/{SERVICES}$"})
    ended = shop.wfprov("plan", "-e", "shop")
    assert ended.code == 4
    assert "run.services.list is missing" in said(ended)


def test_an_address_that_names_its_service_is_not_looked_for(shop):
    shop.calls(host="billing-493817260155.europe-west1.run.app")
    assert shop.wfprov("plan", "-e", "shop").code == 0
    assert lists(shop) == []


def test_why_and_audit_see_the_service_too(shop):
    shop.calls()
    assert shop.wfprov("apply", "-e", "shop", "--auto-approve", "--wait", "0").code == 0
    why = shop.wfprov("why", "-e", "shop", "order-intake")
    assert "Cloud Run billing (europe-west1)" in said(why), why.out
    assert "the one that accepts the audience in europe-west1, seen live" in said(why), why.out
    audited = shop.wfprov("audit", "-e", "shop")
    assert audited.code == 0, audited.out
    assert "roles/run.invoker" not in audited.out


def test_the_deployer_that_bootstrap_makes_may_look(shop, applied_by_the_deployer):
    shop.calls()
    ended = applied_by_the_deployer()
    assert ended.code == 0, ended.out + ended.err
    assert len(lists(shop)) >= 2
