"""Cloud Functions: both generations over one collection; v1 shows the first only.

Source: https://cloud.google.com/functions/docs/reference/rest (not opened)
"""

from typing import Final

from wfprov.emulator import generic, operations
from wfprov.emulator.errors import already_exists, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call, Kind, Service
from wfprov.emulator.world import World, shown

_HOST: Final = "//cloudfunctions.googleapis.com/"
_RUN: Final = "//run.googleapis.com/"


def _complete(world: World, resource: str, body: Json) -> Json:
    """The v2 form of a function; `_v1` holds the v1 form of one of the first generation."""
    project, region, short = (resource.split("/")[at] for at in (1, 3, 5))
    url = f"https://{region}-{project}.cloudfunctions.net/{short}"
    first = body.get("environment") == "GEN_1"
    settings = dict(body.get("serviceConfig") or {})
    now = world.now()
    kept: Json = {
        "buildConfig": {"runtime": "python312", "entryPoint": "main"},
        **{key: value for key, value in body.items() if key != "_standIn"},
        "name": resource,
        "environment": "GEN_1" if first else "GEN_2",
        "state": "ACTIVE",
        "createTime": now,
        "updateTime": now,
        "url": url,
    }
    if first:
        account = settings.setdefault(
            "serviceAccountEmail", f"{project}@appspot.gserviceaccount.com"
        )
        settings["uri"] = url
        kept["serviceConfig"] = settings
        kept["_v1"] = {
            "entryPoint": kept["buildConfig"].get("entryPoint", ""),
            "runtime": kept["buildConfig"].get("runtime", ""),
            "timeout": "60s",
            "availableMemoryMb": 256,
            "ingressSettings": "ALLOW_ALL",
            "serviceAccountEmail": account,
            "httpsTrigger": {"securityLevel": "SECURE_OPTIONAL"},
            **body.get("_v1", {}),
            "name": resource,
            "status": "ACTIVE",
            "updateTime": now,
            "versionId": "1",
        }
        kept["_v1"]["httpsTrigger"] = {**kept["_v1"]["httpsTrigger"], "url": url}
        return kept
    account = settings.setdefault("serviceAccountEmail", world.default_account(project))
    service = f"projects/{project}/locations/{region}/services/{short.lower().replace('_', '-')}"
    settings["service"] = service
    host = f"{service.rpartition('/')[2]}-{world.project_number(project)}"
    settings["uri"] = f"https://{host}.{region}.run.app"
    kept["serviceConfig"] = settings
    kept["_also"] = {_RUN + service: {"template": {"serviceAccount": account}}}
    return kept


def _create_v2(call: Call) -> Json:
    identifier = call.query.get("functionId", "")
    resource = f"{call.resource}/functions/{identifier}"
    if not identifier:
        raise invalid("functionId is missing.")
    _must_be_free(call, resource)
    _check_account(call, (call.body.get("serviceConfig") or {}).get("serviceAccountEmail", ""))
    call.world.require_enabled(call.project, "run")
    kept = call.kinds.make(call.world, _HOST + resource, call.body)
    return _operation_v2(call, resource, kept, "CREATE_FUNCTION")


def _patch_v2(call: Call) -> Json:
    old = call.stored()
    new = generic.merged(old, call.body, call.query.get("updateMask", ""))
    sent = (call.body.get("serviceConfig") or {}).get("serviceAccountEmail", "")
    if sent:
        _check_account(call, sent)
    new["updateTime"] = call.world.now()
    call.world.objects.put(RESOURCES, call.full, new)
    return _operation_v2(call, call.resource, new, "UPDATE_FUNCTION")


def _delete_v2(call: Call) -> Json:
    gone = call.stored()
    _remove(call, gone)
    return _operation_v2(call, call.resource, None, "DELETE_FUNCTION")


def _operation_v2(call: Call, resource: str, body: Json | None, verb: str) -> Json:
    kind = "google.protobuf.Empty" if body is None else "google.cloud.functions.v2.Function"
    return operations.start(
        call.world,
        project=call.project,
        scope="/".join(resource.split("/")[:4]),
        metadata={
            "@type": "type.googleapis.com/google.cloud.functions.v2.OperationMetadata",
            "createTime": call.world.now(),
            "target": resource,
            "verb": verb.partition("_")[0].lower(),
            "apiVersion": "v2",
            "operationType": verb,
        },
        response={"@type": f"type.googleapis.com/{kind}", **shown(body or {})},
    )


