"""The service that answers any method of any discovery document in the standard way."""

import base64
from collections.abc import Mapping
from typing import Any, Final

from wfprov.emulator import enforce, operations, policy
from wfprov.emulator.discovery import Document
from wfprov.emulator.errors import already_exists, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import POLICIES, RESOURCES
from wfprov.emulator.service import Call, Handler
from wfprov.emulator.world import shown

_PAGE: Final = 100
_REGIONS: Final = ("europe-west1", "us-central1")
_LARGEST_PAGE: Final = 1000


def answer(call: Call) -> Any:
    """The answer to a method that no service handles itself."""
    if ".operations." in call.match.method.id:
        return _operation(call)
    if ".locations." in call.match.method.id and call.match.resource.count("/") <= 3:  # noqa: PLR2004
        if call.match.method.id.endswith("locations.list"):
            return _locations(call)
        if call.match.method.id.endswith("locations.get"):
            return {"name": call.match.resource, "locationId": call.match.resource.split("/")[-1]}
    handler = _ACTIONS.get(call.match.method.action, custom)
    return handler(call)


def _locations(call: Call) -> Json:
    """A few regions, and those in which the API has something."""
    project = call.resource.split("/")[1]
    used = {
        parts[6]
        for name in call.world.objects.names(RESOURCES)
        if name.startswith(f"//{call.api}.googleapis.com/projects/{project}/locations/")
        and len(parts := name.split("/")) > 6  # noqa: PLR2004
    }
    return {
        "locations": [
            {"name": f"projects/{project}/locations/{place}", "locationId": place}
            for place in sorted(used | set(_REGIONS))
        ]
    }


def get(call: Call) -> Json:
    """The resource."""
    return present(call, call.full, call.stored())


def list_(call: Call) -> Json:
    """One page of a collection, under the key that the schema names."""
    names = call.world.objects.children(_collection(call))
    page, token = paged(call, names)
    items = [present(call, name, call.world.objects.get(RESOURCES, name) or {}) for name in page]
    body: Json = {}
    if items:
        body[_list_key(call)] = items
    if token:
        body["nextPageToken"] = token
    return body


