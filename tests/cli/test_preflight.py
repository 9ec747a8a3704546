"""Whether the deployer may do all of it is asked before the first change, and truly answered."""

from __future__ import annotations

import json
import re

import pytest

from wfprov.core.address import ResourceName, RoleName, project_name
from wfprov.core.policy import BindingKey, Membership
from wfprov.desired.accesses import access_to
from wfprov.emulator import admin
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session
from wfprov.store.facts import open_facts

EVE = "user:eve@example.com"
PROJECT = project_name("acme-shop")
SERVICE = "//run.googleapis.com/projects/acme-shop/locations/europe-west1/services/payments"
READER = ("roles/viewer", "roles/iam.securityReviewer")
VERBS = re.compile(r"setIamPolicy|create|patch|delete|enable", re.IGNORECASE)


@pytest.fixture
def grant(emulator, owner):
    """Gives Eve a role on a resource, as the owner does it."""
    session = embedded_session(
        root=emulator.http_url, grpc_target=emulator.grpc_target, token=emulator.token(owner)
    )
    with GoogleCloud(session) as cloud:

        def granted(role: str, on: str = PROJECT) -> None:
            access = access_to(ResourceName(on), open_facts())
            add = {Membership(BindingKey(RoleName(role)), EVE)}
            cloud.send(access.write(access.changed(cloud.send(access.read()), add=add)))

        yield granted


@pytest.fixture
def eve(deployed, emulator, grant, monkeypatch):
    """A session of somebody who may read everything and change nothing."""
    for role in READER:
        grant(role)
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(EVE))
    return deployed


def writes(emulator) -> list[str]:
    return [
        entry["method"]
        for entry in emulator.plane.requests()
        if VERBS.search(str(entry["method"]).rpartition(".")[2])
    ]


def lacking(session) -> list[dict]:
    ended = session.wfprov("plan", "-e", "shop", "--format", "json")
    assert ended.code == 0, ended.err
    return ended.json["preflight"]["lacking"]


def test_the_plan_says_that_the_deployer_may_do_all_of_it(deployed):
    assert "Deployer may do all of it (checked)." in " ".join(
        deployed.wfprov("plan", "-e", "shop").out.split()
    )
    body = deployed.wfprov("plan", "-e", "shop", "--format", "json").json
    assert body["preflight"] == {"lacking": [], "unasked": []}


def test_nothing_is_asked_when_nothing_is_due(deployed, emulator):
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    admin.answer(emulator.plane, "DELETE", "emulator/v1/requests", {}, None)
    assert deployed.wfprov("plan", "-e", "shop", "--format", "json").json["preflight"] is None
    assert "testIamPermissions" not in json.dumps(emulator.plane.requests())


def test_a_reader_may_plan_and_is_told_what_an_apply_lacks(eve):
    ended = eve.wfprov("plan", "-e", "shop")
    assert ended.code == 0
    assert "run.services.setIamPolicy on service payments" in ended.out
    assert "least role: roles/" in ended.out
    assert "Deployer may do" not in ended.out
    assert max(map(len, ended.out.splitlines())) <= 100


@pytest.mark.parametrize("way", ["direct", "saved", "destroy"])
def test_apply_is_refused_with_4_before_the_first_change(eve, emulator, owner, monkeypatch, way):
    if way == "destroy":
        monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(owner))
        assert eve.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
        monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(EVE))
    command = {
        "direct": ("apply", "-e", "shop", "--auto-approve"),
        "saved": ("apply", "plan.json"),
        "destroy": ("destroy", "-e", "shop", "--auto-approve"),
    }[way]
    assert eve.wfprov("plan", "-e", "shop", "-o", "plan.json").code == 0
    admin.answer(emulator.plane, "DELETE", "emulator/v1/requests", {}, None)
    ended = eve.wfprov(*command)
    assert ended.code == 4
    assert "the deployer lacks " in ended.err
    assert "nothing was changed" in ended.err
    assert "roles/" in ended.err
    assert "still needs:" in ended.out
    assert ended.out.count("least role: ") > 1
    assert writes(emulator) == []


def test_without_the_question_apply_runs_into_the_refusal(eve):
    ended = eve.wfprov("apply", "-e", "shop", "--auto-approve", "--no-preflight")
    assert ended.code == 1
    assert "FAIL" in ended.out


def test_the_named_roles_are_enough_and_each_of_them_is_needed(eve, grant):
    lacks = lacking(eve)
    assert {lack["permission"] for lack in lacks} >= {
        "iam.serviceAccounts.create",
        "workflows.workflows.create",
        "run.services.setIamPolicy",
        "iam.serviceAccounts.actAs",
    }
    assert all(lack["role"] and lack["changes"] for lack in lacks)
    pairs = {(lack["role"], lack["resource"]) for lack in lacks}
    *others, last = sorted(pairs)
    for role, on in others:
        grant(role, on)
    left = lacking(eve)
    assert left
    assert {(lack["role"], lack["resource"]) for lack in left} == {last}
    assert eve.wfprov("apply", "-e", "shop", "--auto-approve").code == 4
    grant(*last)
    assert lacking(eve) == []
    assert eve.wfprov("apply", "-e", "shop", "--auto-approve").code == 0


def test_a_permission_on_the_resource_alone_is_seen(eve, grant):
    grant("roles/run.admin", SERVICE)
    assert SERVICE not in {lack["resource"] for lack in lacking(eve)}


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (85, ""),
        (95, "acme-shop would have 96 service accounts, 95 of them new; the quota is 100"),
        (105, "acme-shop would have 106 service accounts, 105 of them new; the quota is 100"),
    ],
)
def test_a_limit_that_is_near_is_told_before_the_first_change(deployed, count, words):
    rows = ""
    for number in range(count):
        deployed.write(f"workflows/w{number}.yaml", "- done:\n    return: 1\n")
        rows += f"  flow-{number}: {{source: workflows/w{number}.yaml}}\n"
    deployed.write("wfprov.yaml", f"version: 1\nstack: orders\nworkflows:\n{rows}")
    ended = deployed.wfprov("plan", "-e", "shop")
    assert ended.code == 0, ended.err
    assert ("warning[limit-near]" in ended.out) == bool(words)
    assert words in ended.out
