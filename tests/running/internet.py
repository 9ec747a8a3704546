"""What a workflow's calls become: HTTP requests to the embedded control plane, by host.

Google APIs and hosts on Cloud Run, functions and IAP are served by the control plane, everything
else by a stub that takes any request.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from concrete import RaisedError
from steered import Anything

from wfprov.core.span import Span
from wfprov.emulator import identity
from wfprov.emulator.admin import answer as admin
from wfprov.emulator.discovery import Discovery, Method
from wfprov.emulator.server import Emulator

POLLS = 2
API_NAMES = {"translate": "translate"}
REFUSED = (401, 403)
NETWORK_ACCESS = "servicedirectory.networks.access"
"""What entering a network from Service Directory asks for; no API method of its own shows it."""


@dataclass
class Sent:
    """One request: the site that made it, where it went, and the answer's status."""

    place: tuple[int, int]
    function: str
    verb: str
    host: str
    path: str
    status: int
    error: Mapping[str, Any] = field(default_factory=dict)
    poll: bool = False
    caller: str = ""

    @property
    def refused(self) -> bool:
        """Whether IAM let it not pass."""
        return self.status in REFUSED

    @property
    def permission(self) -> str:
        """The permission that the refusal names."""
        for detail in self.error.get("details", ()):
            if "metadata" in detail:
                return str(detail["metadata"].get("permission", ""))
        return ""


