"""BigQuery v2: datasets, whose access list is their policy, tables, and jobs that are done at once.

Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets (not opened)
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from wfprov.emulator import enforce, generic, tables
from wfprov.emulator.errors import ApiError, already_exists, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import POLICIES, RESOURCES
from wfprov.emulator.service import Call, Kind, Service
from wfprov.emulator.world import World, shown

_HOST: Final = "//bigquery.googleapis.com/"
_ROLES: Final = {
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}
"""Basic dataset roles as IAM roles.

Source: https://cloud.google.com/bigquery/docs/access-control-basic-roles (not opened)
"""
_DEFAULT_ACCESS: Final = (
    {"role": "WRITER", "specialGroup": "projectWriters"},
    {"role": "OWNER", "specialGroup": "projectOwners"},
    {"role": "READER", "specialGroup": "projectReaders"},
)
_GROUPS: Final = {
    "projectOwners": "projectOwner",
    "projectWriters": "projectEditor",
    "projectReaders": "projectViewer",
}


def _complete_dataset(world: World, resource: str, body: Json) -> Json:
    project, dataset = (resource.split("/")[at] for at in (1, 3))
    milliseconds = str(int(world.seconds() * 1000))
    kept: Json = {
        "location": "US",
        "access": [dict(entry) for entry in _DEFAULT_ACCESS],
        **{key: value for key, value in body.items() if key not in ("_standIn", "name")},
        "kind": "bigquery#dataset",
        "id": f"{project}:{dataset}",
        "datasetReference": {"projectId": project, "datasetId": dataset},
        "creationTime": milliseconds,
        "lastModifiedTime": milliseconds,
        "etag": world.etag(),
    }
    _write_policy(world, resource, kept["access"], ())
    return kept


def _complete_table(world: World, resource: str, body: Json) -> Json:
    project, dataset, table = (resource.split("/")[at] for at in (1, 3, 5))
    return {
        "type": "TABLE",
        **{key: value for key, value in body.items() if key not in ("_standIn", "name")},
        "kind": "bigquery#table",
        "id": f"{project}:{dataset}.{table}",
        "tableReference": {"projectId": project, "datasetId": dataset, "tableId": table},
        "creationTime": str(int(world.seconds() * 1000)),
        "etag": world.etag(),
    }


def _insert_dataset(call: Call) -> Json:
    dataset = (call.body.get("datasetReference") or {}).get("datasetId", "")
    resource = f"{call.resource}/datasets/{_identifier(dataset)}"
    return _make(call, resource)


def _insert_table(call: Call) -> Json:
    call.stored()
    table = (call.body.get("tableReference") or {}).get("tableId", "")
    return _make(call, f"{call.resource}/tables/{_identifier(table)}")


def _make(call: Call, resource: str) -> Json:
    if call.world.objects.peek(RESOURCES, _HOST + resource) is not None:
        raise already_exists(resource)
    made: Json = shown(call.kinds.make(call.world, _HOST + resource, call.body))
    return made


def _identifier(text: str) -> str:
    if not text or not all(c.isalnum() or c in "_-$" for c in text):
        raise invalid(f'Invalid ID "{text[:80]}".')
    return text


def _get(call: Call) -> Json:
    answer: Json = shown(call.stored())
    return answer


def _list_datasets(call: Call) -> Json:
    """Those that the caller may read; no permission is needed to ask."""
    found = []
    for name in call.world.objects.children(f"{_HOST}{call.resource}/datasets"):
        if call.world.settings.enforce and not enforce.permitted(
            call.world, call.caller, "bigquery.datasets.get", name
        ):
            continue
        body = call.world.objects.peek(RESOURCES, name) or {}
        found.append({k: body[k] for k in ("kind", "id", "datasetReference", "location")})
    return {"kind": "bigquery#datasetList", **({"datasets": found} if found else {})}


def _patch_dataset(call: Call) -> Json:
    """Patch and update; `If-Match` with another etag than the current one is refused."""
    old = call.stored()
    wanted = call.headers.get("if-match", "")
    if wanted and wanted != old["etag"]:
        raise ApiError("FAILED_PRECONDITION", "Precondition check failed.", code=412)
    new = {**old, **{k: v for k, v in call.body.items() if k != "etag"}}
    if call.match.method.action == "update" and "access" not in call.body:
        new["access"] = old["access"]
    _write_policy(call.world, call.resource, new["access"], old["access"])
    new["etag"] = call.world.etag()
    new["lastModifiedTime"] = str(int(call.world.seconds() * 1000))
    call.world.objects.put(RESOURCES, call.full, new)
    answer: Json = shown(new)
    return answer


def _delete(call: Call) -> Json:
    call.stored()
    generic.remove(call, call.full)
    return {}


def _complete_job(world: World, resource: str, body: Json) -> Json:
    project, identifier = (resource.split("/")[at] for at in (1, 3))
    moment = str(int(world.seconds() * 1000))
    return {
        "kind": "bigquery#job",
        "id": f"{project}:US.{identifier}",
        "jobReference": {"projectId": project, "jobId": identifier, "location": "US"},
        "configuration": body.get("configuration", {}),
        "status": {"state": "DONE"},
        "statistics": {"creationTime": moment, "startTime": moment, "endTime": moment},
        "user_email": body.get("user_email", ""),
    }


def _run_job(call: Call) -> Json:
    tables.check(call)
    sent = call.body.get("jobReference") or {}
    identifier = _identifier(sent.get("jobId") or f"job_{call.world.unique_hex(20)}")
    caller = (call.caller or "user:anonymous").partition(":")[2]
    body = {"configuration": call.body.get("configuration", {}), "user_email": caller}
    full = f"{_HOST}projects/{call.project}/jobs/{identifier}"
    job = call.kinds.make(call.world, full, body)
    if call.match.method.action == "query":
        return {
            "kind": "bigquery#queryResponse",
            "jobReference": job["jobReference"],
            "jobComplete": True,
            "totalRows": "0",
        }
    return job


def _query_results(call: Call) -> Json:
    identifier = call.match.params["jobId"]
    job = call.stored(f"{_HOST}projects/{call.project}/jobs/{identifier}")
    return {
        "kind": "bigquery#getQueryResultsResponse",
        "jobReference": job["jobReference"],
        "jobComplete": True,
        "totalRows": "0",
    }


def _write_policy(
    world: World,
    resource: str,
    access: list[Mapping[str, Any]],
    old: tuple[()] | list[Mapping[str, Any]],
) -> None:
    """Keeps the access list as the dataset's policy too, which is what is enforced."""
    project = resource.split("/")[1]
    bindings: dict[str, list[str]] = {}
    known = {member for entry in old for member in _members(project, entry)}
    for entry in access:
        role = _ROLES.get(entry.get("role", ""), entry.get("role", ""))
        for member in _members(project, entry):
            kind, _, email = member.partition(":")
            unknown = kind == "serviceAccount" and not world.principal_exists(email)
            if unknown and member not in known:
                name = resource.rpartition("/")[2]
                raise invalid(
                    f"IAM setPolicy failed for Dataset {project}:{name}: "
                    f"Service account {email} does not exist."
                )
            bindings.setdefault(role, []).append(member)
    kept = [{"role": role, "members": members} for role, members in bindings.items() if role]
    world.objects.put(POLICIES, _HOST + resource, {"etag": world.etag(), "bindings": kept})


