"""What the client libraries raise, as refusals."""

import http.client
import json
import socket
import ssl

import httplib2
import pytest
import requests
from google.api_core import exceptions
from google.auth.exceptions import RefreshError, TransportError
from googleapiclient.errors import HttpError
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError, SSLError

from wfprov.core import errors
from wfprov.core.resource import Call
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.errors import of_operation, refusal, translated
from wfprov.gcp.session import embedded_session

CALL = Call(client="run:v2", method="projects.locations.services.setIamPolicy", request={})


def http_error(code, body):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpError(httplib2.Response({"status": code}), content)


def answer(code, status, message="no", **more):
    return {"error": {"code": code, "status": status, "message": message, **more}}


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (400, "INVALID_ARGUMENT", errors.InvalidError),
        (400, "FAILED_PRECONDITION", errors.InvalidError),
        (401, "UNAUTHENTICATED", errors.NotAuthenticatedError),
        (403, "PERMISSION_DENIED", errors.RefusedError),
        (404, "NOT_FOUND", errors.NotFoundError),
        (409, "ABORTED", errors.ConflictError),
        (409, "ALREADY_EXISTS", errors.ExistsError),
        (412, "FAILED_PRECONDITION", errors.ConflictError),
        (429, "RESOURCE_EXHAUSTED", errors.BusyError),
        (500, "INTERNAL", errors.BusyError),
        (503, "UNAVAILABLE", errors.BusyError),
    ],
)
def test_a_status_has_one_meaning_in_both_libraries(code, status, kind):
    body = answer(code, status)
    assert type(translated(http_error(code, body), CALL)) is kind
    response = requests.Response()
    response.status_code = code
    response._content = json.dumps(body).encode()
    response.request = requests.Request("POST", "https://run.googleapis.com/").prepare()
    assert type(translated(exceptions.from_http_response(response), CALL)) is kind


def test_a_refusal_names_permission_and_resource_from_the_error_info():
    info = {
        "reason": "IAM_PERMISSION_DENIED",
        "metadata": {"permission": "run.services.setIamPolicy", "resource": "projects/p/s/x"},
    }
    found = refusal(CALL, 403, answer(403, "PERMISSION_DENIED", details=[info]))
    assert (found.permission, found.resource) == ("run.services.setIamPolicy", "projects/p/s/x")


def test_a_refusal_names_permission_and_resource_from_the_message():
    message = "Permission 'iam.roles.get' denied on resource '//iam.googleapis.com/projects/p'"
    found = refusal(CALL, 403, answer(403, "PERMISSION_DENIED", message))
    assert found.permission == "iam.roles.get"
    assert found.resource == "//iam.googleapis.com/projects/p"


@pytest.mark.parametrize(
    ("message", "permission", "resource"),
    [
        (
            "Required 'compute.instanceTemplates.get' permission for 'projects/p/global/x'",
            "compute.instanceTemplates.get",
            "projects/p/global/x",
        ),
        (
            "a@p.com does not have storage.buckets.getIamPolicy access to the bucket.",
            "storage.buckets.getIamPolicy",
            "",
        ),
        ("Access Denied: no luck", "", ""),
    ],
)
def test_a_refusal_is_read_in_the_words_of_each_service(message, permission, resource):
    found = refusal(CALL, 403, answer(403, "PERMISSION_DENIED", message))
    assert (found.permission, found.resource) == (permission, resource)


def test_an_api_that_is_not_enabled_is_no_missing_permission():
    details = [{"reason": "SERVICE_DISABLED", "metadata": {"service": "run.googleapis.com"}}]
    found = refusal(CALL, 403, answer(403, "PERMISSION_DENIED", details=details))
    assert isinstance(found, errors.ServiceDisabledError)


def test_a_limit_of_requests_is_busy_whatever_its_code():
    limited = answer(403, "PERMISSION_DENIED", errors=[{"reason": "rateLimitExceeded"}])
    assert isinstance(refusal(CALL, 403, limited), errors.BusyError)


