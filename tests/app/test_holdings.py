"""Where members appear, found through the real client libraries on the embedded control plane."""

from __future__ import annotations

import pytest

from wfprov.app.holdings import canonical_name, find
from wfprov.core.policy import BindingKey, Membership
from wfprov.core.resource import Call
from wfprov.desired.accesses import access_to
from wfprov.emulator import admin
from wfprov.emulator.server import Emulator
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session
from wfprov.store.facts import open_facts

PROJECT = "acme-shop"
OWNER = "user:ana@example.com"
ACCOUNT = "intake@acme-shop.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{ACCOUNT}"
SERVICE = f"//run.googleapis.com/projects/{PROJECT}/locations/europe-west4/services/payments"
SECRET = f"//secretmanager.googleapis.com/projects/{PROJECT}/secrets/partner"
BUCKET = "//storage.googleapis.com/projects/_/buckets/acme-orders"
DATASET = f"//bigquery.googleapis.com/projects/{PROJECT}/datasets/sales"
KEY = f"//cloudkms.googleapis.com/projects/{PROJECT}/locations/global/keyRings/r/cryptoKeys/k"
PROJECT_NAME = f"//cloudresourcemanager.googleapis.com/projects/{PROJECT}"
FOLDER = "//cloudresourcemanager.googleapis.com/folders/21"
ORGANISATION = "//cloudresourcemanager.googleapis.com/organizations/7"
ROLES = {
    SERVICE: "roles/run.invoker",
    SECRET: "roles/secretmanager.secretAccessor",
    BUCKET: "roles/storage.objectViewer",
    DATASET: "roles/bigquery.dataViewer",
    KEY: "roles/cloudkms.cryptoKeyDecrypter",
    PROJECT_NAME: "roles/logging.logWriter",
}


