"""Cloud Scheduler v1: jobs; nothing is ever fired by time, `run` fires at once.

A job whose target are the executions of a workflow starts one, as its account and with what that
account may do; what came of it is the job's `status`. Other targets are not called.

Source: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
(2026-11-23), https://cloud.google.com/scheduler/docs/http-target-auth (2026-11-23)
"""

import base64
import binascii
import json
import re
from typing import Any, Final

from wfprov.emulator import enforce, generic
from wfprov.emulator.errors import ApiError, bad_precondition, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call, Kind, Service
from wfprov.emulator.world import World

_EXECUTIONS: Final = re.compile(
    r"https://workflowexecutions\.[^/]+/v1/(projects/[^/]+/locations/[^/]+/workflows/[^/]+)"
    r"/executions"
)
_CODES: Final = {"INVALID_ARGUMENT": 3, "NOT_FOUND": 5, "PERMISSION_DENIED": 7}
_LONGEST_DESCRIPTION: Final = 500
_RETRY: Final = {
    "maxRetryDuration": "0s",
    "minBackoffDuration": "5s",
    "maxBackoffDuration": "3600s",
    "maxDoublings": 5,
}


def _complete(world: World, resource: str, body: Json) -> Json:  # noqa: ARG001
    return {
        "timeZone": "Etc/UTC",
        "attemptDeadline": "180s",
        **{key: value for key, value in body.items() if key != "_standIn"},
        "retryConfig": {**_RETRY, **(body.get("retryConfig") or {})},
        "state": "ENABLED",
        "userUpdateTime": world.now(),
    }


def _create(call: Call) -> Any:
    _check(call, call.body)
    return generic.create(call)


def _patch(call: Call) -> Any:
    _check(call, generic.merged(call.stored(), call.body, call.query.get("updateMask", "")))
    return generic.patch(call)


def _pause(call: Call) -> Json:
    return _change_state(call, "ENABLED", "PAUSED")


def _resume(call: Call) -> Json:
    return _change_state(call, "PAUSED", "ENABLED")


def _change_state(call: Call, wanted: str, new: str) -> Json:
    job = call.stored()
    if job["state"] != wanted:
        raise bad_precondition(f"The job is {job['state']}: it must be {wanted}.")
    job["state"] = new
    call.world.objects.put(RESOURCES, call.full, job)
    return generic.present(call, call.full, job)


def _run(call: Call) -> Json:
    """Fires the job now; it answers the job as it was, and the outcome shows when it is read."""
    job = call.stored()
    shown = generic.present(call, call.full, job)
    job["lastAttemptTime"] = call.world.now()
    try:
        _fire(call, job)
        job["status"] = {}
    except ApiError as error:
        job["status"] = {"code": _CODES.get(error.status, 2), "message": error.message}
    call.world.objects.put(RESOURCES, call.full, job)
    return shown


def _fire(call: Call, job: Json) -> None:
    """Starts an execution as the account of the job, where that is what it calls."""
    target = job.get("httpTarget") or {}
    found = _EXECUTIONS.fullmatch(str(target.get("uri") or ""))
    if found is None:
        return
    email = (target.get("oauthToken") or {}).get("serviceAccountEmail")
    caller = f"serviceAccount:{email}" if email else None
    workflow = f"//workflows.googleapis.com/{found[1]}"
    enforce.require(call.world, caller, "workflows.executions.create", workflow)
    kept = call.world.objects.peek(RESOURCES, workflow)
    if kept is None:
        raise ApiError("NOT_FOUND", f"workflow {found[1]} not found")
    sent = _message(str(target.get("body") or ""))
    name = f"{found[1]}/executions/{call.world.unique_hex(8)}-{call.world.unique_hex(20)}"
    body: Json = {"workflowRevisionId": kept["revisionId"]}
    if "argument" in sent:
        body["argument"] = sent["argument"]
    call.kinds.make(call.world, f"//workflowexecutions.googleapis.com/{name}", body)


def _message(body: str) -> Json:
    try:
        found = json.loads(base64.b64decode(body) or b"{}")
    except (binascii.Error, ValueError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("argument", ""), str):
        raise invalid("Request contains an invalid argument.")
    return found


def _check(call: Call, job: Json) -> None:
    """A job has a schedule and one target, and its tokens are those of an account of its project.

    Who makes it must be able to act as that account.
    """
    if not job.get("schedule"):
        raise invalid("Schedule must be set.")
    if len(str(job.get("description") or "")) > _LONGEST_DESCRIPTION:
        raise invalid("Description must be at most 500 characters.")
    if sum(key in job for key in ("httpTarget", "pubsubTarget", "appEngineHttpTarget")) != 1:
        raise invalid("A job must have exactly one target.")
    target = job.get("httpTarget") or {}
    for key in ("oidcToken", "oauthToken"):
        email = (target.get(key) or {}).get("serviceAccountEmail")
        if email:
            call.act_as(email)
            if call.world.account_project(email) != call.project:
                raise invalid(f"The account {email} is not of the project of the job.")


_J: Final = "projects.locations.jobs"
SERVICE: Final = Service(
    api="cloudscheduler",
    handlers={
        "*": {
            f"{_J}.create": _create,
            f"{_J}.patch": _patch,
            f"{_J}.pause": _pause,
            f"{_J}.resume": _resume,
            f"{_J}.run": _run,
        }
    },
    kinds=(
        Kind(pattern="projects/*/locations/*/jobs/*", complete=_complete, missing="Job not found."),
    ),
)
