"""Where requests go, and as whom."""

import pytest

from wfprov.core.errors import InputError
from wfprov.gcp.client_classes import client_class, speaks_rest
from wfprov.gcp.credentials import Identity
from wfprov.gcp.session import APIS, OVER_GRPC, cloud_session, embedded_session

TOKEN = Identity.of(access_token="t")


def test_every_api_of_an_embedded_control_plane_has_a_path_of_its_own():
    session = embedded_session(root="http://127.0.0.1:8085/", grpc_target="", token="t")
    assert session.endpoint("run") == "http://127.0.0.1:8085/run"


def test_an_endpoint_of_a_single_api_goes_before_all():
    session = cloud_session(identity=TOKEN, endpoints={"run": "https://run.example/"})
    assert session.endpoint("run") == "https://run.example"
    assert session.endpoint("pubsub") == ""


@pytest.mark.parametrize(
    "path", ["google.cloud.workflows_v1:WorkflowsClient", "google.cloud.iam_admin_v1:IAMClient"]
)
def test_a_library_is_over_grpc_when_it_has_no_rest(path):
    library = path.partition(":")[0]
    assert library in APIS
    assert (library in OVER_GRPC) is not speaks_rest(client_class(path))


@pytest.mark.parametrize("address", ["", "run", "http://far.example", "file:///etc/passwd"])
def test_an_address_that_would_send_a_token_in_clear_is_refused(address):
    with pytest.raises(InputError):
        cloud_session(identity=TOKEN, endpoints={"run": address})


def test_a_token_is_never_shown():
    assert "secret-token" not in repr(
        cloud_session(identity=Identity.of(access_token="secret-token"))
    )
