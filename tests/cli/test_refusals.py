"""A control plane that refuses, is not there, or changes under our hands."""

from __future__ import annotations

import os

import pytest
from google.cloud import run_v2, workflows_v1
from google.oauth2.credentials import Credentials

from wfprov.emulator import admin

EMAIL = "order-intake@acme-shop.iam.gserviceaccount.com"
SERVICE = "projects/acme-shop/locations/europe-west1/services/payments"
MISSING = "https://nobody-493817260155.europe-west1.run.app"


def fault(emulator, **what) -> None:
    admin.answer(emulator.plane, "POST", "emulator/v1/faults", {}, what)


def run_services(emulator, principal: str) -> run_v2.ServicesClient:
    """Google's client of Cloud Run, as a principal."""
    return run_v2.ServicesClient(
        credentials=Credentials(emulator.token(principal)),
        transport="rest",
        client_options={"api_endpoint": f"{emulator.http_url}/run"},
    )


def test_the_grants_that_wfprov_made_are_enforced(deployed, emulator):
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0

    def may(principal: str) -> list[str]:
        with run_services(emulator, principal) as client:
            answer = client.test_iam_permissions(
                {"resource": SERVICE, "permissions": ["run.routes.invoke"]}
            )
        return list(answer.permissions)

    assert may(f"serviceAccount:{EMAIL}") == ["run.routes.invoke"]
    assert may("user:eve@example.com") == []


def test_what_others_set_on_the_workflow_stays(deployed, emulator, owner):
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    name = "projects/acme-shop/locations/europe-west1/workflows/order-intake"
    with workflows_v1.WorkflowsClient(
        credentials=Credentials(emulator.token(owner)),
        transport="rest",
        client_options={"api_endpoint": f"{emulator.http_url}/workflows"},
    ) as client:
        live = client.get_workflow({"name": name})
        live.labels["cost-center"] = "42"
        live.description = "Somebody's words"
        operation = client.update_workflow(
            {"workflow": live, "update_mask": {"paths": ["labels", "description"]}}
        )
        operation.result(timeout=20)
        assert deployed.wfprov("plan", "-e", "shop", "--detailed-exitcode").code == 0
        file = deployed.folder / "workflows/order-intake.yaml"
        file.write_text(file.read_text() + "- done:\n    return: 1\n")
        assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
        after = client.get_workflow({"name": name})
    assert after.labels["cost-center"] == "42"
    assert after.description == "Somebody's words"


def test_a_refused_permission_is_named(deployed, emulator, monkeypatch):
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token("user:eve@example.com"))
    ended = deployed.wfprov("plan", "-e", "shop")
    assert ended.code == 1
    assert "acme-shop" in ended.err
    assert "the deployer lacks" in ended.err


def test_a_refusal_half_way_says_what_was_done_and_how_to_go_on(deployed, emulator):
    refused = "payments:setIamPolicy"
    fault(emulator, kind="error", path=refused, status="PERMISSION_DENIED", count=-1)
    ended = deployed.wfprov("apply", "-e", "shop", "--auto-approve")
    assert ended.code == 1
    assert "FAIL" in ended.out
    assert "not started" in ended.out
    assert "run again:  wfprov apply -e shop" in ended.out
    admin.answer(emulator.plane, "DELETE", "emulator/v1/faults", {}, None)
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve").code == 0
    assert deployed.wfprov("plan", "-e", "shop", "--detailed-exitcode").code == 0


def test_a_service_that_is_not_there_is_named_with_the_step_that_calls_it(deployed):
    file = deployed.folder / "workflows/order-intake.yaml"
    file.write_text(
        file.read_text().replace("https://payments-493817260155.europe-west1.run.app", MISSING)
    )
    ended = deployed.wfprov("plan", "-e", "shop")
    assert ended.code == 1
    assert "error[missing-resource]" in ended.out
    assert "nobody" in ended.out
    assert "main.charge" in ended.out


def test_a_plan_whose_ground_has_moved_is_stale(deployed, emulator, owner):
    assert deployed.wfprov("plan", "-e", "shop", "-o", "plan.json").code == 0
    with run_services(emulator, owner) as client:
        policy = client.get_iam_policy({"resource": SERVICE})
        policy.bindings.add(role="roles/run.invoker", members=["user:ops@acme.example"])
        client.set_iam_policy({"resource": SERVICE, "policy": policy})
    ended = deployed.wfprov("apply", "plan.json")
    assert ended.code == 5
    assert "ops@acme.example" in ended.err


def test_an_unreachable_control_plane_is_said_with_its_address(deployed):
    deployed.write(
        "environments/far.yaml",
        "endpoint: http://127.0.0.1:9\nendpoints: {iam: 'http://127.0.0.1:9'}\n"
        "project: acme-shop\nregion: europe-west1\n",
    )
    ended = deployed.wfprov("plan", "-e", "far")
    assert ended.code == 1
    assert "no answer from http://127.0.0.1:9" in ended.err


def test_a_token_that_is_not_accepted_is_said(deployed, monkeypatch):
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "nonsense")
    ended = deployed.wfprov("plan", "-e", "shop")
    assert ended.code == 1
    assert "the access token in GOOGLE_OAUTH_ACCESS_TOKEN is not accepted" in ended.err


def test_missing_credentials_are_said_with_what_to_do(session, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(session.folder / "none.json"))
    session.write("a.yaml", "- a:\n    call: sys.log\n    args: {text: x}\n")
    ended = session.wfprov("plan", "a.yaml", "--project", "acme-shop", "--region", "europe-west1")
    assert ended.code == 1
    assert "gcloud auth application-default login" in ended.err


def test_without_a_terminal_nothing_is_applied_unasked(deployed):
    ended = deployed.wfprov("apply", "-e", "shop")
    assert ended.code == 3
    assert "--auto-approve" in ended.err
    assert deployed.wfprov("plan", "-e", "shop", "--detailed-exitcode").code == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_plan_that_cannot_be_saved_is_said(deployed):
    deployed.folder.chmod(0o555)
    assert deployed.wfprov("plan", "-e", "shop", "-o", "plan.json").code == 3
