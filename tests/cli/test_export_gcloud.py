"""The script that `export gcloud` writes, run with the real gcloud: what apply makes, it makes."""

from __future__ import annotations

import os
import shutil
import subprocess
from copy import deepcopy

import pytest

from wfprov.emulator import admin
from wfprov.emulator.objects import POLICIES, RESOURCES
from wfprov.emulator.serve import gcloud_environment

needs_gcloud = pytest.mark.skipif(
    any(shutil.which(name) is None for name in ("gcloud", "curl", "jq")),
    reason="gcloud, curl and jq are not all installed",
)

DEFINITION = """\
main:
  params: [order]
  steps:
    - charge:
        call: http.post
        args:
          url: https://payments-493817260155.europe-west1.run.app/charge
          auth: {type: OIDC}
          body: ${order.who + " it's $HOME `x`"}
    - read_customers:
        call: googleapis.bigquery.v2.tabledata.list
        args: {projectId: acme-shop, datasetId: crm, tableId: customers}
    - list_tables:
        call: googleapis.bigquery.v2.tables.list
        args: {projectId: acme-shop, datasetId: crm}
    - restart:
        call: googleapis.sqladmin.v1.instances.restart
        args: {project: acme-shop, instance: ledger}
    - publish:
        call: googleapis.pubsub.v1.projects.topics.publish
        args: {topic: projects/acme-shop/topics/orders, body: {messages: [{data: aGk=}]}}
"""
CONFIG = """\
version: 1
stack: orders
workflows:
  order-intake:
    source: workflows/order-intake.yaml
    description: "It's $HOME and `more`, \\"quoted\\", of two\\nlines"
    env: {GREETING: "it's $(date), `id`, a=b", EMPTY_LIKE: "0"}
    labels: {team: orders}
    call_log_level: LOG_ERRORS_ONLY
    crypto_key: projects/acme-shop/locations/europe-west1/keyRings/ring/cryptoKeys/flows
policy:
  custom_role_threshold: 5
"""
PEOPLE = {"role": "roles/viewer", "members": ["group:People@acme.example", "user:eve@acme.example"]}
FOREIGN = (
    *(PEOPLE, {"role": "roles/browser", "members": ["user:eve@acme.example"]}),
    {
        "role": "roles/viewer",
        "members": ["user:temp@acme.example"],
        "condition": {"title": "soon", "expression": "request.time < timestamp('2030-01-01')"},
    },
)
NAMES = (
    "//bigquery.googleapis.com/projects/acme-shop/datasets/crm",
    "//bigquery.googleapis.com/projects/acme-shop/datasets/crm/tables/customers",
    "//pubsub.googleapis.com/projects/acme-shop/topics/orders",
    "//sqladmin.googleapis.com/projects/acme-shop/instances/ledger",
    "//cloudkms.googleapis.com/projects/acme-shop/locations/europe-west1/keyRings/ring",
    "//cloudkms.googleapis.com/projects/acme-shop/locations/europe-west1/keyRings/ring/cryptoKeys/flows",
)
# A workflow that is deployed again has a new revision, whoever deploys it.
PASSING = (
    "etag",
    "_visible",
    "_revisions",
    "uniqueId",
    "oauth2ClientId",
    "revisionId",
    "Time",
    "Modified",
    "uid",
)
UNORDERED = ("members", "bindings", "access", "eventFilters")


@pytest.fixture
def furnished(deployed, emulator, owner):
    """The stack, and a project in which others have made and granted things."""
    deployed.write("workflows/order-intake.yaml", DEFINITION)
    deployed.write("wfprov.yaml", CONFIG)
    environment = deployed.folder / "environments/shop.yaml"
    environment.write_text(environment.read_text() + "project_number: '493817260155'\n")
    for name in NAMES:
        sent = {"names": [name], "owner": owner, "project": "acme-shop"}
        admin.answer(emulator.plane, "POST", "emulator/v1/resources", {}, sent)
    objects = emulator.plane.world.objects
    with objects.transaction():
        for name in objects.names(POLICIES):
            policy = objects.get(POLICIES, name) or {}
            policy["bindings"] = [*policy.get("bindings", ()), *deepcopy(FOREIGN)]
            objects.put(POLICIES, name, {**policy, "version": 3})
    return deployed


def state(emulator) -> dict[str, object]:
    """Everything that the control plane holds, without what chance or time decides."""
    objects = emulator.plane.world.objects
    return {
        f"{table} {name}": plain(objects.get(table, name))
        for table in (RESOURCES, POLICIES)
        for name in objects.names(table)
        if "/operations/" not in name
    }


def plain(value: object, key: str = "") -> object:
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if not any(word in k for word in PASSING)}
        return {k: plain(v, k) for k, v in sorted(kept.items())}
    if isinstance(value, list):
        items = [plain(item) for item in value]
        return sorted(items, key=str) if key in UNORDERED else items
    return value


