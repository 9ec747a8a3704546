"""Secret Manager v1: secrets, their versions and what is in them.

Source: https://cloud.google.com/secret-manager/docs/reference/rest (not opened)
"""

import base64
from typing import Any, Final

from wfprov.emulator.errors import ApiError, bad_precondition, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call, Kind, Service
from wfprov.emulator.world import World

_LARGEST: Final = 64 * 1024


def _complete(world: World, resource: str, body: Json) -> Json:  # noqa: ARG001
    kept: Json = {
        "replication": {"automatic": {}},
        "createTime": world.now(),
        "etag": f'"{world.unique_hex(14)}"',
        **body,
        "_versions": [],
    }
    if kept.pop("_standIn", False):
        data = base64.b64encode(b"a stand-in for a secret").decode()
        kept["_versions"] = [{"state": "ENABLED", "createTime": world.now(), "data": data}]
    return kept


def _add_version(call: Call) -> Json:
    secret = call.stored()
    data = (call.body.get("payload") or {}).get("data", "")
    try:
        size = len(base64.b64decode(data, validate=False))
    except ValueError:
        raise invalid("Invalid value at 'payload.data' (TYPE_BYTES).") from None
    if size > _LARGEST:
        raise invalid("The payload is larger than 64 KiB.")
    version = {"state": "ENABLED", "createTime": call.world.now(), "data": data}
    secret["_versions"] = [*secret["_versions"], version]
    call.world.objects.put(RESOURCES, call.full, secret)
    return _shape(call, call.full, len(secret["_versions"]), version)


def _get(call: Call) -> Json:
    full, _, number, version = _version(call)
    return _shape(call, full, number, version)


def _list(call: Call) -> Json:
    secret = call.stored()
    found = [
        _shape(call, call.full, number, version)
        for number, version in enumerate(secret["_versions"], 1)
    ]
    return {"versions": found[::-1], "totalSize": len(found)} if found else {}


def _access(call: Call) -> Json:
    full, _, number, version = _version(call)
    name = _shape(call, full, number, version)["name"]
    if version["state"] != "ENABLED":
        raise bad_precondition(f"Secret Version [{name}] is in {version['state']} state.")
    return {"name": name, "payload": {"data": version["data"]}}


def _set_state(call: Call) -> Json:
    full, secret, number, version = _version(call)
    state = {"enable": "ENABLED", "disable": "DISABLED", "destroy": "DESTROYED"}
    if version["state"] == "DESTROYED":
        raise bad_precondition("The version is destroyed.")
    version["state"] = state[call.match.method.action]
    if version["state"] == "DESTROYED":
        version["destroyTime"] = call.world.now()
        version["data"] = ""
    call.world.objects.put(RESOURCES, full, secret)
    return _shape(call, full, number, version)


def _version(call: Call) -> tuple[str, Json, int, Json]:
    full, _, reference = call.full.rpartition("/versions/")
    secret = call.stored(full)
    versions: list[Json] = secret["_versions"]
    number = len(versions) if reference == "latest" else 0
    if reference.isdecimal():
        number = int(reference)
    if not 1 <= number <= len(versions):
        name = full.partition(".com/")[2]
        raise ApiError("NOT_FOUND", f"Secret Version [{name}/versions/{reference}] not found.")
    return full, secret, number, versions[number - 1]


def _shape(call: Call, full: str, number: int, version: dict[str, Any]) -> Json:
    parts = full.partition(".com/")[2].split("/")
    parts[1] = call.world.project_number(parts[1])
    shape: Json = {
        key: version[key] for key in ("createTime", "destroyTime", "state") if key in version
    }
    return {"name": f"{'/'.join(parts)}/versions/{number}", **shape, "etag": f'"{number:014x}"'}


_VERSIONS: Final = "projects.secrets.versions"
SERVICE: Final = Service(
    api="secretmanager",
    handlers={
        "v1": {
            "projects.secrets.addVersion": _add_version,
            f"{_VERSIONS}.get": _get,
            f"{_VERSIONS}.list": _list,
            f"{_VERSIONS}.access": _access,
            f"{_VERSIONS}.enable": _set_state,
            f"{_VERSIONS}.disable": _set_state,
            f"{_VERSIONS}.destroy": _set_state,
        }
    },
    kinds=(
        Kind(
            pattern="projects/*/secrets/*",
            complete=_complete,
            missing="Secret [{name}] not found.",
            number_names=True,
        ),
    ),
)
