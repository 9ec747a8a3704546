"""Google's generated client classes, such as WorkflowsClient."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from threading import Lock
from typing import Any, TypeAlias, get_args, get_type_hints

from google.api_core.client_options import ClientOptions
from google.api_core.operation import Operation
from google.protobuf import json_format

from wfprov.core.ports import Clock
from wfprov.core.resource import Body, Call
from wfprov.gcp.credentials import GOOGLE
from wfprov.gcp.operations import finished
from wfprov.gcp.session import APIS, Session

Watched: TypeAlias = Callable[[Call, Callable[[], Any]], Any]


def client_class(path: str) -> Any:
    """The class behind `google.cloud.workflows_v1:WorkflowsClient`."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def request_type(client: Any, method: str) -> Any:
    """The request message of a client's method."""
    hints = get_type_hints(getattr(client, method))
    return next(t for t in get_args(hints["request"]) if hasattr(t, "from_json"))


class ClientClasses:
    """Calls to client classes; REST where the class has it, gRPC where not."""

    def __init__(self, session: Session, clock: Clock, watched: Watched) -> None:
        self._session = session
        self._clock = clock
        self._watched = watched
        self._lock = Lock()
        self._clients: dict[str, Any] = {}

    def send(self, call: Call) -> Body:
        client = self._client(call.client)
        request = request_type(client, call.method).from_json(json.dumps(call.request))
        answer = self._watched(call, lambda: self._answer(client, call, request))
        if isinstance(answer, Operation):
            return finished(
                json_format.MessageToDict(answer.operation),
                lambda name: self._watched(
                    call, lambda: _json(client.get_operation({"name": name}, timeout=self._timeout))
                ),
                call=call,
                clock=self._clock,
            )
        assert isinstance(answer, Mapping), "an answer is JSON"
        return answer

    def close(self) -> None:
        """Closes all connections."""
        with self._lock:
            for client in self._clients.values():
                client.transport.close()
            self._clients.clear()

    @property
    def _timeout(self) -> float:
        return self._session.timeout

    def _answer(self, client: Any, call: Call, request: Any) -> Any:
        if not speaks_rest(type(client)):
            self._session.fresh_credentials()
        answer = getattr(client, call.method)(request=request, retry=None, timeout=self._timeout)
        if isinstance(answer, Operation):
            return answer
        if call.pages:
            pages = [_json(page) for page in answer.pages]
            return {
                field: [item for page in pages for item in page.get(field, ())]
                for field in (call.pages, "unreachable")
            }
        return {} if answer is None else _json(answer)

    def _client(self, path: str) -> Any:
        with self._lock:
            if path not in self._clients:
                self._clients[path] = self._made(path)
            return self._clients[path]

    def _made(self, path: str) -> Any:
        made = client_class(path)
        endpoint = self._session.endpoint(APIS[path.partition(":")[0]])
        options = ClientOptions(
            api_endpoint=endpoint or None,
            universe_domain=None
            if self._session.universe_domain == GOOGLE
            else self._session.universe_domain,
        )
        if speaks_rest(made):
            return made(
                credentials=self._session.credentials, transport="rest", client_options=options
            )
        if self._session.grpc_target:
            transport = made.get_transport_class("grpc")
            return made(transport=transport(channel=self._local_channel()))
        if endpoint:
            options.api_endpoint = endpoint.partition("://")[2]  # gRPC wants a host and a port
        return made(credentials=self._session.credentials, client_options=options)

    def _local_channel(self) -> Any:
        """A channel that sends the token in clear, which gRPC allows on this machine only."""
        import grpc
        from google.auth.transport.grpc import AuthMetadataPlugin
        from google.auth.transport.requests import Request

        plugin = AuthMetadataPlugin(self._session.credentials, Request())  # type: ignore[no-untyped-call]
        return grpc.secure_channel(
            self._session.grpc_target,
            grpc.composite_channel_credentials(
                grpc.local_channel_credentials(), grpc.metadata_call_credentials(plugin)
            ),
        )


def speaks_rest(made: Any) -> bool:
    """Whether a client class can be asked over REST."""
    try:
        made.get_transport_class("rest")
    except KeyError:
        return False
    return True


def _json(message: Any) -> dict[str, Any]:
    plain = type(message).pb(message) if hasattr(type(message), "pb") else message
    body: dict[str, Any] = json_format.MessageToDict(plain)
    return body
