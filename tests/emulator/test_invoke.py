"""The data plane: who may call a service, a function or an IAP endpoint, by its host."""

from __future__ import annotations

import http.client
import json
from contextlib import contextmanager

import pytest

from wfprov.emulator import identity
from wfprov.emulator.admin import answer as admin
from wfprov.emulator.server import Emulator

ACCOUNT = "caller@acme-dev.iam.gserviceaccount.com"
SERVICE = "//run.googleapis.com/projects/acme-dev/locations/europe-west1/services/orders"
FUNCTION = "//cloudfunctions.googleapis.com/projects/acme-dev/locations/europe-west1/functions/old"
BACKEND = "//iap.googleapis.com/projects/acme-dev/iap_web/compute/services/tickets"
NUMBER = "493817260155"
NAMED = f"orders-{NUMBER}.europe-west1.run.app"
HASHED = "orders-abcdefghij-ew.a.run.app"
OLD = "europe-west1-acme-dev.cloudfunctions.net"


@contextmanager
def control_plane():
    with Emulator.start(grpc=False) as emulator:
        plane = emulator.plane
        project = {
            "projectId": "acme-dev",
            "projectNumber": NUMBER,
            "owner": "user:ana@example.com",
        }
        admin(plane, "POST", "emulator/v1/projects", {}, project)
        account = f"//iam.googleapis.com/projects/-/serviceAccounts/{ACCOUNT}"
        wanted = {
            "names": [SERVICE, FUNCTION, account],
            "bodies": {FUNCTION: {"environment": "GEN_1"}},
        }
        admin(plane, "POST", "emulator/v1/resources", {}, wanted)
        hosts = {"tickets.example.com": "projects/acme-dev/iap_web/compute/services/tickets"}
        admin(plane, "PATCH", "emulator/v1/settings", {}, {"iapHosts": hosts})
        yield emulator


def status(emulator, host, path="/", token=None):
    connection = http.client.HTTPConnection(emulator.http_url.removeprefix("http://"), timeout=10)
    headers = {"Host": host} | ({"Authorization": f"Bearer {token}"} if token else {})
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, body


def grant(emulator, full, role, member=f"serviceAccount:{ACCOUNT}"):
    world = emulator.plane.world
    with world.objects.transaction():
        policy = {"bindings": [{"role": role, "members": [member]}], "etag": world.etag()}
        world.objects.put("policy", full, policy)


def id_token(audience):
    return identity.id_token(f"serviceAccount:{ACCOUNT}", audience, now=1_795_000_000)


@pytest.mark.parametrize(
    ("host", "path", "full", "role", "permission"),
    [
        (NAMED, "/", SERVICE, "roles/run.invoker", "run.routes.invoke"),
        (HASHED, "/v1", SERVICE, "roles/run.invoker", "run.routes.invoke"),
        (
            OLD,
            "/old",
            FUNCTION,
            "roles/cloudfunctions.invoker",
            "cloudfunctions.functions.invoke",
        ),
        (
            "tickets.example.com",
            "/api",
            BACKEND,
            "roles/iap.httpsResourceAccessor",
            "iap.webServiceVersions.accessViaIAP",
        ),
    ],
)
def test_an_invocation_needs_the_permission_on_what_listens(host, path, full, role, permission):
    with control_plane() as emulator:
        token = id_token(f"https://{host}")
        code, refusal = status(emulator, host, path, token)
        assert code == 403
        assert permission in refusal["error"]["message"]
        grant(emulator, full, role)
        assert status(emulator, host, path, token)[0] == 200
        assert status(emulator, host, path)[0] == 401


def test_a_public_service_is_called_without_a_token():
    with control_plane() as emulator:
        grant(emulator, SERVICE, "roles/run.invoker", "allUsers")
        assert status(emulator, NAMED)[0] == 200


def test_a_token_for_another_audience_is_refused():
    with control_plane() as emulator:
        grant(emulator, SERVICE, "roles/run.invoker")
        assert status(emulator, NAMED, token=id_token("https://other.example.com"))[0] == 401
        assert status(emulator, NAMED, token=emulator.token(f"serviceAccount:{ACCOUNT}"))[0] == 401


def test_nothing_listens_where_nothing_was_deployed():
    with control_plane() as emulator:
        host = f"absent-{NUMBER}.europe-west1.run.app"
        assert status(emulator, host, token=id_token(f"https://{host}"))[0] == 404


def test_what_is_written_inside_undone_is_gone_after_it():
    with control_plane() as emulator:
        objects = emulator.plane.world.objects
        with objects.undone():
            grant(emulator, SERVICE, "roles/run.invoker")
            assert status(emulator, NAMED, token=id_token(f"https://{NAMED}"))[0] == 200
        assert status(emulator, NAMED, token=id_token(f"https://{NAMED}"))[0] == 403
