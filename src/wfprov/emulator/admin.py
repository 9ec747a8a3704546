"""The admin API under `/emulator/v1/`: projects, stand-ins, faults, settings, the request log.

POST   projects   {projectId, projectNumber?, owner?}   -> the project
POST   resources  {names: [full resource name, ...], owner?, project?, bodies?} -> {created: [...]}
GET    requests                                          -> {requests: [...]}
DELETE requests
GET    faults                                            -> {faults: [...]}
POST   faults     {kind, api?, verb?, path?, skip?, count?, ...} -> the fault
DELETE faults
GET    settings                                          -> the settings
PATCH  settings   {enforce?, operationPolls?, ...}       -> the settings
POST   token      {principal}                            -> {token}
POST   snapshots                                         -> {snapshot: its number}
POST   snapshots/NUMBER                                  -> {}; all is as it was then, no fault
POST   reset                                             -> {}
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from wfprov.emulator import identity
from wfprov.emulator.core import ControlPlane
from wfprov.emulator.errors import ApiError, already_exists, invalid
from wfprov.emulator.exchange import Json, Response
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.world import PROJECT_HOST

_ROOT: Final = "emulator/v1/"
_FULL_NAME: Final = re.compile(r"//([a-z][a-z0-9-]*)\.googleapis\.com/([^\s?#]+)")
_MOST_NAMES: Final = 100_000


def owns(path: str) -> bool:
    """Whether a path belongs to the admin API."""
    return path.startswith("emulator/")


def answer(
    plane: ControlPlane, verb: str, path: str, query: Mapping[str, str], body: Json | None
) -> Response:
    """The answer of the admin API.

    Raises:
        ApiError: 404 for an unknown path, 400 for a bad body.
    """
    what = path.removeprefix(_ROOT)
    sent = body or {}
    match verb, what:
        case "GET", "requests":
            entries = plane.requests()
            if "since" in query and query["since"].isdecimal():
                entries = [e for e in entries if e["number"] > int(query["since"])]
            return Response(status=200, body={"requests": entries})
        case "DELETE", "requests":
            plane.forget_requests()
            return Response(status=200, body={})
        case "GET", "faults":
            return Response(status=200, body={"faults": plane.faults.listed()})
        case "POST", "faults":
            return Response(status=200, body=plane.faults.add(sent).as_json())
        case "DELETE", "faults":
            plane.faults.clear()
            return Response(status=200, body={})
        case "POST", "snapshots":
            return Response(status=200, body={"snapshot": plane.snapshot()})
        case "POST", _ if what.startswith("snapshots/"):
            plane.restore(what.removeprefix("snapshots/"))
            return Response(status=200, body={})
        case "GET", "settings":
            return Response(status=200, body=plane.world.settings.as_json())
        case _:
            pass
    with plane.world.objects.transaction(as_ever=True):
        return Response(status=200, body=_change(plane, verb, what, sent))


def _change(plane: ControlPlane, verb: str, what: str, sent: Json) -> Any:
    match verb, what:
        case "PATCH", "settings":
            plane.world.settings.update(sent)
            return plane.world.settings.as_json()
        case "POST", "projects":
            return _project(plane, sent)
        case "POST", "resources":
            return _resources(plane, sent)
        case "POST", "token":
            try:
                return {"token": identity.token_for(str(sent.get("principal", "")))}
            except ValueError as error:
                raise invalid(str(error)) from None
        case "POST", "reset":
            plane.world.objects.clear()
            plane.forget_requests()
            plane.faults.clear()
            return {}
        case _:
            pass
    raise ApiError("NOT_FOUND", f"The admin API has no {verb} {what}.")


def _project(plane: ControlPlane, sent: Json) -> Json:
    project_id = sent.get("projectId")
    if not isinstance(project_id, str):
        raise invalid("projectId is missing")
    if plane.world.project(project_id) is not None:
        raise already_exists(f"projects/{project_id}")
    number = sent.get("projectNumber")
    made = plane.world.create_project(
        project_id,
        number=None if number is None else str(number),
        owner=_owner(sent),
        body={"parent": sent["parent"]} if isinstance(sent.get("parent"), str) else None,
    )
    return {"projectId": project_id, "projectNumber": made["_number"]}


def _resources(plane: ControlPlane, sent: Json) -> Json:
    """Makes what is missing of the named resources, and the projects that hold them.

    `bodies` may give fields for some of them, by name.
    """
    names = sent.get("names", [])
    if not isinstance(names, list) or len(names) > _MOST_NAMES:
        raise invalid(f"names must be a list of at most {_MOST_NAMES}")
    bodies = sent.get("bodies", {})
    owner = _owner(sent)
    bucket_project = str(sent.get("project") or "") or _sole_project(plane, names)
    created = [
        name
        for name in names
        if _stand_in(plane, str(name), owner, bodies.get(name) or {}, bucket_project)
    ]
    return {"created": created}


def _sole_project(plane: ControlPlane, names: list[Any]) -> str:
    """The one project there is, for buckets, whose names do not tell; empty if there are more."""
    known = {
        name.rpartition("/")[2] for name in plane.world.objects.children(f"{PROJECT_HOST}projects")
    }
    for name in names:
        found = re.match(r"//[^/]+/projects/([^/_-][^/]*)", str(name))
        if found is not None:
            known.add(plane.world.project_id(found[1]))
    return known.pop() if len(known) == 1 else ""


def _stand_in(
    plane: ControlPlane, name: str, owner: str | None, body: Json, bucket_project: str
) -> bool:
    found = _FULL_NAME.fullmatch(name)
    if found is None:
        raise invalid(f"not a full resource name: {name[:200]!r}")
    world = plane.world
    api, path = found[1], found[2]
    parts = path.split("/")
    if parts[0] == "projects" and len(parts) > 1 and parts[1] not in ("_", "-"):
        project = parts[1]
    elif api == "storage":
        project = bucket_project
        if not project:
            raise invalid(f"a bucket needs a project: send project with {name!r}")
    elif api == "iam" and len(parts) > 3:  # noqa: PLR2004
        project = world.account_project(parts[3]) or ""
    else:
        project = ""
    unknown = bool(project) and world.project(project) is None
    if unknown:
        number = project if project.isdecimal() else None
        world.create_project(
            f"project-{project}" if number else project, number=number, owner=owner
        )
    if api == "cloudresourcemanager" and parts[0] == "projects":
        return unknown
    if project:
        world.enable(project, f"{api}.googleapis.com")
    if api == "storage" and parts[:2] == ["projects", "_"]:
        body = {"_project": world.project_id(project), **body}
    if api == "iam" and parts[2:3] == ["serviceAccounts"]:
        if world.account(parts[3]) is not None:
            return False
        world.create_account(project, parts[3], body)
        return True
    full = world.full_name(api, path)
    if world.objects.peek(RESOURCES, full) is not None:
        return False
    resource = full.removeprefix("//").partition("/")[2]
    plane.kinds.make(world, full, {"name": resource, "_standIn": True, **body})
    return True


def _owner(sent: Json) -> str | None:
    owner = sent.get("owner")
    if owner is not None and not isinstance(owner, str):
        raise invalid("owner is a member such as user:ana@example.com")
    return owner
