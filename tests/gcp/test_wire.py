"""A request that a library sends again by itself is told apart from one that was sent once."""

import pytest

from wfprov.core.errors import BusyError
from wfprov.core.resource import Call
from wfprov.emulator import admin
from wfprov.emulator.server import Emulator
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session

OWNER = "user:ana@example.com"
GET = Call(
    client="cloudresourcemanager:v3",
    method="projects.getIamPolicy",
    request={"resource": "projects/acme", "body": {}},
)


def writing(policy):
    body = {"policy": {**policy, "bindings": [*policy["bindings"], VIEWER]}}
    return Call(
        client=GET.client,
        method="projects.setIamPolicy",
        request={"resource": "projects/acme", "body": body},
    )


VIEWER = {"role": "roles/viewer", "members": ["user:bo@example.com"]}


@pytest.fixture
def emulator():
    with Emulator.start() as running:
        project = {"projectId": "acme", "owner": OWNER}
        admin.answer(running.plane, "POST", "emulator/v1/projects", {}, project)
        yield running


def cloud(emulator):
    return GoogleCloud(
        embedded_session(
            root=emulator.http_url,
            grpc_target=emulator.grpc_target,
            token=emulator.token(OWNER),
        )
    )


def fault(emulator, **body):
    admin.answer(emulator.plane, "POST", "emulator/v1/faults", {}, body)


def test_a_refusal_of_the_only_sending_is_not_called_resent(emulator):
    with cloud(emulator) as sender:
        write = writing(sender.send(GET))
        fault(emulator, kind="error", status="RESOURCE_EXHAUSTED", count=1)
        with pytest.raises(BusyError) as refused:
            sender.send(write)
        assert not refused.value.resent
        assert VIEWER not in sender.send(GET)["bindings"]


def test_a_refusal_after_a_sending_that_broke_is_called_resent_and_the_next_one_is_not(emulator):
    with cloud(emulator) as sender:
        write = writing(sender.send(GET))
        emulator.plane.forget_requests()
        fault(emulator, kind="lost", count=1)
        fault(emulator, kind="error", status="RESOURCE_EXHAUSTED", skip=1, count=2)
        with pytest.raises(BusyError) as refused:
            sender.send(write)
        assert len(emulator.plane.requests()) == 2
        assert refused.value.resent
        with pytest.raises(BusyError) as again:
            sender.send(write)
        assert not again.value.resent
        assert VIEWER in sender.send(GET)["bindings"]
