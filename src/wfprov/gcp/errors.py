"""Translates what the client libraries raise into the refusals of `core.errors`, once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from wfprov.core.errors import (
    BusyError,
    CloudError,
    ConflictError,
    ExistsError,
    InvalidError,
    NotAuthenticatedError,
    NotFoundError,
    RefusedError,
    ServiceDisabledError,
    UnreachableError,
)
from wfprov.core.resource import Call
from wfprov.gcp.session import APIS, OVER_GRPC, Session
from wfprov.gcp.sign_in import login_help, refused
from wfprov.gcp.unsent import is_unsent

LONGEST: Final = 2000
"""How much of an answer that is no JSON is shown, in characters."""

_BY_STATUS: Final[Mapping[str, type[CloudError]]] = {
    # https://docs.cloud.google.com/apis/design/errors#handling_errors (2026-11-23)
    "UNAUTHENTICATED": NotAuthenticatedError,
    "NOT_FOUND": NotFoundError,
    "ABORTED": ConflictError,
    "ALREADY_EXISTS": ExistsError,
    "RESOURCE_EXHAUSTED": BusyError,
    "UNAVAILABLE": BusyError,
    "INTERNAL": BusyError,
    "UNKNOWN": BusyError,
    "DEADLINE_EXCEEDED": UnreachableError,
    "CANCELLED": UnreachableError,
    "INVALID_ARGUMENT": InvalidError,
    "FAILED_PRECONDITION": InvalidError,
    "OUT_OF_RANGE": InvalidError,
    "UNIMPLEMENTED": InvalidError,
}
_STATUS_OF_CODE: Final[Mapping[int, str]] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    412: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_CANONICAL: Final = (
    # https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto (2026-11-23)
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
_DISABLED: Final = {"SERVICE_DISABLED", "accessNotConfigured"}
_QUOTA_PROJECT: Final = "USER_PROJECT_DENIED"
_LIMITED: Final = {
    "RATE_LIMIT_EXCEEDED",
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "quotaExceeded",
}
_NAME: Final = r"'?([a-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)+)'?"
_PERMISSION: Final = re.compile(
    # Most services, then Compute Engine, then Cloud Storage.
    # https://github.com/alexandarp/terraform-gke/issues/2 (2026-11-28)
    # https://docs.cloud.google.com/storage/docs/troubleshooting (not opened)
    rf"[Pp]ermission {_NAME}|Required {_NAME} permission|does not have {_NAME} access"
)
_RESOURCE: Final = re.compile(r"(?:resource|permission for|access to) '?((?://|projects/)[^'\s,]+)")


def translated(error: Exception, call: Call, session: Session | None = None) -> CloudError | None:
    """The refusal behind an exception of a client library; None for one that is our bug.

    `session` tells which address was asked, as whom.
    """
    found = _translated(error, call, session)
    if isinstance(found, NotAuthenticatedError) and not found.help:
        found.help = login_help(session)
    return found


def _translated(error: Exception, call: Call, session: Session | None) -> CloudError | None:
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError, TransportError
    from googleapiclient.errors import HttpError

    where = _where(call, session)
    match error:
        case HttpError():
            return refusal(call, int(error.resp.status), _json(error.content))
        case GoogleAPICallError():
            return _of_client_class(error, call, where)
        case RetryError() | ConnectionError() | TimeoutError():
            return _unreachable(error, call, where)
        case GoogleAuthError():  # the libraries get the token first, and send nothing without one
            found = (
                _unreachable(error, call, "", what="no token")
                if isinstance(error, TransportError)
                else refused(error, call, session)
            )
            found.unsent = True
            return found
        case _:
            return _unreachable(error, call, where) if _is_transport(error) else None


def of_operation(call: Call, error: Mapping[str, Any]) -> CloudError:
    """The refusal that a long-running operation ended with: `{code, message, details}`."""
    code = int(error.get("code", 2))
    status = _CANONICAL[code] if 0 <= code < len(_CANONICAL) else "UNKNOWN"
    return refusal(call, 0, {"error": {**error, "status": status}})


def refusal(call: Call, code: int, body: object) -> CloudError:
    """The refusal in an answer with an HTTP code and Google's error body.

    Source: https://docs.cloud.google.com/apis/design/errors#http_mapping (2026-11-23)
    """
    error = body.get("error", {}) if isinstance(body, Mapping) else {}
    if not isinstance(error, Mapping):
        error = {"message": str(error)}
    message = str(error.get("message") or (body if isinstance(body, str) else "") or code)[:LONGEST]
    status = str(error.get("status") or _STATUS_OF_CODE.get(code, ""))
    if code == 412:  # noqa: PLR2004 (HTTP: precondition failed)
        status = "ABORTED"
    if not status:
        status = "UNAVAILABLE" if code >= 500 else "INVALID_ARGUMENT"  # noqa: PLR2004 (HTTP)
    details = [d for d in error.get("details") or () if isinstance(d, Mapping)]
    old_style = [e for e in error.get("errors") or () if isinstance(e, Mapping)]
    reasons = {str(d.get("reason", "")) for d in (*details, *old_style)}
    if status == "ABORTED" and reasons & {"duplicate", "alreadyExists"}:
        status = "ALREADY_EXISTS"
    return _made(call, status, message, reasons, details)


def _made(
    call: Call,
    status: str,
    message: str,
    reasons: set[str],
    details: Iterable[Mapping[str, Any]],
) -> CloudError:
    if reasons & _DISABLED or "has not been used in project" in message:
        return ServiceDisabledError(
            message, call=call, status=status, help="enable the API in the project"
        )
    if _QUOTA_PROJECT in reasons:
        # No resource refuses then: those who read around a refusal must not take it for one.
        return NotAuthenticatedError(
            message,
            call=call,
            status=status,
            help="name another --billing-project (GOOGLE_CLOUD_QUOTA_PROJECT), or grant yourself "
            "roles/serviceusage.serviceUsageConsumer there",
        )
    if message.startswith("Maximum number"):
        # A full quota of things, unlike one of requests, does not empty itself by waiting.
        # https://docs.cloud.google.com/iam/quotas#limits (2026-11-23)
        return InvalidError(
            f"{call}: {message}",
            call=call,
            status=status,
            help="ask for a higher quota, or share: `service_account: {shared: NAME}`",
        )
    if reasons & _LIMITED:
        return BusyError(message, call=call, status="RESOURCE_EXHAUSTED")
    if status != "PERMISSION_DENIED":
        made = _BY_STATUS.get(status, InvalidError)
        return made(f"{call}: {message}", call=call, status=status)
    metadata: Mapping[str, Any] = next((d["metadata"] for d in details if "metadata" in d), {})
    permission = str(metadata.get("permission", "")) or _first(_PERMISSION, message)
    return RefusedError(
        f"{call}: {message}",
        call=call,
        permission=permission,
        resource=str(metadata.get("resource", "")) or _first(_RESOURCE, message),
        help=f"the deployer lacks {permission}"
        if permission
        else "the deployer lacks a permission",
    )


def _of_client_class(error: Any, call: Call, where: str) -> CloudError:
    """Over REST the body tells ABORTED from ALREADY_EXISTS; over gRPC the status does."""
    from google.api_core.exceptions import GatewayTimeout

    grpc_status = getattr(error, "grpc_status_code", None)
    response = getattr(error, "response", None)
    if response is not None and hasattr(response, "content"):
        return refusal(call, int(error.code or 0), _json(response.content))
    if isinstance(error, GatewayTimeout) and grpc_status is None:
        return _unreachable(error, call, where)
    reason = {"reason": getattr(error, "reason", "") or ""}
    metadata = dict(getattr(error, "metadata", None) or {})
    details = [{**reason, "metadata": metadata}] if metadata or reason["reason"] else []
    body: dict[str, Any] = {"message": error.message, "details": details}
    if grpc_status is not None:
        body["status"] = grpc_status.name
        if grpc_status.name == "UNAVAILABLE" and "failed to connect" in str(error.message).lower():
            return _unreachable(error, call, where)
    return refusal(call, int(error.code or 0), {"error": body})


def _where(call: Call, session: Session | None) -> str:
    """The address that a call was sent to, empty for Google's own."""
    if session is None:
        return ""
    library = call.client.partition(":")[0]
    if library in OVER_GRPC and session.grpc_target:
        return f"http://{session.grpc_target}"
    return session.endpoint(APIS.get(library, library))


