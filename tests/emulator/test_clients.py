"""Google's own client libraries against the control plane, over real HTTP and gRPC."""

import json
from collections.abc import Iterator
from contextlib import closing

import google.auth
import grpc
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api import launch_stage_pb2
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import InvalidOperation
from google.auth.transport.requests import Request
from google.cloud import iam_admin_v1, resourcemanager_v3, run_v2, workflows_v1
from google.cloud.iam_admin_v1.services.iam.transports import IAMGrpcTransport
from google.cloud.workflows import executions_v1
from google.cloud.workflows.executions_v1.services.executions.transports import (
    ExecutionsGrpcTransport,
)
from google.iam.v1 import policy_pb2
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from wfprov.emulator.server import Emulator

OWNER = "user:ana@example.com"
LOCATION = "projects/shop-dev/locations/europe-west1"
SOURCE = "main:\n  steps:\n    - end:\n        return: 1\n"


def open_channel(emulator: Emulator, principal: str) -> grpc.Channel:
    """A channel with the caller's token; an insecure one would drop it."""
    return grpc.secure_channel(
        emulator.grpc_target,
        grpc.composite_channel_credentials(
            grpc.local_channel_credentials(grpc.LocalConnectionType.LOCAL_TCP),
            grpc.access_token_call_credentials(emulator.token(principal)),
        ),
    )


@pytest.fixture
def rest(emulator):
    """Keyword arguments of a gapic client over REST, by API."""

    def arguments(api, principal=OWNER):
        return {
            "credentials": Credentials(token=emulator.token(principal)),
            "transport": "rest",
            "client_options": {"api_endpoint": f"{emulator.http_url}/{api}"},
        }

    return arguments


@pytest.fixture
def channel(emulator) -> Iterator[grpc.Channel]:
    emulator.serve_grpc()
    opened = open_channel(emulator, OWNER)
    yield opened
    opened.close()


@pytest.fixture
def accounts(channel):
    return iam_admin_v1.IAMClient(transport=IAMGrpcTransport(channel=channel))


def discovery(emulator, api, version, path="", principal=OWNER):
    return build(
        api,
        version,
        credentials=Credentials(token=emulator.token(principal)),
        static_discovery=True,
        client_options={"api_endpoint": f"{emulator.http_url}/{api}/{path}"},
    )


def test_workflows_client_creates_updates_and_deletes(client, rest):
    client.enable("workflows")
    workflows = workflows_v1.WorkflowsClient(**rest("workflows"))
    made = workflows.create_workflow(
        parent=LOCATION,
        workflow_id="orders",
        workflow=workflows_v1.Workflow(
            source_contents=SOURCE,
            call_log_level=workflows_v1.Workflow.CallLogLevel.LOG_NONE,
            user_env_vars={"A": "1"},
        ),
    ).result(timeout=20)
    assert made.state is workflows_v1.Workflow.State.ACTIVE
    assert made.call_log_level is workflows_v1.Workflow.CallLogLevel.LOG_NONE
    changed = workflows.update_workflow(
        workflow={"name": made.name, "source_contents": SOURCE + "# 2\n"},
        update_mask={"paths": ["source_contents"]},
    ).result(timeout=20)
    assert changed.revision_id.startswith("000002-")
    assert dict(changed.user_env_vars) == {"A": "1"}
    assert [w.name for w in workflows.list_workflows(parent=LOCATION)] == [made.name]
    workflows.delete_workflow(name=made.name).result(timeout=20)
    with pytest.raises(exceptions.NotFound):
        workflows.get_workflow(name=made.name)


def test_run_client_reads_services_and_sets_policies(client, rest):
    name = f"{LOCATION}/services/api"
    client.stand_in(f"//run.googleapis.com/{name}")
    services = run_v2.ServicesClient(**rest("run"))
    assert len(services.get_service(name=name).urls) == 2
    policy = services.get_iam_policy(request={"resource": name})
    assert policy.etag == b"\x00 \x01"
    policy.bindings.append(policy_pb2.Binding(role="roles/run.invoker", members=["allUsers"]))
    answer = services.set_iam_policy(request={"resource": name, "policy": policy})
    assert [b.role for b in answer.bindings] == ["roles/run.invoker"]
    with pytest.raises(exceptions.Conflict, match="concurrent"):
        services.set_iam_policy(request={"resource": name, "policy": policy})


