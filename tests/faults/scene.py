"""A control plane, and a stack with every kind of resource in several states of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from forks import Forks
from stack import (
    ACCOUNTS,
    AUDIT,
    CALLED,
    CHANGED,
    CONFIG,
    FIRST,
    FOREIGN,
    NUMBER,
    OWNER,
    PROJECT,
    REGION,
    SECOND,
)

from wfprov.app.bootstrap import make
from wfprov.app.inspect import inspect_stack
from wfprov.app.load import Loaded, Selection, load
from wfprov.app.plan import Asked, make_live
from wfprov.app.wiring import ControlPlane, facts
from wfprov.apply.execute import execute
from wfprov.apply.retry import Retrying
from wfprov.core.resource import Resource
from wfprov.desired.build import build
from wfprov.desired.federation import Pipeline
from wfprov.desired.graph import Desired
from wfprov.emulator import admin
from wfprov.emulator.objects import POLICIES, RESOURCES
from wfprov.emulator.server import Emulator
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session
from wfprov.plan.bootstrap import Wishes, bootstrap
from wfprov.plan.build import plan_live, plan_offline
from wfprov.plan.change import Mode
from wfprov.resources.workload_identity_pool import WorkloadIdentityPool
from wfprov.resources.workload_identity_provider import WorkloadIdentityProvider

WISHES = Wishes(pipelines=(Pipeline(host="github", repository="acme/orders").checked(),))


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
class Version:
    """A version of the stack: its files, and what it asks for, a bootstrap of it too."""

    config: str
    definitions: dict[str, str]
    loaded: Loaded
    desired: Desired
    bootstrap: Desired


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A state to start from, and what is asked for there."""

    name: str
    snapshot: int
    version: Version
    mode: Mode

    @property
    def desired(self) -> Desired:
        return self.version.bootstrap if self.mode is Mode.BOOTSTRAP else self.version.desired


