"""Refusals in Google's error model: code, status, message and typed details."""

from typing import Any, Final

HTTP_CODES: Final[dict[str, int]] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
}
"""HTTP code of each canonical status.

Source: https://cloud.google.com/apis/design/errors#handling_errors (not opened)
"""


class ApiError(Exception):
    """One refusal, as the cloud would word it."""

    def __init__(
        self,
        status: str,
        message: str,
        *,
        details: tuple[dict[str, Any], ...] = (),
        code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details
        self.code = HTTP_CODES[status] if code is None else code

    def body(self) -> dict[str, Any]:
        """The JSON answer: `{"error": {code, message, status, details?}}`."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}


def error_info(reason: str, domain: str, metadata: dict[str, str]) -> dict[str, Any]:
    """The `google.rpc.ErrorInfo` detail that clients branch on."""
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": domain,
        "metadata": metadata,
    }


def unauthenticated(*, sent: bool) -> ApiError:
    """401: no credential was sent, or one that names nobody."""
    if sent:
        return ApiError(
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
            "cookie or other valid authentication credential.",
            details=(error_info("ACCESS_TOKEN_TYPE_UNSUPPORTED", "googleapis.com", {}),),
        )
    return ApiError(
        "UNAUTHENTICATED",
        "Request is missing required authentication credential. Expected OAuth 2 access token, "
        "login cookie or other valid authentication credential.",
        details=(error_info("CREDENTIALS_MISSING", "googleapis.com", {}),),
    )


def denied(permission: str, resource: str, domain: str = "iam.googleapis.com") -> ApiError:
    """403: the permission that was missing and the resource on which it was checked.

    Source: https://cloud.google.com/iam/docs/permission-error-messages (not opened)
    """
    return ApiError(
        "PERMISSION_DENIED",
        f"Permission '{permission}' denied on resource '{resource}' (or it may not exist).",
        details=(
            error_info(
                "IAM_PERMISSION_DENIED", domain, {"permission": permission, "resource": resource}
            ),
        ),
    )


def not_found(name: str) -> ApiError:
    """404 in the wording of the newer services."""
    return ApiError("NOT_FOUND", f"Resource '{name}' was not found")


def already_exists(name: str) -> ApiError:
    """409 ALREADY_EXISTS."""
    return ApiError("ALREADY_EXISTS", f"Resource '{name}' already exists")


def invalid(message: str) -> ApiError:
    """400 INVALID_ARGUMENT."""
    return ApiError("INVALID_ARGUMENT", message)


def bad_precondition(message: str) -> ApiError:
    """400 FAILED_PRECONDITION."""
    return ApiError("FAILED_PRECONDITION", message)


def aborted(message: str) -> ApiError:
    """409 ABORTED: somebody else was faster."""
    return ApiError("ABORTED", message)
