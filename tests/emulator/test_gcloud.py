"""gcloud as an independent client: it reads and changes what is in the control plane."""

import json
import os
import shutil
import subprocess

import pytest

from wfprov.emulator.serve import gcloud_environment

pytestmark = pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")


@pytest.fixture
def gcloud(emulator, tmp_path):
    """Runs gcloud as the project's owner and returns its JSON output."""
    token = tmp_path / "token"
    token.write_text(emulator.token("user:ana@example.com"))
    environment = {
        **os.environ,
        **gcloud_environment(emulator, token),
        "CLOUDSDK_CONFIG": str(tmp_path / "config"),
        "CLOUDSDK_CORE_PROJECT": "shop-dev",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
    }

    def run(*arguments):
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


def test_gcloud_deploys_what_the_api_shows_and_grants_what_it_enforces(client, gcloud, tmp_path):
    source = tmp_path / "orders.yaml"
    source.write_text("main:\n  steps:\n    - end:\n        return: 1\n")
    gcloud("services", "enable", "workflows.googleapis.com")
    enabled = {service["config"]["name"] for service in gcloud("services", "list", "--enabled")}
    assert "workflows.googleapis.com" in enabled

    gcloud("iam", "service-accounts", "create", "orders-wf", "--display-name=Orders")
    email = "orders-wf@shop-dev.iam.gserviceaccount.com"
    assert email in {a["email"] for a in gcloud("iam", "service-accounts", "list")}

    gcloud(
        "projects", "add-iam-policy-binding", "shop-dev",
        f"--member=serviceAccount:{email}", "--role=roles/workflows.viewer",
    )  # fmt: skip
    assert client.policy()["bindings"][-1]["members"] == [f"serviceAccount:{email}"]

    place = "--location=europe-west1"
    gcloud("workflows", "deploy", "orders", f"--source={source}", place,
           f"--service-account={email}")  # fmt: skip
    shown = gcloud("workflows", "describe", "orders", place)
    name = "projects/shop-dev/locations/europe-west1/workflows/orders"
    read = client.as_(f"serviceAccount:{email}").get(f"/workflows/v1/{name}")
    assert (read.status, read.body) == (200, shown)


def test_gcloud_reads_what_the_api_made(client, gcloud):
    name = "projects/shop-dev/locations/europe-west1/services/api"
    client.stand_in(f"//run.googleapis.com/{name}")
    place = "--region=europe-west1"
    assert gcloud("run", "services", "get-iam-policy", "api", place) == {"etag": "ACAB"}
    gcloud("run", "services", "add-iam-policy-binding", "api", place,
           "--member=allUsers", "--role=roles/run.invoker")  # fmt: skip
    policy = client.ok("GET", f"/run/v2/{name}:getIamPolicy")
    assert policy["bindings"] == [{"role": "roles/run.invoker", "members": ["allUsers"]}]
    assert gcloud("projects", "describe", "shop-dev")["projectNumber"] == "123456789012"
