"""IAM v1: service accounts and their keys, predefined and custom roles.

Source: https://cloud.google.com/iam/docs/reference/rest (not opened)
"""

import re
from typing import Final

from wfprov.emulator import account_keys, federation, generic
from wfprov.emulator.errors import ApiError, aborted, bad_precondition, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import META, POLICIES, RESOURCES
from wfprov.emulator.policy import rename_member
from wfprov.emulator.service import Call, Kind, Service, as_sent
from wfprov.emulator.world import ACCOUNT_HOST, shown

_ACCOUNT_ID: Final = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_ROLE_ID: Final = re.compile(r"[a-zA-Z0-9_.]{3,64}")
_MOST_ACCOUNTS: Final = 100
_MOST_ROLES: Final = 300
_ROLE_FIELDS: Final = ("title", "description", "includedPermissions", "stage")
_ROLE_PAGE: Final = 300
_PERMISSION_PAGE: Final = 100


def _create_account(call: Call) -> Json:
    identifier = call.body.get("accountId", "")
    if _ACCOUNT_ID.fullmatch(identifier) is None:
        raise invalid(
            "The account ID must have 6 to 30 characters: lowercase letters, digits and hyphens, "
            f"beginning with a letter: '{identifier[:60]}'."
        )
    project = call.world.project(call.match.resource.partition("/")[2])
    if project is None:
        raise ApiError("NOT_FOUND", f"Unknown project id: {call.match.resource.split('/')[1]}")
    project_id = str(project["projectId"])
    email = f"{identifier}@{project_id}.iam.gserviceaccount.com"
    name = f"{ACCOUNT_HOST}projects/{project_id}/serviceAccounts/{email}"
    if call.world.objects.peek(RESOURCES, name) is not None:
        raise ApiError(
            "ALREADY_EXISTS",
            f"Service account {identifier} already exists within project projects/{project_id}.",
        )
    collection = name.rpartition("/")[0]
    if len(call.world.objects.children(collection)) >= _MOST_ACCOUNTS:
        raise ApiError(
            "RESOURCE_EXHAUSTED", "Maximum number of service accounts on project reached."
        )
    sent = call.body.get("serviceAccount", {})
    body = {key: sent[key] for key in ("displayName", "description") if sent.get(key)}
    made: Json = shown(call.world.create_account(project_id, email, body))
    return made


def _account(call: Call) -> Json:
    reference = call.match.resource.rpartition("/")[2]
    found = call.world.account(reference)
    if found is None:
        raise ApiError("NOT_FOUND", "Unknown service account")
    return dict(found)


def _get_account(call: Call) -> Json:
    answer: Json = shown(_account(call))
    return answer


def _list_accounts(call: Call) -> Json:
    names = call.world.objects.children(
        f"{ACCOUNT_HOST}projects/{call.world.project_id(call.resource.split('/')[1])}"
        "/serviceAccounts"
    )
    visible = tuple(
        name for name in names if call.world.account(name.rpartition("/")[2]) is not None
    )
    page, token = generic.paged(call, visible)
    body: Json = {}
    if page:
        body["accounts"] = [shown(call.world.objects.peek(RESOURCES, name)) for name in page]
    if token:
        body["nextPageToken"] = token
    return body


def _patch_account(call: Call) -> Json:
    """Answers the name and the changed fields only."""
    account = _account(call)
    sent = call.body.get("serviceAccount", {})
    mask = [part for part in str(call.body.get("updateMask", "")).split(",") if part]
    names = [{"display_name": "displayName"}.get(name, name) for name in mask]
    if not set(names) <= {"displayName", "description"} or not names:
        raise invalid("updateMask must name displayName, description or both.")
    answer: Json = {"name": account["name"]}
    for name in names:
        account[name] = sent.get(name, "")
        answer[name] = account[name]
    call.world.objects.put(RESOURCES, call.full, account)
    return answer


def _update_account(call: Call) -> Json:
    account = _account(call)
    account["displayName"] = call.body.get("displayName", "")
    call.world.objects.put(RESOURCES, call.full, account)
    answer: Json = shown(account)
    return answer


def _delete_account(call: Call) -> Json:
    account = _account(call)
    unique, email = account["uniqueId"], account["email"]
    kept = {"account": account, "policy": call.world.objects.get(POLICIES, call.full)}
    call.world.objects.put(META, f"deleted-account/{unique}", kept)
    call.world.objects.drop(META, f"account-id/{unique}")
    generic.remove(call, call.full)
    old = f"serviceAccount:{email}"
    rename_member(call.world, old, f"deleted:{old}?uid={unique}")
    return {}


