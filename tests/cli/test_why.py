"""`wfprov why`: the chain, the live grant, what is missing, what a 403 means."""

from __future__ import annotations

import pytest

from wfprov.emulator.objects import POLICIES

ACCOUNT = "serviceAccount:order-intake@acme-shop.iam.gserviceaccount.com"
SERVICE = "//run.googleapis.com/projects/acme-shop/locations/europe-west1/services/payments"
PROJECT = "//cloudresourcemanager.googleapis.com/projects/acme-shop"
DENIED = (
    "Permission 'run.routes.invoke' denied on resource "
    "'projects/493817260155/locations/europe-west1/services/payments' (or it may not exist)."
)


@pytest.fixture
def applied(deployed):
    """The stack with its grants made."""
    ended = deployed.wfprov("apply", "-e", "shop", "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    return deployed


def policy(emulator, name: str, *bindings: dict) -> None:
    """Sets a policy in the control plane itself, past the product."""
    objects = emulator.plane.world.objects
    with objects.transaction():
        objects.put(POLICIES, name, {"etag": "BwYx", "bindings": list(bindings)})


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_step_shows_the_chain_down_to_the_live_grant(applied):
    ended = applied.wfprov("why", "main.charge", "-e", "shop")
    assert ended.code == 0, ended.err
    text = flat(ended.out)
    assert "main.charge workflows/order-intake.yaml:2:11 (order-intake)" in text
    assert "with an ID token (OIDC) of order-intake@acme-shop.iam" in text
    assert "audience https://payments-493817260155.europe-west1.run.app" in text
    assert "reaches Cloud Run payments (europe-west1), ingress: all" in text
    assert "needs run.routes.invoke on service payments https://" in text
    assert "granted by roles/run.invoker on service payments" in text
    assert text.endswith("live yes")


def test_a_missing_grant_shows_the_commands_that_mend_it(applied, emulator):
    policy(emulator, SERVICE)
    ended = applied.wfprov("why", "main.charge", "-e", "shop")
    text = flat(ended.out.replace("\\\n", " "))
    assert "live no: no grant gives it" in text
    assert "mend wfprov apply -e shop" in text
    assert "gcloud run services add-iam-policy-binding payments" in text
    assert f"--member={ACCOUNT} --role=roles/run.invoker" in text
    assert applied.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    assert flat(applied.wfprov("why", "main.charge", "-e", "shop").out).endswith("live yes")


def test_an_inherited_grant_answers_and_says_from_where(applied, emulator):
    policy(emulator, SERVICE)
    owner = {"role": "roles/owner", "members": ["user:ana@example.com"]}
    policy(emulator, PROJECT, owner, {"role": "roles/run.invoker", "members": [ACCOUNT]})
    text = flat(applied.wfprov("why", "run.routes.invoke", "-e", "shop").out)
    assert f"live yes: by roles/run.invoker, inherited from {PROJECT}" in text


def test_a_grant_for_the_agent_in_place_of_the_account_is_told(applied, emulator):
    agent = "serviceAccount:service-493817260155@gcp-sa-workflows.iam.gserviceaccount.com"
    policy(emulator, SERVICE, {"role": "roles/run.invoker", "members": [agent]})
    text = flat(applied.wfprov("why", "main.charge", "-e", "shop").out)
    assert "live no: no grant gives it" in text
    assert f"{agent} holds roles/run.invoker there instead" in text


def test_a_policy_that_may_not_be_read_leaves_it_open(applied, emulator, monkeypatch):
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token("user:eve@example.com"))
    ended = applied.wfprov("why", "main.charge", "-e", "shop")
    assert ended.code == 0, ended.err
    text = flat(ended.out)
    assert "live not known: nothing that was read gives it" in text
    assert "was not read" in text
    assert "not deployed" not in text


def test_a_grant_under_a_condition_that_is_not_understood_is_a_doubt(applied, emulator):
    condition = {"title": "office hours", "expression": "request.time.getHours() < 18"}
    binding = {"role": "roles/run.invoker", "members": [ACCOUNT], "condition": condition}
    policy(emulator, SERVICE, binding)
    text = flat(applied.wfprov("why", "main.charge", "-e", "shop").out)
    assert "live not known" in text
    assert "roles/run.invoker is held under the condition 'office hours'" in text


def test_what_is_not_deployed_is_said_so(deployed):
    text = flat(deployed.wfprov("why", "main.charge", "-e", "shop").out)
    assert "live no: no grant gives it the workflow is not deployed yet" in text


def test_a_call_of_what_is_not_there_says_so(applied):
    applied.write(
        "workflows/order-intake.yaml",
        "- charge:\n    call: http.post\n    args:\n      auth: {type: OIDC}\n"
        "      url: https://refunds-493817260155.europe-west1.run.app/charge\n",
    )
    text = flat(applied.wfprov("why", "main.charge", "-e", "shop").out)
    assert "live no: refunds is not there, or its API is disabled" in text