def _unreachable(
    error: Exception, call: Call, where: str, *, what: str = "no answer"
) -> UnreachableError:
    made = _no_answer(error, call, where, what)
    made.unsent = is_unsent(error)
    return made


def _no_answer(error: Exception, call: Call, where: str, what: str) -> UnreachableError:
    asked = f" from {where}" if where else ""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return UnreachableError(
            f"{call}: the certificate{asked} is not trusted: {_short(error)}",
            call=call,
            help="name the authority that signed it: REQUESTS_CA_BUNDLE and HTTPLIB2_CA_CERTS=FILE "
            "(GRPC_DEFAULT_SSL_ROOTS_FILE_PATH for service accounts)",
        )
    field = "`endpoint:` and `endpoints:`" if where else "`endpoints:` and `universe_domain:`"
    return UnreachableError(
        f"{call}: {what}{asked}: {_short(error)}",
        call=call,
        help=f"look at the network, a proxy, and {field} of the environment",
    )


def _is_transport(error: Exception) -> bool:
    """Whether it is a failure of the wire, whatever library it went through."""
    import httplib2
    import requests

    return isinstance(error, httplib2.HttpLib2Error | requests.RequestException | OSError) or type(
        error
    ).__module__.startswith(("http.client", "urllib3"))


def _json(content: bytes | str) -> object:
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    try:
        return json.loads(text)
    except ValueError:
        return text[:LONGEST]


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return next(filter(None, found.groups())) if found else ""


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