class Stage:
    """The control plane of a campaign, its scenes, and the real engine over real clients."""

    def __init__(self, folder: Path, emulator: Emulator, time: Time, forks: Forks) -> None:
        self.folder = folder
        self.forks = forks
        self.emulator = emulator
        self.plane = emulator.plane
        self.time = time
        self.facts = facts()
        self.client = self.cloud()
        self.first = self._version(CONFIG, FIRST)
        self.second = self._version(CHANGED, SECOND)
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

    def plan_whole(self, scene: Scene, cloud: object, dice: object):
        """The plan by every request that the command sends for it, the preflight's too."""
        reader = Retrying(cloud=cloud, clock=self.time, dice=dice)
        control = ControlPlane(cloud=cloud, reader=reader)
        loaded, now = scene.version.loaded, self.time.now
        if scene.mode is Mode.BOOTSTRAP:
            made = make(loaded, control, now, WISHES, parallel=1).planned
        else:
            made = make_live(loaded, control, now, asked=Asked(mode=scene.mode), parallel=1)
        if not made.may_apply:
            raise Blocked(str(made.diagnostics))
        if made.plan.preflight is not None and not made.plan.preflight.ok:
            raise Blocked(str(made.plan.preflight))
        return made.plan, made.live

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
        self.playing = scene
        self.admin("POST", f"snapshots/{scene.snapshot}")
        self.admin("PATCH", "settings", {"visibilityDelay": 0.0})

    def write_folder(self, config: str, definitions: dict[str, str]) -> None:
        """The stack as files, for commands that run in processes of their own."""
        for place in ("workflows", "environments"):
            (self.folder / place).mkdir(exist_ok=True)
        (self.folder / "wfprov.yaml").write_text(config)
        (self.folder / "environments" / "shop.yaml").write_text(
            f"endpoint: {self.emulator.http_url}\n"
            f"endpoints: {{iam: 'http://{self.emulator.grpc_target}'}}\n"
            f"project: {PROJECT}\nproject_number: {NUMBER}\nregion: {REGION}\n"
        )
        for name, text in definitions.items():
            (self.folder / "workflows" / f"{name}.yaml").write_text(text)

    def environment(self) -> dict[str, str]:
        """The environment variables that such a process has besides those of this one."""
        return {"GOOGLE_OAUTH_ACCESS_TOKEN": self.emulator.token(OWNER)}

    def _version(self, config: str, definitions: dict[str, str]) -> Version:
        self.write_folder(config, definitions)
        with chdir(self.folder):
            loaded = load(Selection(environment="shop"))
        assert loaded.ok, loaded.diagnostics
        checked = build(loaded.stack, inspect_stack(loaded, self.facts), self.facts)
        assert checked.ok, checked.diagnostics
        whole = plan_offline(checked.value, self.facts, created=self.time.now()).value
        return Version(
            config=config,
            definitions=definitions,
            loaded=loaded,
            desired=checked.value,
            bootstrap=bootstrap(checked.value, whole, self.facts, WISHES).desired,
        )

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
                self._others_have(name)

    def _scenes(self) -> dict[str, Scene]:
        class Dice:
            def uniform(self, _low: float, high: float) -> float:
                return high

        with self.cloud() as cloud:

            def settled(scene: Scene) -> None:
                self.playing = scene
                plan, live = self.plan(scene, cloud, Dice())
                report = self.execute(plan, live, cloud, Dice())
                assert report.ok, [str(o.error) for o in report.failed]

            def now() -> int:
                return self.admin("POST", "snapshots")["snapshot"]

            def scene(name: str, snapshot: int, version: Version, mode: Mode) -> Scene:
                return Scene(name=name, snapshot=snapshot, version=version, mode=mode)

            empty = now()
            create = scene("create", empty, self.first, Mode.APPLY)
            settled(create)
            self._meddle(cloud)
            made = now()
            destroy = scene("destroy", made, self.first, Mode.DESTROY)
            settled(destroy)
            revive = scene("revive", now(), self.second, Mode.APPLY)
            ready = scene("bootstrap", empty, self.first, Mode.BOOTSTRAP)
            self.restore(ready)
            settled(ready)
            for kind in (WorkloadIdentityProvider, WorkloadIdentityPool):
                for resource in self.first.bootstrap.resources:
                    if isinstance(resource, kind):
                        cloud.send(resource.delete())
            scenes = (
                create,
                scene("change", made, self.second, Mode.PRUNE),
                revive,
                destroy,
                ready,
                scene("again", now(), self.second, Mode.BOOTSTRAP),
            )
            return {scene.name: scene for scene in scenes}

    def _meddle(self, cloud: GoogleCloud) -> None:
        """What others do while the stack is there: things and access of their own, and edits.

        Every thing of theirs is like one of the stack's, but for the mark.
        """
        bot = f"ops-bot@{PROJECT}.iam.gserviceaccount.com"
        first: dict[str, Resource] = {}
        for resource in self.first.desired.resources:
            first.setdefault(resource.kind, resource)
        account, role = first["service_account"], first["custom_role"]
        cloud.send(replace(account, account_id="ops-bot", stack="").create())
        with self.plane.world.objects.transaction(as_ever=True):
            for name in (*ACCOUNTS[:3], "ops-bot"):
                email = f"{name}@{PROJECT}.iam.gserviceaccount.com"
                path = f"projects/{PROJECT}/serviceAccounts/{email}"
                self._others_have(self.plane.world.full_name("iam", path))
            self._others_have(
                f"//cloudresourcemanager.googleapis.com/projects/{PROJECT}",
                *(
                    {"role": f"roles/{name}", "members": [f"serviceAccount:{bot}"]}
                    for name in ("eventarc.eventReceiver", "workflows.invoker")
                ),
            )
        own = {"service_account": bot}
        for theirs in (
            replace(role, role_id="ops_role", stack=""),
            replace(first["workflow"], workflow_id="ops", labels={}, **own),
            replace(first["scheduler_job"], job_id="ops", stack="", **own),
            replace(first["eventarc_trigger"], trigger_id="ops", labels={}, **own),
        ):
            cloud.send(theirs.create())
        for edited, was in (
            (replace(account, display_name="Edited"), account),
            (replace(role, title="Edited"), role),
        ):
            for call in edited.update(was):
                cloud.send(call)

    def _others_have(self, name: str, *bindings: dict) -> None:
        objects = self.plane.world.objects
        policy = objects.get(POLICIES, name) or {"bindings": []}
        policy["bindings"] = [*policy["bindings"], *(bindings or FOREIGN)]
        policy["etag"] = self.plane.world.etag()
        if "storage" not in name:  # a bucket's policy has no audit configs
            policy["auditConfigs"] = AUDIT
        objects.put(POLICIES, name, policy)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """A stage that goes away with the block."""
    time = Time()
    with Forks() as forks, Emulator.start(clock=time.date, operation_polls=1) as emulator:
        stage = Stage(folder, emulator, time, forks)
        with stage.client:
            yield stage