def test_everybody_may(applied, emulator):
    policy(emulator, SERVICE, {"role": "roles/run.invoker", "members": ["allUsers"]})
    text = flat(applied.wfprov("why", "main.charge", "-e", "shop").out)
    assert "live yes: everybody may" in text


@pytest.mark.parametrize(
    "asked",
    [
        ["charge"],
        ["order-intake/main.charge"],
        ["workflows/order-intake.yaml:2"],
        ["roles/run.invoker"],
        ["run.invoker"],
        ["roles/run.invoker", "on", "payments"],
        ["roles/run.invoker on service payments"],
        ["run.routes.invoke"],
        ["payments"],
        [SERVICE.replace("acme-shop", "493817260155")],
        ["order-intake@acme-shop.iam.gserviceaccount.com"],
        ["order-intake"],
    ],
    ids=" ".join,
)
def test_one_call_is_found_by_whatever_names_it(deployed, asked):
    ended = deployed.wfprov("why", *asked, "-e", "shop", "--offline", "--format", "json")
    assert ended.code == 0, ended.err
    [call] = ended.json["calls"]
    assert call["site"] == "main.charge"
    [need] = call["needs"]
    assert need["permission"] == "run.routes.invoke"
    assert need["grant"]["role"] == "roles/run.invoker"
    assert need["live"]["state"] == "not checked"


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        (["main.chrage"], "main.charge"),
        (["roles/run.invokr"], "roles/run.invoker"),
        (["roles/run.invoker", "on", "orders"], "roles/run.invoker on payments"),
    ],
)
def test_a_name_that_matches_nothing_is_told_the_near_ones(deployed, asked, near):
    ended = deployed.wfprov("why", *asked, "-e", "shop", "--offline")
    assert ended.code == 3
    assert f"did you mean {near}" in ended.err


def test_without_a_configuration_or_a_project_nothing_live_is_claimed(session):
    session.write(
        "order.yaml",
        "- note:\n    call: googleapis.pubsub.v1.projects.topics.publish\n"
        "    args: {topic: projects/acme/topics/orders, body: {}}\n",
    )
    ended = session.wfprov("why", "main.note", "--in", "order.yaml")
    assert ended.code == 0, ended.err
    assert "live not checked: no project is named" in flat(ended.out)


def test_a_call_with_an_open_question_shows_the_lines_to_write(session):
    session.write(
        "order.yaml",
        "main:\n  params: [args]\n  steps:\n    - tell:\n        call: http.post\n"
        "        args: {url: '${args.url}', auth: {type: OIDC}}\n",
    )
    ended = session.wfprov("why", "main.tell", "--in", "order.yaml", "--offline")
    assert "write in wfprov.yaml:" in ended.out
    assert "arguments: {url: VALUE}" in ended.out


def test_a_refusal_is_traced_to_the_call_and_the_grant(applied, emulator):
    policy(emulator, SERVICE)
    ended = applied.wfprov("why", "-e", "shop", "--denied", DENIED)
    assert ended.code == 0, ended.err
    text = flat(ended.out)
    assert "1 call of the definitions asks for it: main.charge" in text
    assert "granted by roles/run.invoker on service payments" in text
    assert "mend wfprov apply -e shop" in text


def test_a_refusal_is_read_from_standard_input(applied):
    page = (
        'HTTP server responded with error code 403\nin step "charge", routine "main", line: 2\n'
        '{"body": "<h2>Your client does not have permission to get URL <code>/charge</code> from '
        'this server.</h2>", "code": 403}'
    )
    ended = applied.wfprov("why", "-e", "shop", "--denied", "-", stdin=page)
    text = flat(ended.out)
    assert "main.charge workflows/order-intake.yaml:2:11" in text
    assert "The grant is there. A refusal that goes on has another cause" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Permission 'storage.objects.get' denied on resource 'projects/_/buckets/b'",
            (
                "Nothing in the definitions asks for storage.objects.get. The narrowest predefined "
                "roles that hold it: roles/storage."
            ),
        ),
        (
            "bob@example.com does not have run.routes.invoke access to payments",
            (
                "bob@example.com is no identity of these workflows. order-intake main.charge asks "
                "for run.routes.invoke as its own account"
            ),
        ),
        (
            (
                "Permission 'run.routes.invoke' denied on resource "
                "'projects/other/locations/europe-west1/services/payments'"
            ),
            "the refused resource is not one that the definitions are known to reach",
        ),
        ("The caller does not have permission", "The text names no permission"),
        ("Request had insufficient authentication scopes.", "too narrow scopes: no grant mends"),
    ],
)
def test_what_the_definitions_do_not_ask_for_is_said_so(deployed, text, said):
    ended = deployed.wfprov("why", "-e", "shop", "--offline", "--denied", text)
    assert ended.code == 0, ended.err
    assert said in flat(ended.out)


@pytest.mark.parametrize("arguments", [[], ["main.charge", "--denied", "x"], ["--denied", " "]])
def test_one_thing_is_asked_at_a_time(deployed, arguments):
    ended = deployed.wfprov("why", *arguments, "-e", "shop", "--offline")
    assert ended.code == 3
