"""Workflows v1: workflows, their revisions, the account they run as.

Source: https://cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows
(not opened)
"""

import re
from typing import Final

import yaml

from wfprov.emulator import generic, operations
from wfprov.emulator.errors import already_exists, invalid, not_found
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call, Kind, Service
from wfprov.emulator.world import World, shown

_NAME: Final = re.compile(r"[a-zA-Z]([a-zA-Z0-9_-]{0,62}[a-zA-Z0-9])?")
_LARGEST_SOURCE: Final = 128 * 1024
_REVISED_BY: Final = ("sourceContents", "serviceAccount")
_SETTABLE: Final = (
    "callLogLevel",
    "cryptoKeyName",
    "description",
    "executionHistoryLevel",
    "labels",
    "serviceAccount",
    "sourceContents",
    "tags",
    "userEnvVars",
)
_MOST_VARIABLES: Final = 20
_UNSPECIFIED: Final = ("CALL_LOG_LEVEL_UNSPECIFIED", "EXECUTION_HISTORY_LEVEL_UNSPECIFIED")


def _create(call: Call) -> Json:
    identifier = call.query.get("workflowId", "")
    if _NAME.fullmatch(identifier) is None:
        raise invalid(
            f"'{identifier}' is not a valid workflow ID: letters, numbers, underscores and "
            "hyphens, beginning with a letter, ending with a letter or number, up to 64 characters."
        )
    full = f"//workflows.googleapis.com/{call.resource}/workflows/{identifier}"
    name = full.partition(".com/")[2]
    if call.world.objects.peek(RESOURCES, full) is not None:
        raise already_exists(name)
    body: Json = {key: call.body[key] for key in _SETTABLE if key in call.body}
    _check(body)
    email = _account(call.world, call.project, body.get("serviceAccount", ""))
    call.act_as(email)
    body["serviceAccount"] = _account_name(call.world, email)
    kept = _complete(call.world, name, body)
    call.world.objects.put(RESOURCES, full, kept)
    return _operation(call, name, "create", kept)


def _patch(call: Call) -> Json:
    old = call.stored()
    mask = [part.strip() for part in call.query.get("updateMask", "").split(",") if part.strip()]
    names = [_camel(name) for name in mask] or [key for key in _SETTABLE if key in call.body]
    for name in names:
        if name.partition(".")[0] not in _SETTABLE:
            raise invalid(f"Field '{name}' cannot be updated.")
    new = generic.merged(old, call.body, ",".join(names))
    _check(new)
    if "serviceAccount" in names:
        email = _account(call.world, call.project, new.get("serviceAccount", ""))
        call.act_as(email)
        new["serviceAccount"] = _account_name(call.world, email)
    now = call.world.now()
    new["updateTime"] = now
    if any(name in _REVISED_BY for name in names):
        number = int(old["revisionId"].partition("-")[0]) + 1
        new["revisionId"] = _revision(call.world, number)
        new["revisionCreateTime"] = now
        new["_revisions"] = [*old.get("_revisions", ()), _snapshot(new)]
    call.world.objects.put(RESOURCES, call.full, new)
    return _operation(call, call.resource, "update", new)


def _delete(call: Call) -> Json:
    call.stored()
    generic.remove(call, call.full)
    return _operation(call, call.resource, "delete", None)


def _get(call: Call) -> Json:
    """The workflow, or the revision of it that `revisionId` names."""
    stored = call.stored()
    wanted = call.query.get("revisionId", "")
    if not wanted:
        answer: Json = shown(stored)
        return answer
    for revision in stored.get("_revisions", ()):
        if revision["revisionId"] == wanted:
            return dict(revision)
    raise not_found(f"{call.resource}@{wanted}")


def _list(call: Call) -> Json:
    """A page of workflows; a setting leaves their sources out, for a client must not rely on them.

    The reference does not say what a list shows of each:
    https://cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows/list
    (not opened)
    """
    page = generic.list_(call)
    if not call.world.settings.list_sources:
        for workflow in page.get("workflows", ()):
            workflow.pop("sourceContents", None)
    return page


