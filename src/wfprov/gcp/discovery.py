"""APIs by their discovery documents, which come with google-api-python-client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from queue import Empty, LifoQueue
from threading import Lock
from typing import Any, TypeAlias

import httplib2
from googleapiclient.discovery import build_from_document, key2param
from googleapiclient.discovery_cache import get_static_doc

from wfprov.core.errors import CloudError, InvalidError
from wfprov.core.ports import Clock
from wfprov.core.resource import Body, Call
from wfprov.gcp.credentials import GOOGLE
from wfprov.gcp.operations import finished
from wfprov.gcp.session import Session
from wfprov.gcp.wire import AuthorizedWire

Watched: TypeAlias = Callable[[Call, Callable[[], Any]], Any]


def document(api: str, version: str) -> dict[str, Any] | None:
    """The discovery document of an API, None when the library has none."""
    text = get_static_doc(api, version)
    return None if text is None else json.loads(text)


def method_in(found: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    """The method `projects.topics.getIamPolicy` of a document."""
    *collections, name = path.split(".")
    at: Mapping[str, Any] = found
    for collection in collections:
        at = at.get("resources", {}).get(collection, {})
    method: Mapping[str, Any] | None = at.get("methods", {}).get(name)
    return method


class DiscoveryApis:
    """Calls to discovery APIs; no two requests share a connection at a time."""

    def __init__(self, session: Session, clock: Clock, watched: Watched) -> None:
        self._session = session
        self._clock = clock
        self._watched = watched
        self._lock = Lock()
        self._services: dict[tuple[str, str], tuple[Any, dict[str, Any]]] = {}
        self._collections: dict[tuple[str, str, str], Any] = {}
        self._idle: LifoQueue[Any] = LifoQueue()

    def send(self, call: Call) -> Body:
        service, found = self._service(call)
        method = method_in(found, call.method)
        assert method is not None, f"{call.client} has no {call.method}"
        collection = self._collection(service, call)
        answer = self._gathered(collection, call)
        if str(method.get("response", {}).get("$ref", "")).endswith("Operation"):
            at = self._with_operations(service, call)
            return finished(
                answer,
                lambda name: self._executed(call, at.operations().get(name=name)),
                call=call,
                clock=self._clock,
            )
        return answer

    def _gathered(self, collection: Any, call: Call) -> Mapping[str, Any]:
        name = call.method.rpartition(".")[2]
        parameters = {key2param(key): value for key, value in call.request.items()}
        if not call.pages:
            return self._executed(call, self._request(collection, name, parameters, call))
        items: list[Any] = []
        unreachable: set[str] = set()
        token: str | None = None
        while True:
            paged = parameters if token is None else {**parameters, "pageToken": token}
            page = self._executed(call, self._request(collection, name, paged, call))
            items += page.get(call.pages, ())
            unreachable.update(page.get("unreachable", ()))
            token = page.get("nextPageToken")
            if not token:
                missing = {"unreachable": sorted(unreachable)} if unreachable else {}
                return {call.pages: items, **missing}

    def _request(
        self, collection: Any, name: str, parameters: Mapping[str, object], call: Call
    ) -> Any:
        try:
            request = getattr(collection, name)(**parameters)
        except TypeError as error:
            # The library checks names and patterns of parameters before it sends anything.
            raise InvalidError(f"{call}: {error}", call=call, status="INVALID_ARGUMENT") from error
        if call.if_match:
            request.headers["If-Match"] = call.if_match
        return request

    def _executed(self, call: Call, request: Any) -> Mapping[str, Any]:
        with self._connection() as http:
            http.http.unanswered = 0
            try:
                answer: Mapping[str, Any] = self._watched(
                    call, lambda: request.execute(http=http, num_retries=0)
                )
            except CloudError as error:
                error.resent = http.http.unanswered > 0
                raise
        return answer

    def _collection(self, service: Any, call: Call) -> Any:
        """The object that has the method, made once.

        Making one makes all methods of all collections on the way: more work than a request.
        """
        path = call.method.rpartition(".")[0]
        key = (call.client, call.host, path)
        found = self._collections.get(key)
        if found is None:
            found = service
            for collection in path.split("."):
                found = getattr(found, collection)()
            with self._lock:
                found = self._collections.setdefault(key, found)
        return found

    def _with_operations(self, service: Any, call: Call) -> Any:
        """The collection whose operations the method makes: the nearest at or above its own.

        IAM has them below each collection, most APIs below the locations, older ones at the top.
        """
        *collections, _ = call.method.split(".")
        for depth in range(len(collections), 0, -1):
            found = self._collection(
                service, replace(call, method=".".join([*collections[:depth], "-"]))
            )
            if hasattr(found, "operations"):
                return found
        return service

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """A connection that is idle, or a new one; httplib2's may not be shared by threads."""
        try:
            http = self._idle.get_nowait()
        except Empty:
            http = AuthorizedWire(self._session.credentials, self._session.timeout)
        try:
            yield http
        finally:
            self._idle.put(http)

    def close(self) -> None:
        """Closes all connections."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def _service(self, call: Call) -> tuple[Any, dict[str, Any]]:
        key = (call.client, call.host)
        with self._lock:
            if key not in self._services:
                api, _, version = call.client.partition(":")
                found = document(api, version)
                assert found is not None, f"no discovery document for {call.client}"
                found["rootUrl"] = self._root(api, found["rootUrl"], call.host)
                found.pop("mtlsRootUrl", None)
                service = build_from_document(found, http=httplib2.Http())
                self._services[key] = (service, found)
            return self._services[key]

    def _root(self, api: str, root: str, host: str) -> str:
        endpoint = self._session.endpoint(api)
        if endpoint:
            return f"{endpoint}/"
        if host:
            root = f"https://{host}/"
        return root.replace(f".{GOOGLE}/", f".{self._session.universe_domain}/")
