"""What changes ask of the deployer: on which resource, and what cannot be asked."""

from __future__ import annotations

import pytest

from wfprov.core.address import Permission, ResourceName, RoleName
from wfprov.core.policy import BindingKey, Membership
from wfprov.core.resource import Contents
from wfprov.desired.accesses import access_to
from wfprov.plan.change import AccessChange, Create, NoOp, Update
from wfprov.plan.preflight import demands, least_role, verdict
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import Workflow
from wfprov.store.facts import open_facts

FACTS = open_facts()
PROJECT = "//cloudresourcemanager.googleapis.com/projects/p-123456"
EMAIL = "w-main@p-123456.iam.gserviceaccount.com"
ACCOUNT = ServiceAccount(project="p-123456", account_id="w-main")
WORKFLOW = Workflow(
    project="p-123456",
    region="europe-west1",
    workflow_id="w",
    source=Contents("main: {}"),
    service_account=EMAIL,
)
MEMBER = Membership(BindingKey(RoleName("roles/x")), f"serviceAccount:{EMAIL}")


def grants(name: str) -> AccessChange:
    access = access_to(ResourceName(name), FACTS, frozenset({MEMBER}))
    assert access is not None
    return AccessChange(access=access, add=frozenset({MEMBER}))


def asked(*changes) -> dict[str, set[str]]:
    return {d.on: set(d.permissions) for d in demands(changes, FACTS)}


def test_what_is_made_is_asked_of_its_project():
    found = asked(Create(ACCOUNT), Create(WORKFLOW))
    assert found == {
        PROJECT: {
            "iam.serviceAccounts.create",
            "iam.serviceAccounts.actAs",
            "workflows.workflows.create",
            "workflows.operations.get",
        }
    }


def test_act_as_is_asked_of_the_account_that_is_there():
    found = asked(NoOp(ACCOUNT), Update(WORKFLOW, WORKFLOW.over(WORKFLOW)))
    assert found[f"//iam.googleapis.com/projects/-/serviceAccounts/{EMAIL}"] == {
        "iam.serviceAccounts.actAs"
    }


@pytest.mark.parametrize(
    ("name", "method", "permission"),
    [
        (
            "//run.googleapis.com/projects/p/locations/l/services/s",
            "projects.locations.services.testIamPermissions",
            "run.services.setIamPolicy",
        ),
        (
            "//storage.googleapis.com/projects/_/buckets/b",
            "buckets.testIamPermissions",
            "storage.buckets.setIamPolicy",
        ),
        (
            "//cloudresourcemanager.googleapis.com/projects/p",
            "projects.testIamPermissions",
            "resourcemanager.projects.setIamPolicy",
        ),
    ],
)
def test_a_policy_is_asked_of_its_own_resource_in_one_request(name, method, permission):
    (demand,) = demands([grants(name)], FACTS)
    assert (demand.on, demand.call.method) == (name, method)
    assert permission in demand.permissions
    sent = demand.call.request.get("body", demand.call.request)
    assert sent["permissions"] == list(demand.permissions)
    assert demand.changes[Permission(permission)] == (name,)


def test_a_dataset_is_asked_of_its_project_and_a_no_leaves_it_open():
    change = grants("//bigquery.googleapis.com/projects/p/datasets/d")
    (demand,) = demands([change], FACTS)
    assert demand.call.request["resource"] == "projects/p"
    assert verdict([(demand, frozenset(demand.permissions), "")], FACTS).unasked == ()
    told = verdict([(demand, frozenset(), "")], FACTS)
    assert told.ok
    assert told.unasked[0].permissions == demand.permissions
    assert "cannot be asked" in told.unasked[0].why


def test_a_policy_of_iap_is_said_to_be_unasked():
    (demand,) = demands([grants("//iap.googleapis.com/projects/1/iap_web/compute")], FACTS)
    assert demand.call is None
    (open_one,) = verdict([(demand, None, demand.why)], FACTS).unasked
    assert "depends on the resource" in open_one.why


def test_what_is_refused_when_asked_is_open_and_not_lacking():
    (demand,) = demands([Create(ACCOUNT)], FACTS)
    told = verdict([(demand, None, "the API is disabled")], FACTS)
    assert told.ok
    assert told.unasked[0].why == "the API is disabled"


def test_the_least_role_is_the_narrow_one():
    project = "cloudresourcemanager.googleapis.com/projects"
    named = least_role(Permission("resourcemanager.projects.setIamPolicy"), project, FACTS)
    assert named == "roles/resourcemanager.projectIamAdmin"
    held = FACTS.role(RoleName(least_role(Permission("iam.roles.create"), project, FACTS)))
    assert "iam.roles.create" in held.permissions
