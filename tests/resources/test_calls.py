"""Every request that a resource asks for exists in the installed libraries and takes its fields."""

import json
from dataclasses import replace

import pytest

from wfprov.core.address import ResourceName, RoleName
from wfprov.core.policy import BindingKey, Membership
from wfprov.core.resource import Contents, Replace
from wfprov.gcp.client_classes import client_class, request_type
from wfprov.gcp.discovery import document, method_in
from wfprov.plan.deployer import method_of
from wfprov.resources.api_service import ApiService
from wfprov.resources.bigquery_dataset import DatasetAccess
from wfprov.resources.custom_role import ProjectRole
from wfprov.resources.eventarc_trigger import EventarcTrigger, EventFilter
from wfprov.resources.iam_policy import IamPolicy, policy_route
from wfprov.resources.registry import kinds
from wfprov.resources.scheduler_job import SchedulerJob
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.service_agent import ServiceAgent
from wfprov.resources.storage_agent import StorageAgent
from wfprov.resources.workflow import Workflow
from wfprov.resources.workload_identity_pool import WorkloadIdentityPool
from wfprov.resources.workload_identity_provider import WorkloadIdentityProvider
from wfprov.store.facts import open_facts

FACTS = open_facts()
WORKFLOW = Workflow(
    project="p",
    region="r",
    workflow_id="w",
    source=Contents("main: {}"),
    service_account="w@p.iam.gserviceaccount.com",
    labels={"wfprov-stack": "s"},
    env={"A": "1"},
    call_log_level="LOG_ERRORS_ONLY",
    execution_history_level="EXECUTION_HISTORY_DETAILED",
)
ACCOUNT = ServiceAccount(project="p", account_id="order-intake", description="d", stack="s")
ROLE = ProjectRole(project="p", role_id="r", title="t", permissions=("run.jobs.run",), stack="s")
API = ApiService(project="p", service="run.googleapis.com")
AGENT = ServiceAgent(project="p", service="workflows.googleapis.com")
POOL = WorkloadIdentityPool(project="p", pool_id="pool", display_name="d", stack="s")
PROVIDER = WorkloadIdentityProvider(
    project="p",
    pool_id="pool",
    provider_id="github",
    issuer="https://token.actions.githubusercontent.com",
    mapping={"google.subject": "assertion.sub"},
    condition="assertion.repository == 'a/b'",
    stack="s",
)
JOB = SchedulerJob(
    project="p",
    region="r",
    job_id="w-schedule",
    uri="https://workflowexecutions.googleapis.com/v1/projects/p/locations/r/workflows/w/executions",
    message=Contents('{"argument": "{}"}'),
    service_account="t@p.iam.gserviceaccount.com",
    schedule="0 6 * * *",
    retry={"retryCount": "3"},
    stack="s",
    paused=True,
)
TRIGGER = EventarcTrigger(
    project="p",
    location="r",
    trigger_id="w-event",
    workflow="projects/p/locations/r/workflows/w",
    filters=(
        EventFilter("bucket", "b"),
        EventFilter("type", "google.cloud.storage.object.v1.deleted"),
    ),
    service_account="t@p.iam.gserviceaccount.com",
    labels={"wfprov-stack": "s"},
    attempts=1,
)
RESOURCES = (
    (AGENT, replace(AGENT, made=False)),
    (POOL, replace(POOL, display_name="other", deleted=True)),
    (PROVIDER, replace(PROVIDER, condition="", deleted=True)),
    (JOB, replace(JOB, schedule="0 7 * * *", paused=False)),
    (TRIGGER, replace(TRIGGER, filters=TRIGGER.filters[1:], attempts=0, labels={})),
    (WORKFLOW, replace(WORKFLOW, source=Contents("main: {a: 1}"), env={}, call_log_level="")),
    (ACCOUNT, replace(ACCOUNT, description="other")),
    (ROLE, replace(ROLE, permissions=(), deleted=True)),
    (API, replace(API, enabled=False)),
)
POLICIES = (
    "//cloudresourcemanager.googleapis.com/projects/p",
    "//run.googleapis.com/projects/p/locations/l/services/s",
    "//run.googleapis.com/projects/p/locations/l/jobs/j",
    "//cloudfunctions.googleapis.com/projects/p/locations/l/functions/f",
    "//storage.googleapis.com/projects/_/buckets/b",
    "//storage.googleapis.com/projects/_/buckets/b/managedFolders/f",
    "//secretmanager.googleapis.com/projects/p/secrets/s",
    "//secretmanager.googleapis.com/projects/p/locations/us-east1/secrets/s",
    "//pubsub.googleapis.com/projects/p/topics/t",
    "//pubsub.googleapis.com/projects/p/subscriptions/s",
    "//cloudtasks.googleapis.com/projects/p/locations/l/queues/q",
    "//iam.googleapis.com/projects/-/serviceAccounts/a@p.iam.gserviceaccount.com",
    "//cloudkms.googleapis.com/projects/p/locations/l/keyRings/k/cryptoKeys/c",
    "//bigquery.googleapis.com/projects/p/datasets/d/tables/t",
    "//bigtable.googleapis.com/projects/p/instances/i",
    "//iap.googleapis.com/projects/1/iap_web/compute/services/2",
    "//compute.googleapis.com/projects/p/zones/z/instances/i",
    "//compute.googleapis.com/projects/p/global/images/i",
    "//aiplatform.googleapis.com/projects/p/locations/us-east1/endpoints/e",
    "//managedidentities.googleapis.com/projects/p/locations/global/domains/d",
    "//deploymentmanager.googleapis.com/projects/p/global/deployments/d",
)
MEMBER = Membership(BindingKey(RoleName("roles/run.invoker")), "allUsers")


