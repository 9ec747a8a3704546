"""What a plan is made for: all of a stack, a part, a look, a clean-up, an end."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress

import jsonschema
import pytest
from google.cloud import run_v2, workflows_v1
from google.oauth2.credentials import Credentials

from wfprov.core.address import RoleName, project_name
from wfprov.core.policy import BindingKey, Membership
from wfprov.emulator import admin
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session
from wfprov.render.schemas.plan import plan_schema
from wfprov.resources.api_service import ApiService
from wfprov.resources.iam_policy import IamPolicy, policy_route
from wfprov.resources.service_account import ServiceAccount
from wfprov.store.facts import open_facts

FACTS = open_facts()
SERVICE = "projects/acme-shop/locations/europe-west1/services/payments"
EMAIL = "order-intake@acme-shop.iam.gserviceaccount.com"
REFUNDS = """\
- refund:
    call: http.post
    args:
      url: https://payments-493817260155.europe-west1.run.app/refund
      auth: {type: OIDC}
"""
ONE = "  order-intake: {source: workflows/order-intake.yaml}\n"
TWO = "  refunds: {source: workflows/refunds.yaml}\n"
HEAD = "version: 1\nstack: orders\nworkflows:\n"


@pytest.fixture
def pair(deployed):
    """A stack of two workflows that call one service; nothing is applied yet."""
    deployed.write("workflows/refunds.yaml", REFUNDS)
    deployed.write("wfprov.yaml", HEAD + ONE + TWO)
    return deployed


@pytest.fixture
def workflows(emulator, owner):
    with workflows_v1.WorkflowsClient(
        credentials=Credentials(emulator.token(owner)),
        transport="rest",
        client_options={"api_endpoint": f"{emulator.http_url}/workflows"},
    ) as client:
        yield client


@pytest.fixture
def services(emulator, owner):
    with run_v2.ServicesClient(
        credentials=Credentials(emulator.token(owner)),
        transport="rest",
        client_options={"api_endpoint": f"{emulator.http_url}/run"},
    ) as client:
        yield client


@pytest.fixture
def others(emulator, owner):
    """The control plane, as somebody else reaches it."""
    session = embedded_session(
        root=emulator.http_url, grpc_target=emulator.grpc_target, token=emulator.token(owner)
    )
    with GoogleCloud(session) as cloud:
        yield cloud


def applied(session, *more: str):
    ended = session.wfprov("apply", "-e", "shop", "--auto-approve", *more)
    assert ended.code == 0, ended.out + ended.err
    return ended


SCHEMA = jsonschema.Draft202012Validator(plan_schema())


def planned(session, *more: str, code: int = 0) -> dict:
    """The document of a plan, which is valid by its schema whatever it was made for."""
    ended = session.wfprov("plan", "-e", "shop", "--format", "json", *more)
    assert ended.code == code, ended.out + ended.err
    SCHEMA.validate(ended.json)
    return ended.json


def due(document: dict) -> dict[str, str]:
    return {
        f"{c['kind']} {c['address'].rpartition('/')[2]}": c["action"]
        for c in document["changes"]
        if c["action"] not in {"no-op", "inherited"}
    }


def names(workflows, region: str = "europe-west1") -> set[str]:
    found = workflows.list_workflows({"parent": f"projects/acme-shop/locations/{region}"})
    return {w.name.rpartition("/")[2] for w in found}


def members(services) -> set[str]:
    policy = services.get_iam_policy({"resource": SERVICE})
    return {m for b in policy.bindings if b.role == "roles/run.invoker" for m in b.members}


def test_only_makes_one_workflow_and_leaves_the_others(pair, workflows, services):
    applied(pair, "--only", "refunds")
    assert names(workflows) == {"refunds"}
    assert members(services) == {"serviceAccount:refunds@acme-shop.iam.gserviceaccount.com"}
    applied(pair)
    pair.write("wfprov.yaml", HEAD + TWO)
    part = planned(pair, "--only", "refunds")
    assert due(part) == {}
    assert part["drift"] == []
    assert part["mode"] == "part"
    assert len(members(services)) == 2


def test_only_of_an_unknown_workflow_names_the_nearest(pair):
    ended = pair.wfprov("plan", "-e", "shop", "--only", "refund")
    assert ended.code == 3
    assert "did you mean refunds?" in ended.err


def test_only_does_not_merge_two_identities_by_accident(pair):
    pair.write("workflows/a.yaml", "- a:\n    return: 1\n")
    pair.write("wfprov.yaml", HEAD + ONE + "  Order_Intake: {source: workflows/a.yaml}\n")
    ended = pair.wfprov("plan", "-e", "shop", "--only", "order-intake")
    assert ended.code == 3
    assert "would both run as" in ended.err


def test_what_no_definition_asks_for_is_shown_and_removed_only_by_prune(pair, workflows, services):
    applied(pair)
    pair.write("wfprov.yaml", HEAD + ONE)
    shown = planned(pair, "--detailed-exitcode")
    assert due(shown) == {}
    unasked = {d["kind"] for d in shown["drift"] if not d["mended"]}
    assert {"workflow", "service_account", "iam_policy"} <= unasked
    assert "--prune" in pair.wfprov("plan", "-e", "shop").out

    pruned = planned(pair, "--prune", "--detailed-exitcode", code=2)
    assert due(pruned)["workflow refunds"] == "delete"
    ended = applied(pair, "--prune")
    order = [line for line in ended.out.splitlines() if line.startswith("  ok")]
    at = {
        word: i
        for i, line in enumerate(order)
        for word in ("workflow", "account", "revoke")
        if word in line
    }
    assert at["workflow"] < at["revoke"] < at["account"]
    assert names(workflows) == {"order-intake"}
    assert members(services) == {f"serviceAccount:{EMAIL}"}
    assert planned(pair, "--prune", "--detailed-exitcode")["drift"] == []


def test_a_protected_workflow_stops_the_prune_at_plan(pair):
    pair.write("wfprov.yaml", HEAD + ONE + TWO.replace("}", ", deletion_protection: true}"))
    applied(pair)
    pair.write("wfprov.yaml", HEAD + ONE)
    ended = pair.wfprov("plan", "-e", "shop", "--prune")
    assert ended.code == 1
    assert "error[deletion-protected]" in ended.out


def test_a_look_shows_what_others_changed_and_changes_nothing(pair, workflows, services):
    applied(pair)
    assert planned(pair, "--refresh-only", "--detailed-exitcode")["drift"] == []
    name = "projects/acme-shop/locations/europe-west1/workflows/refunds"
    live = workflows.get_workflow({"name": name})
    live.source_contents = "- done:\n    return: 1\n"
    workflows.update_workflow(
        {"workflow": live, "update_mask": {"paths": ["source_contents"]}}
    ).result(timeout=20)
    policy = services.get_iam_policy({"resource": SERVICE})
    for binding in policy.bindings:
        binding.members.remove(f"serviceAccount:{EMAIL}")
    services.set_iam_policy({"resource": SERVICE, "policy": policy})

    looked = planned(pair, "--refresh-only", "--detailed-exitcode", code=2)
    assert looked["changes"] == []
    assert {(d["kind"], d["mended"]) for d in looked["drift"]} == {
        ("workflow", True),
        ("iam_policy", True),
    }
    text = pair.wfprov("plan", "-e", "shop", "--refresh-only").out
    assert "2 things were changed by others since the last apply" in text
    assert workflows.get_workflow({"name": name}).source_contents.startswith("- done")
    applied(pair)
    assert planned(pair, "--refresh-only", "--detailed-exitcode")["drift"] == []


def test_a_changed_definition_is_a_change_and_no_drift(pair):
    applied(pair)
    pair.write("workflows/refunds.yaml", REFUNDS + "- done:\n    return: 1\n")
    shown = planned(pair)
    assert due(shown) == {"workflow refunds": "update"}
    assert shown["drift"] == []


def test_the_end_can_be_planned_saved_and_applied(pair, workflows):
    applied(pair)
    (pair.folder / "workflows/refunds.yaml").unlink()
    gone = planned(pair, "--destroy", "-o", "end.json", "--detailed-exitcode", code=2)
    assert due(gone)["workflow refunds"] == "delete"
    assert pair.wfprov("apply", "end.json").code == 0
    assert names(workflows) == set()
    assert "Nothing to do" in pair.wfprov("plan", "-e", "shop", "--destroy").out


@pytest.mark.parametrize(
    "flags",
    [
        ("--prune", "--destroy"),
        ("--prune", "--only", "refunds"),
        ("--refresh-only", "workflows/refunds.yaml"),
        ("--offline", "--prune"),
    ],
)
def test_flags_that_contradict_each_other_are_wrong_usage(pair, flags):
    ended = pair.wfprov("plan", "-e", "shop", *flags)
    assert ended.code == 3
    assert "help:" in ended.err


def test_a_workflow_that_moves_is_made_there_and_removed_here(pair, workflows):
    applied(pair)
    workflows.create_workflow(
        {
            "parent": "projects/acme-shop/locations/us-east1",
            "workflow_id": "refunds-eu",
            "workflow": {"source_contents": "- a:\n    return: 1\n", "service_account": EMAIL},
        }
    ).result(timeout=20)
    pair.write("wfprov.yaml", HEAD + ONE + TWO.replace("}", ", region: us-east1}"))
    places = {c.get("moved_to", "") for c in planned(pair)["changes"]}
    assert places == {"", "projects/acme-shop/locations/us-east1"}
    ended = pair.wfprov("plan", "-e", "shop", "-o", "plan.json")
    assert "- workflow refunds in europe-west1: it moves to us-east1" in ended.out
    report = pair.wfprov("apply", "plan.json").out
    assert report.index("create workflow refunds") < report.index("remove workflow refunds")
    assert names(workflows) == {"order-intake"}
    assert names(workflows, "us-east1") == {"refunds", "refunds-eu"}
    assert due(planned(pair)) == {}


def test_a_region_on_the_command_line_moves_nothing(pair, workflows):
    applied(pair)
    applied(pair, "--region", "us-east1")
    assert names(workflows) == names(workflows, "us-east1") == {"order-intake", "refunds"}


def test_an_account_of_others_must_be_there(pair, others):
    team = ", service_account: team-run@acme-shop.iam.gserviceaccount.com}"
    applied(pair, "--only", "order-intake")
    pair.write("wfprov.yaml", HEAD + ONE + TWO.replace("}", team))
    ended = pair.wfprov("plan", "-e", "shop")
    assert ended.code == 1
    assert "error[missing-account]" in ended.out
    assert "wfprov.yaml:5:" in ended.out
    account = ServiceAccount(project="acme-shop", account_id="team-run")
    others.send(account.create())
    shown = planned(pair, "-o", "plan.json")
    assert any(name.startswith("identity team-run@") for name in shown["fingerprints"])
    others.send(account.delete())
    others.send(account.create())
    stale = pair.wfprov("apply", "plan.json")
    assert stale.code == 5
    assert "made anew" in stale.err


def test_a_grant_that_was_inherited_and_is_gone_makes_a_plan_stale(pair, others):
    project, service = policy(project_name("acme-shop")), policy(f"//run.googleapis.com/{SERVICE}")
    grant = Membership(BindingKey(RoleName("roles/run.invoker")), f"serviceAccount:{EMAIL}")
    applied(pair, "--only", "refunds")
    others.send(ServiceAccount(project="acme-shop", account_id="order-intake").create())
    change(others, project, add=[grant])
    shown = planned(pair, "--only", "order-intake", "-o", "plan.json")
    (access,) = [c for c in shown["changes"] if c["address"].endswith("/services/payments")]
    assert access["action"] == "inherited"
    change(others, project, remove=[grant])
    stale = pair.wfprov("apply", "plan.json")
    assert stale.code == 5
    assert f"{EMAIL} lost roles/run.invoker on //cloudresourcemanager" in stale.err
    change(others, service, add=[grant])
    assert pair.wfprov("apply", "plan.json").code == 5


def test_what_moves_while_the_question_is_open_is_noticed(pair, others):
    service = policy(f"//run.googleapis.com/{SERVICE}")
    foreign = Membership(BindingKey(RoleName("roles/run.invoker")), "user:ops@acme.example")
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "wfprov", "apply", "-e", "shop"],
        cwd=pair.folder,
        stdin=slave,
        stdout=subprocess.DEVNULL,
        stderr=slave,
    )
    os.close(slave)
    try:
        heard = b""
        while b"Apply this plan?" not in heard:
            heard += os.read(master, 4096)
        change(others, service, add=[foreign])
        os.write(master, b"y\n")
        with suppress(OSError):  # the other end closes it
            while piece := os.read(master, 4096):
                heard += piece
    finally:
        process.wait(timeout=60)
        os.close(master)
    assert process.returncode == 5, heard
    assert b"ops@acme.example gained roles/run.invoker" in heard
    assert members_of(others, service) == {foreign}


def test_a_saved_plan_is_for_the_project_that_it_was_made_for(pair):
    planned(pair, "-o", "plan.json")
    file = pair.folder / "environments/shop.yaml"
    file.write_text(file.read_text().replace("project: acme-shop", "project: acme-other"))
    refused = pair.wfprov("apply", "plan.json")
    assert refused.code == 3
    assert "for the project acme-shop, and this is acme-other" in refused.err


def test_no_value_of_a_variable_is_in_the_document_or_beside_what_is_live(pair, workflows):
    secretly = TWO.replace("}", ", env: {PARTNER_KEY: hunter2-hunter2, RETRIES: '3'}}")
    pair.write("wfprov.yaml", HEAD + ONE + secretly)
    shown = planned(pair)
    assert "hunter2" not in json.dumps(shown)
    text = pair.wfprov("plan", "-e", "shop").out
    assert "hunter2" not in text
    assert "RETRIES: 3" in text
    planned(pair, "-o", "plan.json")
    assert "hunter2" not in (pair.folder / "plan.json").read_text()
    pair.write("wfprov.yaml", HEAD + ONE + secretly.replace("hunter2-", "hunter3-"))
    stale = pair.wfprov("apply", "plan.json")
    assert stale.code == 5
    assert "another value for PARTNER_KEY of refunds" in stale.err
    pair.write("wfprov.yaml", HEAD + ONE + secretly)
    assert pair.wfprov("apply", "plan.json").code == 0
    pair.write("wfprov.yaml", HEAD + ONE + TWO.replace("}", ", env: {RETRIES: '4'}}"))
    planned(pair, "-o", "plan.json")
    assert "hunter2" not in (pair.folder / "plan.json").read_text()
    assert pair.wfprov("apply", "plan.json").code == 0
    name = "projects/acme-shop/locations/europe-west1/workflows/refunds"
    assert dict(workflows.get_workflow({"name": name}).user_env_vars) == {"RETRIES": "4"}


def policy(name: str) -> IamPolicy:
    route = policy_route(name, FACTS)
    assert route is not None
    return IamPolicy(subject_name=name, route=route)


def change(cloud, access, *, add=(), remove=()) -> None:
    body = cloud.send(access.read())
    cloud.send(access.write(access.changed(body, add=add, remove=remove)))


def members_of(cloud, access):
    return access.members(cloud.send(access.read()))


TOPIC = "//pubsub.googleapis.com/projects/acme-shop/topics/refunds"
PUBLISHING = (
    REFUNDS
    + """\
