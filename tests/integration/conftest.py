"""The embedded control plane with a project, and a stack that uses everything of it."""

import json
import time
from urllib.request import Request, urlopen

import pytest

from wfprov.apply.execute import execute
from wfprov.catalog.target import Need, Tier
from wfprov.core.address import Permission, ResourceName, RoleName
from wfprov.core.span import Source, Span
from wfprov.desired.build import build
from wfprov.desired.model import Inspected, Stack, WorkflowSpec
from wfprov.emulator.server import Emulator
from wfprov.gcp.clock import SystemClock, SystemDice
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session
from wfprov.iam.grant import Grant
from wfprov.iam.requirement import Requirement
from wfprov.plan.build import plan_live
from wfprov.plan.change import Mode
from wfprov.store.facts import open_facts

PROJECT = "acme-dev"
REGION = "europe-west1"
OWNER = "user:ana@example.com"
SERVICE = f"//run.googleapis.com/projects/{PROJECT}/locations/{REGION}/services/orders"
SECRET = f"//secretmanager.googleapis.com/projects/{PROJECT}/secrets/partner-key"
GRANTS = {
    SERVICE: ("run.routes.invoke", "roles/run.invoker"),
    SECRET: ("secretmanager.versions.access", "roles/secretmanager.secretAccessor"),
    f"//run.googleapis.com/projects/{PROJECT}/locations/{REGION}/jobs/nightly": (
        "run.jobs.run",
        "roles/run.invoker",
    ),
    f"//pubsub.googleapis.com/projects/{PROJECT}/topics/orders": (
        "pubsub.topics.publish",
        "roles/pubsub.publisher",
    ),
    f"//pubsub.googleapis.com/projects/{PROJECT}/subscriptions/orders": (
        "pubsub.subscriptions.consume",
        "roles/pubsub.subscriber",
    ),
    "//storage.googleapis.com/projects/_/buckets/acme-orders": (
        "storage.objects.get",
        "roles/storage.objectViewer",
    ),
    f"//cloudtasks.googleapis.com/projects/{PROJECT}/locations/{REGION}/queues/orders": (
        "cloudtasks.tasks.create",
        "roles/cloudtasks.enqueuer",
    ),
    f"//cloudfunctions.googleapis.com/projects/{PROJECT}/locations/{REGION}/functions/old": (
        "cloudfunctions.functions.invoke",
        "roles/cloudfunctions.invoker",
    ),
    f"//cloudkms.googleapis.com/projects/{PROJECT}/locations/{REGION}/keyRings/r/cryptoKeys/k": (
        "cloudkms.cryptoKeyVersions.useToDecrypt",
        "roles/cloudkms.cryptoKeyDecrypter",
    ),
    f"//bigquery.googleapis.com/projects/{PROJECT}/datasets/sales": (
        "bigquery.tables.getData",
        "roles/bigquery.dataViewer",
    ),
    f"//cloudresourcemanager.googleapis.com/projects/{PROJECT}": (
        "logging.logEntries.create",
        "roles/logging.logWriter",
    ),
}


class Place:
    """A control plane with one project, its owner's requests, and stacks for it."""

    def __init__(self, emulator, facts):
        self.emulator = emulator
        self.facts = facts
        self.admin("POST", "projects", {"projectId": PROJECT, "owner": OWNER})
        names = [name for name in GRANTS if "cloudresourcemanager" not in name]
        self.admin("POST", "resources", {"names": names, "project": PROJECT})
        self.opened = []

    def admin(self, verb, path, body=None):
        request = Request(
            f"{self.emulator.http_url}/emulator/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=verb,
        )
        with urlopen(request) as answer:
            return json.loads(answer.read() or b"{}")

    def cloud(self, principal=OWNER, *, root=None):
        session = embedded_session(
            root=root or self.emulator.http_url,
            grpc_target=self.emulator.grpc_target,
            token=self.emulator.token(principal),
            timeout=10,
        )
        self.opened.append(GoogleCloud(session))
        return self.opened[-1]

    def desired(self, *names, grants=GRANTS, text="main: {}", **spec):
        checked = build(
            Stack(name="orders", project=PROJECT, region=REGION),
            [inspected(name, grants, text, spec) for name in names],
            self.facts,
        )
        assert checked.ok, checked.diagnostics
        return checked.value

    def plan(self, desired, cloud, mode=Mode.APPLY):
        return plan_live(desired, cloud, self.facts, created=time.time(), mode=mode)

    def apply(self, desired, cloud, mode=Mode.APPLY):
        checked, live = self.plan(desired, cloud, mode)
        assert checked.ok, checked.diagnostics
        return execute(checked.value, cloud, clock=SystemClock(), dice=SystemDice(), live=live)

    def close(self):
        for cloud in self.opened:
            cloud.close()


def inspected(name, grants, text, spec):
    source = Source(f"workflows/{name}.yaml", f"# {name}\n{text}\n")
    workflow = WorkflowSpec(
        name=name, source_path=source.name, **{"project": PROJECT, "region": REGION, **spec}
    )
    made = tuple(
        Grant(
            principal="workflow",
            role=RoleName(role),
            on=ResourceName(on),
            because=(
                Requirement(
                    principal="workflow",
                    need=Need(
                        permission=Permission(permission), on=ResourceName(on), tier=Tier.CURATED
                    ),
                    site="main.charge",
                    at=Span(source, len(name) + 3, len(name) + 7),
                ),
            ),
        )
        for on, (permission, role) in grants.items()
    )
    return Inspected(
        workflow=workflow,
        source=source,
        contents=source.text,
        sites=(),
        grants=made,
        apis=(("run.googleapis.com", PROJECT),),
    )


@pytest.fixture(scope="session")
def facts():
    found = open_facts()
    yield found
    found.close()


@pytest.fixture
def place(facts):
    with Emulator.start() as emulator:
        made = Place(emulator, facts)
        yield made
        made.close()
