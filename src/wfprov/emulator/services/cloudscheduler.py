"""Cloud Scheduler v1: jobs; nothing is ever fired by time.

Source: https://cloud.google.com/scheduler/docs/reference/rest (not opened)
"""

from typing import Any, Final

from wfprov.emulator import generic
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call, Kind, Service
from wfprov.emulator.world import World


def _complete(world: World, resource: str, body: Json) -> Json:  # noqa: ARG001
    return {
        "timeZone": "Etc/UTC",
        "attemptDeadline": "180s",
        **{key: value for key, value in body.items() if key != "_standIn"},
        "state": "ENABLED",
        "userUpdateTime": world.now(),
    }


def _create(call: Call) -> Any:
    _check_account(call)
    return generic.create(call)


def _patch(call: Call) -> Any:
    _check_account(call)
    return generic.patch(call)


def _set_state(call: Call) -> Json:
    job = call.stored()
    states = {"pause": "PAUSED", "resume": "ENABLED"}
    job["state"] = states.get(call.match.method.action, job["state"])
    call.world.objects.put(RESOURCES, call.full, job)
    return generic.present(call, call.full, job)


def _check_account(call: Call) -> None:
    """A job that calls with a token needs actAs on the account whose token it is."""
    target = call.body.get("httpTarget") or {}
    for key in ("oidcToken", "oauthToken"):
        email = (target.get(key) or {}).get("serviceAccountEmail")
        if email:
            call.act_as(email)


_J: Final = "projects.locations.jobs"
SERVICE: Final = Service(
    api="cloudscheduler",
    handlers={
        "*": {
            f"{_J}.create": _create,
            f"{_J}.patch": _patch,
            f"{_J}.pause": _set_state,
            f"{_J}.resume": _set_state,
            f"{_J}.run": _set_state,
        }
    },
    kinds=(
        Kind(pattern="projects/*/locations/*/jobs/*", complete=_complete, missing="Job not found."),
    ),
)
