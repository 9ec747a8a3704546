"""A control plane, and a stack with every kind of resource in several states of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from wfprov.app.inspect import inspect_stack
from wfprov.app.load import Selection, load
from wfprov.app.wiring import facts
from wfprov.apply.execute import execute
from wfprov.apply.retry import Retrying
from wfprov.desired.build import build
from wfprov.emulator import admin
from wfprov.emulator.objects import POLICIES, RESOURCES
from wfprov.emulator.server import Emulator
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session
from wfprov.plan.build import plan_live
from wfprov.plan.change import Mode

PROJECT, NUMBER, REGION = "acme-shop", "493817260155", "europe-west1"
OWNER = "user:ana@example.com"
HERE = f"projects/{PROJECT}/locations/{REGION}"
CALLED = (
    f"//run.googleapis.com/{HERE}/services/payments",
    f"//run.googleapis.com/{HERE}/jobs/nightly",
    f"//secretmanager.googleapis.com/projects/{PROJECT}/secrets/partner-key",
    f"//pubsub.googleapis.com/projects/{PROJECT}/topics/orders",
    "//storage.googleapis.com/projects/_/buckets/acme-orders",
    f"//bigquery.googleapis.com/projects/{PROJECT}/datasets/sales",
    f"//bigquery.googleapis.com/projects/{PROJECT}/datasets/sales/tables/refunds",
    f"//cloudtasks.googleapis.com/{HERE}/queues/mail",
)
ACCOUNTS = ("order-intake", "refunds", "refunds-trigger")
AGENT = f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"

CONFIG = """\
version: 1
stack: orders
workflows:
  order-intake: {source: workflows/order-intake.yaml, env: {PARTNER_TOKEN: s3cret-value}}
  refunds:
    source: workflows/refunds.yaml
    triggers:
      - {schedule: "0 6 * * *", argument: {}, paused: true}
      - {event: google.cloud.storage.object.v1.finalized, filters: {bucket: acme-orders}}
policy: {custom_roles: always}
"""
CHARGE = f"""\
- charge:
    call: http.post
    args:
      url: https://payments-{NUMBER}.{REGION}.run.app/charge
      auth: {{type: OIDC}}
"""
FIRST = {
    "order-intake": CHARGE
    + f"""\
- key:
    call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
    args: {{project_id: {PROJECT}, secret_id: partner-key}}
- tell:
    call: googleapis.pubsub.v1.projects.topics.publish
    args: {{topic: projects/{PROJECT}/topics/orders, body: {{messages: [{{data: aGk=}}]}}}}
- rows:
    call: googleapis.bigquery.v2.tables.insert
    args: {{projectId: {PROJECT}, datasetId: sales}}
- keep:
    call: googleapis.storage.v1.objects.get
    args: {{bucket: acme-orders, object: a.txt}}
- log:
    call: sys.log
    args: {{text: done}}
""",
    "refunds": CHARGE
    + f"""\
- rows:
    call: googleapis.bigquery.v2.tabledata.list
    args: {{projectId: {PROJECT}, datasetId: sales, tableId: refunds}}
- mail:
    call: googleapis.cloudtasks.v2.projects.locations.queues.tasks.list
    args: {{parent: {HERE}/queues/mail}}
""",
}
SECOND = {
    "order-intake": FIRST["order-intake"].replace(
        "googleapis.bigquery.v2.tables.insert", "googleapis.bigquery.v2.datasets.get"
    ),
    "refunds": CHARGE
    + f"""\
- nightly:
    call: googleapis.run.v2.projects.locations.jobs.run
    args: {{name: {HERE}/jobs/nightly}}
- mail:
    call: googleapis.cloudtasks.v2.projects.locations.queues.get
    args: {{name: {HERE}/queues/mail}}
""",
}
FOREIGN = [
    {"role": "roles/run.invoker", "members": ["user:ops@example.com", "allUsers"]},
    {
        "role": "roles/viewer",
        "members": ["group:auditors@example.com"],
        "condition": {"title": "t", "description": "kept", "expression": "true"},
    },
]
AUDIT = [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]
SCENES = ("create", "change", "revive", "destroy")


class Time:
    """Time that passes by sleeping only, in no time, for wfprov and the control plane alike."""

    def __init__(self) -> None:
        self.seconds = 1_795_000_000.0
        self._lock = Lock()

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds

    def date(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


class Blocked(Exception):  # noqa: N818
    """A plan has findings that are errors."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A state to start from, and what is asked for there."""

    name: str
    snapshot: int
    desired: object
    mode: Mode


