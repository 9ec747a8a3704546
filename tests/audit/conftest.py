"""A shop's project on the embedded control plane, and audits of it with the real libraries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from wfprov.app.audit import audit_fleet, audit_stack
from wfprov.app.load import Selection, load
from wfprov.app.wiring import ControlPlane
from wfprov.core.errors import NotFoundError
from wfprov.core.policy import BindingKey, Condition, Membership
from wfprov.core.resource import Call
from wfprov.desired.accesses import access_to
from wfprov.desired.model import Stack
from wfprov.emulator import admin
from wfprov.emulator.server import Emulator
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session
from wfprov.store.facts import open_facts

PROJECT = "acme-shop"
NUMBER = "493817260155"
REGION = "europe-west1"
OWNER = "user:ana@example.com"
TODAY = date(2026, 11, 23)
DEFINITION = f"""\
main:
  params: [order]
  steps:
    - charge:
        call: http.post
        args:
          url: https://payments-{NUMBER}.{REGION}.run.app/charge
          auth: {{type: OIDC}}
    - key:
        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
        args: {{secret_id: partner, project_id: {PROJECT}}}
"""


class Names:
    """Names of the shop's things."""

    project = f"//cloudresourcemanager.googleapis.com/projects/{PROJECT}"
    folder = "//cloudresourcemanager.googleapis.com/folders/21"
    service = f"//run.googleapis.com/projects/{PROJECT}/locations/{REGION}/services/payments"
    secret = f"//secretmanager.googleapis.com/projects/{PROJECT}/secrets/partner"
    topic = f"//pubsub.googleapis.com/projects/{PROJECT}/topics/orders"
    account = f"serviceAccount:intake-workflow@{PROJECT}.iam.gserviceaccount.com"
    agent = f"serviceAccount:service-{NUMBER}@gcp-sa-workflows.iam.gserviceaccount.com"
    compute = f"serviceAccount:{NUMBER}-compute@developer.gserviceaccount.com"


