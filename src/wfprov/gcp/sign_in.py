"""Why credentials were not accepted, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from wfprov.core.errors import BusyError, CloudError, NotAuthenticatedError
from wfprov.core.resource import Call
from wfprov.gcp.credentials import LOGIN
from wfprov.gcp.session import Session

IMPERSONATOR: Final = "roles/iam.serviceAccountTokenCreator"
_IMPERSONATION: Final = "Unable to acquire impersonated credentials"
_UNREFRESHABLE: Final = "do not contain the necessary fields"
_LONGEST: Final = 300


def refused(error: Exception, call: Call, session: Session | None) -> CloudError:
    """The refusal behind an error of the credentials themselves: no request was answered.

    Source: https://docs.cloud.google.com/iam/docs/troubleshoot-workload-identity-federation (not
    opened), https://docs.cloud.google.com/docs/authentication/troubleshoot-adc (not opened); the
    wordings are those of google-auth 2.62 and of the servers that it asks.
    """
    if getattr(error, "retryable", False):
        return BusyError(f"{call}: no token now: {_short(error)}", call=call, status="UNAVAILABLE")
    source = session.source if session is not None and session.source else "the credentials"
    text = str(error)
    if _IMPERSONATION in text:
        return _impersonation(error, call, session)
    if _UNREFRESHABLE in text:
        return _made(
            call,
            f"{source} is not accepted: it has expired, was revoked, or is of another control "
            "plane",
            "set a fresh one, for instance of `gcloud auth print-access-token`, or unset it",
        )
    for sign, why, what in _SIGNS:
        if sign in text:
            return _made(call, f"{source}: {why} ({_short(error)})", what)
    return _made(call, f"{source}: not accepted: {_short(error)}", LOGIN)


def login_help(session: Session | None) -> str:
    """What to do when a request came back with 401."""
    source = session.source if session is not None else ""
    if source.startswith("the access token"):
        return f"{source} is not accepted: set a fresh one, or unset the variable"
    return f"{source + ': ' if source else ''}log in again, or set a fresh access token"


_SIGNS: Final = (
    (
        "rejected by the attribute condition",
        "the provider's attribute condition does not admit this pipeline",
        "compare repository and branch with the provider's; `wfprov bootstrap` sets them",
    ),
    (
        "The audience in ID Token",
        "the pipeline's token is for another audience",
        "let the pipeline ask for a token for the provider's full resource name",
    ),
    (
        "unauthorized_client",
        "the pool's provider does not take this token",
        "look at the pool, the provider and the issuer that it names",
    ),
    (
        "invalid_target",
        "there is no such workload identity provider, or it is disabled",
        "correct the credentials file, or make the provider: wfprov bootstrap",
    ),
    (
        "invalid_rapt",
        "your organisation asks for a new login from time to time",
        "run `gcloud auth application-default login`",
    ),
    (
        "invalid_grant",
        "they have expired or were revoked",
        LOGIN,
    ),
    (
        "Unable to retrieve Identity Pool subject token",
        "the pipeline gave no token of its own",
        "let the job write one: `permissions: {id-token: write}` in GitHub, `id_tokens:` in GitLab",
    ),
    (
        "was not found.",
        "the file with the pipeline's token is not there",
        "let the job write it before wfprov runs",
    ),
)


def _impersonation(error: Exception, call: Call, session: Session | None) -> CloudError:
    chain = session.impersonates if session is not None else ()
    target = chain[-1] if chain else "the service account"
    answer = _answer(error)
    said = str(answer.get("message") or _short(error))[:_LONGEST]
    if any(reason == "SERVICE_DISABLED" for reason in _reasons(answer)):
        return _made(
            call,
            f"{target} cannot be impersonated: the IAM Service Account Credentials API is not "
            "enabled",
            f"gcloud services enable iamcredentials.googleapis.com --project {_project(target)}",
        )
    status = str(answer.get("status", ""))
    if status == "NOT_FOUND":
        return _made(
            call, f"there is no service account {target}", "correct --impersonate-service-account"
        )
    if status == "UNAUTHENTICATED":
        return _made(call, f"{target} cannot be impersonated: {said}", login_help(session))
    if status == "PERMISSION_DENIED":
        each = " (each of the chain to the one before it)" if len(chain) > 1 else ""
        return _made(
            call,
            f"you may not impersonate {target}: iam.serviceAccounts.getAccessToken is missing, or "
            "there is no such account",
            f"grant yourself {IMPERSONATOR} on {target}{each}; a new grant takes minutes",
        )
    return _made(call, f"{target} cannot be impersonated: {said}", "look at the e-mail address")


def _answer(error: Exception) -> Mapping[str, Any]:
    """The error in the body that Google answered, empty when it is none."""
    for argument in error.args[1:]:
        try:
            body = json.loads(argument)
        except (TypeError, ValueError):
            continue
        found = body.get("error") if isinstance(body, dict) else None
        if isinstance(found, dict):
            return found
    return {}


def _reasons(answer: Mapping[str, Any]) -> Iterator[str]:
    for detail in answer.get("details") or ():
        if isinstance(detail, Mapping):
            yield str(detail.get("reason", ""))


def _project(email: str) -> str:
    return email.partition("@")[2].removesuffix(".iam.gserviceaccount.com") or "PROJECT"


def _made(call: Call, message: str, what: str) -> NotAuthenticatedError:
    return NotAuthenticatedError(message, call=call, status="UNAUTHENTICATED", help=what)


def _short(error: Exception) -> str:
    return " ".join(str(error.args[0] if error.args else error).split())[:_LONGEST]
