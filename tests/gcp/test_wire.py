"""A request that a library sends again by itself is told apart from one that was sent once."""

import json
import socket
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from google.oauth2.credentials import Credentials

from wfprov.core.errors import BusyError, CloudError, UnreachableError
from wfprov.core.resource import Call
from wfprov.emulator import admin
from wfprov.emulator.server import Emulator
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import Session, embedded_session

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


@contextmanager
def token_server(token, answers):
    """The address of a server of tokens, each of which expires at once.

    It closes every connection after so many answers, without a word to the next request.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        left = answers

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.close_connection = not self.left
            if self.left:
                self.left -= 1
                body = json.dumps({"access_token": token, "expires_in": 1}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/token"
        server.shutdown()


def refreshing(emulator, address):
    made = Credentials(
        token=None, refresh_token="r", token_uri=address, client_id="i", client_secret="s"
    )
    return GoogleCloud(
        Session(credentials=made, root=emulator.http_url, grpc_target=emulator.grpc_target)
    )


def test_a_token_that_was_asked_for_twice_is_no_request_sent_twice(emulator):
    with (
        token_server(emulator.token(OWNER), answers=1) as address,
        refreshing(emulator, address) as sender,
    ):
        write = writing(sender.send(GET))
        fault(emulator, kind="error", status="RESOURCE_EXHAUSTED", count=1)
        emulator.plane.forget_requests()
        with pytest.raises(BusyError) as refused:
            sender.send(write)
        assert len(emulator.plane.requests()) == 1
        assert not refused.value.resent


def test_a_broken_request_is_still_called_resent_beside_a_token_that_was_refreshed(emulator):
    with (
        token_server(emulator.token(OWNER), answers=1) as address,
        refreshing(emulator, address) as sender,
    ):
        write = writing(sender.send(GET))
        fault(emulator, kind="lost", count=1)
        fault(emulator, kind="error", status="RESOURCE_EXHAUSTED", skip=1, count=1)
        with pytest.raises(BusyError) as refused:
            sender.send(write)
        assert refused.value.resent


@pytest.mark.parametrize("library", ["discovery", "grpc"])
def test_a_request_whose_token_never_came_is_unsent(emulator, library):
    by_grpc = Call(
        client="google.cloud.iam_admin_v1:IAMClient",
        method="get_service_account",
        request={"name": "projects/acme/serviceAccounts/a"},
    )
    with (
        token_server("", answers=0) as address,
        refreshing(emulator, address) as sender,
        pytest.raises(CloudError) as failed,
    ):
        sender.send(GET if library == "discovery" else by_grpc)
    assert isinstance(failed.value, UnreachableError)
    assert failed.value.unsent
    assert not failed.value.resent
    assert emulator.plane.requests() == []


def test_a_token_server_that_does_not_answer_in_time_leaves_the_request_unsent(emulator):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        made = Credentials(
            token=None,
            refresh_token="r",
            token_uri=f"http://127.0.0.1:{silent.getsockname()[1]}/token",
            client_id="i",
            client_secret="s",
        )
        session = Session(credentials=made, root=emulator.http_url, timeout=0.3)
        with GoogleCloud(session) as sender, pytest.raises(UnreachableError) as failed:
            sender.send(GET)
    assert failed.value.unsent
    assert "no token" in failed.value.message
