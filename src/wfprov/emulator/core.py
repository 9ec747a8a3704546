"""The control plane itself: (api, verb, path, query, headers, body) in, (status, JSON) out."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Lock
from traceback import format_exc
from typing import Any, Final

from wfprov.emulator import (
    acting,
    enforce,
    generic,
    identity,
    invoke,
    parts,
    permissions,
    registry,
)
from wfprov.emulator.discovery import Discovery, Document, Match
from wfprov.emulator.errors import ApiError, error_info, invalid, unauthenticated
from wfprov.emulator.exchange import Json, Request, Response
from wfprov.emulator.faults import Faults
from wfprov.emulator.objects import Objects, Snapshot
from wfprov.emulator.roles import RoleTable
from wfprov.emulator.schema import fitted, normalised
from wfprov.emulator.service import Call, Handler, Kinds
from wfprov.emulator.world import Settings, World

_LOGGED: Final = 100_000
_READING: Final = ("get", "list", "search", "query")
_STANDARD_PARAMETERS: Final = frozenset(
    {
        "$.xgafv",
        "$alt",
        "$prettyPrint",
        "accessToken",
        "access_token",
        "alt",
        "callback",
        "fields",
        "key",
        "oauthToken",
        "oauth_token",
        "prettyPrint",
        "quotaUser",
        "uploadProtocol",
        "uploadType",
        "upload_protocol",
        "userIp",
        "userProject",
    }
)
"""Query parameters of every method.