def _members(project: str, entry: Mapping[str, Any]) -> Iterator[str]:
    if email := entry.get("userByEmail"):
        kind = "serviceAccount" if email.endswith(".gserviceaccount.com") else "user"
        yield f"{kind}:{email}"
    if email := entry.get("groupByEmail"):
        yield f"group:{email}"
    if domain := entry.get("domain"):
        yield f"domain:{domain}"
    if member := entry.get("iamMember"):
        yield str(member)
    group = entry.get("specialGroup", "")
    if group in _GROUPS:
        yield f"{_GROUPS[group]}:{project}"
    elif group == "allAuthenticatedUsers":
        yield group


SERVICE: Final = Service(
    api="bigquery",
    handlers={
        "v2": {
            "datasets.insert": _insert_dataset,
            "datasets.get": _get,
            "datasets.list": _list_datasets,
            "datasets.patch": _patch_dataset,
            "datasets.update": _patch_dataset,
            "datasets.delete": _delete,
            "tables.insert": _insert_table,
            "tables.get": _get,
            "jobs.insert": _run_job,
            "jobs.query": _run_job,
            "jobs.getQueryResults": _query_results,
        }
    },
    kinds=(
        Kind(
            pattern="projects/*/datasets/*",
            complete=_complete_dataset,
            missing="Not found: Dataset {name}",
        ),
        Kind(
            pattern="projects/*/datasets/*/tables/*",
            complete=_complete_table,
            missing="Not found: Table {name}",
        ),
        Kind(pattern="projects/*/jobs/*", complete=_complete_job, missing="Not found: Job {name}"),
    ),
)
