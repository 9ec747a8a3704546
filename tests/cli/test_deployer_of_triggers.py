"""The deployer of `wfprov bootstrap` applies a stack with triggers, and nobody with less does."""

from __future__ import annotations

import os

import pytest

from wfprov.core.resource import Call
from wfprov.emulator import admin
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session

HOME = "projects/acme-shop"
DEPLOYER = "serviceAccount:orders-shop-deployer@acme-shop.iam.gserviceaccount.com"
IAM = "google.cloud.iam_admin_v1:IAMClient"
TOPIC = f"//pubsub.googleapis.com/{HOME}/topics/orders"
CONFIG = """\
version: 1
stack: orders
workflows:
  order-intake:
    source: workflows/order-intake.yaml
    triggers: {}
"""
STORED = "{event: google.cloud.storage.object.v1.finalized, filters: {bucket: %s}}"
PUBLISHED = (
    "{event: google.cloud.pubsub.topic.v1.messagePublished, topic: orders, name: on-message, "
    "service_account: {shared: %s}}"
)
LOGGED = (
    "{event: google.cloud.audit.log.v1.written, name: on-log, filters: "
    "{serviceName: bigquery.googleapis.com, methodName: jobservice.%s}}"
)
SCHEDULED = '{schedule: "0 6 * * *", time_zone: Europe/Berlin, paused: %s}'
SOURCES = {
    "stored": (STORED % "in", STORED % "other"),
    "published": (PUBLISHED % "messages", PUBLISHED % "others"),
    "logged": (LOGGED % "insert", LOGGED % "query"),
    "scheduled": (
        SCHEDULED % "false",
        SCHEDULED.replace("0 6", "0 7") % "true",
        SCHEDULED.replace("0 6", "0 7") % "false",
    ),
}
"""A trigger, and the same one changed, and again."""
API = {"scheduled": "cloudscheduler"}
NEEDED = {
    "scheduled": {f"cloudscheduler.jobs.{verb}" for verb in ("create", "list", "pause", "enable")},
}


@pytest.fixture
def cloud(emulator, owner):
    """The owner's requests."""
    session = embedded_session(
        root=emulator.http_url, grpc_target=emulator.grpc_target, token=emulator.token(owner)
    )
    with GoogleCloud(session) as made:
        yield made


@pytest.fixture
def shop(deployed, emulator, owner):
    """A stack before its bootstrap, beside the topic that others made."""
    sent = {"names": [TOPIC], "owner": owner, "project": "acme-shop"}
    admin.answer(emulator.plane, "POST", "emulator/v1/resources", {}, sent)
    return deployed


def write(session, *triggers):
    listed = "".join(f"\n      - {trigger}" for trigger in triggers)
    session.write("wfprov.yaml", CONFIG.format(listed or "[]"))


def bootstrapped(session):
    ended = session.wfprov("bootstrap", "-e", "shop", "--auto-approve")
    assert ended.code == 0, ended.out + ended.err


def apply(session, *more):
    return session.wfprov("apply", "-e", "shop", "--auto-approve", "--wait", "0", *more)


def roles(cloud):
    """The permissions of each role of the deployer."""
    request = {"parent": HOME, "view": "FULL"}
    found = cloud.send(Call(client=IAM, method="list_roles", request=request, pages="roles"))
    return {
        role["name"]: set(role["includedPermissions"])
        for role in found["roles"]
        if "deployer of" in role["description"]
    }


def set_permissions(cloud, name, permissions):
    request = {
        "name": name,
        "role": {"includedPermissions": sorted(permissions)},
        "updateMask": "includedPermissions",
    }
    cloud.send(Call(client=IAM, method="update_role", request=request))


def readied(session, source):
    """Bootstraps for every version of the trigger: some start the workflow as another account."""
    for trigger in reversed(SOURCES[source]):
        write(session, trigger)
        bootstrapped(session)


@pytest.mark.parametrize("source", SOURCES)
def test_the_deployer_makes_the_trigger_and_changes_it_later(shop, emulator, monkeypatch, source):
    readied(shop, source)
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(DEPLOYER))
    for number, trigger in enumerate(SOURCES[source]):
        write(shop, trigger)
        ended = apply(shop)
        assert ended.code == 0, ended.out + ended.err
        kind = "job" if source == "scheduled" else "trigger"
        assert f"{'update' if number else 'create'} {kind}" in ended.out
        again = shop.wfprov("plan", "-e", "shop", "--detailed-exitcode")
        assert again.code == 0, again.out
    api = API.get(source, "eventarc")
    asked = {e["caller"] for e in emulator.plane.requests() if e["api"] == api}
    assert asked == {DEPLOYER}


@pytest.mark.parametrize("source", SOURCES)
def test_nobody_with_less_can_apply(shop, emulator, cloud, monkeypatch, source):
    """Each permission that the deployer has for the trigger, taken away by itself, is missed.

    The preflight names it, and without a preflight the control plane refuses. What it has for the
    rest of a stack is tried in the tests of bootstrap.
    """
    owners = os.environ["GOOGLE_OAUTH_ACCESS_TOKEN"]
    write(shop)
    bootstrapped(shop)
    rest = roles(cloud)
    readied(shop, source)
    held = roles(cloud)
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(DEPLOYER))
    steps = []
    for trigger in SOURCES[source]:
        steps.append((emulator.plane.snapshot(), trigger))
        write(shop, trigger)
        assert apply(shop).code == 0

    def is_missed(name, permission, *options):
        for state, trigger in steps:
            write(shop, trigger)
            emulator.plane.restore(str(state))
            monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", owners)
            set_permissions(cloud, name, held[name] - {permission})
            monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(DEPLOYER))
            ended = apply(shop, *options)
            said = (ended.out + ended.err).lower()
            assert ended.code in {0, 1, 4}, said
            if ended.code and permission.lower() in said:
                return True
        return False

    tried = {
        (name, permission)
        for name, permissions in held.items()
        for permission in permissions
        if permission not in rest.get(name, set()) or permission == "iam.serviceAccounts.actAs"
    }
    needed = {f"eventarc.triggers.{verb}" for verb in ("create", "list", "update")}
    assert {permission for _, permission in tried} >= NEEDED.get(source, needed) | {
        "resourcemanager.projects.setIamPolicy",
        "iam.serviceAccounts.actAs",
    }
    assert {one for one in tried if not is_missed(*one)} == set()
    assert {one for one in tried if not is_missed(*one, "--no-preflight")} == set()
