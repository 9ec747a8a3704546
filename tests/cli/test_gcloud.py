"""gcloud and wfprov on one control plane: each reads and changes what the other made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from wfprov.emulator.serve import gcloud_environment

pytestmark = pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")

EMAIL = "order-intake@acme-shop.iam.gserviceaccount.com"


@pytest.fixture
def gcloud(emulator, owner, tmp_path):
    """Runs gcloud as the owner; its JSON output."""
    token = tmp_path / "token"
    token.write_text(emulator.token(owner))
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


def deployed_text(deployed) -> str:
    return (deployed.folder / "workflows/order-intake.yaml").read_text()


def test_gcloud_reads_what_wfprov_made_and_wfprov_sees_what_gcloud_changed(deployed, gcloud):
    applied = deployed.wfprov("apply", "-e", "shop", "--auto-approve")
    assert applied.code == 0, applied.err

    workflow = gcloud("workflows", "describe", "order-intake", "--location=europe-west1")
    assert workflow["serviceAccount"].endswith(EMAIL)
    assert workflow["sourceContents"] == deployed_text(deployed)
    assert workflow["labels"]["wfprov-stack"] == "orders__shop"
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
    planned = deployed.wfprov("plan", "-e", "shop", "--detailed-exitcode")
    assert planned.code == 2
    assert "= user:ops@acme.example  (not ours, stays)" in planned.out
    assert f"+ serviceAccount:{EMAIL}" in planned.out

    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    after = gcloud("run", "services", "get-iam-policy", "payments", "--region=europe-west1")
    assert set(after["bindings"][0]["members"]) == {
        "user:ops@acme.example",
        f"serviceAccount:{EMAIL}",
    }


def test_wfprov_puts_back_what_gcloud_changed_of_its_workflow(deployed, gcloud):
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    other = deployed.write("other.yaml", "- done:\n    return: 1\n")
    gcloud(
        "workflows", "deploy", "order-intake", "--location=europe-west1", f"--source={other}",
        f"--service-account={EMAIL}",
    )  # fmt: skip
    planned = deployed.wfprov("plan", "-e", "shop", "--format", "json")
    (workflow,) = [c for c in planned.json["changes"] if c["kind"] == "workflow"]
    assert workflow["action"] == "update"
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    live = gcloud("workflows", "describe", "order-intake", "--location=europe-west1")
    assert live["sourceContents"] == deployed_text(deployed)
