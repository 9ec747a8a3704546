"""Cloud Run v1: the Knative form of services, jobs and executions, which gcloud reads.

Source: https://cloud.google.com/run/docs/reference/rest (not opened)
"""

from collections.abc import Callable, Mapping
from typing import Final

from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call
from wfprov.emulator.world import World

_HOST: Final = "//run.googleapis.com/"


def _get(call: Call) -> Json:
    return _shown(call.world, call.stored(_located(call)))


def _list(call: Call) -> Json:
    parts = call.resource.split("/")
    region = parts[3] if len(parts) > 3 else "-"  # noqa: PLR2004
    names = call.world.objects.children(f"{_HOST}projects/{parts[1]}/locations/{region}/services")
    bodies = [call.world.objects.peek(RESOURCES, name) or {} for name in names]
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "ServiceList",
        "metadata": {},
        "items": [_shown(call.world, body) for body in bodies],
    }


def _run_job(call: Call) -> Json:
    full = _located(call, "jobs")
    overridden = bool(call.body.get("overrides"))
    call.require("run.jobs.runWithOverrides" if overridden else "run.jobs.run", full)
    call.stored(full)
    name = f"{full.rpartition('/')[2]}-{call.world.unique_hex(5)}"
    place = full.removeprefix(_HOST).rpartition("/jobs/")[0]
    body = {"name": f"{place}/jobs/{full.rpartition('/')[2]}/executions/{name}"}
    call.world.objects.put(RESOURCES, _HOST + body["name"], body)
    return {
        "apiVersion": "run.googleapis.com/v1",
        "kind": "Execution",
        "metadata": {"name": name, "namespace": call.world.project_number(call.project)},
        "status": {"conditions": [{"type": "Completed", "status": "True"}]},
    }


def _get_execution(call: Call) -> Json:
    """Checked on the execution, below its job and region as in v2."""
    short = call.resource.rpartition("/")[2]
    collection = f"{_HOST}projects/{call.project}/locations/-/jobs/-/executions"
    found = next(
        (n for n in call.world.objects.children(collection) if n.endswith(f"/{short}")), call.full
    )
    call.require("run.executions.get", found)
    call.stored(found)
    return {
        "apiVersion": "run.googleapis.com/v1",
        "kind": "Execution",
        "metadata": {"name": short, "namespace": call.world.project_number(call.project)},
        "status": {"conditions": [{"type": "Completed", "status": "True"}]},
    }


def _located(call: Call, kind: str = "services") -> str:
    """The full name for `namespaces/{project}/{kind}/{name}`, in whichever region it is."""
    parts = call.resource.split("/")
    if parts[0] != "namespaces":
        return call.full
    collection = f"{_HOST}projects/{call.project}/locations/-/{kind}"
    for name in call.world.objects.children(collection):
        if name.rpartition("/")[2] == parts[3]:
            return name
    return call.full


def _shown(world: World, body: Json) -> Json:
    parts = body["name"].split("/")
    number = world.project_number(parts[1])
    template = body["template"]
    revision = body["latestReadyRevision"].rpartition("/")[2]
    traffic = {"percent": 100, "latestRevision": True}
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": body["updateTime"]}
        for kind in ("Ready", "ConfigurationsReady", "RoutesReady")
    ]
    containers = [
        {k: v for k, v in container.items() if k in ("image", "name", "resources", "command")}
        for container in template["containers"]
    ]
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": parts[5],
            "namespace": number,
            "selfLink": f"/apis/serving.knative.dev/v1/namespaces/{number}/services/{parts[5]}",
            "uid": body["uid"],
            "resourceVersion": body["etag"],
            "generation": int(body["generation"]),
            "creationTimestamp": body["createTime"],
            "labels": {"cloud.googleapis.com/location": parts[3], **body.get("labels", {})},
            "annotations": {
                "serving.knative.dev/creator": body.get("creator", ""),
                "serving.knative.dev/lastModifier": body.get("lastModifier", ""),
                "run.googleapis.com/ingress": "all",
            },
        },
        "spec": {
            "template": {
                "metadata": {"annotations": {}},
                "spec": {
                    "containerConcurrency": template["maxInstanceRequestConcurrency"],
                    "timeoutSeconds": int(template["timeout"].removesuffix("s")),
                    "serviceAccountName": template["serviceAccount"],
                    "containers": containers,
                },
            },
            "traffic": [traffic],
        },
        "status": {
            "observedGeneration": int(body["generation"]),
            "conditions": conditions,
            "latestReadyRevisionName": revision,
            "latestCreatedRevisionName": revision,
            "traffic": [{"revisionName": revision, **traffic}],
            "url": body["urls"][0],
            "address": {"url": body["urls"][0]},
        },
    }


HANDLERS: Final[Mapping[str, Callable[[Call], Json]]] = {
    "namespaces.services.get": _get,
    "namespaces.services.list": _list,
    "namespaces.jobs.run": _run_job,
    "namespaces.executions.get": _get_execution,
    "projects.locations.services.get": _get,
    "projects.locations.services.list": _list,
}
"""What answers each method of v1."""