def _create_v1(call: Call) -> Json:
    resource = str(call.body.get("name", ""))
    if not resource.startswith(f"{call.match.resource}/functions/"):
        raise invalid("The function's name must be in the location of the request.")
    resource = f"{call.resource}/functions/{resource.rpartition('/')[2]}"
    _must_be_free(call, resource)
    email = call.body.get("serviceAccountEmail", "")
    if email:
        call.act_as(email)
    body: Json = {
        "environment": "GEN_1",
        "labels": call.body.get("labels", {}),
        "buildConfig": {
            "entryPoint": call.body.get("entryPoint", ""),
            "runtime": call.body.get("runtime", ""),
        },
        "serviceConfig": {"serviceAccountEmail": email} if email else {},
        "_v1": call.body,
    }
    kept = call.kinds.make(call.world, _HOST + resource, body)
    return _operation_v1(call, resource, kept["_v1"], "CREATE_FUNCTION")


def _patch_v1(call: Call) -> Json:
    old = _first(call)
    mask = call.query.get("updateMask", "")
    old["_v1"] = {
        **generic.merged(old["_v1"], call.body, mask),
        "versionId": str(int(old["_v1"]["versionId"]) + 1),
        "updateTime": call.world.now(),
    }
    call.world.objects.put(RESOURCES, call.full, old)
    return _operation_v1(call, call.resource, old["_v1"], "UPDATE_FUNCTION")


def _delete_v1(call: Call) -> Json:
    _remove(call, _first(call))
    return _operation_v1(call, call.resource, None, "DELETE_FUNCTION")


def _operation_v1(call: Call, resource: str, body: Json | None, verb: str) -> Json:
    kind = "google.protobuf.Empty" if body is None else "google.cloud.functions.v1.CloudFunction"
    return operations.start(
        call.world,
        project=call.project,
        scope="",
        metadata={
            "@type": "type.googleapis.com/google.cloud.functions.v1.OperationMetadataV1",
            "target": resource,
            "type": verb,
            "updateTime": call.world.now(),
        },
        response={"@type": f"type.googleapis.com/{kind}", **shown(body or {})},
    )


def _get_v1(call: Call) -> Json:
    answer: Json = shown(_first(call)["_v1"])
    return answer


def _list_v1(call: Call) -> Json:
    names = call.world.objects.children(f"{call.full}/functions")
    bodies = [call.world.objects.peek(RESOURCES, name) or {} for name in names]
    found = [shown(body["_v1"]) for body in bodies if "_v1" in body]
    return {"functions": found} if found else {}


def _call_v1(call: Call) -> Json:
    _first(call)
    return {"executionId": call.world.unique_hex(12), "result": ""}


def _first(call: Call) -> Json:
    """The function, if it is of the first generation; v1 knows no other."""
    found = call.stored()
    if "_v1" not in found:
        raise call.kinds.of(call.full).not_found(call.resource)
    return found


def _must_be_free(call: Call, resource: str) -> None:
    if call.world.objects.peek(RESOURCES, _HOST + resource) is not None:
        raise already_exists(resource)


def _check_account(call: Call, email: str) -> None:
    call.act_as(email or call.world.default_account(call.project))


def _remove(call: Call, function: Json) -> None:
    generic.remove(call, call.full)
    for name in function.get("_also", {}):
        generic.remove(call, name)


_F: Final = "projects.locations.functions"
SERVICE: Final = Service(
    api="cloudfunctions",
    handlers={
        "v2": {
            f"{_F}.create": _create_v2,
            f"{_F}.patch": _patch_v2,
            f"{_F}.delete": _delete_v2,
        },
        "v1": {
            f"{_F}.create": _create_v1,
            f"{_F}.patch": _patch_v1,
            f"{_F}.delete": _delete_v1,
            f"{_F}.get": _get_v1,
            f"{_F}.list": _list_v1,
            f"{_F}.call": _call_v1,
        },
    },
    kinds=(
        Kind(
            pattern="projects/*/locations/*/functions/*",
            complete=_complete,
            missing="Resource '{name}' was not found",
        ),
    ),
)