def test_run_client_creates_a_service_with_enum_numbers(client, rest):
    client.enable("run")
    services = run_v2.ServicesClient(**rest("run"))
    made = services.create_service(
        parent=LOCATION,
        service_id="api",
        service=run_v2.Service(
            ingress=run_v2.IngressTraffic.INGRESS_TRAFFIC_INTERNAL_ONLY,
            launch_stage="BETA",
            template=run_v2.RevisionTemplate(containers=[run_v2.Container(image="x")]),
        ),
    ).result(timeout=20)
    assert made.ingress is run_v2.IngressTraffic.INGRESS_TRAFFIC_INTERNAL_ONLY
    assert made.launch_stage == launch_stage_pb2.BETA


def test_projects_client_reads_by_number(rest):
    projects = resourcemanager_v3.ProjectsClient(**rest("cloudresourcemanager"))
    assert projects.get_project(name="projects/123456789012").project_id == "shop-dev"
    found = projects.test_iam_permissions(
        resource="projects/shop-dev", permissions=["resourcemanager.projects.setIamPolicy"]
    )
    assert list(found.permissions) == ["resourcemanager.projects.setIamPolicy"]


def test_refusal_reaches_the_client_with_its_reason(rest):
    projects = resourcemanager_v3.ProjectsClient(
        **rest("cloudresourcemanager", "user:eve@example.com")
    )
    with pytest.raises(exceptions.Forbidden) as refused:
        projects.get_iam_policy(resource="projects/shop-dev")
    [detail] = refused.value.details
    assert detail["reason"] == "IAM_PERMISSION_DENIED"
    assert detail["metadata"]["permission"] == "resourcemanager.projects.getIamPolicy"


def test_anonymous_client_is_turned_away(rest):
    arguments = {**rest("workflows"), "credentials": AnonymousCredentials()}
    with pytest.raises(InvalidOperation):
        workflows_v1.WorkflowsClient(**arguments).list_workflows(parent=LOCATION)


def test_accounts_client_works_over_grpc(accounts):
    made = accounts.create_service_account(
        name="projects/shop-dev",
        account_id="orders-wf",
        service_account={"display_name": "Orders"},
    )
    assert made.email == "orders-wf@shop-dev.iam.gserviceaccount.com"
    read = accounts.get_service_account(name=f"projects/-/serviceAccounts/{made.email}")
    assert read == made
    delta = accounts.patch_service_account(
        {"service_account": {"name": made.name, "description": "new"},
         "update_mask": {"paths": ["description"]}}
    )  # fmt: skip
    assert (delta.name, delta.description, delta.email) == (made.name, "new", "")
    assert [a.email for a in accounts.list_service_accounts(name="projects/shop-dev")] == [
        made.email
    ]
    with pytest.raises(exceptions.AlreadyExists):
        accounts.create_service_account(name="projects/shop-dev", account_id="orders-wf")
    accounts.delete_service_account(name=made.name)
    with pytest.raises(exceptions.NotFound):
        accounts.get_service_account(name=made.name)


def test_policy_of_an_account_over_grpc_has_etags(accounts):
    made = accounts.create_service_account(name="projects/shop-dev", account_id="orders-wf")
    policy = accounts.get_iam_policy(resource=made.name)
    policy.bindings.append(
        policy_pb2.Binding(role="roles/iam.serviceAccountUser", members=["user:b@example.com"])
    )
    accounts.set_iam_policy({"resource": made.name, "policy": policy})
    with pytest.raises(exceptions.Aborted):
        accounts.set_iam_policy({"resource": made.name, "policy": policy})