def policy(name):
    route = policy_route(ResourceName(name), FACTS)
    assert route is not None, name
    return IamPolicy(subject_name=ResourceName(name), route=route, memberships=frozenset({MEMBER}))


def calls():
    for after, before in RESOURCES:
        yield after.create()
        yield after.read()
        if after.scope:
            yield type(after).listing(after.scope)
        updates = after.update(before)
        assert not isinstance(updates, Replace)
        assert updates
        yield from updates
        if after.delete() is not None:
            yield after.delete()
    yield StorageAgent(project="p").create()
    accesses = [*map(policy, POLICIES), DatasetAccess(project="p", dataset="d")]
    for access in accesses:
        yield access.read()
        yield access.write(access.changed({"etag": "e"}, add=[MEMBER]))


CALLS = tuple(calls())


def test_every_kind_is_among_the_calls_that_are_checked():
    checked = {type(after).kind for after, _ in RESOURCES}
    assert kinds().keys() == checked | {"iam_policy", "bigquery_dataset_access", "storage_agent"}


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_call_is_one_that_the_libraries_know(call):
    if "." in call.client.partition(":")[0]:
        made = client_class(call.client)
        message = request_type(made, call.method)
        message.from_json(json.dumps(call.request))  # refuses a field that it does not have
        return
    found = document(*call.client.split(":"))
    assert found is not None
    method = method_in(found, call.method)
    assert method is not None
    known = {*method.get("parameters", {}), "body"}
    assert call.request.keys() <= known
    required = {k for k, p in method.get("parameters", {}).items() if p.get("required")}
    assert required <= call.request.keys()
    assert ("body" in call.request) <= ("request" in method)


@pytest.mark.parametrize(
    "call", [c for c in CALLS if "get_" in c.method or "IamPolicy" in c.method]
)
def test_policies_are_always_read_in_version_three(call):
    if call.method.endswith("getIamPolicy"):
        assert "3" in json.dumps(call.request)


def test_the_permission_of_each_write_is_known():
    writes = {c.method: c for c in CALLS if c.method.startswith(("create", "update", "delete"))}
    unknown = [c for c in writes.values() if FACTS.needs(method_of(c)) is None]
    assert not unknown


def test_an_update_names_only_what_differs():
    (call,) = replace(WORKFLOW, call_log_level="LOG_NONE").update(WORKFLOW)
    assert call.request["updateMask"] == "callLogLevel"
    assert call.request["workflow"] == {
        "name": "projects/p/locations/r/workflows/w",
        "callLogLevel": "LOG_NONE",
    }


def test_a_field_that_is_emptied_is_in_the_mask_and_not_in_the_body():
    (call,) = replace(WORKFLOW, env={}).update(WORKFLOW)
    assert call.request["updateMask"] == "userEnvVars"
    assert "userEnvVars" not in call.request["workflow"]


def test_labels_that_google_made_are_kept_and_never_compared():
    live = WORKFLOW.parse(
        {**WORKFLOW.create().request["workflow"], "name": "w"}
        | {"labels": {"goog-x": "1", "wfprov-stack": "s"}}
    )
    assert live == WORKFLOW
    (call,) = replace(WORKFLOW, labels={"wfprov-stack": "s", "team": "t"}).update(live)
    assert call.request["workflow"]["labels"] == {"goog-x": "1", "wfprov-stack": "s", "team": "t"}


def test_a_deleted_role_is_revived_before_it_is_changed():
    was = replace(ROLE, deleted=True, title="old")
    assert [c.method for c in ROLE.update(was)] == ["undelete_role", "update_role"]


def test_the_mark_of_a_stack_is_read_back_from_a_description():
    body = {**ACCOUNT.create().request["serviceAccount"], "email": ACCOUNT.email}
    assert ACCOUNT.parse(body) == ACCOUNT
    assert ACCOUNT.parse({**body, "description": "by hand"}).owner == ""


def test_a_resource_without_a_policy_has_no_route():
    name = ResourceName("//workflows.googleapis.com/projects/p/locations/l/workflows/w")
    assert policy_route(name, FACTS) is None


def test_a_bucket_takes_the_policy_itself():
    bucket = policy("//storage.googleapis.com/projects/_/buckets/b")
    call = bucket.write({"bindings": [], "etag": "e"})
    assert call.request == {"bucket": "b", "body": {"bindings": [], "etag": "e"}}


def test_a_regional_resource_is_asked_at_its_region():
    secret = policy("//secretmanager.googleapis.com/projects/p/locations/us-east1/secrets/s")
    assert secret.read().host == "secretmanager.us-east1.rep.googleapis.com"