def _list_revisions(call: Call) -> Json:
    stored = call.stored()
    newest_first = [dict(revision) for revision in reversed(stored.get("_revisions", ()))]
    return {"workflows": newest_first} if newest_first else {}


def _operation(call: Call, name: str, verb: str, body: Json | None) -> Json:
    kind = "google.protobuf.Empty" if body is None else "google.cloud.workflows.v1.Workflow"
    return operations.start(
        call.world,
        project=call.project,
        scope="/".join(name.split("/")[:4]),
        metadata={
            "@type": "type.googleapis.com/google.cloud.workflows.v1.OperationMetadata",
            "createTime": call.world.now(),
            "target": name,
            "verb": verb,
            "apiVersion": "v1",
        },
        response={"@type": f"type.googleapis.com/{kind}", **shown(body or {})},
    )


def _complete(world: World, resource: str, body: Json) -> Json:
    now = world.now()
    project = resource.split("/")[1]
    kept: Json = {
        "sourceContents": "main:\n  steps:\n  - done:\n      return: null\n",
        **{key: value for key, value in body.items() if value not in _UNSPECIFIED},
        "name": resource,
        "state": "ACTIVE",
        "revisionId": _revision(world, 1),
        "createTime": now,
        "updateTime": now,
        "revisionCreateTime": now,
    }
    if "serviceAccount" not in kept:
        kept["serviceAccount"] = _account_name(world, world.default_account(project))
    kept["_revisions"] = [_snapshot(kept)]
    return kept


def _snapshot(body: Json) -> Json:
    return {key: value for key, value in body.items() if not key.startswith("_")}


def _revision(world: World, number: int) -> str:
    return f"{number:06d}-{world.unique_hex(3)}"


def _account(world: World, project: str, given: str) -> str:
    """The e-mail for `projects/{p}/serviceAccounts/{e}`, an e-mail, a unique id or nothing."""
    if not given:
        return world.default_account(project)
    reference = given.rpartition("/")[2]
    found = world.account(reference)
    return reference if found is None else str(found["email"])


def _account_name(world: World, email: str) -> str:
    return f"projects/{world.account_project(email)}/serviceAccounts/{email}"


def _check(body: Json) -> None:
    source = body.get("sourceContents")
    if not source:
        raise invalid("Workflow source contents must be set.")
    if len(source.encode()) > _LARGEST_SOURCE:
        raise invalid("Workflow source code exceeds the maximum size of 128 KB.")
    try:
        node = yaml.compose(source, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = "1:1" if mark is None else f"{mark.line + 1}:{mark.column + 1}"
        raise invalid(f"main.yaml:{at}: parse error: {error.problem}") from None
    except yaml.YAMLError:
        raise invalid("main.yaml:1:1: parse error: not valid YAML or JSON") from None
    if not isinstance(node, (yaml.MappingNode, yaml.SequenceNode)):
        raise invalid("main.yaml:1:1: parse error: expected workflows or a list of steps")
    variables = body.get("userEnvVars", {})
    if len(variables) > _MOST_VARIABLES:
        raise invalid(f"A workflow can have at most {_MOST_VARIABLES} environment variables.")
    for name in variables:
        if re.fullmatch(r"(?!GOOGLE|WORKFLOWS)[A-Za-z_][A-Za-z0-9_]{0,39}", name) is None:
            raise invalid(f"Invalid environment variable name '{name[:60]}'.")


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


SERVICE: Final = Service(
    api="workflows",
    handlers={
        "v1": {
            "projects.locations.workflows.create": _create,
            "projects.locations.workflows.get": _get,
            "projects.locations.workflows.patch": _patch,
            "projects.locations.workflows.delete": _delete,
            "projects.locations.workflows.list": _list,
            "projects.locations.workflows.listRevisions": _list_revisions,
        }
    },
    kinds=(Kind(pattern="projects/*/locations/*/workflows/*", complete=_complete),),
)
