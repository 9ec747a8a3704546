"""Resource Manager v1 and v3: projects, by id and by number.

Source: https://cloud.google.com/resource-manager/reference/rest (not opened)
"""

from typing import Final

from wfprov.emulator import enforce, generic, operations
from wfprov.emulator.errors import ApiError, already_exists, denied, unauthenticated
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call, Service
from wfprov.emulator.world import PROJECT_HOST


def _get(call: Call) -> Json:
    return _shape(call, _project(call))


def _list(call: Call) -> Json:
    """The projects that the caller may see."""
    names = call.world.objects.children(f"{PROJECT_HOST}projects")
    visible = tuple(name for name in names if _sees(call, name) and _asked_for(call, name))
    page, token = generic.paged(call, visible)
    found = [_shape(call, call.world.objects.peek(RESOURCES, name) or {}) for name in page]
    answer: Json = {"projects": found} if found else {}
    if token:
        answer["nextPageToken"] = token
    return answer


def _create(call: Call) -> Json:
    """Any authenticated caller may create a project, and owns it."""
    if call.caller is None:
        raise unauthenticated(sent=False)
    project_id = str(call.body.get("projectId", ""))
    if call.world.project(project_id) is not None:
        raise already_exists(f"projects/{project_id}")
    body: Json = {}
    if call.body.get("labels"):
        body["labels"] = call.body["labels"]
    shown = call.body.get("name" if call.document.version == "v1" else "displayName")
    if shown:
        body["displayName"] = shown
    parent = call.body.get("parent")
    if isinstance(parent, dict):
        body["parent"] = f"{parent.get('type', 'folder')}s/{parent.get('id', '')}"
    elif parent:
        body["parent"] = parent
    made = call.world.create_project(project_id, number=None, owner=call.caller, body=body)
    version = call.document.version
    kind = f"type.googleapis.com/google.cloudresourcemanager.{version}"
    return operations.start(
        call.world,
        project=project_id,
        scope="",
        metadata=None,
        final_metadata={"@type": f"{kind}.ProjectCreationStatus", "gettable": True, "ready": True},
        response={"@type": f"{kind}.Project", **_shape(call, made)},
    )


def _patch(call: Call) -> Json:
    project = _project(call)
    changed = {**project}
    for sent, kept in (("displayName", "displayName"), ("name", "displayName"), ("labels",) * 2):
        if sent in call.body and not (sent == "name" and call.document.version != "v1"):
            changed[kept] = call.body[sent]
    changed["updateTime"] = call.world.now()
    call.world.objects.put(RESOURCES, call.full, changed)
    return _finished(call, _shape(call, changed))


def _delete(call: Call) -> Json:
    return _lifecycle(call, "DELETE_REQUESTED")


def _undelete(call: Call) -> Json:
    return _lifecycle(call, "ACTIVE")


def _lifecycle(call: Call, state: str) -> Json:
    project = {**_project(call), "state": state}
    call.world.objects.put(RESOURCES, call.full, project)
    return _finished(call, _shape(call, project))


def _finished(call: Call, shape: Json) -> Json:
    if call.document.version == "v1":
        return shape if call.match.method.response == "Project" else {}
    return operations.start(
        call.world,
        project=call.project,
        scope="",
        metadata=None,
        response={"@type": "type.googleapis.com/google.cloud.resourcemanager.v3.Project", **shape},
    )


def _ancestry(call: Call) -> Json:
    project = _project(call)
    found = [{"resourceId": {"type": "project", "id": project["projectId"]}}]
    above = str(project.get("parent", ""))
    while above:
        kind, _, identifier = above.partition("/")
        found.append({"resourceId": {"type": kind.removesuffix("s"), "id": identifier}})
        body = call.world.objects.peek(RESOURCES, PROJECT_HOST + above) or {}
        above = str(body.get("parent", ""))
    return {"ancestor": found}


def _get_policy(call: Call) -> Json:
    _project(call)
    return generic.get_iam_policy(call)


def _set_policy(call: Call) -> Json:
    _project(call)
    return generic.set_iam_policy(call)


def _test(call: Call) -> Json:
    _project(call)
    return generic.test_iam_permissions(call)


def _project(call: Call) -> Json:
    """The project; one that does not exist is refused like one that may not be seen."""
    found = call.world.objects.get(RESOURCES, call.full)
    if found is None:
        needed = {"getIamPolicy": "getIamPolicy", "setIamPolicy": "setIamPolicy"}
        action = needed.get(call.match.method.action, "get")
        raise denied(
            f"resourcemanager.projects.{action}",
            call.resource,
            "cloudresourcemanager.googleapis.com",
        )
    return found


def _sees(call: Call, name: str) -> bool:
    if not call.world.settings.enforce:
        return True
    return enforce.permitted(call.world, call.caller, "resourcemanager.projects.get", name)


def _asked_for(call: Call, name: str) -> bool:
    """The `query` of v3 and the `filter` of v1, as far as tools use them."""
    project = call.world.objects.peek(RESOURCES, name) or {}
    if call.query.get("parent") and project.get("parent") != call.query["parent"]:
        return False
    text = call.query.get("query") or call.query.get("filter") or ""
    for term in text.replace(" AND ", " ").split():
        key, _, value = term.replace("=", ":", 1).partition(":")
        value = value.strip('"').lower()
        fields = {
            "id": project.get("projectId"),
            "projectid": project.get("projectId"),
            "state": project.get("state"),
            "lifecyclestate": project.get("state"),
            "name": project.get("displayName"),
            "displayname": project.get("displayName"),
            "projectnumber": project.get("_number"),
        }
        if key.startswith("labels."):
            fields[key.lower()] = (project.get("labels") or {}).get(key.removeprefix("labels."))
        if key.lower() not in fields:
            raise ApiError("INVALID_ARGUMENT", f"Invalid filter: '{term[:80]}'.")
        actual = str(fields[key.lower()] or "").lower()
        if actual != value and not (value.endswith("*") and actual.startswith(value[:-1])):
            return False
    return True


def _shape(call: Call, project: Json) -> Json:
    """The project as v1 or v3 writes it."""
    labels = {"labels": project["labels"]} if project.get("labels") else {}
    parent = str(project.get("parent", ""))
    if call.document.version in ("v1", "v1beta1"):
        kind, _, identifier = parent.partition("/")
        return {
            "projectNumber": project["_number"],
            "projectId": project["projectId"],
            "lifecycleState": project["state"],
            "name": project["displayName"],
            "createTime": project["createTime"],
            **labels,
            **({"parent": {"type": kind.removesuffix("s"), "id": identifier}} if parent else {}),
        }
    return {
        "name": f"projects/{project['_number']}",
        **({"parent": parent} if parent else {}),
        "projectId": project["projectId"],
        "state": project["state"],
        "displayName": project["displayName"],
        "createTime": project["createTime"],
        "updateTime": project["updateTime"],
        "etag": 'W/"' + project["_number"][-8:] + '"',
        **labels,
    }


SERVICE: Final = Service(
    api="cloudresourcemanager",
    handlers={
        "*": {
            "projects.get": _get,
            "projects.list": _list,
            "projects.search": _list,
            "projects.create": _create,
            "projects.patch": _patch,
            "projects.update": _patch,
            "projects.delete": _delete,
            "projects.undelete": _undelete,
            "projects.getAncestry": _ancestry,
            "projects.getIamPolicy": _get_policy,
            "projects.setIamPolicy": _set_policy,
            "projects.testIamPermissions": _test,
        }
    },
)