def paged(call: Call, names: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The names on the asked page and the token of the next, empty on the last."""
    size = _PAGE
    for key in ("pageSize", "maxResults"):
        text = call.query.get(key, "") or "0"
        if not text.isdecimal():
            raise invalid(f"Invalid {key}: {text[:40]!r}")
        size = min(int(text), _LARGEST_PAGE) or size
    after = ""
    if call.query.get("pageToken"):
        try:
            after = base64.urlsafe_b64decode(call.query["pageToken"]).decode()
        except ValueError:
            raise invalid("The page token is invalid.") from None
    rest = tuple(name for name in names if name > after)
    page = rest[:size]
    more = len(rest) > size
    return page, base64.urlsafe_b64encode(page[-1].encode()).decode() if more else ""


def create(call: Call) -> Json:
    """Keeps a new resource; answers it, or the operation that makes it."""
    full = new_name(call)
    if call.world.objects.peek(RESOURCES, full) is not None:
        raise already_exists(full.removeprefix("//").partition("/")[2])
    kept = keep(call, full, call.body)
    return outcome(call, full, kept, "create")


def keep(call: Call, full: str, body: Json) -> Json:
    """Completes a new body, stores it and returns it as stored."""
    resource = full.removeprefix("//").partition("/")[2]
    properties = _resource_properties(call.document, resource, call.match.method.response)
    now = call.world.now()
    completed = {**body}
    if "name" in properties and "/" not in str(completed.get("name", "/")):
        pass
    elif "name" in properties or not properties:
        completed["name"] = resource
    for key in ("createTime", "updateTime"):
        if key in properties:
            completed.setdefault(key, now)
    return call.kinds.make(call.world, full, completed)


def patch(call: Call) -> Json:
    """Changes the fields of the update mask, or those that were sent."""
    old = call.stored()
    mask = call.query.get("updateMask", "")
    new = merged(old, call.body, mask)
    if "updateTime" in old:
        new["updateTime"] = call.world.now()
    call.world.objects.put(RESOURCES, call.full, new)
    return outcome(call, call.full, new, "update")


def merged(old: Mapping[str, Any], body: Mapping[str, Any], mask: str) -> Json:
    """The old body with the masked fields of the new one; a masked field not sent is removed."""
    new = dict(old)
    names = [part.strip() for part in mask.split(",") if part.strip()]
    if not names or names == ["*"]:
        new.update({k: v for k, v in body.items() if k != "name"})
        return new
    for name in names:
        head, *rest = [_camel(part) for part in name.split(".")]
        if not rest:
            if head in body:
                new[head] = body[head]
            else:
                new.pop(head, None)
            continue
        inner = merged(new.get(head) or {}, body.get(head) or {}, ".".join(rest))
        new[head] = inner
    return new


def delete(call: Call) -> Json:
    """Removes the resource, what is under it and its policies."""
    gone = call.stored()
    remove(call, call.full)
    return outcome(call, call.full, gone, "delete")


def remove(call: Call, full: str) -> None:
    """Drops a resource, its policy and everything below it."""
    objects = call.world.objects
    for table in (RESOURCES, POLICIES):
        for name in objects.names(table):
            if name == full or name.startswith(f"{full}/"):
                objects.drop(table, name)


def get_iam_policy(call: Call) -> Json:
    """The policy; the asked version comes in the query or in the body."""
    must_exist(call)
    options = call.body.get("options") or {}
    asked = (
        call.query.get("options.requestedPolicyVersion")
        or call.query.get("optionsRequestedPolicyVersion")
        or options.get("requestedPolicyVersion")
        or 0
    )
    return policy.presented(policy.stored(call.world, call.full), int(asked))


def set_iam_policy(call: Call) -> Json:
    """Replaces the policy as asked."""
    must_exist(call)
    wanted = call.body.get("policy")
    if wanted is None:
        wanted = call.body if "bindings" in call.body else {}
    new = policy.write(call.world, call.full, wanted, str(call.body.get("updateMask") or ""))
    return policy.presented(new, 3)


def test_iam_permissions(call: Call) -> Json:
    """Those of the asked permissions that the caller has; no permission is needed to ask."""
    asked = call.body.get("permissions") or []
    if call.query.get("permissions"):
        asked = [*asked, *call.query["permissions"].split(",")]
    if any("*" in permission for permission in asked):
        raise invalid("Permissions with wildcards are not allowed.")
    held = [
        permission
        for permission in asked
        if not call.world.settings.enforce
        or enforce.permitted(call.world, call.caller, permission, call.full)
    ]
    return {"permissions": held} if held else {}


def custom(call: Call) -> Json:
    """A method that is not a standard one: the resource must exist; the least valid answer."""
    if call.match.resource and call.match.collection is None:
        must_exist(call)
    if call.document.has_operation_schema(call.match.method.response):
        return outcome(call, call.full, {}, call.match.method.action)
    properties = call.document.schemas.get(call.match.method.response or "", {})
    if call.match.method.response == "Operation" and "status" in properties["properties"]:
        return _legacy_operation(call, call.resource, call.match.method.action)
    if call.match.method.response == _schema_of(call.document, call.resource):
        found = call.world.objects.get(RESOURCES, call.full)
        if found is not None:
            return present(call, call.full, found)
    return least(call.document, call.match.method.response)


def must_exist(call: Call) -> None:
    """Refuses with 404 when the API can read this kind of resource and there is none."""
    if call.world.objects.peek(RESOURCES, call.full) is not None:
        return
    if _schema_of(call.document, call.match.resource) is not None:
        call.stored()


def outcome(call: Call, full: str, body: Json, verb: str) -> Json:
    """What create, patch and delete answer: the resource, nothing, or an operation."""
    response = call.match.method.response
    resource = full.removeprefix("//").partition("/")[2]
    if call.document.has_operation_schema(response):
        gone = verb == "delete"
        version = call.document.version
        schema = _schema_of(call.document, resource) or "Resource"
        kind = "google.protobuf.Empty" if gone else f"google.cloud.{call.api}.{version}.{schema}"
        result: Json = {"@type": f"type.googleapis.com/{kind}"}
        if not gone:
            result.update(present(call, full, body))
        return operations.start(
            call.world,
            project=call.project,
            scope=operation_scope(resource),
            metadata={
                "@type": f"type.googleapis.com/google.cloud.{call.api}.{version}.OperationMetadata",
                "createTime": call.world.now(),
                "target": resource,
                "verb": verb,
                "apiVersion": version,
            },
            response=result,
        )
    schema = call.document.schemas.get(response or "", {})
    if response is None or not schema.get("properties"):
        return {}
    if "status" in schema["properties"] and response == "Operation":
        return _legacy_operation(call, resource, verb)
    if response == _schema_of(call.document, resource) or verb == "create":
        return present(call, full, body)
    return least(call.document, response)


def operation_scope(resource: str) -> str:
    """`projects/p/locations/l` where the resource is in a location, else nothing."""
    parts = resource.split("/")
    return "/".join(parts[:4]) if len(parts) > 3 and parts[2] == "locations" else ""  # noqa: PLR2004


def least(document: Document, schema: str | None) -> Json:
    """The smallest object that is valid for a schema: constants such as `kind` only."""
    properties = document.schemas.get(schema or "", {}).get("properties", {})
    return {k: v["default"] for k, v in properties.items() if k == "kind" and "default" in v}


def present(call: Call, full: str, body: Mapping[str, Any]) -> Json:
    """The body as answered: nothing internal, the project by number where the service does so."""
    seen: Json = shown(dict(body))
    name = seen.get("name")
    if call.kinds.of(full).number_names and isinstance(name, str):
        parts = name.split("/")
        if parts[0] == "projects":
            parts[1] = call.world.project_number(parts[1])
            seen["name"] = "/".join(parts)
    return seen


def new_name(call: Call) -> str:
    """The full name of the resource that a create call makes."""
    if call.match.collection is None:
        return call.full
    identifiers = [
        value
        for key, value in call.query.items()
        if key.endswith("Id") and key in call.match.method.query_params and key != "requestId"
    ]
    sent = call.body.get("name") or call.body.get("id")
    if identifiers:
        last = identifiers[0]
    elif isinstance(sent, str) and sent:
        last = sent.rpartition("/")[2]
    else:
        last = call.world.unique_hex(16)
    if not last or "/" in last:
        raise invalid(f"Invalid resource id {last[:60]!r}.")
    return f"{_collection(call)}/{last}"


def _collection(call: Call) -> str:
    base = call.full
    if call.resource.count("/") == 1 and call.resource.startswith("projects/"):
        base = f"//{call.api}.googleapis.com/{call.resource}"
    return f"{base}/{call.match.collection}" if call.resource else f"{base}{call.match.collection}"


def _legacy_operation(call: Call, resource: str, verb: str) -> Json:
    """The operation of older APIs (Compute Engine, Cloud SQL): a resource with a status."""
    parts = resource.split("/")
    length = 3 if parts[2:3] == ["global"] else 4
    in_place = parts[2:3] in (["zones"], ["regions"], ["locations"], ["global"])
    scope = "/".join(parts[:length]) if in_place else "/".join(parts[:2])
    name = "operation-" + call.world.unique_hex(24)
    body = {**least(call.document, "Operation"), "name": name, "status": "DONE"}
    known = call.document.schemas["Operation"]["properties"]
    about = {"operationType": verb, "targetLink": resource}
    body.update({key: value for key, value in about.items() if key in known})
    full = f"//{call.api}.googleapis.com/{scope}/operations/{name}"
    call.world.objects.put(RESOURCES, full, body)
    return body


def _operation(call: Call) -> Json:
    name = call.match.resource
    match call.match.method.action:
        case "get":
            found = call.world.objects.get(RESOURCES, call.full)
            return operations.poll(call.world, call.resource) if found is None else shown(found)
        case "wait":
            return operations.wait(call.world, call.resource)
        case "list":
            scope = call.resource if "/" in name else ""
            found_all = operations.listed(call.world, scope)
            return {"operations": found_all} if found_all else {}
        case "delete":
            operations.forget(call.world, call.resource)
            return {}
        case _:
            return {}


def _schema_of(document: Document, resource: str) -> str | None:
    """The schema of a kind of resource: what its `get` answers, or None without one."""
    for path in (f"{document.version}/{resource}", resource):
        found = document.route("GET", path)
        if found is not None and found.method.action == "get":
            return found.method.response
    return None


def _resource_properties(document: Document, resource: str, response: str | None) -> Json:
    schema = _schema_of(document, resource) or response or ""
    found: Json = document.schemas.get(schema, {}).get("properties", {})
    return found


def _list_key(call: Call) -> str:
    schema = call.document.schemas.get(call.match.method.response or "", {})
    arrays = [k for k, v in schema.get("properties", {}).items() if v.get("type") == "array"]
    if call.match.collection in arrays:
        return str(call.match.collection)
    useful = [name for name in arrays if name not in ("unreachable", "warnings")]
    return useful[0] if useful else "items"


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


_ACTIONS: Final[dict[str, Handler]] = {
    "get": get,
    "list": list_,
    "create": create,
    "insert": create,
    "patch": patch,
    "update": patch,
    "delete": delete,
    "getIamPolicy": get_iam_policy,
    "setIamPolicy": set_iam_policy,
    "testIamPermissions": test_iam_permissions,
}
