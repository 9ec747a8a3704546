"""gcloud and wfprov on one control plane: each reads and changes what the other made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from wfprov.emulator import admin
from wfprov.emulator.serve import gcloud_environment
from wfprov.emulator.server import Emulator

pytestmark = pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")

OWNER = "user:ana@example.com"
EMAIL = "order-intake@acme-shop.iam.gserviceaccount.com"
SERVICE = "//run.googleapis.com/projects/acme-shop/locations/europe-west1/services/payments"
DEFINITION = """\
- charge:
    call: http.post
    args:
      url: https://payments-493817260155.europe-west1.run.app/charge
      auth: {type: OIDC}
"""


@pytest.fixture
def emulator():
    """A control plane with a project and a service that others deployed."""
    with Emulator.start(operation_polls=0) as running:
        for what, body in (
            ("projects", {"projectId": "acme-shop", "projectNumber": "493817260155"}),
            ("resources", {"names": [SERVICE]}),
        ):
            sent = {**body, "owner": OWNER}
            admin.answer(running.plane, "POST", f"emulator/v1/{what}", {}, sent)
        yield running


@pytest.fixture
def stack(session, emulator, monkeypatch):
    """A stack that is deployed to that control plane, by its address."""
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(OWNER))
    session.write("workflows/order-intake.yaml", DEFINITION)
    session.write(
        "wfprov.yaml",
        "version: 1\nstack: orders\nworkflows:\n"
        "  order-intake: {source: workflows/order-intake.yaml}\n",
    )
    session.write(
        "environments/shop.yaml",
        f"endpoint: {emulator.http_url}\nendpoints: {{iam: 'http://{emulator.grpc_target}'}}\n"
        "project: acme-shop\nregion: europe-west1\n",
    )
    return session


@pytest.fixture
def gcloud(emulator, tmp_path):
    """Runs gcloud as the owner; its JSON output."""
    token = tmp_path / "token"
    token.write_text(emulator.token(OWNER))
    environment = {
        **os.environ,
        **gcloud_environment(emulator, token),
        "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
        "CLOUDSDK_CORE_PROJECT": "acme-shop",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
    }

    def run(*arguments: str):
        done = subprocess.run(
            ["gcloud", *arguments, "--format=json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


def test_gcloud_reads_what_wfprov_made_and_wfprov_sees_what_gcloud_changed(stack, gcloud):
    applied = stack.wfprov("apply", "-e", "shop", "--auto-approve")
    assert applied.code == 0, applied.err

    workflow = gcloud("workflows", "describe", "order-intake", "--location=europe-west1")
    assert workflow["serviceAccount"].endswith(EMAIL)
    assert workflow["sourceContents"] == DEFINITION
    assert workflow["labels"]["wfprov-stack"] == "orders"
    invokers = gcloud("run", "services", "get-iam-policy", "payments", "--region=europe-west1")
    assert invokers["bindings"] == [
        {"role": "roles/run.invoker", "members": [f"serviceAccount:{EMAIL}"]}
    ]

    # A foreign member stays, and is shown; a grant that gcloud took away is due again.
    where = ("run", "services", "payments", "--region=europe-west1")
    gcloud(
        "run", "services", "add-iam-policy-binding", *where[2:],
        "--member=user:ops@acme.example", "--role=roles/run.invoker",
    )  # fmt: skip
    gcloud(
        "run", "services", "remove-iam-policy-binding", *where[2:],
        f"--member=serviceAccount:{EMAIL}", "--role=roles/run.invoker",
    )  # fmt: skip
    planned = stack.wfprov("plan", "-e", "shop", "--detailed-exitcode")
    assert planned.code == 2
    assert "= user:ops@acme.example  (not ours, stays)" in planned.out
    assert f"+ serviceAccount:{EMAIL}" in planned.out

    assert stack.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    after = gcloud("run", "services", "get-iam-policy", "payments", "--region=europe-west1")
    assert set(after["bindings"][0]["members"]) == {
        "user:ops@acme.example",
        f"serviceAccount:{EMAIL}",
    }


def test_wfprov_puts_back_what_gcloud_changed_of_its_workflow(stack, gcloud):
    assert stack.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    other = stack.write("other.yaml", "- done:\n    return: 1\n")
    gcloud(
        "workflows", "deploy", "order-intake", "--location=europe-west1", f"--source={other}",
        f"--service-account={EMAIL}",
    )  # fmt: skip
    planned = stack.wfprov("plan", "-e", "shop", "--format", "json")
    (workflow,) = [c for c in planned.json["changes"] if c["kind"] == "workflow"]
    assert workflow["action"] == "update"
    assert stack.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    live = gcloud("workflows", "describe", "order-intake", "--location=europe-west1")
    assert live["sourceContents"] == DEFINITION


def test_the_grants_of_the_wfprov_account_are_enforced(stack, emulator):
    """A member without the role is refused where the workflow's account is not."""
    assert stack.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    from google.cloud import run_v2
    from google.oauth2.credentials import Credentials

    def may(principal: str) -> list[str]:
        client = run_v2.ServicesClient(
            credentials=Credentials(emulator.token(principal)),
            transport="rest",
            client_options={"api_endpoint": f"{emulator.http_url}/run"},
        )
        with client:
            answer = client.test_iam_permissions(
                {"resource": SERVICE.partition("com/")[2], "permissions": ["run.routes.invoke"]}
            )
        return list(answer.permissions)

    assert may(f"serviceAccount:{EMAIL}") == ["run.routes.invoke"]
    assert may("user:eve@example.com") == []
