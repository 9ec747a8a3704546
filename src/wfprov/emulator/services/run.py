"""Cloud Run: services and jobs of v2; the Knative form of v1 that gcloud reads is beside it.

Source: https://cloud.google.com/run/docs/reference/rest (not opened)
"""

import base64
import hashlib
from typing import Any, Final

from wfprov.emulator import generic, knative, operations
from wfprov.emulator.errors import ApiError, already_exists, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call, Kind, Service
from wfprov.emulator.world import World, shown

_HOST: Final = "//run.googleapis.com/"
REGION_CODES: Final = {
    "asia-east1": "de",
    "asia-northeast1": "an",
    "asia-southeast1": "as",
    "europe-north1": "lz",
    "europe-west1": "ew",
    "europe-west2": "nw",
    "europe-west3": "ey",
    "europe-west4": "ez",
    "us-central1": "uc",
    "us-east1": "ue",
    "us-east4": "uk",
    "us-west1": "uw",
}
_TIMEOUT: Final = "300s"
_TYPES: Final = "type.googleapis.com/google.cloud.run.v2"


def _create_service(call: Call) -> Json:
    return _create(call, "serviceId", "services", "Service")


def _create_job(call: Call) -> Json:
    return _create(call, "jobId", "jobs", "Job")


def _create(call: Call, parameter: str, collection: str, kind: str) -> Json:
    identifier = call.query.get(parameter, "")
    if not identifier or len(identifier) > 63 or not identifier[0].isalpha():  # noqa: PLR2004
        raise invalid(f"{parameter} must be 1 to 63 letters, digits and hyphens.")
    resource = f"{call.resource}/{collection}/{identifier}"
    if call.world.objects.peek(RESOURCES, _HOST + resource) is not None:
        raise already_exists(resource)
    _check_account(call, call.body)
    kept = generic_kind(kind).complete(call.world, resource, {**call.body, "creator": _who(call)})
    if not call.flag("validateOnly"):
        call.world.objects.put(RESOURCES, _HOST + resource, kept)
    return _operation(call, resource, kind, kept)


def _patch_service(call: Call) -> Json:
    return _patch(call, "Service")


def _patch_job(call: Call) -> Json:
    return _patch(call, "Job")


def _patch(call: Call, kind: str) -> Json:
    if call.world.objects.peek(RESOURCES, call.full) is None and call.flag("allowMissing"):
        kept = generic_kind(kind).complete(call.world, call.resource, call.body)
        call.world.objects.put(RESOURCES, call.full, kept)
        return _operation(call, call.resource, kind, kept)
    old = call.stored()
    _check_etag(call.body.get("etag"), old)
    _check_account(call, call.body)
    mask = call.query.get("updateMask", "")
    new = generic.merged(old, {k: v for k, v in call.body.items() if k != "etag"}, mask)
    now = call.world.now()
    generation = str(int(old["generation"]) + 1)
    new.update(
        generation=generation,
        observedGeneration=generation,
        updateTime=now,
        lastModifier=_who(call),
        etag=_etag(call.world),
    )
    if kind == "Service":
        new.update(_revision(call.resource, int(generation)))
    call.world.objects.put(RESOURCES, call.full, new)
    return _operation(call, call.resource, kind, new)


def _delete_service(call: Call) -> Json:
    return _delete(call, "Service")


def _delete_job(call: Call) -> Json:
    return _delete(call, "Job")


def _delete(call: Call, kind: str) -> Json:
    gone = call.stored()
    _check_etag(call.query.get("etag"), gone)
    if not call.flag("validateOnly"):
        generic.remove(call, call.full)
    return _operation(call, call.resource, kind, {**gone, "deleteTime": call.world.now()})


def _run_job(call: Call) -> Json:
    overridden = bool(call.body.get("overrides"))
    call.require("run.jobs.runWithOverrides" if overridden else "run.jobs.run")
    job = call.stored()
    identifier = f"{call.resource.rpartition('/')[2]}-{call.world.unique_hex(5)}"
    resource = f"{call.resource}/executions/{identifier}"
    now = call.world.now()
    execution: Json = {
        "name": resource,
        "uid": call.world.unique_hex(32),
        "creator": _who(call),
        "generation": "1",
        "createTime": now,
        "startTime": now,
        "updateTime": now,
        "completionTime": now,
        "launchStage": "GA",
        "job": identifier.rpartition("-")[0],
        "taskCount": int(job["template"].get("taskCount", 1)),
        "template": job["template"].get("template", {}),
        "succeededCount": int(job["template"].get("taskCount", 1)),
        "conditions": [{"type": "Completed", "state": "CONDITION_SUCCEEDED"}],
        "etag": _etag(call.world),
    }
    call.world.objects.put(RESOURCES, _HOST + resource, execution)
    return _operation(call, resource, "Execution", execution)


def _operation(call: Call, resource: str, kind: str, body: Json) -> Json:
    answer: Json = {"@type": f"{_TYPES}.{kind}", **shown(body)}
    return operations.start(
        call.world,
        project=call.project,
        scope="/".join(resource.split("/")[:4]),
        metadata={k: v for k, v in answer.items() if k != "uid"},
        response=answer,
    )


