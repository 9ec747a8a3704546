"""Cloud Tasks v2: queues and tasks; a task is kept, not dispatched.

Source: https://cloud.google.com/tasks/docs/reference/rest (not opened)
"""

from typing import Final

from wfprov.emulator import generic
from wfprov.emulator.errors import already_exists, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call, Kind, Service
from wfprov.emulator.world import World


def _complete(world: World, resource: str, body: Json) -> Json:  # noqa: ARG001
    limits = {"maxDispatchesPerSecond": 500, "maxBurstSize": 100, "maxConcurrentDispatches": 1000}
    retries = {
        "maxAttempts": 100,
        "minBackoff": "0.100s",
        "maxBackoff": "3600s",
        "maxDoublings": 16,
    }
    return {
        **{key: value for key, value in body.items() if key != "_standIn"},
        "rateLimits": {**limits, **body.get("rateLimits", {})},
        "retryConfig": {**retries, **body.get("retryConfig", {})},
        "state": "RUNNING",
    }


def _create_queue(call: Call) -> Json:
    """The answer to the creation leaves the state out."""
    made = generic.create(call)
    return {key: value for key, value in made.items() if key != "state"}


def _create_task(call: Call) -> Json:
    call.stored()
    task = dict(call.body.get("task") or {})
    if not task:
        raise invalid("task is required.")
    request = task.get("httpRequest") or {}
    for key in ("oidcToken", "oauthToken"):
        email = (request.get(key) or {}).get("serviceAccountEmail")
        if email:
            call.act_as(email)
    name = str(task.get("name") or f"{call.resource}/tasks/{call.world.unique_number(19)}")
    full = call.world.full_name("cloudtasks", name)
    if call.world.objects.peek(RESOURCES, full) is not None:
        raise already_exists(name)
    now = call.world.now()
    kept: Json = {
        "scheduleTime": now,
        "dispatchDeadline": "600s",
        **task,
        "name": name,
        "createTime": now,
        "view": "BASIC",
    }
    call.world.objects.put(RESOURCES, full, kept)
    return kept


def _set_state(call: Call) -> Json:
    queue = call.stored()
    if call.match.method.action != "purge":
        queue["state"] = "PAUSED" if call.match.method.action == "pause" else "RUNNING"
    call.world.objects.put(RESOURCES, call.full, queue)
    return generic.present(call, call.full, queue)


_Q: Final = "projects.locations.queues"
SERVICE: Final = Service(
    api="cloudtasks",
    handlers={
        "*": {
            f"{_Q}.create": _create_queue,
            f"{_Q}.tasks.create": _create_task,
            f"{_Q}.pause": _set_state,
            f"{_Q}.resume": _set_state,
            f"{_Q}.purge": _set_state,
        }
    },
    kinds=(
        Kind(
            pattern="projects/*/locations/*/queues/*",
            complete=_complete,
            missing="Queue does not exist. If you just created the queue, wait at least a minute "
            "for the queue to initialize.",
        ),
    ),
)
