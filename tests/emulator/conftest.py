"""A running control plane and a client that checks every answer against Google's schemas."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from wfprov.emulator.discovery import Discovery
from wfprov.emulator.roles import packaged_table
from wfprov.emulator.server import Emulator

OWNER = "user:ana@example.com"
STRANGER = "user:eve@example.com"
PROJECT = "shop-dev"
NUMBER = "123456789012"
DISCOVERY = Discovery()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any

    @property
    def reason(self) -> str:
        """The canonical status of an error."""
        return str(self.body["error"]["status"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


def json_schema(schemas: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """A discovery schema as a closed JSON schema: an unknown field is a mistake."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind = schema.get("type", "any")
    if kind == "any":
        return {}
    found: dict[str, Any] = {"type": kind}
    if "enum" in schema:
        found["enum"] = schema["enum"]
    if schema.get("format") in ("int64", "uint64"):
        found["pattern"] = r"^-?\d+$"
    if schema.get("format") == "google-datetime":
        found["pattern"] = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"
    if kind == "array":
        found["items"] = json_schema(schemas, schema.get("items", {}))
    if kind == "object":
        found["properties"] = {
            name: json_schema(schemas, value)
            for name, value in schema.get("properties", {}).items()
        }
        more = schema.get("additionalProperties")
        if more is not None:
            found["additionalProperties"] = json_schema(schemas, more)
        elif found["properties"]:
            found["additionalProperties"] = False
    return found


def validate(api: str, verb: str, path: str, body: Any) -> None:
    """Fails when an answer is not what the discovery document promises."""
    found = DISCOVERY.route(api, verb, path)
    assert found is not None
    document, match = found
    if match.method.response is None:
        assert body == {}
        return
    definitions = {
        name: json_schema(document.schemas, schema) for name, schema in document.schemas.items()
    }
    root = {"$ref": f"#/$defs/{match.method.response}", "$defs": definitions}
    jsonschema.Draft202012Validator(root).validate(body)


class Client:
    """Plain HTTP as one principal; answers with status 200 are validated."""

    def __init__(self, emulator: Emulator, principal: str | None = OWNER) -> None:
        self.emulator = emulator
        self.principal = principal

    def as_(self, principal: str | None) -> "Client":
        return Client(self.emulator, principal)

    def send(
        self, verb: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        place = urlsplit(self.emulator.http_url)
        connection = HTTPConnection(str(place.hostname), place.port or 0, timeout=30)
        sent = dict(headers or {})
        if self.principal is not None and not path.startswith("/emulator"):
            sent.setdefault("Authorization", f"Bearer {self.emulator.token(self.principal)}")
        try:
            payload = body if isinstance(body, (bytes, str)) else json.dumps(body)
            connection.request(verb, path, body=None if body is None else payload, headers=sent)
            response = connection.getresponse()
            raw = response.read()
        finally:
            connection.close()
        is_json = "json" in (response.getheader("Content-Type") or "")
        answer = Answer(response.status, json.loads(raw) if is_json else raw.decode())
        api, _, rest = path.lstrip("/").partition("?")[0].partition("/")
        if answer.status == 200 and api in DISCOVERY.versions and rest != "token":
            validate(api, verb, rest, answer.body)
        return answer

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.send("POST", path, {} if body is None else body)

    def put(self, path: str, body: Any) -> Answer:
        return self.send("PUT", path, body)

    def patch(self, path: str, body: Any) -> Answer:
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)

    def ok(self, verb: str, path: str, body: Any = None) -> Any:
        answer = self.send(verb, path, body)
        assert answer.status == 200, answer
        return answer.body

    def stand_in(self, *names: str) -> list[str]:
        """Makes resources that "were there before"."""
        created = self.ok("POST", "/emulator/v1/resources", {"names": list(names)})["created"]
        assert isinstance(created, list)
        return created

    def enable(self, *apis: str) -> None:
        services = [f"{api}.googleapis.com" for api in apis]
        path = f"/serviceusage/v1/projects/{PROJECT}/services:batchEnable"
        self.ok("POST", path, {"serviceIds": services})

    def account(self, name: str) -> str:
        """A new service account's e-mail."""
        path = f"/iam/v1/projects/{PROJECT}/serviceAccounts"
        return str(self.ok("POST", path, {"accountId": name})["email"])

    def grant(self, role: str, member: str, condition: Mapping[str, str] | None = None) -> None:
        """Adds a grant on the project, by read-modify-write."""
        policy = self.policy()
        binding: dict[str, Any] = {"role": role, "members": [member]}
        if condition is not None:
            binding["condition"] = dict(condition)
        policy.setdefault("bindings", []).append(binding)
        policy["version"] = 3
        self.ok(
            "POST",
            f"/cloudresourcemanager/v3/projects/{PROJECT}:setIamPolicy",
            {"policy": policy},
        )

    def policy(self) -> dict[str, Any]:
        """The project's policy, conditions included."""
        path = f"/cloudresourcemanager/v3/projects/{PROJECT}:getIamPolicy"
        found = self.ok("POST", path, {"options": {"requestedPolicyVersion": 3}})
        assert isinstance(found, dict)
        return found


def uid(text: str) -> str:
    found = re.search(r"uid=(\d+)", text)
    assert found is not None
    return found[1]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A control plane in memory with one project that OWNER owns."""
    if not packaged_table().exists():
        pytest.skip("the table of roles was not built")
    with Emulator.start(operation_polls=0, grpc=False) as running:
        Client(running).ok(
            "POST",
            "/emulator/v1/projects",
            {"projectId": PROJECT, "projectNumber": NUMBER, "owner": OWNER},
        )
        yield running


@pytest.fixture
def client(emulator: Emulator) -> Client:
    """OWNER over HTTP."""
    return Client(emulator)


@pytest.fixture
def closed_schema():
    """The translation of a discovery schema, for tests that walk whole documents."""
    return json_schema
