"""An instance is made from a template whose account no text tells; the template itself does."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from wfprov.emulator import admin

TEMPLATES = "projects/acme-shop/global/instanceTemplates"
ACCOUNT = "web@acme-shop.iam.gserviceaccount.com"


def definition(template, more=""):
    return (
        "- make:\n    call: googleapis.compute.v1.instances.insert\n    args:\n"
        "      project: acme-shop\n      zone: europe-west1-b\n"
        f"      sourceInstanceTemplate: {template}\n      body: {{name: one{more}}}\n"
    )


@pytest.fixture
def shop(deployed, emulator):
    """The stack, in a project with three instance templates and an account."""

    def send(verb, what, body):
        return admin.answer(emulator.plane, verb, f"emulator/v1/{what}", {}, body).body

    def template(name, properties, where="global"):
        full = f"//compute.googleapis.com/projects/acme-shop/{where}/instanceTemplates/{name}"
        bodies = {full: {"name": name, "properties": properties}}
        made = {"names": [full], "bodies": bodies, "owner": "user:ana@example.com"}
        send("POST", "resources", made)

    account = f"//iam.googleapis.com/projects/acme-shop/serviceAccounts/{ACCOUNT}"
    body = {"name": account.removeprefix("//iam.googleapis.com/"), "email": ACCOUNT}
    made = {"names": [account], "bodies": {account: body}, "owner": "user:ana@example.com"}
    send("POST", "resources", made)
    template("web", {"serviceAccounts": [{"email": ACCOUNT}]})
    template("bare", {})
    template("plain", {"serviceAccounts": [{"email": "default"}]})
    template("near", {"serviceAccounts": [{"email": ACCOUNT}]}, "regions/europe-west1")

    def write(template, more=""):
        deployed.write("workflows/order-intake.yaml", definition(template, more))

    return SimpleNamespace(write=write, send=send, wfprov=deployed.wfprov)


def reads(shop):
    requests = shop.send("GET", "requests", {})["requests"]
    paths = [r["path"] for r in requests if r["verb"] == "GET"]
    return [p for p in paths if "nstanceTemplates/" in p and not p.endswith("getIamPolicy")]


def acted_as(planned):
    """The accounts on which the plan gives roles/iam.serviceAccountUser."""
    return {
        change["address"].rpartition("/")[2]
        for change in planned.json["changes"]
        for member in change.get("add", ())
        if member["role"] == "roles/iam.serviceAccountUser"
    }


@pytest.mark.parametrize(
    "template",
    [
        f"{TEMPLATES}/web",
        "global/instanceTemplates/web",
        f"https://www.googleapis.com/compute/v1/{TEMPLATES}/web",
        "projects/acme-shop/regions/europe-west1/instanceTemplates/near",
    ],
)
def test_the_account_that_the_template_names_is_acted_as(shop, template):
    shop.write(template)
    assert shop.wfprov("plan", "-e", "shop", "--offline").code == 4
    planned = shop.wfprov("plan", "-e", "shop", "--format", "json")
    assert planned.code == 0, planned.out + planned.err
    assert acted_as(planned) == {ACCOUNT}
    assert len(reads(shop)) == 1
    applied = shop.wfprov("apply", "-e", "shop", "--auto-approve", "--wait", "0")
    assert applied.code == 0, applied.out + applied.err
    assert shop.wfprov("plan", "-e", "shop", "--detailed-exitcode").code == 0


def test_a_template_without_an_account_asks_for_none(shop):
    shop.write(f"{TEMPLATES}/bare")
    planned = shop.wfprov("plan", "-e", "shop", "--format", "json")
    assert planned.code == 0, planned.out + planned.err
    assert acted_as(planned) == set()


def test_the_default_account_of_a_template_is_the_projects(shop):
    shop.write(f"{TEMPLATES}/plain")
    planned = shop.wfprov("plan", "-e", "shop", "--format", "json")
    [account] = acted_as(planned)
    assert account.endswith("-compute@developer.gserviceaccount.com")


def test_an_account_in_the_body_stands_in_place_of_the_templates(shop):
    shop.write(f"{TEMPLATES}/plain", f", serviceAccounts: [{{email: {ACCOUNT}}}]")
    planned = shop.wfprov("plan", "-e", "shop", "--format", "json")
    assert acted_as(planned) == {ACCOUNT}
    assert reads(shop) == []


def test_one_that_is_not_there_is_an_error_that_names_it(shop):
    shop.write(f"{TEMPLATES}/gone")
    ended = shop.wfprov("plan", "-e", "shop")
    assert ended.code == 1
    assert "missing-resource" in ended.out
    assert f"{TEMPLATES}/gone" in ended.out


def test_a_regional_one_that_is_not_there_stays_a_question_that_says_so(shop):
    shop.write("projects/acme-shop/regions/europe-west1/instanceTemplates/gone")
    ended = shop.wfprov("plan", "-e", "shop")
    words = " ".join(ended.out.split())
    assert ended.code == 4, words
    assert "the instance template gone of acme-shop; it is not there" in words, words
    assert words.count("? main.make") == 1, words


def test_one_that_may_not_be_read_names_the_permission(shop):
    shop.write(f"{TEMPLATES}/web")
    refusal = "Required 'compute.instanceTemplates.get' permission for 'web'"
    fault = {"kind": "error", "status": "PERMISSION_DENIED", "message": refusal, "count": -1}
    shop.send("POST", "faults", {**fault, "path": f"{TEMPLATES}/web$"})
    ended = shop.wfprov("plan", "-e", "shop")
    words = " ".join((ended.out + ended.err).split())
    assert ended.code == 4, words
    assert "compute.instanceTemplates.get is missing" in words, words


def test_a_template_that_only_the_argument_knows_is_not_looked_for(shop):
    shop.write('${"global/instanceTemplates/" + args.template}')
    shop.wfprov("plan", "-e", "shop")
    assert reads(shop) == []


def test_the_deployer_that_bootstrap_makes_may_look(shop, applied_by_the_deployer):
    shop.write(f"{TEMPLATES}/web")
    ended = applied_by_the_deployer()
    assert ended.code == 0, ended.out + ended.err
    assert len(reads(shop)) >= 2
