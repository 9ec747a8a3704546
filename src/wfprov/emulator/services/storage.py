"""Cloud Storage JSON API: buckets and their policies, with a PUT and an etag of their own.

Source: https://cloud.google.com/storage/docs/json_api/v1/buckets (not opened)
"""

from collections.abc import Mapping
from typing import Any, Final

from wfprov.emulator import generic, policy
from wfprov.emulator.errors import ApiError, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import POLICIES, RESOURCES
from wfprov.emulator.service import Call, Handler, Kind, Service
from wfprov.emulator.world import PROJECT_HOST, World, shown

_HOST: Final = "//storage.googleapis.com/projects/_/buckets/"


def _complete(world: World, resource: str, body: Json) -> Json:
    name = resource.rpartition("/")[2]
    project = str(body["_project"])
    now = world.now()
    if world.objects.peek(POLICIES, _HOST + name) is None:
        bindings = [
            {
                "role": "roles/storage.legacyBucketOwner",
                "members": [f"projectEditor:{project}", f"projectOwner:{project}"],
            },
            {"role": "roles/storage.legacyBucketReader", "members": [f"projectViewer:{project}"]},
        ]
        world.objects.put(POLICIES, _HOST + name, {"etag": "CAE=", "bindings": bindings})
    return {
        "location": "US",
        "storageClass": "STANDARD",
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
        **{key: value for key, value in body.items() if key != "_standIn"},
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "selfLink": f"https://www.googleapis.com/storage/v1/b/{name}",
        "projectNumber": world.project_number(project),
        "metageneration": "1",
        "timeCreated": now,
        "updated": now,
        "etag": "CAE=",
    }


def _insert(call: Call) -> Json:
    project = _project(call)
    call.require("storage.buckets.create", f"{PROJECT_HOST}projects/{project}")
    name = str(call.body.get("name", ""))
    if not 3 <= len(name) <= 222 or "/" in name:  # noqa: PLR2004
        raise invalid(f"Invalid bucket name: '{name[:80]}'")
    if call.world.objects.peek(RESOURCES, _HOST + name) is not None:
        raise ApiError(
            "ALREADY_EXISTS",
            "The requested bucket name is not available. The bucket namespace is shared by all "
            "users of the system. Please select a different name and try again.",
        )
    made: Json = shown(
        call.kinds.make(call.world, _HOST + name, {**call.body, "_project": project})
    )
    return made


def _list(call: Call) -> Json:
    project = _project(call)
    call.require("storage.buckets.list", f"{PROJECT_HOST}projects/{project}")
    found = []
    for name in call.world.objects.children(_HOST.rstrip("/")):
        body = call.world.objects.peek(RESOURCES, name) or {}
        if body.get("_project") == project:
            found.append(shown(body))
    return {"kind": "storage#buckets", **({"items": found} if found else {})}


def _get(call: Call) -> Json:
    answer: Json = shown(call.stored())
    return answer


def _patch(call: Call) -> Json:
    new = {**call.stored(), **call.body}
    new["updated"] = call.world.now()
    new["metageneration"] = str(int(new["metageneration"]) + 1)
    call.world.objects.put(RESOURCES, call.full, new)
    answer: Json = shown(new)
    return answer


def _delete(call: Call) -> Json:
    generic.remove(call, call.full)
    return {}


def _get_policy(call: Call) -> Json:
    asked = call.query.get("optionsRequestedPolicyVersion") or "1"
    return _shape(call, policy.stored(call.world, call.full), int(asked))


def _set_policy(call: Call) -> Json:
    """Replaces the policy; a stale etag is a failed precondition here, not a conflict.

    Source: https://github.com/hashicorp/terraform-provider-google/issues/7853 (2026-11-23)
    """
    try:
        new = policy.write(call.world, call.full, call.body)
    except ApiError as error:
        if error.status == "ABORTED":
            raise ApiError(
                "FAILED_PRECONDITION",
                "At least one of the pre-conditions you specified did not hold.",
                code=412,
            ) from None
        raise
    return _shape(call, new, 3)


def _test(call: Call) -> Json:
    return {"kind": "storage#testIamPermissionsResponse", **generic.test_iam_permissions(call)}


def _shape(call: Call, kept: Mapping[str, Any], version: int) -> Json:
    return {
        "kind": "storage#policy",
        "resourceId": call.resource,
        **policy.presented(kept, version),
    }


def _copy_object(call: Call) -> Json:
    """Reads the source and writes the destination; nothing is kept."""
    params = call.match.params
    source = f"{_HOST}{params['sourceBucket']}/objects/{params['sourceObject']}"
    target = f"{_HOST}{params['destinationBucket']}/objects/{params['destinationObject']}"
    call.require("storage.objects.get", source)
    call.require("storage.objects.create", target)
    made = {"name": params["destinationObject"], "bucket": params["destinationBucket"]}
    if call.match.method.action == "rewrite":
        return {"kind": "storage#rewriteResponse", "done": True, "resource": made}
    return {"kind": "storage#object", **made}


def _project(call: Call) -> str:
    project = call.world.project(call.query.get("project", ""))
    if project is None:
        raise invalid("Unknown project id: " + call.query.get("project", "")[:80])
    return str(project["projectId"])


def _agent(call: Call) -> Json:
    """The service agent of the project, which is made when it is first asked for.

    Source: https://docs.cloud.google.com/storage/docs/access-control/iam-json (2026-11-23)
    """
    project = call.world.project(call.match.params.get("projectId", ""))
    if project is None:
        raise invalid("Unknown project id.")
    name = str(project["projectId"])
    full = f"//cloudresourcemanager.googleapis.com/projects/{name}"
    call.require("resourcemanager.projects.get", full)
    return {
        "kind": "storage#serviceAccount",
        "email_address": call.world.service_agent(name, "storage"),
    }


def _on_bucket(permission: str | None, handler: Handler) -> Handler:
    """A bucket that does not exist is 404 for everybody; only then is the permission checked."""

    def answer(call: Call) -> Any:
        call.stored()
        if permission is not None:
            call.require(permission)
        return handler(call)

    return answer


SERVICE: Final = Service(
    api="storage",
    handlers={
        "v1": {
            "buckets.insert": _insert,
            "projects.serviceAccount.get": _agent,
            "objects.copy": _copy_object,
            "objects.rewrite": _copy_object,
            "buckets.list": _list,
            "buckets.get": _on_bucket("storage.buckets.get", _get),
            "buckets.patch": _on_bucket("storage.buckets.update", _patch),
            "buckets.update": _on_bucket("storage.buckets.update", _patch),
            "buckets.delete": _on_bucket("storage.buckets.delete", _delete),
            "buckets.getIamPolicy": _on_bucket("storage.buckets.getIamPolicy", _get_policy),
            "buckets.setIamPolicy": _on_bucket("storage.buckets.setIamPolicy", _set_policy),
            "buckets.testIamPermissions": _on_bucket(None, _test),
        }
    },
    kinds=(
        Kind(
            pattern="projects/_/buckets/*",
            complete=_complete,
            missing="The specified bucket does not exist.",
        ),
    ),
)
