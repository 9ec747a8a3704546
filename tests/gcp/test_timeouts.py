"""No request waits for ever, whatever library sends it; what may pass is sent again."""

import time

import pytest

from wfprov.apply.retry import REQUEST, Retrying
from wfprov.core.errors import BusyError, UnreachableError
from wfprov.core.resource import Call
from wfprov.emulator import admin
from wfprov.emulator.server import Emulator
from wfprov.gcp.clock import SystemClock, SystemDice
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session

OWNER = "user:ana@example.com"
CALLS = {
    "discovery": Call(
        client="cloudresourcemanager:v3", method="projects.get", request={"name": "projects/acme"}
    ),
    "rest": Call(
        client="google.cloud.workflows_v1:WorkflowsClient",
        method="list_workflows",
        request={"parent": "projects/acme/locations/europe-west1"},
        pages="workflows",
    ),
    "grpc": Call(
        client="google.cloud.iam_admin_v1:IAMClient",
        method="list_service_accounts",
        request={"name": "projects/acme"},
        pages="accounts",
    ),
}


@pytest.fixture
def emulator():
    with Emulator.start() as running:
        for path, body in (
            ("projects", {"projectId": "acme", "owner": OWNER}),
            ("settings", {"refuseDisabledApis": []}),
        ):
            verb = "PATCH" if path == "settings" else "POST"
            admin.answer(running.plane, verb, f"emulator/v1/{path}", {}, body)
        yield running


def fault(emulator, **body):
    admin.answer(emulator.plane, "POST", "emulator/v1/faults", {}, body)


def cloud(emulator, timeout):
    return GoogleCloud(
        embedded_session(
            root=emulator.http_url,
            grpc_target=emulator.grpc_target,
            token=emulator.token(OWNER),
            timeout=timeout,
        )
    )


@pytest.mark.parametrize("library", CALLS)
def test_a_request_that_is_never_answered_is_given_up(emulator, library):
    with cloud(emulator, 0.5) as sender:
        fault(emulator, kind="hold", count=9)
        started = time.monotonic()
        with pytest.raises(UnreachableError):
            sender.send(CALLS[library])
        assert time.monotonic() - started < 5
        emulator.plane.faults.clear()


@pytest.mark.parametrize("library", CALLS)
def test_what_may_pass_is_sent_again_and_only_by_the_retry_that_counts(emulator, library):
    with cloud(emulator, 10) as sender:
        sender.send(CALLS[library])
        fault(emulator, kind="error", status="UNAVAILABLE", count=2)
        emulator.plane.forget_requests()
        with pytest.raises(BusyError):
            sender.send(CALLS[library])
        assert len(emulator.plane.requests()) == 1
        again = Retrying(cloud=sender, clock=SystemClock(), dice=SystemDice(), retry=REQUEST)
        again.send(CALLS[library])
        assert len(emulator.plane.requests()) == 3
