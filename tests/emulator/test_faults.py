"""Faults: each does what it says, to the requests it names, as often as it says."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, RemoteDisconnected
from urllib.parse import urlsplit

import pytest

PROJECT = "/cloudresourcemanager/v3/projects/shop-dev"
ACCOUNTS = "/iam/v1/projects/shop-dev/serviceAccounts"


def fault(client, kind, **rest):
    return client.ok("POST", "/emulator/v1/faults", {"kind": kind, **rest})


def test_error_hits_the_named_requests_as_often_as_asked(client):
    fault(client, "error", status="RESOURCE_EXHAUSTED", path="projects/shop-dev$", skip=1, count=2)
    assert [client.get(PROJECT).status for _ in range(5)] == [200, 429, 429, 200, 200]
    [listed] = client.ok("GET", "/emulator/v1/faults")["faults"]
    assert (listed["seen"], listed["hits"]) == (5, 2)


def test_error_spares_other_apis_and_verbs(client):
    fault(client, "error", api="iam", verb="POST", count=-1)
    assert client.get(PROJECT).status == 200
    assert client.get(ACCOUNTS).status == 200
    assert client.post(ACCOUNTS, {"accountId": "orders-wf"}).status == 503


def test_reset_breaks_the_connection_before_anything_happened(client):
    fault(client, "reset", verb="POST")
    with pytest.raises((RemoteDisconnected, ConnectionError)):
        client.post(ACCOUNTS, {"accountId": "orders-wf"})
    assert client.ok("GET", ACCOUNTS) == {}


def test_lost_answer_leaves_the_write_done(client):
    fault(client, "lost", verb="POST")
    with pytest.raises((RemoteDisconnected, ConnectionError)):
        client.post(ACCOUNTS, {"accountId": "orders-wf"})
    assert len(client.ok("GET", ACCOUNTS)["accounts"]) == 1


def test_latency_delays_without_blocking_others(client):
    fault(client, "latency", seconds=0.4, path="projects/shop-dev$", count=8)
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: client.get(PROJECT).status, range(8)))
    assert statuses == [200] * 8
    assert 0.4 <= time.monotonic() - begun < 2.0


def test_stale_read_shows_the_state_before_the_last_change(client):
    before = client.policy()
    client.grant("roles/viewer", "user:b@example.com")
    fault(client, "stale", path="getIamPolicy")
    assert client.policy() == before
    assert client.policy() != before


def test_stale_read_of_a_new_account_does_not_find_it(client):
    email = client.account("orders-wf")
    fault(client, "stale")
    assert client.get(f"{ACCOUNTS}/{email}").status == 404
    assert client.get(f"{ACCOUNTS}/{email}").status == 200


def test_new_accounts_and_grants_become_visible_after_the_set_time(client):
    client.ok("PATCH", "/emulator/v1/settings", {"visibilityDelay": 0.6})
    email = client.account("orders-wf")
    path = "/cloudresourcemanager/v3/projects/shop-dev:setIamPolicy"
    policy = client.policy()
    policy["bindings"].append({"role": "roles/viewer", "members": [f"serviceAccount:{email}"]})
    early = client.post(path, {"policy": policy})
    assert (early.status, early.message) == (400, f"Service account {email} does not exist.")
    time.sleep(0.7)
    assert client.post(path, {"policy": policy}).status == 200
    robot = client.as_(f"serviceAccount:{email}")
    assert robot.get(PROJECT).status == 403
    time.sleep(0.7)
    assert robot.get(PROJECT).status == 200


def test_held_request_waits_until_faults_are_cleared(client):
    fault(client, "hold", path="projects/shop-dev$")
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(client.get, PROJECT)
        time.sleep(0.2)
        assert not held.done()
        client.ok("DELETE", "/emulator/v1/faults")
        assert held.result(timeout=5).status == 200


SERVE = (
    "from pathlib import Path; from wfprov.emulator.serve import serve_forever;"
    "serve_forever(port=0, grpc_port=0, data=Path({path!r}),"
    " announce=lambda line: print(line, flush=True))"
)


def serve(path):
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE.format(path=str(path))], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().split()[1]


def request(url, verb, path, body):
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname, place.port, timeout=10)
    try:
        connection.request(verb, path, body=body, headers={"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_state_survives_a_kill_and_only_whole_requests_count(tmp_path):
    path = tmp_path / "state.sqlite"
    process, url = serve(path)
    with process:
        made = '{"projectId": "shop-dev", "owner": "user:ana@example.com"}'
        assert request(url, "POST", "/emulator/v1/projects", made)[0] == 200
        request(url, "PATCH", "/emulator/v1/settings", '{"enforce": false}')
        killer = '{"kind": "kill", "verb": "POST", "skip": 2, "when": "before"}'
        request(url, "POST", "/emulator/v1/faults", killer)
        names = ("first-wf", "second-wf", "third-wf")
        done = []
        for name in names:
            try:
                done.append(request(url, "POST", ACCOUNTS, f'{{"accountId": "{name}"}}')[0])
            except (ConnectionError, RemoteDisconnected):
                break
        assert done == [200, 200]
        assert process.wait(timeout=10) == -9
    process, url = serve(path)
    with process:
        request(url, "PATCH", "/emulator/v1/settings", '{"enforce": false}')
        listed = request(url, "GET", ACCOUNTS, None)[1].decode()
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert ["first-wf@" in listed, "second-wf@" in listed, "third-wf@" in listed] == [
        True, True, False
    ]  # fmt: skip