def _check_account(call: Call, body: Json) -> None:
    """The caller must be able to act as the account that the revision runs as."""
    template = body.get("template") or {}
    inner = template.get("template") if "template" in template else template
    email = str((inner or {}).get("serviceAccount") or "")
    call.act_as(email or call.world.default_account(call.project))


def _check_etag(given: Any, old: Json) -> None:
    if given and given != old["etag"]:
        raise ApiError("ABORTED", "Conflict: the etag does not match the resource's current etag.")


def _who(call: Call) -> str:
    return (call.caller or "user:anonymous").partition(":")[2]


def _etag(world: World) -> str:
    return base64.b64encode(f'"{world.unique_hex(16)}"'.encode()).decode()


def _revision(resource: str, generation: int) -> Json:
    short = resource.rpartition("/")[2]
    digest = hashlib.sha256(f"{resource} {generation}".encode()).hexdigest()[:3]
    name = f"{resource}/revisions/{short}-{generation:05d}-{digest}"
    return {"latestReadyRevision": name, "latestCreatedRevision": name}


def _complete_service(world: World, resource: str, body: Json) -> Json:
    project, region, short = (resource.split("/")[at] for at in (1, 3, 5))
    digest = base64.b32encode(hashlib.sha256(project.encode()).digest()).decode().lower()[:10]
    code = REGION_CODES.get(region, hashlib.sha256(region.encode()).hexdigest()[:2])
    hashed = f"https://{short}-{digest}-{code}.a.run.app"
    named = f"https://{short}-{world.project_number(project)}.{region}.run.app"
    template = dict(body.get("template") or {})
    template.setdefault("containers", [{"image": "us-docker.pkg.dev/cloudrun/container/hello"}])
    template["containers"] = [
        {"resources": {"limits": {"cpu": "1000m", "memory": "512Mi"}}, **container}
        for container in template["containers"]
    ]
    template.setdefault("serviceAccount", world.default_account(project))
    template.setdefault("timeout", _TIMEOUT)
    template.setdefault("maxInstanceRequestConcurrency", 80)
    now = world.now()
    condition = {"type": "Ready", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": now}
    latest = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}
    return {
        "ingress": "INGRESS_TRAFFIC_ALL",
        "launchStage": "GA",
        "creator": "",
        **body,
        "name": resource,
        "uid": world.unique_hex(32),
        "generation": "1",
        "observedGeneration": "1",
        "createTime": now,
        "updateTime": now,
        "lastModifier": body.get("creator", ""),
        "template": template,
        "traffic": body.get("traffic") or [latest],
        "trafficStatuses": [latest],
        "terminalCondition": condition,
        "conditions": [
            {"type": "RoutesReady", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": now},
            {
                "type": "ConfigurationsReady",
                "state": "CONDITION_SUCCEEDED",
                "lastTransitionTime": now,
            },
        ],
        "uri": hashed,
        "urls": [named, hashed],
        "etag": _etag(world),
        **_revision(resource, 1),
    }


def _complete_job(world: World, resource: str, body: Json) -> Json:
    project = resource.split("/")[1]
    outer = dict(body.get("template") or {})
    template = dict(outer.get("template") or {})
    template.setdefault("containers", [{"image": "us-docker.pkg.dev/cloudrun/container/job"}])
    template.setdefault("serviceAccount", world.default_account(project))
    template.setdefault("timeout", "600s")
    template.setdefault("maxRetries", 3)
    now = world.now()
    return {
        "launchStage": "GA",
        "creator": "",
        **body,
        "name": resource,
        "uid": world.unique_hex(32),
        "generation": "1",
        "observedGeneration": "1",
        "createTime": now,
        "updateTime": now,
        "lastModifier": body.get("creator", ""),
        "template": {"taskCount": 1, **outer, "template": template},
        "terminalCondition": {
            "type": "Ready",
            "state": "CONDITION_SUCCEEDED",
            "lastTransitionTime": now,
        },
        "etag": _etag(world),
    }


_SERVICE_KIND: Final = Kind(
    pattern="projects/*/locations/*/services/*",
    complete=_complete_service,
    missing='service "{name}" not found',
)
_JOB_KIND: Final = Kind(
    pattern="projects/*/locations/*/jobs/*",
    complete=_complete_job,
    missing='job "{name}" not found',
)


def generic_kind(kind: str) -> Kind:
    """The kind that the v2 schema `kind` stands for."""
    return _SERVICE_KIND if kind == "Service" else _JOB_KIND


_V2: Final = "projects.locations"
SERVICE: Final = Service(
    api="run",
    handlers={
        "v2": {
            f"{_V2}.services.create": _create_service,
            f"{_V2}.services.patch": _patch_service,
            f"{_V2}.services.delete": _delete_service,
            f"{_V2}.jobs.create": _create_job,
            f"{_V2}.jobs.patch": _patch_job,
            f"{_V2}.jobs.delete": _delete_job,
            f"{_V2}.jobs.run": _run_job,
        },
        "v1": knative.HANDLERS,
    },
    kinds=(_SERVICE_KIND, _JOB_KIND),
)