@pytest.mark.parametrize("body", [b"", b"<html>bad gateway</html>", b"[]", b'{"error": "odd"}'])
def test_an_answer_that_is_no_error_body_is_still_translated(body):
    assert isinstance(translated(http_error(502, body), CALL), errors.BusyError)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        TransportError("no route"),
        requests.ConnectionError("refused"),
        httplib2.ServerNotFoundError("who?"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_a_failure_of_the_wire_is_unreachable(error):
    assert isinstance(translated(error, CALL), errors.UnreachableError)


def test_credentials_that_are_not_accepted_say_what_to_do():
    found = translated(RefreshError("invalid_grant"), CALL)
    assert isinstance(found, errors.NotAuthenticatedError)
    assert found.help


def test_our_own_bug_is_not_translated():
    assert translated(KeyError("x"), CALL) is None


def test_an_operation_ends_with_the_refusal_of_its_code():
    assert isinstance(of_operation(CALL, {"code": 7, "message": "no"}), errors.RefusedError)
    assert isinstance(of_operation(CALL, {"code": 99, "message": "?"}), errors.BusyError)


def no_server():
    """A port of this machine at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wrapped(reason):
    """As `requests` hands on what urllib3 has met."""
    return requests.ConnectionError(MaxRetryError(HTTPConnectionPool("h"), "/", reason))


BEHIND_TLS = SSLError(ssl.SSLCertVerificationError("CERTIFICATE_VERIFY_FAILED"))


@pytest.mark.parametrize(
    ("error", "unsent"),
    [
        (ConnectionRefusedError(), True),
        (socket.gaierror(), True),
        (ssl.SSLCertVerificationError(), True),
        (httplib2.ServerNotFoundError(), True),
        (requests.ConnectTimeout(), True),
        (wrapped(NewConnectionError(HTTPConnectionPool("h"), "refused")), True),
        (wrapped(BEHIND_TLS), True),
        (wrapped(ProtocolError("aborted", ConnectionResetError())), False),
        (ConnectionResetError(), False),
        (BrokenPipeError(), False),
        (TimeoutError(), False),
        (requests.ReadTimeout(), False),
        (http.client.RemoteDisconnected(), False),
    ],
    ids=repr,
)
def test_a_request_is_unsent_only_where_no_connection_was_made(error, unsent):
    found = translated(error, CALL)
    assert isinstance(found, errors.UnreachableError)
    assert found.unsent is unsent


@pytest.mark.parametrize(
    "error",
    [
        TransportError("reset"),
        RefreshError("invalid_grant"),
        RefreshError("later", retryable=True),
    ],
    ids=repr,
)
def test_a_request_that_got_no_token_is_unsent(error):
    found = translated(error, CALL, embedded_session(root=ROOT, grpc_target="", token="t"))
    assert found.unsent
    assert ROOT not in found.message


ROOT = "http://127.0.0.1:8085"
SERVED = {
    "discovery": ("cloudresourcemanager:v3", "projects.get", {"name": "projects/p"}),
    "rest": (
        "google.cloud.workflows_v1:WorkflowsClient",
        "get_workflow",
        {"name": "projects/p/locations/l/workflows/w"},
    ),
    "grpc": (
        "google.cloud.iam_admin_v1:IAMClient",
        "get_service_account",
        {"name": "projects/p/serviceAccounts/a"},
    ),
}


@pytest.mark.parametrize("library", SERVED)
def test_no_library_takes_a_refused_connection_for_a_request_that_was_sent(library):
    client, method, request = SERVED[library]
    port = no_server()
    session = embedded_session(
        root=f"http://127.0.0.1:{port}", grpc_target=f"127.0.0.1:{port}", token="t", timeout=5
    )
    with GoogleCloud(session) as cloud, pytest.raises(errors.UnreachableError) as refused:
        cloud.send(Call(client=client, method=method, request=request))
    assert refused.value.unsent
    assert not refused.value.resent


@pytest.mark.parametrize("library", SERVED)
def test_the_address_that_was_asked_is_named(library):
    client, method, request = SERVED[library]
    root, grpc = (f"127.0.0.1:{no_server()}" for _ in range(2))
    session = embedded_session(root=f"http://{root}", grpc_target=grpc, token="t", timeout=5)
    with GoogleCloud(session) as cloud, pytest.raises(errors.UnreachableError) as refused:
        cloud.send(Call(client=client, method=method, request=request))
    asked, other = (grpc, root) if library == "grpc" else (root, grpc)
    assert f"no answer from http://{asked}" in refused.value.message
    assert f"http://{asked}/iam" not in refused.value.message
    assert other not in refused.value.message
