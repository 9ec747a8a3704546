"""What a saved plan holds, what it rests on, and what a file of one's own making cannot do."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace

import pytest

from wfprov.core.address import RoleName
from wfprov.core.policy import BindingKey, Membership
from wfprov.emulator import admin
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session
from wfprov.plan.change import AccessChange
from wfprov.resources.iam_policy import IamPolicy, policy_route
from wfprov.resources.service_account import ServiceAccount
from wfprov.store.facts import open_facts
from wfprov.store.fingerprint import digest
from wfprov.store.plan_file import load_plan, save_plan

FACTS = open_facts()
EMAIL = "order-intake@acme-shop.iam.gserviceaccount.com"
SERVICE = "//run.googleapis.com/projects/acme-shop/locations/europe-west1/services/payments"
INVOKER = BindingKey(RoleName("roles/run.invoker"))
ACCOUNT = ServiceAccount(project="acme-shop", account_id="order-intake")


@pytest.fixture
def others(emulator, owner):
    """The control plane, as somebody else reaches it."""
    session = embedded_session(
        root=emulator.http_url, grpc_target=emulator.grpc_target, token=emulator.token(owner)
    )
    with GoogleCloud(session) as cloud:
        yield cloud


def policy(name: str) -> IamPolicy:
    route = policy_route(name, FACTS)
    assert route is not None
    return IamPolicy(subject_name=name, route=route)


def change(cloud, access, *, add=(), remove=()) -> None:
    body = cloud.send(access.read())
    cloud.send(access.write(access.changed(body, add=add, remove=remove)))


def members(cloud) -> set[str]:
    access = policy(SERVICE)
    return {m.member for m in access.members(cloud.send(access.read()))}


def saved(session, *more: str) -> dict:
    assert session.wfprov("plan", "-e", "shop", "-o", "plan.json", *more).code == 0
    return json.loads((session.folder / "plan.json").read_text())


def sealed_anew(session, body: dict) -> None:
    body.pop("digest", None)
    session.write("plan.json", json.dumps({**body, "digest": digest(body)}))


def test_a_plan_that_failed_half_way_is_applied_again_and_then_spent(deployed, emulator):
    saved(deployed)
    fault = {"kind": "error", "path": "payments:setIamPolicy", "status": "PERMISSION_DENIED"}
    admin.answer(emulator.plane, "POST", "emulator/v1/faults", {}, {**fault, "count": -1})
    failed = deployed.wfprov("apply", "plan.json")
    assert failed.code == 1
    assert "run again:  wfprov apply plan.json" in failed.out
    admin.answer(emulator.plane, "DELETE", "emulator/v1/faults", {}, None)
    assert deployed.wfprov("apply", "plan.json").code == 0
    spent = deployed.wfprov("apply", "plan.json")
    assert spent.code == 0
    assert "Nothing left to do" in spent.out


def test_a_plan_expires(deployed):
    body = saved(deployed)
    body["exact"]["created"] -= 7200
    body["exact"]["expires"] -= 7200
    for key in ("created", "expires"):
        then = time.gmtime(int(body["exact"][key]))
        body[key] = time.strftime("%Y-%m-%dT%H:%M:%SZ", then)
    sealed_anew(deployed, body)
    expired = deployed.wfprov("apply", "plan.json")
    assert expired.code == 5
    assert "expired" in expired.err


def test_a_plan_of_the_future_is_refused(deployed):
    saved(deployed)
    file = deployed.folder / "plan.json"
    plan = load_plan(file, FACTS)
    save_plan(replace(plan, created=plan.created + 3600, expires=plan.expires + 3600), file)
    ahead = deployed.wfprov("apply", "plan.json")
    assert ahead.code == 5
    assert "later than it is now" in ahead.err


def test_an_unrelated_edit_of_the_same_policy_is_merged_and_told(deployed, others):
    saved(deployed)
    foreign = Membership(BindingKey(RoleName("roles/run.viewer")), "user:ops@acme.example")
    change(others, policy(SERVICE), add=[foreign])
    applied = deployed.wfprov("apply", "plan.json")
    assert applied.code == 0, applied.err
    assert "user:ops@acme.example gained roles/run.viewer" in applied.out
    assert members(others) == {"user:ops@acme.example", f"serviceAccount:{EMAIL}"}


def test_an_account_that_was_made_anew_makes_a_plan_stale(deployed, others):
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    file = deployed.folder / "workflows/order-intake.yaml"
    file.write_text(file.read_text() + "- done:\n    return: 1\n")
    saved(deployed)
    others.send(ACCOUNT.delete())
    others.send(ACCOUNT.create())
    stale = deployed.wfprov("apply", "plan.json")
    assert stale.code == 5
    assert "was deleted and made anew" in stale.err


def test_the_remains_of_an_account_that_was_made_anew_are_replaced(deployed, others):
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    others.send(ACCOUNT.delete())
    others.send(ACCOUNT.create())
    (dead,) = members(others)
    assert re.fullmatch(rf"deleted:serviceAccount:{EMAIL}\?uid=\d+", dead)
    shown = deployed.wfprov("plan", "-e", "shop")
    assert f"- {dead}" in shown.out
    assert "0 foreign members touched" in shown.out
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    assert members(others) == {f"serviceAccount:{EMAIL}"}
    assert deployed.wfprov("plan", "-e", "shop", "--detailed-exitcode").code == 0


def test_what_is_there_already_is_taken_over_without_an_import(deployed, others):
    others.send(ACCOUNT.create())
    change(others, policy(SERVICE), add=[Membership(INVOKER, f"serviceAccount:{EMAIL}")])
    ended = deployed.wfprov("plan", "-e", "shop")
    assert ended.code == 0
    assert "warning[adopted-resource]" in ended.out
    assert "policy of service payments" not in ended.out
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    assert "adopted-resource" not in deployed.wfprov("plan", "-e", "shop").out


def test_a_forged_plan_takes_nothing_from_an_account_that_is_not_the_stacks(deployed, others):
    theirs = "serviceAccount:billing-run@acme-shop.iam.gserviceaccount.com"
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    others.send(ServiceAccount(project="acme-shop", account_id="billing-run").create())
    change(others, policy(SERVICE), add=[Membership(INVOKER, theirs)])
    change(
        others,
        policy(SERVICE),
        add=[Membership(BindingKey(RoleName("roles/run.viewer")), f"serviceAccount:{EMAIL}")],
    )
    saved(deployed, "--prune")
    file = deployed.folder / "plan.json"
    plan = load_plan(file, FACTS)
    forged = tuple(
        replace(c, remove=c.remove | {Membership(INVOKER, theirs)})
        if isinstance(c, AccessChange) and c.remove
        else c
        for c in plan.changes
    )
    save_plan(replace(plan, changes=forged, owned=plan.owned | {theirs}), file)
    refused = deployed.wfprov("apply", "plan.json")
    assert refused.code == 5
    assert "is not the stack's" in refused.err
    assert theirs in members(others)


def test_another_project_named_by_number_and_by_id_has_one_policy(deployed, emulator, owner):
    topic = "//pubsub.googleapis.com/projects/acme-other/topics/orders"
    for what, body in (
        ("projects", {"projectId": "acme-other", "projectNumber": "111122223333"}),
        ("resources", {"names": [topic], "project": "acme-other"}),
    ):
        sent = {**body, "owner": owner}
        admin.answer(emulator.plane, "POST", f"emulator/v1/{what}", {}, sent)
    publish = (
        "- {name}:\n    call: googleapis.pubsub.v1.projects.topics.publish\n"
        "    args: {{topic: projects/{project}/topics/orders, body: {{messages: []}}}}\n"
    )
    deployed.write(
        "workflows/order-intake.yaml",
        publish.format(name="a", project="acme-other")
        + publish.format(name="b", project="111122223333"),
    )
    shown = saved(deployed)
    policies = [c["address"] for c in shown["changes"] if "topics/" in c["address"]]
    assert policies == [topic]
    (change_,) = [c for c in shown["changes"] if c["address"] == topic]
    assert {b["site"] for b in change_["because"]} == {"main.a", "main.b"}
    assert deployed.wfprov("apply", "plan.json").code == 0