def _undelete_account(call: Call) -> Json:
    unique = call.match.resource.rpartition("/")[2]
    kept = call.world.objects.get(META, f"deleted-account/{unique}")
    if kept is None:
        raise ApiError("NOT_FOUND", "Unknown service account")
    account = kept["account"]
    full = ACCOUNT_HOST + account["name"]
    if call.world.objects.peek(RESOURCES, full) is not None:
        raise bad_precondition("A service account with this e-mail exists already.")
    call.require("iam.serviceAccounts.undelete", full)
    call.world.objects.drop(META, f"deleted-account/{unique}")
    call.world.objects.put(RESOURCES, full, account)
    call.world.objects.put(META, f"account-id/{unique}", {"email": account["email"]})
    if kept["policy"] is not None:
        call.world.objects.put(POLICIES, full, kept["policy"])
    member = f"serviceAccount:{account['email']}"
    rename_member(call.world, f"deleted:{member}?uid={unique}", member)
    return {"restoredAccount": shown(account)}


def _disable(call: Call) -> Json:
    account = _account(call)
    account["disabled"] = True
    call.world.objects.put(RESOURCES, call.full, account)
    return {}


def _enable(call: Call) -> Json:
    account = _account(call)
    account.pop("disabled", None)
    call.world.objects.put(RESOURCES, call.full, account)
    return {}


def _create_role(call: Call) -> Json:
    call.require("iam.roles.create")
    identifier = call.body.get("roleId", "")
    if _ROLE_ID.fullmatch(identifier) is None:
        raise invalid(f"The role ID '{identifier[:80]}' is not valid: 3 to 64 of [a-zA-Z0-9_.].")
    name = f"{call.resource}/roles/{identifier}"
    there = call.world.objects.peek(RESOURCES, ACCOUNT_HOST + name)
    if there is not None and there.get("deleted"):
        # https://github.com/hashicorp/terraform-provider-google/issues/1668 (2026-11-23)
        raise bad_precondition(
            f"You can't create a role_id ({identifier}) which has been marked for deletion."
        )
    if there is not None:
        raise ApiError(
            "ALREADY_EXISTS",
            f"A role named {identifier} in {call.resource} already exists.",
        )
    if len(call.world.objects.children(f"{ACCOUNT_HOST}{call.resource}/roles")) >= _MOST_ROLES:
        raise ApiError("RESOURCE_EXHAUSTED", "Maximum number of custom roles reached.")
    sent = call.body.get("role", {})
    return _keep_role(call, name, {key: sent[key] for key in _ROLE_FIELDS if sent.get(key)})


def _get_role(call: Call) -> Json:
    resource = call.match.resource
    if resource.startswith("roles/"):
        role = call.world.roles.role(resource)
        if role is None:
            raise ApiError("NOT_FOUND", f"The role named {resource} was not found.")
        return {
            "name": role.name,
            "title": role.title,
            "stage": role.stage,
            "includedPermissions": list(call.world.roles.permissions(role.name)),
            "etag": "AA==",
        }
    call.require("iam.roles.get")
    answer: Json = shown(_stored_role(call))
    return answer


def _list_roles(call: Call) -> Json:
    full = call.query.get("view") == "FULL"
    if call.match.resource:
        call.require("iam.roles.list")
        names = call.world.objects.children(f"{ACCOUNT_HOST}{call.resource}/roles")
        bodies = {name: call.world.objects.get(RESOURCES, name) or {} for name in names}
        if not call.flag("showDeleted"):
            names = tuple(name for name in names if not bodies[name].get("deleted"))
    else:
        names, bodies = call.world.roles.names, {}
    page, token = generic.paged(call, names)
    found: list[Json] = []
    for name in page:
        if name in bodies:
            item = shown(bodies[name])
        else:
            role = call.world.roles.role(name)
            assert role is not None
            item = {"name": name, "title": role.title, "stage": role.stage, "etag": "AA=="}
            if full:
                item["includedPermissions"] = list(call.world.roles.permissions(name))
        if not full:
            item.pop("includedPermissions", None)
        found.append(item)
    answer: Json = {"roles": found} if found else {}
    if token:
        answer["nextPageToken"] = token
    return answer


def _patch_role(call: Call) -> Json:
    call.require("iam.roles.update")
    old = _stored_role(call)
    _check_etag(call, old)
    return _keep_role(
        call,
        call.resource,
        generic.merged(old, {k: v for k, v in call.body.items() if k != "etag"}, _mask(call)),
    )


def _delete_role(call: Call) -> Json:
    call.require("iam.roles.delete")
    return _mark(call, deleted=True)


def _undelete_role(call: Call) -> Json:
    call.require("iam.roles.undelete")
    return _mark(call, deleted=False)


def _mark(call: Call, *, deleted: bool) -> Json:
    old = _stored_role(call)
    _check_etag(call, old)
    if deleted and old.get("deleted"):
        # https://github.com/GoogleCloudPlatform/k8s-config-connector/issues/338 (2026-11-23)
        raise bad_precondition(
            f"You can't delete role_id ({call.resource}) as it is already deleted."
        )
    if not deleted and not old.get("deleted"):
        raise bad_precondition(
            f"You can't undelete role_id ({call.resource}) as it is not deleted."
        )
    old.pop("deleted", None)
    if deleted:
        old["deleted"] = True
    return _keep_role(call, call.resource, old)