Source: https://cloud.google.com/apis/docs/system-parameters (not opened)
"""
_WITHOUT_CREDENTIALS: Final = ("sts",)
_WITHOUT_PROJECT_CHECK: Final = ("cloudresourcemanager", "iam", "serviceusage", "cloudbilling")


class ControlPlane:
    """State, services, faults and the log of requests; safe to call from many threads."""

    def __init__(
        self,
        *,
        data: Path | None,
        roles: Path | None,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._services = registry.load()
        self.kinds = Kinds({api: service.kinds for api, service in self._services.items()})
        self.world = World(
            objects=Objects(data),
            discovery=Discovery(),
            roles=RoleTable(roles),
            clock=clock,
            settings=settings,
        )
        self.faults = Faults()
        self.log: deque[Json] = deque(maxlen=_LOGGED)
        self._snapshots: list[Snapshot] = []
        self._log_lock = Lock()
        self._count = 0

    def handle(self, request: Request) -> Response:
        """The answer to one request, faults included.

        Raises:
            ConnectionLostError: a fault wants the connection broken.
        """
        entry = self._enter(request)
        faults = self.faults.met(request)
        if faults:
            entry["faults"] = [fault.kind for fault in faults]
            early = self.faults.before(faults)
            if early is not None:
                entry["status"] = early.status
                return early
        stale = any(fault.kind == "stale" for fault in faults)
        try:
            with self.world.objects.transaction():
                response = self._answer(request, entry, stale=stale)
        except ApiError as error:
            response = Response(status=error.code, body=error.body())
        except Exception as error:  # noqa: BLE001  our bug must reach the log, not end a thread
            entry["error"] = format_exc()
            internal = ApiError("INTERNAL", f"Bug in the emulator: {error!r}")
            response = Response(status=internal.code, body=internal.body())
        entry["status"] = response.status
        self.faults.after(faults)
        return response

    def invoke(self, host: str, request: Request) -> Response | None:
        """The answer of the service, function or IAP endpoint at a host; None where none can be."""
        with self.world.objects.transaction():
            if not invoke.owns(self.world, host):
                return None
            entry = self._enter(request)
            reached = invoke.checked(self.world, host, request.path)
            entry["method"] = "invoke"
            entry["basis"] = "table"
            entry["permissions"] = [] if reached is None else [reached[1]]
            try:
                response = invoke.answer(self.world, host, request.path, request.headers)
            except ApiError as error:
                response = Response(status=error.code, body=error.body())
            entry["status"] = response.status
            return response

    def close(self) -> None:
        """Lets held requests go and closes the files."""
        self.faults.clear()
        self.world.objects.close()
        self.world.roles.close()

    def snapshot(self) -> int:
        """Keeps the state as it is, and returns the number under which `restore` finds it."""
        self._snapshots.append(self.world.objects.snapshot())
        return len(self._snapshots) - 1

    def restore(self, number: str) -> None:
        """Puts a kept state back, without faults and with an empty log.

        Raises:
            ApiError: 404, when none is kept under that number.
        """
        if not number.isdecimal() or int(number) >= len(self._snapshots):
            raise ApiError("NOT_FOUND", f"There is no snapshot {number[:20]}.")
        self.faults.clear()
        self.world.objects.restore(self._snapshots[int(number)])
        self.forget_requests()

    def requests(self) -> list[Json]:
        """The log of requests, oldest first."""
        with self._log_lock:
            return [dict(entry) for entry in self.log]

    def forget_requests(self) -> None:
        """Empties the log."""
        with self._log_lock:
            self.log.clear()
            self._count = 0

    def _enter(self, request: Request) -> Json:
        with self._log_lock:
            self._count += 1
            entry: Json = {
                "number": self._count,
                "api": request.api,
                "verb": request.verb,
                "path": request.path,
            }
            self.log.append(entry)
            return entry

    def _answer(self, request: Request, entry: Json, *, stale: bool) -> Response:
        found = self.world.discovery.route(request.api, request.verb, request.path)
        if found is None:
            raise ApiError(
                "NOT_FOUND", f"No method of {request.api} answers {request.verb} {request.path}."
            )
        document, match = found
        caller = identity.caller(request.headers)
        entry["method"] = f"{document.version} {match.method.id}"
        entry["caller"] = caller
        call = self._call(request, document, match, caller)
        if caller is None and self.world.settings.enforce:
            self._public_or_refuse(call)
        self._check_project(call)
        self._check_user_project(call)
        needed, basis = permissions.needed(match, self.world.roles.exists)
        entry["permissions"] = list(needed)
        entry["basis"] = basis
        for permission in needed:
            call.require(permission, None if match.resource else self._consumer(call))
        acting.check(call)
        parts.check(call)
        reads = match.method.verb == "GET" or match.method.action.startswith(_READING)
        with self.world.objects.reading(stale=stale and reads):
            handler = self._handler(document, match)
            answer = handler(call)
        if handler is generic.answer:
            answer = fitted(document, match.method.response, answer)
        if isinstance(answer, Response):
            return answer
        return Response(status=200, body=answer)

    def _call(self, request: Request, document: Document, match: Match, caller: str | None) -> Call:
        body: Any = request.body if request.body is not None else {}
        if match.method.request is not None:
            body = normalised(document, match.method.request, body)
        elif body and not isinstance(body, dict):
            raise invalid("The request body must be a JSON object.")
        query = {_camel(key): value for key, value in request.query.items()}
        for key in query:
            if key not in match.method.query_params and key not in _STANDARD_PARAMETERS:
                raise invalid(
                    f'Invalid JSON payload received. Unknown name "{key[:80]}": Cannot bind query '
                    f"parameter. Field '{key[:80]}' could not be found in request message."
                )
        return Call(
            world=self.world,
            document=document,
            match=match,
            kinds=self.kinds,
            query=query,
            body=body,
            headers=request.headers,
            caller=caller,
            full=self.world.full_name(document.api, match.resource),
        )

    def _consumer(self, call: Call) -> str:
        """The project that a request without a resource counts for: the asked or the caller's own.

        Source: https://cloud.google.com/docs/quotas/quota-project (not opened)
        """
        email = (call.caller or "").partition(":")[2]
        asked = call.headers.get("x-goog-user-project") or self.world.account_project(email)
        return call.full if asked is None else self.world.full_name(call.api, f"projects/{asked}")

    def _public_or_refuse(self, call: Call) -> None:
        """Lets a request without credentials pass only where a policy names allUsers."""
        needed, _ = permissions.needed(call.match, self.world.roles.exists)
        if call.api in _WITHOUT_CREDENTIALS:
            return
        if not needed or not all(
            enforce.permitted(self.world, None, permission, call.full) for permission in needed
        ):
            raise unauthenticated(sent=False)

    def _check_project(self, call: Call) -> None:
        """Refuses an unknown project and an API that is not enabled in it, before anything else."""
        project = self.world.project_of(call.full)
        if project is None or call.api in _WITHOUT_PROJECT_CHECK:
            return
        if self.world.project(project) is None:
            raise ApiError(
                "PERMISSION_DENIED",
                f"Permission denied on resource project {project}.",
                details=(
                    error_info(
                        "CONSUMER_INVALID",
                        "googleapis.com",
                        {
                            "consumer": f"projects/{project}",
                            "service": f"{call.api}.googleapis.com",
                        },
                    ),
                ),
            )
        self.world.require_enabled(project, call.api)

    def _check_user_project(self, call: Call) -> None:
        """Refuses to count quota in a project in which the caller may not use services.

        Source: https://cloud.google.com/docs/quotas/set-quota-project (not opened)
        """
        asked = call.headers.get("x-goog-user-project")
        if not asked or call.caller is None or not self.world.settings.enforce:
            return
        project = self.world.full_name("cloudresourcemanager", f"projects/{asked}")
        if enforce.permitted(self.world, call.caller, "serviceusage.services.use", project):
            return
        raise ApiError(
            "PERMISSION_DENIED",
            f"Caller does not have required permission to use project {asked}. Grant the caller "
            "the roles/serviceusage.serviceUsageConsumer role, or a custom role with the "
            "serviceusage.services.use permission.",
            details=(
                error_info(
                    "USER_PROJECT_DENIED",
                    "googleapis.com",
                    {"consumer": f"projects/{asked}", "service": f"{call.api}.googleapis.com"},
                ),
            ),
        )

    def _handler(self, document: Document, match: Match) -> Handler:
        service = self._services.get(document.api)
        if service is not None:
            name = match.method.id.partition(".")[2]
            for version in (document.version, "*"):
                handler = service.handlers.get(version, {}).get(name)
                if handler is not None:
                    return handler
        return generic.answer


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)
