"""Workflow Executions v1: executions are recorded, not run.

Source: https://cloud.google.com/workflows/docs/reference/executions/rest (not opened)
"""

from typing import Final

from wfprov.emulator.errors import bad_precondition, not_found
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call, Kind, Service
from wfprov.emulator.world import World, shown

_SETTABLE: Final = ("argument", "callLogLevel", "executionHistoryLevel", "labels")


def _create(call: Call) -> Json:
    workflow = call.world.objects.peek(RESOURCES, f"//workflows.googleapis.com/{call.resource}")
    if workflow is None:
        raise not_found(call.resource)
    identifier = f"{call.world.unique_hex(8)}-{call.world.unique_hex(20)}"
    name = f"{call.resource}/executions/{identifier}"
    sent: Json = {key: call.body[key] for key in _SETTABLE if key in call.body}
    revision = {"workflowRevisionId": workflow["revisionId"]}
    full = f"//workflowexecutions.googleapis.com/{name}"
    made: Json = shown(call.kinds.make(call.world, full, {**revision, **sent}))
    return made


def _complete(world: World, resource: str, body: Json) -> Json:
    now = world.now()
    return {
        **body,
        "name": resource,
        "createTime": now,
        "startTime": now,
        "state": "ACTIVE",
        "status": {"currentSteps": [{"routine": "main", "step": "init"}]},
    }


def _cancel(call: Call) -> Json:
    execution = call.stored()
    if execution["state"] != "ACTIVE":
        raise bad_precondition(f"The execution is not active: {execution['state']}.")
    execution["state"] = "CANCELLED"
    execution["endTime"] = call.world.now()
    call.world.objects.put(RESOURCES, call.full, execution)
    answer: Json = shown(execution)
    return answer


def _callbacks(call: Call) -> Json:
    call.stored()
    return {}


SERVICE: Final = Service(
    api="workflowexecutions",
    handlers={
        "v1": {
            "projects.locations.workflows.executions.create": _create,
            "projects.locations.workflows.executions.cancel": _cancel,
            "projects.locations.workflows.executions.callbacks.list": _callbacks,
        }
    },
    kinds=(Kind(pattern="projects/*/locations/*/workflows/*/executions/*", complete=_complete),),
)
