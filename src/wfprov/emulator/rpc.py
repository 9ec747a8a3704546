"""The gRPC side: each call is turned into the HTTP request of its discovery method, and back.

Only the services whose Google clients speak no REST, and those that cost
nothing more. Clients connect with local channel credentials (an insecure
channel silently drops call credentials).
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final
from urllib.parse import quote

import grpc
from google.protobuf import any_pb2, json_format
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from wfprov.emulator.core import ControlPlane
from wfprov.emulator.discovery import Method
from wfprov.emulator.errors import ApiError, invalid
from wfprov.emulator.exchange import Json, Request
from wfprov.emulator.faults import ConnectionLostError

_THREADS: Final = 32
_POLICY: Final = "google.iam.v1.iam_policy_pb2"
_EMPTY: Final = "google.protobuf.empty_pb2:Empty"
_ANY_POLICY: Final = "google.iam.v1.policy_pb2:Policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rpc:
    """One RPC: the discovery methods it may stand for, and its message classes."""

    api: str
    version: str
    methods: tuple[str, ...]
    request: str
    response: str


def _policy_rpcs(api: str, version: str, *prefixes: str) -> dict[str, Rpc]:
    found: dict[str, Rpc] = {}
    for name, answer in (
        ("GetIamPolicy", _ANY_POLICY),
        ("SetIamPolicy", _ANY_POLICY),
        ("TestIamPermissions", f"{_POLICY}:TestIamPermissionsResponse"),
    ):
        action = name[0].lower() + name[1:]
        found[name] = Rpc(
            api=api,
            version=version,
            methods=tuple(f"{api}.{prefix}.{action}" for prefix in prefixes),
            request=f"{_POLICY}:{name}Request",
            response=answer,
        )
    return found


def _rpcs(api: str, version: str, module: str, rows: Mapping[str, str]) -> dict[str, Rpc]:
    """RPCs from rows `Name -> "methods... > ResponseClass"`; the request is `NameRequest`."""
    found: dict[str, Rpc] = {}
    for name, text in rows.items():
        methods, _, answer = text.partition(" > ")
        request = f"{module}:{name}Request"
        if name == "UpdateServiceAccount":
            request = f"{module}:ServiceAccount"
        found[name] = Rpc(
            api=api,
            version=version,
            methods=tuple(f"{api}.{method}" for method in methods.split()),
            request=request,
            response=answer if ":" in answer else f"{module}:{answer}",
        )
    return found


_ACCOUNTS: Final = "projects.serviceAccounts"
_WORKFLOWS: Final = "projects.locations.workflows"
_OPERATION: Final = "google.longrunning.operations_pb2:Operation"

SERVICES: Final[Mapping[str, Mapping[str, Rpc]]] = {
    "google.iam.admin.v1.IAM": {
        **_rpcs(
            "iam",
            "v1",
            "google.cloud.iam_admin_v1.types",
            {
                "ListServiceAccounts": f"{_ACCOUNTS}.list > ListServiceAccountsResponse",
                "GetServiceAccount": f"{_ACCOUNTS}.get > ServiceAccount",
                "CreateServiceAccount": f"{_ACCOUNTS}.create > ServiceAccount",
                "UpdateServiceAccount": f"{_ACCOUNTS}.update > ServiceAccount",
                "PatchServiceAccount": f"{_ACCOUNTS}.patch > ServiceAccount",
                "DeleteServiceAccount": f"{_ACCOUNTS}.delete > {_EMPTY}",
                "UndeleteServiceAccount": f"{_ACCOUNTS}.undelete > UndeleteServiceAccountResponse",
                "EnableServiceAccount": f"{_ACCOUNTS}.enable > {_EMPTY}",
                "DisableServiceAccount": f"{_ACCOUNTS}.disable > {_EMPTY}",
                "ListServiceAccountKeys": f"{_ACCOUNTS}.keys.list > ListServiceAccountKeysResponse",
                "QueryGrantableRoles": "roles.queryGrantableRoles > QueryGrantableRolesResponse",
                "ListRoles": "projects.roles.list organizations.roles.list roles.list "
                "> ListRolesResponse",
                "GetRole": "projects.roles.get organizations.roles.get roles.get > Role",
                "CreateRole": "projects.roles.create organizations.roles.create > Role",
                "UpdateRole": "projects.roles.patch organizations.roles.patch > Role",
                "DeleteRole": "projects.roles.delete organizations.roles.delete > Role",
                "UndeleteRole": "projects.roles.undelete organizations.roles.undelete > Role",
                "QueryTestablePermissions": "permissions.queryTestablePermissions "
                "> QueryTestablePermissionsResponse",
            },
        ),
        **_policy_rpcs("iam", "v1", _ACCOUNTS),
    },
    "google.cloud.workflows.v1.Workflows": _rpcs(
        "workflows",
        "v1",
        "google.cloud.workflows_v1.types",
        {
            "ListWorkflows": f"{_WORKFLOWS}.list > ListWorkflowsResponse",
            "GetWorkflow": f"{_WORKFLOWS}.get > Workflow",
            "CreateWorkflow": f"{_WORKFLOWS}.create > {_OPERATION}",
            "UpdateWorkflow": f"{_WORKFLOWS}.patch > {_OPERATION}",
            "DeleteWorkflow": f"{_WORKFLOWS}.delete > {_OPERATION}",
            "ListWorkflowRevisions": f"{_WORKFLOWS}.listRevisions > ListWorkflowRevisionsResponse",
        },
    ),
    "google.cloud.workflows.executions.v1.Executions": _rpcs(
        "workflowexecutions",
        "v1",
        "google.cloud.workflows.executions_v1.types",
        {
            "ListExecutions": f"{_WORKFLOWS}.executions.list > ListExecutionsResponse",
            "GetExecution": f"{_WORKFLOWS}.executions.get > Execution",
            "CreateExecution": f"{_WORKFLOWS}.executions.create > Execution",
            "CancelExecution": f"{_WORKFLOWS}.executions.cancel > Execution",
        },
    ),
    "google.cloud.resourcemanager.v3.Projects": {
        **_rpcs(
            "cloudresourcemanager",
            "v3",
            "google.cloud.resourcemanager_v3.types",
            {
                "GetProject": "projects.get > Project",
                "ListProjects": "projects.list > ListProjectsResponse",
                "SearchProjects": "projects.search > SearchProjectsResponse",
            },
        ),
        **_policy_rpcs("cloudresourcemanager", "v3", "projects"),
    },
    "google.longrunning.Operations": {
        "GetOperation": Rpc(
            api="workflows",
            version="v1",
            methods=("workflows.projects.locations.operations.get",),
            request="google.longrunning.operations_pb2:GetOperationRequest",
            response=_OPERATION,
        )
    },
}


class RpcServer(grpc.GenericRpcHandler):  # type: ignore[misc]
    """A gRPC server over the same control plane, on loopback."""

    def __init__(self, plane: ControlPlane, host: str, port: int) -> None:
        self._plane = plane
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="emulator-grpc")
        self._server = grpc.server(self._pool, handlers=(self,))
        credentials = grpc.local_server_credentials(grpc.LocalConnectionType.LOCAL_TCP)
        self._server.add_secure_port(f"{host}:{port}", credentials)
        self._server.start()

    def close(self) -> None:
        """Ends the server and its threads."""
        self._server.stop(grace=None).wait()
        self._pool.shutdown()

    def service(self, handler_call_details: Any) -> Any:
        """The handler of `/package.Service/Method`, or None for one that is not served."""
        _, service, name = handler_call_details.method.split("/")
        rpc = SERVICES.get(service, {}).get(name)
        if rpc is None:
            return None
        request, response = _message(rpc.request), _message(rpc.response)
        return grpc.unary_unary_rpc_method_handler(
            self._answers(rpc, response),
            request_deserializer=request.FromString,
            response_serializer=response.SerializeToString,
        )

    def _answers(self, rpc: Rpc, response: Any) -> Callable[[Any, Any], Any]:
        def answer(message: Any, context: Any) -> Any:
            headers = {key: str(value) for key, value in context.invocation_metadata()}
            try:
                document = self._plane.world.discovery.document(rpc.api, rpc.version)
                request = http_request(
                    [document.methods[name] for name in rpc.methods], message, headers
                )
                answered = self._plane.handle(request)
            except ApiError as error:
                return _refuse(context, error.body()["error"])
            except ConnectionLostError:
                return context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
            if answered.status >= 400:  # noqa: PLR2004
                return _refuse(context, answered.body["error"])
            return json_format.ParseDict(answered.body, response(), ignore_unknown_fields=True)

        return answer


def http_request(methods: list[Method], message: Any, headers: Mapping[str, str]) -> Request:
    """The HTTP request that an RPC's message stands for.

    Raises:
        ApiError: 400, when the message fits none of the methods' paths.
    """
    fields: Json = json_format.MessageToDict(message)
    for method in methods:
        path = _path(method, fields)
        if path is None:
            continue
        path_fields, values = path
        rest = {key: value for key, value in fields.items() if key not in path_fields}
        body: Json | None = None
        if method.request is not None:
            field = _body_field(message, method.request)
            if field is None:
                body, rest = rest, {}
            else:
                body = rest.pop(field, {})
        return Request(
            api=method.api,
            verb=method.verb,
            path=values,
            query=dict(_flat(rest)),
            headers=headers,
            body=body,
        )
    raise invalid(f"The request's resource name is malformed: {str(fields)[:200]}")


def _path(method: Method, fields: Json) -> tuple[set[str], str] | None:
    """The filled template and the top-level fields it used up; None when it does not fit."""
    used: set[str] = set()
    path = method.template
    for name in method.path_params:
        value = fields.get(name)
        if value is None:
            nested = [v[name] for v in fields.values() if isinstance(v, dict) and name in v]
            value = nested[0] if nested else None
        else:
            used.add(name)
        if value is None:
            return None
        text = quote(str(value), safe="/@:")
        path = path.replace("{+" + name + "}", text).replace("{" + name + "}", text)
    return (used, path) if method.regex.fullmatch(path) else None


def _body_field(message: Any, schema: str) -> str | None:
    """The field that is the HTTP body, or None when the whole message is."""
    descriptor = message.DESCRIPTOR
    if schema.endswith(descriptor.name):
        return None
    for field in descriptor.fields:
        if field.message_type is not None and schema.endswith(field.message_type.name):
            return str(field.json_name)
    return None


def _flat(fields: Json, prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in fields.items():
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            found.append((prefix + key, ",".join(map(str, value))))
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            found.append((prefix + key, text))
    return found


def _message(place: str) -> Any:
    """The protobuf class of `module:Name`, unwrapped where the library wraps it."""
    module, _, name = place.partition(":")
    found = getattr(import_module(module), name)
    return found.pb() if hasattr(found, "pb") else found


def _refuse(context: Any, error: Json) -> Any:
    code = getattr(grpc.StatusCode, error["status"])
    status = status_pb2.Status(code=code.value[0], message=error["message"])
    for detail in error.get("details", ()):
        if detail["@type"].endswith(".ErrorInfo"):
            info = error_details_pb2.ErrorInfo(
                reason=detail["reason"], domain=detail["domain"], metadata=detail["metadata"]
            )
            packed = any_pb2.Any()
            packed.Pack(info)
            status.details.append(packed)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    return context.abort(code, error["message"])