class Internet:
    """Sends what a workflow sends, signed as its service account."""

    def __init__(
        self,
        emulator: Emulator,
        email: str,
        facts: Mapping[str, str],
        network: str | None = None,
    ) -> None:
        self.emulator = emulator
        self.network = network
        number = emulator.plane.world.project_number(facts["project"])
        self.agent = f"serviceAccount:service-{number}@gcp-sa-workflows.iam.gserviceaccount.com"
        self.facts = facts
        self.principal = f"serviceAccount:{email}"
        self.discovery: Discovery = emulator.plane.world.discovery
        address = urlsplit(emulator.http_url)
        assert address.hostname is not None
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        self.sent: list[Sent] = []
        self.not_run: dict[tuple[int, int], str] = {}

    def close(self) -> None:
        self.connection.close()

    def spell(self, label: str) -> str:
        """A name for what nothing decides: of the place where it runs, if that is asked for."""
        plain = re.sub(r"[^a-z]", "", label.lower())
        for word, fact in self.facts.items():
            if word in plain:
                return fact
        return f"any-{plain}" if plain else "any"

    def call(self, function: str, span: Span, args: dict[str, Any]) -> Any:
        """Makes one call of a workflow and returns what the workflow gets.

        Raises:
            RaisedError: what was refused.
        """
        place = (span.start, span.end)
        if function == "sys.log":
            return self.logged(place)
        if function.startswith("http."):
            return self.over_http(function, place, args)
        if function.startswith("googleapis."):
            return self.connector(function, place, args)
        self.not_run[place] = f"{function}: the cluster or the build that runs it is not here"
        return Anything("result")

    def logged(self, place: tuple[int, int]) -> None:
        log = {"logName": f"projects/{self.facts['project']}/logs/Workflows", "entries": [{}]}
        self.request(place, "sys.log", "POST", "logging.googleapis.com", "v2/entries:write", {},
                     self.token(), log)  # fmt: skip

    # http.*

    def over_http(self, function: str, place: tuple[int, int], args: dict[str, Any]) -> Any:
        url = self.text(args.get("url"))
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host = parts.hostname or "any"
        verb = function.rpartition(".")[2].upper()
        if verb == "REQUEST":
            verb = self.text(args.get("method", "GET"))
        query = dict(p.split("=", 1) for p in parts.query.split("&") if "=" in p)
        given = args.get("query")
        query |= {k: self.text(v) for k, v in given.items()} if isinstance(given, dict) else {}
        if args.get("private_service_name") is not None:
            self.privately(function, place, self.text(args["private_service_name"]), parts.path)
            return self.answered(Anything("body"))
        headers = {}
        auth = args.get("auth")
        if isinstance(auth, dict):
            headers["Authorization"] = self.signed(auth, url)
        if not host.endswith(".googleapis.com") and not self.served(host):
            self.sent.append(Sent(place, function, verb, host, parts.path, 200))
            return self.answered(Anything("body"))
        body = args.get("body") if verb not in ("GET", "DELETE", "HEAD") else None
        status, answer = self.request(
            place, function, verb, host, parts.path.lstrip("/"), query, headers, body
        )
        return self.answered(answer if status < 400 else Anything("body"))

    def privately(self, function: str, place: tuple[int, int], service: str, path: str) -> None:
        """Reaches a private endpoint as Workflows does: the service agent looks it up, then enters.

        The request itself goes into a network, where nothing of IAM is asked.

        Raises:
            RaisedError: the agent may not look up the service, or not enter the network.

        Source: https://docs.cloud.google.com/workflows/docs/invoke-private-endpoint-vpc
        (2026-11-23)
        """
        agent = {"Authorization": "Bearer " + self.emulator.token(self.agent)}
        host, where = "servicedirectory.googleapis.com", f"v1/{service}:resolve"
        self.request(place, function, "POST", host, where, {}, agent, {}, caller=self.agent)
        if self.network is None:
            self.not_run[place] = f"{function}: nobody says which network the endpoint is in"
            return
        asked = {"permissions": [NETWORK_ACCESS]}
        target = f"/v1/projects/{self.network}:testIamPermissions"
        host = "cloudresourcemanager.googleapis.com"
        _, held = self.exchange("POST", host, target, agent, asked)
        if NETWORK_ACCESS not in held.get("permissions", ()):
            error = {"details": [{"metadata": {"permission": NETWORK_ACCESS}}]}
            self.sent.append(Sent(place, function, "POST", host, path, 403, error))
            raise RaisedError({"code": 403, "message": "refused", "tags": ["HttpError"]})
        self.sent.append(Sent(place, function, "POST", host, path, 200))

    def served(self, host: str) -> bool:
        return host.endswith((".run.app", ".cloudfunctions.net")) or host in (
            self.emulator.plane.world.settings.iap_hosts
        )

    def signed(self, auth: Mapping[str, Any], url: str) -> str:
        if auth.get("type") == "OIDC":
            audience = self.text(auth.get("audience") or url)
            return "Bearer " + identity.id_token(self.principal, audience, now=1_795_000_000)
        return "Bearer " + self.emulator.token(self.principal)

    def answered(self, body: Any) -> Any:
        return {"code": 200, "headers": {}, "body": body}

    # connectors

    def connector(self, function: str, place: tuple[int, int], args: dict[str, Any]) -> Any:
        _, api, version, *rest = function.split(".")
        if rest[-1] == "accessString":
            args = {"name": self.version_of(args)}
            rest[-1] = "access"
        elif rest[-1] == "addVersionString":
            secret = self.version_of(args).rpartition("/versions/")[0]
            args = {"parent": secret, "body": {"payload": {"data": "YQ=="}}}
            rest[-1] = "addVersion"
        elif api == "workflowexecutions" and rest[-1] == "run":
            project = self.text(args.get("project_id", self.facts["project"]))
            location = self.text(args.get("location", self.facts["region"]))
            workflow = self.text(args.get("workflow_id"))
            parent = f"projects/{project}/locations/{location}/workflows/{workflow}"
            args = {"parent": parent, "body": {}}
            rest[-1] = "create"
            made = self.connector(f"googleapis.workflowexecutions.v1.{'.'.join(rest)}", place, args)
            if isinstance(made, dict) and "name" in made:
                self.request(
                    place,
                    function,
                    "GET",
                    "workflowexecutions.googleapis.com",
                    f"v1/{made['name']}",
                    {},
                    self.token(),
                    None,
                    poll=True,
                )
            return Anything("result")
        method = self.method(api, version, ".".join(rest))
        if method is None:
            self.not_run[place] = f"{function}: no such method in the discovery documents"
            return Anything("result")
        path = self.path(method, args)
        query = {
            k: self.text(v).lower() if isinstance(v, bool) else self.text(v)
            for k, v in args.items()
            if k in method.query_params
        }
        host = f"{api}.googleapis.com"
        body = args.get("body") if method.request is not None else None
        if method.request is not None and body is None:
            known = self.discovery.document(api, version).schemas[method.request]
            inner = known.get("properties", {})
            body = {k: v for k, v in args.items() if k in inner and k not in method.path_params}
        status, answer = self.request(
            place, function, method.verb, host, path, query, self.token(), body
        )
        if status >= 400 or not isinstance(answer, dict):
            return Anything("result")
        params = args.get("connector_params")
        if not (isinstance(params, dict) and params.get("skip_polling")):
            answer = self.polled(place, function, api, version, method, answer, path)
        return answer

    def version_of(self, args: Mapping[str, Any]) -> str:
        project = self.text(args.get("project_id") or self.facts["project"])
        version = self.text(args.get("version") or "latest")
        return f"projects/{project}/secrets/{self.text(args.get('secret_id'))}/versions/{version}"

    def method(self, api: str, version: str, name: str) -> Method | None:
        try:
            document = self.discovery.document(api, version)
        except KeyError:
            return None
        named = (m for m in document.methods.values() if m.id.partition(".")[2] == name)
        return next(named, None)

    def path(self, method: Method, args: Mapping[str, Any]) -> str:
        document = self.discovery.document(method.api, method.version)

        def filled(place: re.Match[str]) -> str:
            reserved, name = place[1] == "+", place[2]
            value = args.get(name)
            if value is None:
                value = Anything(name)
            text = self.text(value)
            if isinstance(value, Anything) and reserved:
                text = f"projects/{self.facts['project']}/locations/{self.facts['region']}"
            return quote(text, safe="/%:@" if reserved else "%")

        return document.service_path + re.sub(r"\{(\+?)([^}]+)\}", filled, method.template)

    def polled(  # noqa: PLR0917
        self,
        place: tuple[int, int],
        function: str,
        api: str,
        version: str,
        method: Method,
        answer: dict[str, Any],
        called: str,
    ) -> Any:
        """What a connector waits for: it asks for the operation until that is done.

        Source: https://cloud.google.com/workflows/docs/connectors#long-running (2026-11-23)
        """
        document = self.discovery.document(api, version)
        path = None
        schema = document.schemas.get(method.response or "", {}).get("properties", {})
        if document.has_operation_schema(method.response):
            path = f"{version}/{answer.get('name')}"
        elif api == "bigquery" and method.id == "bigquery.jobs.insert":
            ids = answer.get("jobReference", {})
            path = f"bigquery/v2/projects/{ids.get('projectId')}/jobs/{ids.get('jobId')}"
        elif method.id == "run.namespaces.jobs.run":
            name = answer["metadata"]["name"]
            path = (
                f"apis/run.googleapis.com/v1/namespaces/{self.facts['project']}/executions/{name}"
            )
        elif method.response == "Operation" and "status" in schema:
            scope = re.match(
                r"(.*projects/[^/]+/((zones|regions|locations)/[^/]+/|global/|(?=instances)))",
                called,
            )
            path = f"{scope[1]}operations/{answer.get('name')}" if scope else None
        if path is None:
            return answer
        for _ in range(POLLS):
            status, answer = self.request(
                place, function, "GET", f"{api}.googleapis.com", path, {}, self.token(), None,
                poll=True,
            )  # fmt: skip
            if status >= 400 or answer.get("done", True):
                break
        if "response" in answer:
            return answer["response"]
        return answer

    def token(self) -> dict[str, str]:
        return {"Authorization": "Bearer " + self.emulator.token(self.principal)}

    # the wire

    def request(  # noqa: PLR0917
        self,
        place: tuple[int, int],
        function: str,
        verb: str,
        host: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: Any,
        *,
        poll: bool = False,
        caller: str = "",
    ) -> tuple[int, Any]:
        """One request; a body that the schema refuses for what stands in is sent without it.

        Raises:
            RaisedError: IAM refused it.
        """
        path = quote(path, safe="/%:@!$&'()*+,;=~")
        if host == "storage.googleapis.com" and (bucket := re.search(r"/b/([^/]+)/", path)):
            self.make_bucket(bucket[1])
        plain = self.plain(body)
        for name in sorted(set(re.findall(r'"gs://([^/"]+)/', json.dumps(plain)))):
            self.make_bucket(name)
        target = f"/{path}" + (f"?{urlencode(query)}" if query else "")
        status, answer = self.exchange(verb, host, target, headers, plain)
        if status == 400 and body is not None:
            status, answer = self.exchange(verb, host, target, headers, {})
        error = answer.get("error", {}) if isinstance(answer, dict) and status >= 400 else {}
        sent = Sent(
            place, function, verb, host, path, status, error, poll, caller or self.principal
        )
        self.sent.append(sent)
        if sent.refused:
            raise RaisedError({"code": status, "message": "refused", "tags": ["HttpError"]})
        return status, answer

    def make_bucket(self, name: str) -> None:
        """Only an argument knows some buckets: they lie in the workflow's own project."""
        full = f"//storage.googleapis.com/projects/_/buckets/{name}"
        wanted = {"names": [full], "project": self.facts["project"]}
        admin(self.emulator.plane, "POST", "emulator/v1/resources", {}, wanted)

    def exchange(
        self, verb: str, host: str, target: str, headers: Mapping[str, str], body: Any
    ) -> tuple[int, Any]:
        payload = b"" if body is None else json.dumps(body).encode()
        self.connection.putrequest(verb, target, skip_host=True, skip_accept_encoding=True)
        self.connection.putheader("Host", host)
        self.connection.putheader("Content-Type", "application/json")
        self.connection.putheader("Content-Length", str(len(payload)))
        for name, value in headers.items():
            self.connection.putheader(name, value)
        self.connection.endheaders(payload)
        answer = self.connection.getresponse()
        raw = answer.read()
        try:
            return answer.status, json.loads(raw or b"{}")
        except ValueError:
            return answer.status, {}

    def plain(self, body: Any) -> Any:
        """A body with the fields that nothing decides left out."""
        match body:
            case dict():
                return {k: self.plain(v) for k, v in body.items() if not isinstance(v, Anything)}
            case list():
                return [self.plain(v) for v in body if not isinstance(v, Anything)]
            case Anything():
                return {}
            case None | bool() | int() | float():
                return body
            case _:
                return str(body)

    def text(self, value: Any) -> str:
        if isinstance(value, Anything):
            return self.spell(value.label)
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)
