"""Service Usage: which APIs a project has, and the service agents that come with them.

Source: https://cloud.google.com/service-usage/docs/reference/rest (not opened)
"""

import re
from typing import Final

from wfprov.emulator import generic, operations
from wfprov.emulator.errors import ApiError, error_info, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import META
from wfprov.emulator.service import Call, Service
from wfprov.emulator.world import ENABLED_AT_BIRTH

_NAMES: Final = "type.googleapis.com/google.api.serviceusage.v1"
_EMPTY: Final[Json] = {"@type": "type.googleapis.com/google.protobuf.Empty", "value": {}}
_MOST_AT_ONCE: Final = 20
_WITHOUT_DOCUMENT: Final = ("eventarcpublishing.googleapis.com",)
"""Services that are there, though the discovery documents at hand do not describe them."""


def _enable(call: Call) -> Json:
    service = _service(call)
    if call.world.enabled(call.project, service):
        return {
            "name": "operations/noop.DONE_OPERATION",
            "done": True,
            "response": _enabled_response(call, service),
        }
    call.world.enable(call.project, service)
    return operations.start(
        call.world,
        project=call.project,
        scope="",
        metadata=None,
        final_metadata=_EMPTY,
        response=_enabled_response(call, service),
    )


def _enabled_response(call: Call, service: str) -> Json:
    return {"@type": f"{_NAMES}.EnableServiceResponse", "service": _shape(call, service)}


def _batch_enable(call: Call) -> Json:
    services = [str(name) for name in call.body.get("serviceIds", [])]
    if not services or len(services) > _MOST_AT_ONCE:
        raise invalid(f"serviceIds must name 1 to {_MOST_AT_ONCE} services.")
    for service in services:
        _must_be_known(call, service)
    for service in services:
        call.world.enable(call.project, service)
    response: Json = {
        "@type": f"{_NAMES}.BatchEnableServicesResponse",
        "services": [_shape(call, service) for service in services],
    }
    return operations.start(
        call.world,
        project=call.project,
        scope="",
        metadata=None,
        final_metadata={"@type": f"{_NAMES}.OperationMetadata"},
        response=response,
    )


def _disable(call: Call) -> Json:
    service = _service(call)
    if not call.world.enabled(call.project, service):
        raise ApiError(
            "FAILED_PRECONDITION",
            f"The service {service} is not enabled in project {call.project}.",
        )
    call.world.disable(call.project, service)
    return operations.start(
        call.world,
        project=call.project,
        scope="",
        metadata=None,
        final_metadata=_EMPTY,
        response={
            "@type": f"{_NAMES}.DisableServiceResponse",
            "service": _shape(call, service),
        },
    )


def _get(call: Call) -> Json:
    return _shape(call, _service(call))


def _batch_get(call: Call) -> Json:
    names = [name.rpartition("/")[2] for name in call.query.get("names", "").split(",") if name]
    for name in names:
        _must_be_known(call, name)
    return {"services": [_shape(call, name) for name in names]} if names else {}


def _list(call: Call) -> Json:
    wanted = call.query.get("filter", "")
    found = re.fullmatch(r"\s*(?:state\s*[:=]\s*\"?(ENABLED|DISABLED)\"?)?\s*", wanted)
    if found is None:
        raise invalid(f"Invalid filter: '{wanted[:80]}'.")
    prefix = f"enabled/{call.project}/"
    on = {n.removeprefix(prefix) for n in call.world.objects.names(META) if n.startswith(prefix)}
    known = on | {f"{api}.googleapis.com" for api in call.world.discovery.versions}
    names = {"ENABLED": on, "DISABLED": known - on}.get(found[1] or "", known)
    page, token = generic.paged(call, tuple(sorted(names)))
    answer: Json = {"services": [_shape(call, name) for name in page]} if page else {}
    if token:
        answer["nextPageToken"] = token
    return answer


def _identity(call: Call) -> Json:
    service = _service(call)
    email = call.world.service_agent(call.project, service.removesuffix(".googleapis.com"))
    agent = call.world.objects.peek(META, f"agent/{email}") or {}
    return operations.finished(
        call.world,
        project=call.project,
        scope="",
        metadata=None,
        response={
            "@type": "type.googleapis.com/google.api.serviceusage.v1beta1.ServiceIdentity",
            "email": email,
            "uniqueId": agent["uniqueId"],
        },
    )


def _service(call: Call) -> str:
    """The service that the call names.

    The project must exist, and the service be one of Google's.
    """
    service = call.match.resource.rpartition("/")[2]
    _must_be_known(call, service)
    return service


def _must_be_known(call: Call, service: str) -> None:
    if call.world.project(call.project) is None:
        raise ApiError("PERMISSION_DENIED", f"Project '{call.project}' not found or deleted.")
    api = service.removesuffix(".googleapis.com")
    if service not in (*ENABLED_AT_BIRTH, *_WITHOUT_DOCUMENT) and (
        api == service or api not in call.world.discovery.versions
    ):
        raise ApiError(
            "PERMISSION_DENIED",
            f"Not found or permission denied for service(s): {service}.",
            details=(
                error_info(
                    "SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED",
                    "serviceusage.googleapis.com",
                    {"services": service},
                ),
            ),
        )


def _shape(call: Call, service: str) -> Json:
    number = call.world.project_number(call.project)
    return {
        "name": f"projects/{number}/services/{service}",
        "parent": f"projects/{number}",
        "config": {"name": service, "title": service.partition(".")[0]},
        "state": "ENABLED" if call.world.enabled(call.project, service) else "DISABLED",
    }


SERVICE: Final = Service(
    api="serviceusage",
    handlers={
        "*": {
            "services.enable": _enable,
            "services.batchEnable": _batch_enable,
            "services.disable": _disable,
            "services.get": _get,
            "services.batchGet": _batch_get,
            "services.list": _list,
            "services.generateServiceIdentity": _identity,
        }
    },
)