def _stored_role(call: Call) -> Json:
    found = call.world.objects.get(RESOURCES, call.full)
    if found is None:
        raise ApiError("NOT_FOUND", f"The role named {call.resource} was not found.")
    return found


def _check_etag(call: Call, old: Json) -> None:
    given = call.body.get("etag") or call.query.get("etag")
    if given and given != old["etag"]:
        raise aborted("There were concurrent changes to the role. Please read it again and retry.")


def _mask(call: Call) -> str:
    return call.query.get("updateMask", "")


def _keep_role(call: Call, name: str, body: Json) -> Json:
    for permission in body.get("includedPermissions", ()):
        if not call.world.roles.exists(permission):
            raise invalid(f"Permission {permission} is not valid.")
    permissions = sorted(set(body.get("includedPermissions", ())))
    role: Json = {"name": name, **{k: v for k, v in body.items() if k != "name"}}
    if permissions:
        role["includedPermissions"] = permissions
    if role.get("stage") == "ALPHA":
        del role["stage"]
    role["etag"] = call.world.etag()
    call.world.objects.put(RESOURCES, ACCOUNT_HOST + name, role)
    answer: Json = shown(role)
    return answer


def _grantable(call: Call) -> Json:
    """Roles that may be granted on a resource.

    On a project all predefined roles; below it those that hold a permission
    of that service (an approximation of the cloud's own list, never shorter than it).
    """
    full = str(call.body.get("fullResourceName", ""))
    host, _, resource = full.removeprefix("//").partition("/")
    if not host.endswith(".googleapis.com") or not resource:
        raise invalid(f"Invalid full resource name: '{full[:200]}'.")
    names = call.world.roles.names
    if not host.startswith("cloudresourcemanager"):
        start = f"{host.partition('.')[0]}."
        names = tuple(
            name
            for name in names
            if any(p.startswith(start) for p in call.world.roles.permissions(name))
        )
    page, token = _body_page(call, names, _ROLE_PAGE)
    found = []
    for name in page:
        role = call.world.roles.role(name)
        assert role is not None
        found.append({"name": name, "title": role.title, "stage": role.stage})
    answer: Json = {"roles": found} if found else {}
    if token:
        answer["nextPageToken"] = token
    return answer


def _testable(call: Call) -> Json:
    full = str(call.body.get("fullResourceName", ""))
    if not full.startswith("//"):
        raise invalid(f"Invalid full resource name: '{full[:200]}'.")
    page, token = _body_page(call, call.world.roles.all_permissions, _PERMISSION_PAGE)
    answer: Json = {"permissions": [{"name": name, "stage": "GA"} for name in page]}
    if token:
        answer["nextPageToken"] = token
    return answer


def _body_page(call: Call, names: tuple[str, ...], default: int) -> tuple[tuple[str, ...], str]:
    size = min(int(call.body.get("pageSize") or default), 1000)
    token = str(call.body.get("pageToken") or "")
    rest = tuple(name for name in names if name > token)
    page = rest[:size]
    return page, page[-1] if len(rest) > size else ""


_ACCOUNTS: Final = "projects.serviceAccounts"
SERVICE: Final = Service(
    api="iam",
    handlers={
        "v1": {
            f"{_ACCOUNTS}.create": _create_account,
            f"{_ACCOUNTS}.get": _get_account,
            f"{_ACCOUNTS}.list": _list_accounts,
            f"{_ACCOUNTS}.patch": _patch_account,
            f"{_ACCOUNTS}.update": _update_account,
            f"{_ACCOUNTS}.delete": _delete_account,
            f"{_ACCOUNTS}.undelete": _undelete_account,
            f"{_ACCOUNTS}.disable": _disable,
            f"{_ACCOUNTS}.enable": _enable,
            f"{_ACCOUNTS}.keys.create": account_keys.create,
            f"{_ACCOUNTS}.keys.list": account_keys.listed,
            f"{_ACCOUNTS}.keys.delete": account_keys.delete,
            f"{_ACCOUNTS}.keys.disable": account_keys.disable,
            **federation.HANDLERS,
            "roles.get": _get_role,
            "roles.list": _list_roles,
            "roles.queryGrantableRoles": _grantable,
            "permissions.queryTestablePermissions": _testable,
            **{
                f"{parent}.roles.{verb}": handler
                for parent in ("projects", "organizations")
                for verb, handler in (
                    ("create", _create_role),
                    ("get", _get_role),
                    ("list", _list_roles),
                    ("patch", _patch_role),
                    ("delete", _delete_role),
                    ("undelete", _undelete_role),
                )
            },
        }
    },
    kinds=(
        Kind(
            pattern="projects/*/serviceAccounts/*",
            complete=as_sent,
            missing="Unknown service account",
        ),
    ),
)