class Plane:
    """A project below a folder, with an account that holds one role on each kind of resource."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.facts = open_facts()
        self.clouds: list[GoogleCloud] = []
        self.tell(
            "resources",
            names=[FOLDER, ORGANISATION],
            bodies={FOLDER: {"parent": "organizations/7"}},
        )
        self.tell(
            "projects", projectId=PROJECT, projectNumber="77", owner=OWNER, parent="folders/21"
        )
        names = [n for n in ROLES if n != PROJECT_NAME]
        account = f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/{ACCOUNT}"
        self.tell(
            "resources", names=[*names, account, KEY.partition("/cryptoKeys")[0]], project=PROJECT
        )
        for name, role in ROLES.items():
            self.grant(name, role)

    def tell(self, what, **body):
        admin.answer(self.emulator.plane, "POST", f"emulator/v1/{what}", {}, body)

    def cloud(self, principal=OWNER):
        self.clouds.append(
            GoogleCloud(
                embedded_session(
                    root=self.emulator.http_url,
                    grpc_target=self.emulator.grpc_target,
                    token=self.emulator.token(principal),
                )
            )
        )
        return self.clouds[-1]

    def grant(self, name, role, member=MEMBER, cloud=None):
        cloud = cloud or self.cloud()
        access = access_to(name, self.facts)
        body = cloud.send(access.read())
        changed = access.changed(body, add=[Membership(BindingKey(role), member)])
        cloud.send(access.write(changed))

    def revoke(self, name, role, cloud):
        access = access_to(name, self.facts)
        body = cloud.send(access.read())
        cloud.send(
            access.write(access.changed(body, remove=[Membership(BindingKey(role), MEMBER)]))
        )

    def enable(self, service):
        self.cloud().send(
            Call(
                client="serviceusage:v1",
                method="services.enable",
                request={"name": f"projects/{PROJECT}/services/{service}", "body": {}},
            )
        )

    def find(self, cloud=None, **more):
        return find(cloud or self.cloud(), [MEMBER], [PROJECT], self.facts, **more)


@pytest.fixture
def plane():
    with Emulator.start(operation_polls=0) as running:
        made = Plane(running)
        yield made
        for cloud in made.clouds:
            cloud.close()


def held(holdings):
    return {h.on: h.membership.key.role for h in holdings.found}


def test_without_asset_search_every_policy_of_the_project_is_read(plane):
    found = plane.find()
    assert held(found) == ROLES
    assert found.searched == ()
    assert all(h.fresh and h.access.subject == h.on for h in found.found)
    assert any("Compute Engine" in unseen.what for unseen in found.not_looked)


def test_with_asset_search_only_what_it_names_is_read(plane):
    plane.enable("cloudasset.googleapis.com")
    found = plane.find()
    assert held(found).items() >= {k: v for k, v in ROLES.items() if k != DATASET}.items()
    assert found.searched == (PROJECT,)
    assert not any("Compute Engine" in unseen.what for unseen in found.not_looked)


def test_asset_search_goes_through_all_pages(plane):
    plane.enable("cloudasset.googleapis.com")
    topics = [f"//pubsub.googleapis.com/projects/{PROJECT}/topics/t{n}" for n in range(12)]
    plane.tell("resources", names=topics)
    cloud = plane.cloud()
    for topic in topics:
        plane.grant(topic, "roles/pubsub.publisher", cloud=cloud)

    class Small:
        """The same cloud, asked for pages of five."""

        def send(self, call):
            if call.method == "v1.searchAllIamPolicies":
                call = Call(
                    client=call.client,
                    method=call.method,
                    request={**call.request, "pageSize": 5},
                    pages=call.pages,
                )
            return cloud.send(call)

    assert set(topics) <= held(plane.find(Small())).keys()


def test_what_asset_search_says_is_read_again_from_the_resource(plane):
    plane.enable("cloudasset.googleapis.com")
    cloud = plane.cloud()

    class Raced:
        """The same cloud, where somebody revokes a grant just after the search."""

        def send(self, call):
            answer = cloud.send(call)
            if call.method == "v1.searchAllIamPolicies":
                plane.revoke(SERVICE, ROLES[SERVICE], cloud)
            return answer

    assert SERVICE not in held(plane.find(Raced()))


def test_a_policy_that_may_not_be_read_again_is_told_as_asset_search_knew_it(plane):
    plane.enable("cloudasset.googleapis.com")
    viewer = "user:rev@example.com"
    plane.grant(PROJECT_NAME, "roles/cloudasset.viewer", viewer)
    found = plane.find(plane.cloud(viewer))
    by_name = {h.on: h for h in found.found}
    assert not by_name[SECRET].fresh
    assert any(u.what == SECRET and "getIamPolicy" in u.why for u in found.not_looked)


def test_a_refused_search_falls_back_to_lists_and_names_what_they_do_not_show(plane):
    plane.enable("cloudasset.googleapis.com")
    viewer = "user:rev@example.com"
    for role in ("roles/run.viewer", "roles/iam.securityReviewer"):
        plane.grant(PROJECT_NAME, role, viewer)
    cloud = plane.cloud()
    access = access_to(PROJECT_NAME, plane.facts)
    body = cloud.send(access.read())
    assert body["bindings"]
    found = plane.find(plane.cloud("user:nobody@example.com"))
    assert found.found == ()
    assert any(u.what == PROJECT_NAME for u in found.not_looked)
    assert any("secrets" in u.what for u in found.not_looked)


def test_grants_of_the_folder_and_the_organisation_are_found(plane):
    plane.emulator.plane.world.settings.enforce = False
    plane.grant(ORGANISATION, "roles/run.invoker")
    found = plane.find()
    assert found.above[PROJECT] == (FOLDER, ORGANISATION)
    assert held(found)[ORGANISATION] == "roles/run.invoker"


def test_a_policy_above_that_may_not_be_read_is_named_and_not_taken_for_empty(plane):
    found = plane.find()
    assert any(u.what == FOLDER and "getIamPolicy" in u.why for u in found.not_looked)
    assert found.members(FOLDER) is None


def test_a_deleted_account_counts_as_the_member_that_it_was(plane):
    cloud = plane.cloud()
    cloud.send(
        Call(
            client="iam:v1",
            method="projects.serviceAccounts.delete",
            request={"name": f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}"},
        )
    )
    members = {h.membership.member.partition("?")[0] for h in plane.find().found if h.on != DATASET}
    assert members == {f"deleted:{MEMBER}"}


def test_a_condition_stays_with_its_grant(plane):
    cloud = plane.cloud()
    access = access_to(PROJECT_NAME, plane.facts)
    body = dict(cloud.send(access.read()))
    condition = {"title": "soon", "expression": 'request.time < timestamp("2030-01-01T00:00:00Z")'}
    body["bindings"] = [
        *body["bindings"],
        {"role": "roles/viewer", "members": [MEMBER], "condition": condition},
    ]
    body["version"] = 3
    cloud.send(access.write(body))
    found = [h for h in plane.find().found if h.membership.key.role == "roles/viewer"]
    assert [h.membership.key.condition.title for h in found] == ["soon"]


def test_names_of_assets_become_the_names_that_wfprov_writes():
    numbers = {"77": PROJECT}
    assert canonical_name("//storage.googleapis.com/acme-orders", numbers) == BUCKET
    assert canonical_name(SECRET.replace(PROJECT, "77"), numbers) == SECRET
    assert (
        canonical_name(f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/{ACCOUNT}", {})
        == f"//iam.googleapis.com/projects/-/serviceAccounts/{ACCOUNT}"
    )