- tell:
    call: googleapis.pubsub.v1.projects.topics.publish
    args: {topic: projects/acme-shop/topics/refunds, body: {messages: []}}
"""
)


@pytest.mark.parametrize("asset", [True, False], ids=["cloud-asset", "lists"])
def test_a_grant_on_what_no_definition_names_any_more_is_found(
    pair, others, emulator, owner, asset
):
    sent = {"names": [TOPIC], "owner": owner, "project": "acme-shop"}
    admin.answer(emulator.plane, "POST", "emulator/v1/resources", {}, sent)
    pair.write("workflows/refunds.yaml", PUBLISHING)
    applied(pair)
    if asset:
        others.send(ApiService(project="acme-shop", service="cloudasset.googleapis.com").create())
    foreign = Membership(BindingKey(RoleName("roles/pubsub.publisher")), "user:ops@acme.example")
    change(others, policy(TOPIC), add=[foreign])
    pair.write("workflows/refunds.yaml", REFUNDS)
    applied(pair)
    shown = planned(pair, "--detailed-exitcode")
    (left,) = [d for d in shown["drift"] if d["address"] == TOPIC]
    assert left["mended"] is False
    assert left["bindings"][0]["members"] == [
        "serviceAccount:refunds@acme-shop.iam.gserviceaccount.com"
    ]
    assert any("Not looked at" in note for note in shown["notes"])
    assert due(planned(pair, "--prune", "-o", "plan.json")) == {"iam_policy refunds": "update"}
    assert pair.wfprov("apply", "plan.json").code == 0
    assert foreign in members_of(others, policy(TOPIC))
    assert planned(pair, "--prune")["drift"] == []
    assert due(planned(pair, "--prune")) == {}


def test_an_end_takes_the_grants_on_what_no_definition_names_along(pair, others, emulator, owner):
    sent = {"names": [TOPIC], "owner": owner, "project": "acme-shop"}
    admin.answer(emulator.plane, "POST", "emulator/v1/resources", {}, sent)
    applied(pair)
    mine = Membership(BindingKey(RoleName("roles/pubsub.publisher")), f"serviceAccount:{EMAIL}")
    change(others, policy(TOPIC), add=[mine])
    assert pair.wfprov("destroy", "-e", "shop", "--auto-approve").code == 0
    assert not any(EMAIL in m.member for m in members_of(others, policy(TOPIC)))


def test_what_grants_elsewhere_cost_does_not_grow_with_the_workflows(pair, others):
    flows = [f"flow-{number:02}" for number in range(12)]
    for name in flows:
        pair.write(f"workflows/{name}.yaml", REFUNDS)
    pair.write(
        "wfprov.yaml", HEAD + "".join(f"  {n}: {{source: workflows/{n}.yaml}}\n" for n in flows)
    )
    applied(pair)
    others.send(ApiService(project="acme-shop", service="cloudasset.googleapis.com").create())
    ended = pair.wfprov("plan", "-e", "shop", "--verbose")
    sent = [line for line in ended.err.splitlines() if " ms " in line]
    assert sum("searchAllIamPolicies" in line for line in sent) == 1
    assert sum("services.getIamPolicy" in line for line in sent) == 1


def test_a_credential_in_the_configuration_or_in_what_is_live_is_shown_nowhere(pair, workflows):
    token = "ghp_" + "a1B2" * 9
    pair.write("wfprov.yaml", HEAD + ONE + TWO.replace("}", f", env: {{A: {token}}}}}"))
    refused = pair.wfprov("plan", "-e", "shop", "-o", "plan.json")
    assert refused.code == 1
    assert "error[credential-in-env]" in refused.out
    assert token not in refused.out + refused.err + (pair.folder / "plan.json").read_text()
    pair.write("wfprov.yaml", HEAD + ONE + TWO)
    applied(pair)
    name = "projects/acme-shop/locations/europe-west1/workflows/refunds"
    live = workflows.get_workflow({"name": name})
    live.source_contents = f"- a:\n    return: {token}\n"
    workflows.update_workflow(
        {"workflow": live, "update_mask": {"paths": ["source_contents"]}}
    ).result(timeout=20)
    shown = pair.wfprov("plan", "-e", "shop", "-o", "plan.json")
    assert "return: ghp_****" in shown.out
    assert token not in shown.out + (pair.folder / "plan.json").read_text()


def test_a_custom_role_that_nothing_asks_for_goes_after_its_grants(pair):
    pair.write("wfprov.yaml", HEAD + ONE + TWO + "policy: {custom_roles: always}\n")
    made = due(planned(pair))
    (role,) = [name for name in made if name.startswith("custom_role")]
    applied(pair)
    pair.write("wfprov.yaml", HEAD + ONE + TWO + "policy: {custom_roles: never}\n")
    left = {d["kind"] for d in planned(pair)["drift"]}
    assert {"custom_role", "iam_policy"} <= left
    ended = applied(pair, "--prune")
    assert ended.out.index("revoke in policy of service") < ended.out.index("remove role")
    assert due(planned(pair, "--prune")) == {}
    pair.write("wfprov.yaml", HEAD + ONE + TWO + "policy: {custom_roles: always}\n")
    again = planned(pair, "--prune")
    assert due(again)[role] == "update"
    applied(pair, "--prune")
    assert due(planned(pair, "--prune")) == {}
