"""The transport: loopback only, no web pages, bad input, tokens, clean ends."""

import json
import socket
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from wfprov.emulator.identity import principal_of, token_for
from wfprov.emulator.server import Emulator, api_of_host


def test_both_ports_listen_on_loopback_only():
    with Emulator.start(grpc=True) as emulator:
        for port in (urlsplit(emulator.http_url).port, int(emulator.grpc_target.split(":")[1])):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            assert listening_addresses(port) == {"0100007F"}
        assert emulator.http_url.startswith("http://127.0.0.1:")


def listening_addresses(port):
    """Hexadecimal addresses on which something listens at a port, as Linux tells."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not Path(table).exists():
            continue
        for line in Path(table).read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            if state == "0A" and int(address.rpartition(":")[2], 16) == port:
                found.add(address.rpartition(":")[0].removeprefix("0000000000000000FFFF0000"))
    return found or {"0100007F"}


def test_importing_the_server_loads_no_google_library():
    code = (
        "import sys, wfprov.emulator.server, wfprov.emulator.serve;"
        "print([m for m in sys.modules if m.split('.')[0] in ('google','grpc','googleapiclient')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_admin_api_does_not_answer_web_pages(client):
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.send("GET", "/emulator/v1/settings", None, headers)
        assert answer.status == 403
    rebound = client.send("GET", "/emulator/v1/settings", None, {"Host": "evil.example"})
    assert rebound.status != 200


@pytest.mark.parametrize(
    "body",
    ["{", "[1]", '"x"', b"\xff\xfe", "[" * 100_000, '{"policy": {"bindings": 3}}', '{"nope": 1}'],
)
def test_bad_body_is_400_and_not_a_crash(client, body):
    path = "/cloudresourcemanager/v1/projects/shop-dev:setIamPolicy"
    assert client.send("POST", path, body).status == 400


@pytest.mark.parametrize("path", ["/", "/nothing", "/run/v2/nothing", "/workflows/", "/%00/x"])
def test_unknown_path_is_404_or_the_ping(client, path):
    assert client.get(path).status in (200, 404)


def test_oversized_and_chunked_requests_are_refused(emulator):
    place = urlsplit(emulator.http_url)
    for header, value in (("Content-Length", "99999999999"), ("Transfer-Encoding", "chunked")):
        connection = HTTPConnection(place.hostname, place.port, timeout=10)
        connection.putrequest("POST", "/emulator/v1/reset")
        connection.putheader(header, value)
        connection.endheaders()
        assert connection.getresponse().status == 400
        connection.close()


def test_host_header_routes_when_no_prefix_does(client):
    answer = client.send(
        "GET", "/v1/projects/shop-dev", None, {"Host": "cloudresourcemanager.googleapis.com"}
    )
    assert answer.body["projectId"] == "shop-dev"


def test_regional_hosts_name_their_api():
    assert api_of_host("us-central1-run.googleapis.com") == "run"
    assert api_of_host("workflows.googleapis.com") == "workflows"


def test_tokens_name_their_principal():
    assert principal_of(token_for("user:ana@example.com")) == "user:ana@example.com"
    assert principal_of("wfprov.###") is None
    with pytest.raises(ValueError, match="not a principal"):
        token_for("ana")


def test_metadata_server_speaks_for_the_set_account(client):
    email = client.account("runner-sa")
    base = "/computeMetadata/v1/instance/service-accounts/default"
    flavor = {"Metadata-Flavor": "Google"}
    assert client.send("GET", f"{base}/token", None, flavor).status == 404
    client.ok("PATCH", "/emulator/v1/settings", {"metadataAccount": email})
    token = client.send("GET", f"{base}/token", None, flavor).body["access_token"]
    assert token == client.emulator.token(f"serviceAccount:{email}")
    assert client.send("GET", f"{base}/email", None, flavor).body == email
    assert client.send("GET", f"{base}/token").status == 403


def test_refresh_token_is_the_principal(client):
    form = "grant_type=refresh_token&refresh_token=user%3Aana%40example.com"
    answer = client.send("POST", "/oauth2/token", form)
    assert answer.body["access_token"] == client.emulator.token("user:ana@example.com")


def test_unknown_settings_and_faults_are_refused(client):
    assert client.patch("/emulator/v1/settings", {"enforced": False}).status == 400
    assert client.patch("/emulator/v1/settings", {"enforce": "no"}).status == 400
    assert client.post("/emulator/v1/faults", {"kind": "flood"}).status == 400
    assert client.post("/emulator/v1/faults", {"kind": "reset", "path": "("}).status == 400
    assert client.post("/emulator/v1/resources", {"names": ["run/x"]}).status == 400


def test_request_log_says_who_asked_what_and_how_it_ended(client):
    client.ok("DELETE", "/emulator/v1/requests")
    client.as_("user:eve@example.com").get("/cloudresourcemanager/v3/projects/shop-dev")
    [entry] = client.ok("GET", "/emulator/v1/requests")["requests"]
    assert entry["caller"] == "user:eve@example.com"
    assert entry["method"] == "v3 cloudresourcemanager.projects.get"
    assert entry["permissions"] == ["resourcemanager.projects.get"]
    assert entry["status"] == 403


def test_serve_announces_and_ends_on_sigterm(tmp_path):
    code = (
        "from pathlib import Path; from wfprov.emulator.serve import serve_forever;"
        f"serve_forever(port=0, grpc_port=0, data=Path({str(tmp_path / 'd.sqlite')!r}),"
        " announce=lambda line: print(line, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline() for _ in range(4)]
        process.terminate()
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == ""
    assert lines[0].startswith("HTTP  http://127.0.0.1:")
    assert any("CLOUDSDK_API_ENDPOINT_OVERRIDES_" in line for line in lines)


def test_answers_are_json_with_a_length(emulator):
    place = urlsplit(emulator.http_url)
    connection = HTTPConnection(place.hostname, place.port, timeout=10)
    for _ in range(2):
        connection.request("GET", "/emulator/v1/settings")
        response = connection.getresponse()
        assert json.loads(response.read())["enforce"] is True
    connection.close()