@pytest.fixture
def bash(emulator, owner, tmp_path):
    """Runs a script with gcloud as the owner."""
    token = tmp_path / "token"
    token.write_text(emulator.token(owner))
    environment = {
        **os.environ,
        **gcloud_environment(emulator, token),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_BIGQUERY": f"{emulator.http_url}/bigquery/",
        "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
    }

    def run(script, fails: str = "") -> None:
        done = subprocess.run(
            ["bash", str(script)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode != 0) == bool(fails), done.stderr
        assert fails in done.stderr
        assert "again in" not in done.stderr

    return run


@needs_gcloud
def test_the_script_makes_what_apply_makes_and_may_be_run_again(furnished, emulator, bash):
    before = emulator.plane.world.objects.snapshot()
    applied = furnished.wfprov("apply", "-e", "shop", "--auto-approve")
    assert applied.code == 0, applied.err
    by_apply = state(emulator)
    emulator.plane.world.objects.restore(before)
    assert state(emulator) != by_apply

    exported = furnished.wfprov("export", "gcloud", "-e", "shop", "-o", "apply.sh")
    assert exported.code == 0, exported.err
    bash(furnished.folder / "apply.sh")
    by_script = state(emulator)
    assert by_script == by_apply
    assert furnished.wfprov("plan", "-e", "shop", "--detailed-exitcode").code == 0

    (name,) = (n for n in emulator.plane.world.objects.names(RESOURCES) if "/workflows/" in n)
    with emulator.plane.world.objects.transaction():
        live = emulator.plane.world.objects.get(RESOURCES, name)
        live["labels"]["cost-centre"] = "42"
        emulator.plane.world.objects.put(RESOURCES, name, live)
    labelled = state(emulator)
    bash(furnished.folder / "apply.sh")
    assert state(emulator) == labelled


TRIGGERS = """\
    triggers:
      - {schedule: "0 6 * * *", time_zone: Europe/Berlin, argument: {text: "it's $HOME, `x`"}}
      - {schedule: every 2 hours, name: stopped, paused: true, retry: {attempts: 3}}
      - {event: google.cloud.storage.object.v1.finalized, filters: {bucket: in}, location: eu}
      - event: google.cloud.pubsub.topic.v1.messagePublished
        topic: orders
        name: on-message
        service_account: {shared: messages}
      - event: google.cloud.audit.log.v1.written
        name: on-audit
        filters:
          serviceName: storage.googleapis.com
          methodName: storage.setIamPermissions
          resourceName: /projects/_/buckets/{a,b}
"""


MESSAGE = "google.cloud.pubsub.topic.v1.messagePublished"
MESSAGES = f"    triggers:\n      - {{event: {MESSAGE}, name: on-message, topic: others}}\n"


def started(session, triggers):
    """A stack that calls nothing, and what starts its workflow."""
    session.write("workflows/order-intake.yaml", "- done: {return: ok}\n")
    source = "    source: workflows/order-intake.yaml\n"
    head = "version: 1\nstack: orders\nworkflows:\n  order-intake:\n"
    session.write("wfprov.yaml", f"{head}{source}{triggers}")
    return session


@needs_gcloud
def test_the_script_makes_the_triggers_that_apply_makes(deployed, emulator, bash):
    objects = emulator.plane.world.objects
    before = objects.snapshot()
    applied = started(deployed, TRIGGERS).wfprov("apply", "-e", "shop", "--auto-approve")
    assert applied.code == 0, applied.out + applied.err
    by_apply = state(emulator)
    objects.restore(before)

    exported = deployed.wfprov("export", "gcloud", "-e", "shop")
    assert (exported.code, "not-exported" in exported.err) == (0, False)
    bash(deployed.write("apply.sh", exported.out))
    assert kept(state(emulator)) == kept(by_apply)
    assert deployed.wfprov("plan", "-e", "shop", "--detailed-exitcode").code == 0

    changed = TRIGGERS.replace("0 6", "30 7").replace("bucket: in", "bucket: out")
    started(deployed, changed.replace("paused: true", "paused: false"))
    assert deployed.wfprov("plan", "-e", "shop", "--detailed-exitcode").code == 2
    bash(deployed.write("changed.sh", deployed.wfprov("export", "gcloud", "-e", "shop").out))
    assert deployed.wfprov("plan", "-e", "shop", "--detailed-exitcode").code == 0

    exported = started(deployed, MESSAGES).wfprov("export", "gcloud", "-e", "shop")
    bash(deployed.write("moved.sh", exported.out), fails="projects/acme-shop/topics/others")


def test_an_export_tells_what_gcloud_has_no_flag_for(deployed):
    once = MESSAGES.replace("topic: ", "retry: {attempts: 1}, topic: ")
    exported = started(deployed, once).wfprov("export", "gcloud", "-e", "shop")
    assert exported.code == 0
    assert "# NOT HERE: gcloud has no flag for `retry: {attempts: 1}`" in exported.out
    assert "warning[not-exported]: gcloud has no flag" in exported.err
    assert "gcloud eventarc triggers create on-message" in exported.out


def kept(found: dict[str, object]) -> dict[str, object]:
    """Without the topics that chance names, and a digest that knows a project by its number."""
    for body in found.values():
        body.get("labels", {}).pop("wfprov-applied", None)
        if "triggers" in body.get("name", ""):
            del body["transport"]
    return found