def test_roles_over_grpc(accounts):
    role = accounts.create_role(
        {"parent": "projects/shop-dev", "role_id": "seer",
         "role": {"title": "Seer", "included_permissions": ["iam.roles.get"]}}
    )  # fmt: skip
    assert accounts.get_role({"name": role.name}).title == "Seer"
    changed = accounts.update_role(
        {"name": role.name, "role": {"title": "S2"}, "update_mask": {"paths": ["title"]}}
    )
    assert (changed.title, list(changed.included_permissions)) == ("S2", ["iam.roles.get"])
    assert accounts.get_role({"name": "roles/run.invoker"}).stage.name == "GA"
    assert accounts.delete_role({"name": role.name}).deleted is True


def test_refusal_over_grpc_carries_its_reason(emulator):
    emulator.serve_grpc()
    stranger = open_channel(emulator, "user:eve@example.com")
    accounts = iam_admin_v1.IAMClient(transport=IAMGrpcTransport(channel=stranger))
    with pytest.raises(exceptions.PermissionDenied) as refused:
        accounts.create_service_account(name="projects/shop-dev", account_id="orders-wf")
    stranger.close()
    assert refused.value.metadata["permission"] == "iam.serviceAccounts.create"


def test_executions_client_works_over_grpc(client, channel):
    client.stand_in(f"//workflows.googleapis.com/{LOCATION}/workflows/orders")
    client.enable("workflowexecutions")
    executions = executions_v1.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=channel))
    made = executions.create_execution(
        parent=f"{LOCATION}/workflows/orders", execution={"argument": '{"a": 1}'}
    )
    assert made.argument == '{"a": 1}'
    assert executions.get_execution(name=made.name).state.name == "ACTIVE"


def test_discovery_client_reaches_apis_with_and_without_a_service_path(client, emulator):
    client.stand_in(
        "//storage.googleapis.com/projects/_/buckets/files",
        "//pubsub.googleapis.com/projects/shop-dev/topics/orders",
        "//cloudtasks.googleapis.com/projects/shop-dev/locations/l/queues/mail",
        "//bigquery.googleapis.com/projects/shop-dev/datasets/sales",
    )
    for path in ("", "storage/v1/"):
        with discovery(emulator, "storage", "v1", path) as storage:
            policy = storage.buckets().getIamPolicy(bucket="files").execute()
            assert policy["kind"] == "storage#policy"
    with discovery(emulator, "bigquery", "v2") as bigquery:
        dataset = bigquery.datasets().get(projectId="shop-dev", datasetId="sales").execute()
        assert dataset["id"] == "shop-dev:sales"
    with discovery(emulator, "pubsub", "v1") as pubsub:
        topic = "projects/shop-dev/topics/orders"
        body = {"policy": {"bindings": [{"role": "roles/pubsub.publisher", "members": [OWNER]}]}}
        pubsub.projects().topics().setIamPolicy(resource=topic, body=body).execute()
        read = pubsub.projects().topics().getIamPolicy(resource=topic).execute()
        assert read["bindings"] == body["policy"]["bindings"]
    with discovery(emulator, "cloudtasks", "v2") as tasks:
        queues = tasks.projects().locations().queues()
        assert queues.list(parent="projects/shop-dev/locations/l").execute()["queues"]


def test_discovery_client_sees_refusals(emulator):
    with (
        discovery(emulator, "serviceusage", "v1", principal="user:eve@example.com") as usage,
        pytest.raises(HttpError) as refused,
    ):
        usage.services().enable(name="projects/shop-dev/services/run.googleapis.com").execute()
    assert refused.value.status_code == 403


def test_application_default_credentials_of_a_key_file(client, emulator, tmp_path, monkeypatch):
    email = client.account("deployer")
    client.grant("roles/viewer", f"serviceAccount:{email}")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "key.json"
    path.write_text(
        json.dumps(
            {
                "type": "service_account",
                "client_email": email,
                "private_key": key.decode(),
                "private_key_id": "1",
                "project_id": "shop-dev",
                "token_uri": f"{emulator.http_url}/oauth2/token",
            }
        )
    )
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    credentials, project = google.auth.default(
        scopes=["https://www.googleapis.com/auth/cloud-platform"]
    )
    assert isinstance(credentials, service_account.Credentials)
    with closing(requests.Session()) as session:
        credentials.refresh(Request(session))
    assert (project, credentials.token) == (
        "shop-dev", emulator.token(f"serviceAccount:{email}")
    )  # fmt: skip