class Shop:
    """One workflow, `intake`, that calls a service and reads a secret, and holds just that."""

    def __init__(self, emulator: Emulator, folder) -> None:
        self.emulator = emulator
        self.folder = folder
        self.facts = open_facts()
        self.names = Names
        self.today = TODAY
        self.clouds: dict[str, GoogleCloud] = {}
        self.tell("resources", names=[Names.folder])
        self.tell(
            "projects",
            projectId=PROJECT,
            projectNumber=NUMBER,
            owner=OWNER,
            parent="folders/21",
        )
        self.tell("resources", names=[Names.service, Names.secret, Names.topic])
        self.make_account("intake-workflow")
        self.enable("workflows.googleapis.com")
        self.write("workflows/intake.yaml", DEFINITION)
        self.write(
            "wfprov.yaml",
            "version: 1\nstack: orders\nworkflows:\n  intake: {source: workflows/intake.yaml}\n",
        )
        self.deploy("intake")
        self.grant(Names.service, "roles/run.invoker")
        self.grant(Names.secret, "roles/secretmanager.secretAccessor")

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def tell(self, what: str, **body) -> None:
        admin.answer(self.emulator.plane, "POST", f"emulator/v1/{what}", {}, body)

    def cloud(self, principal: str = OWNER) -> GoogleCloud:
        """The real client libraries as a principal, kept: building them takes time."""
        if principal not in self.clouds:
            self.clouds[principal] = GoogleCloud(
                embedded_session(
                    root=self.emulator.http_url,
                    grpc_target=self.emulator.grpc_target,
                    token=self.emulator.token(principal),
                )
            )
        return self.clouds[principal]

    def close(self) -> None:
        for cloud in self.clouds.values():
            cloud.close()

    def send(self, client: str, method: str, **request) -> dict:
        cloud = self.cloud()
        return cloud.send(Call(client=client, method=method, request=request))

    def enable(self, service: str) -> None:
        self.send(
            "serviceusage:v1",
            "services.enable",
            name=f"projects/{PROJECT}/services/{service}",
            body={},
        )

    def make_account(self, name: str) -> None:
        email = f"{name}@{PROJECT}.iam.gserviceaccount.com"
        self.tell(
            "resources", names=[f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/{email}"]
        )

    def deploy(self, name: str, text: str | None = None, account: str = "", **more) -> None:
        email = account or f"intake-workflow@{PROJECT}.iam.gserviceaccount.com"
        if text is None:
            text = (self.folder / f"workflows/{name}.yaml").read_text()
        body = {"sourceContents": text, "serviceAccount": email, **more}
        if account == "default":
            del body["serviceAccount"]
        place = f"projects/{PROJECT}/locations/{REGION}"
        path = f"{place}/workflows/{name}"
        cloud = self.cloud()
        client = "google.cloud.workflows_v1:WorkflowsClient"
        try:
            cloud.send(Call(client=client, method="get_workflow", request={"name": path}))
            request = {"workflow": {"name": path, **body}, "updateMask": ",".join(body)}
            method = "update_workflow"
            if account == "default":
                cloud.send(Call(client=client, method="delete_workflow", request={"name": path}))
                raise NotFoundError("it is made anew, since an account is never taken back")  # noqa: TRY301
        except NotFoundError:
            request = {"parent": place, "workflowId": name, "workflow": body}
            method = "create_workflow"
        cloud.send(Call(client=client, method=method, request=request))

    def _change(self, on: str, role: str, member: str, condition: Condition | None, verb: str):
        access = access_to(on, self.facts)
        membership = Membership(BindingKey(role, condition), member)
        enforced = self.emulator.plane.world.settings.enforce
        self.emulator.plane.world.settings.enforce = False
        cloud = self.cloud()
        body = cloud.send(access.read())
        cloud.send(access.write(access.changed(body, **{verb: [membership]})))
        self.emulator.plane.world.settings.enforce = enforced

    def grant(self, on, role, member=Names.account, condition=None) -> None:
        self._change(on, role, member, condition, "add")

    def revoke(self, on, role, member=Names.account) -> None:
        self._change(on, role, member, None, "remove")

    def insight(self, number: int, role: str, *exercised: str, member=Names.account) -> None:
        """A policy insight in the shape of Google's page on them (2026-11-23)."""
        name = (
            f"projects/{NUMBER}/locations/global/insightTypes/google.iam.policy.Insight"
            f"/insights/{number}"
        )
        full = f"//recommender.googleapis.com/{name}".replace(NUMBER, PROJECT)
        body = {
            "name": name,
            "content": {
                "condition": {},
                "currentTotalPermissionsCount": "3",
                "exercisedPermissions": [{"permission": p} for p in exercised],
                "inferredPermissions": [],
                "member": member,
                "role": role,
            },
            "insightSubtype": "PERMISSIONS_USAGE",
            "category": "SECURITY",
            "observationPeriod": "7776000s",
            "stateInfo": {"state": "ACTIVE"},
            "targetResources": [f"//cloudresourcemanager.googleapis.com/projects/{NUMBER}"],
        }
        self.tell("resources", names=[full], bodies={full: body})

    def audit(self, *, baseline=None, reader: str | None = None):
        """The report on the stack."""
        selection = Selection(
            config=str(self.folder / "wfprov.yaml"), project=PROJECT, region=REGION
        )
        cloud = self.cloud(reader or OWNER)
        control = ControlPlane(cloud=cloud, reader=cloud)
        return audit_stack(load(selection), control, today=self.today, baseline=baseline)

    def fleet(self, *projects: str):
        """The report on whole projects."""
        cloud = self.cloud()
        control = ControlPlane(cloud=cloud, reader=cloud)
        return audit_fleet(Stack(name=""), projects or (PROJECT,), control, today=self.today)

    def found(self, rule: str) -> list:
        """What the audit finds of one rule."""
        return [f for f in self.audit().findings if f.rule.slug == rule]


@pytest.fixture
def shop(tmp_path) -> Iterator[Shop]:
    """The shop with nothing wrong."""
    with Emulator.start(operation_polls=0) as running:
        made = Shop(running, tmp_path)
        yield made
        made.close()