class Stage:
    """The control plane of a campaign, its scenes, and the real engine over real clients."""

    def __init__(self, folder: Path, emulator: Emulator, time: Time) -> None:
        self.folder = folder
        self.emulator = emulator
        self.plane = emulator.plane
        self.time = time
        self.facts = facts()
        self.client = self.cloud()
        self.first = self._desired(FIRST)
        self.second = self._desired(SECOND, call_log_level="LOG_ERRORS_ONLY")
        self._populate()
        self.scenes = self._scenes()

    def admin(self, verb: str, path: str, body: object = None) -> dict:
        return admin.answer(self.plane, verb, f"emulator/v1/{path}", {}, body).body

    def cloud(self, time: Time | None = None) -> GoogleCloud:
        session = embedded_session(
            root=self.emulator.http_url,
            grpc_target=self.emulator.grpc_target,
            token=self.emulator.token(OWNER),
            timeout=20,
        )
        return GoogleCloud(session, clock=time or self.time)

    def plan(self, scene: Scene, cloud: object, dice: object, *, parallel: int = 1):
        reader = Retrying(cloud=cloud, clock=self.time, dice=dice)
        checked, live = plan_live(
            scene.desired,
            reader,
            self.facts,
            created=self.time.now(),
            mode=scene.mode,
            parallel=parallel,
        )
        if not checked.ok:
            raise Blocked(str(checked.diagnostics))
        return checked.value, live

    def execute(self, plan, live, cloud, dice, *, parallel: int = 1, observe=None):
        return execute(
            plan,
            cloud,
            clock=self.time,
            dice=dice,
            live=live,
            parallel=parallel,
            **({} if observe is None else {"observe": observe}),
        )

    def restore(self, scene: Scene) -> None:
        self.admin("POST", f"snapshots/{scene.snapshot}")
        self.admin("PATCH", "settings", {"visibilityDelay": 0.0})

    def write_folder(self, definitions: dict[str, str]) -> None:
        """The stack as files, for commands that run in processes of their own."""
        for place in ("workflows", "environments"):
            (self.folder / place).mkdir(exist_ok=True)
        (self.folder / "wfprov.yaml").write_text(CONFIG)
        (self.folder / "environments" / "shop.yaml").write_text(
            f"endpoint: {self.emulator.http_url}\n"
            f"endpoints: {{iam: 'http://{self.emulator.grpc_target}'}}\n"
            f"project: {PROJECT}\nproject_number: {NUMBER}\nregion: {REGION}\n"
        )
        for name, text in definitions.items():
            (self.folder / "workflows" / f"{name}.yaml").write_text(text)

    def environment(self) -> dict[str, str]:
        """The environment variables of such a process."""
        return {**os.environ, "GOOGLE_OAUTH_ACCESS_TOKEN": self.emulator.token(OWNER)}

    def _desired(self, definitions: dict[str, str], **spec: str):
        self.write_folder(definitions)
        with chdir(self.folder):
            loaded = load(Selection(environment="shop"))
            inspected = inspect_stack(loaded, self.facts)
        if spec:
            inspected = tuple(replace(i, workflow=replace(i.workflow, **spec)) for i in inspected)
        checked = build(loaded.stack, inspected, self.facts)
        assert checked.ok, checked.diagnostics
        return checked.value

    def _populate(self) -> None:
        """What others made: the project, what is called, and their own access to all of it."""
        self.admin(
            "POST",
            "projects",
            {"projectId": PROJECT, "projectNumber": NUMBER, "owner": OWNER},
        )
        self.admin("POST", "resources", {"names": list(CALLED), "owner": OWNER, "project": PROJECT})
        with self.plane.world.objects.transaction(as_ever=True):
            objects = self.plane.world.objects
            for service in ("iam", "workflows", "cloudtasks", "pubsub"):
                name = f"projects/{NUMBER}/services/{service}.googleapis.com"
                for known in objects.names(RESOURCES):
                    if known.endswith(name):
                        objects.drop(RESOURCES, known)
            for name in (f"//cloudresourcemanager.googleapis.com/projects/{PROJECT}", *CALLED):
                if name.endswith("/datasets/sales"):
                    body = objects.get(RESOURCES, name)
                    body["access"] = [
                        *body.get("access", ()),
                        {"role": "READER", "userByEmail": "ops@example.com"},
                        {"view": {"projectId": "other", "datasetId": "d", "tableId": "v"}},
                    ]
                    objects.put(RESOURCES, name, body)
                    continue
                policy = objects.get(POLICIES, name) or {"bindings": []}
                policy["bindings"] = [*policy["bindings"], *FOREIGN]
                policy["etag"] = self.plane.world.etag()
                if "storage" not in name:  # a bucket's policy has no audit configs
                    policy["auditConfigs"] = AUDIT
                objects.put(POLICIES, name, policy)

    def _scenes(self) -> dict[str, Scene]:
        class Dice:
            def uniform(self, _low: float, high: float) -> float:
                return high

        with self.cloud() as cloud:

            def settled(scene: Scene) -> int:
                plan, live = self.plan(scene, cloud, Dice())
                report = self.execute(plan, live, cloud, Dice())
                assert report.ok, [str(o.error) for o in report.failed]
                return self.admin("POST", "snapshots")["snapshot"]

            empty = self.admin("POST", "snapshots")["snapshot"]
            create = Scene(name="create", snapshot=empty, desired=self.first, mode=Mode.APPLY)
            made = settled(create)
            destroy = Scene(name="destroy", snapshot=made, desired=self.first, mode=Mode.DESTROY)
            gone = settled(destroy)
            return {
                "create": create,
                "change": Scene(name="change", snapshot=made, desired=self.second, mode=Mode.PRUNE),
                "revive": Scene(name="revive", snapshot=gone, desired=self.second, mode=Mode.APPLY),
                "destroy": destroy,
            }


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """A stage that goes away with the block."""
    time = Time()
    with Emulator.start(clock=time.date, operation_polls=1) as emulator:
        stage = Stage(folder, emulator, time)
        with stage.client:
            yield stage
