"""The data that a BigQuery job touches: what its SQL names, load, extract and copy settings.

What a job does to data that its text does not tell is a doubt, for the user to answer.
Source: https://docs.cloud.google.com/bigquery/docs/running-queries (2026-11-23)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wfprov.analysis.domain import Abstract, Const, Text, Unknown, shown
from wfprov.catalog.bigquery_sql import KEYWORDS, Level, Touched, read
from wfprov.catalog.methods import Reached
from wfprov.catalog.request import Request
from wfprov.catalog.resource import with_project_id
from wfprov.catalog.target import Need, Tier
from wfprov.catalog.url import HOLE, Masked, masked
from wfprov.core.address import Permission, ResourceName

SOURCE = "https://docs.cloud.google.com/bigquery/docs/running-queries"
GET_DATA = Permission("bigquery.tables.getData")
UPDATE = Permission("bigquery.tables.update")
UPDATE_DATA = Permission("bigquery.tables.updateData")
CREATE = Permission("bigquery.tables.create")

PUBLIC = frozenset({"bigquery-public-data", "bigquery-samples"})
"""Projects whose datasets anybody may read.

Source: https://docs.cloud.google.com/bigquery/public-data (2026-11-23)
Source: https://docs.cloud.google.com/workflows/docs/tutorials/bigquery-parallel-jobs (2026-11-23)
"""


def data_needs(reached: Reached, request: Request) -> Iterator[Need]:
    """The permissions on tables and buckets that a job or a query needs, beside the job's own.

    Source: https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv (not opened)
    Source: https://docs.cloud.google.com/bigquery/docs/exporting-data (2026-11-24, a translation)
    """
    if reached.id.api != "bigquery":
        return
    project = reached.parts.named.get("projectId", request.place.project)
    match reached.id.name:
        case "jobs.query":
            yield from _query("body.query", "body.defaultDataset", project, request)
        case "jobs.insert":
            settings = "body.configuration"
            if _given(f"{settings}.query", request):
                base = f"{settings}.query"
                yield from _query(f"{base}.query", f"{base}.defaultDataset", project, request)
                yield from _table(f"{base}.destinationTable", project, request, CREATE, UPDATE_DATA)
            if _given(f"{settings}.load", request):
                table = f"{settings}.load.destinationTable"
                yield from _table(table, project, request, CREATE, UPDATE, UPDATE_DATA)
                uris = f"{settings}.load.sourceUris"
                yield from _buckets(uris, request, "storage.objects.get")
                if any("*" in (shown(uri) or "") for uri in _uris(uris, request)):
                    yield from _buckets(uris, request, "storage.objects.list")
            if _given(f"{settings}.extract", request):
                table = f"{settings}.extract.sourceTable"
                yield from _table(table, project, request, GET_DATA, "bigquery.tables.export")
                for uris in ("destinationUris", "destinationUri"):
                    for permission in ("storage.objects.create", "storage.objects.delete"):
                        yield from _buckets(f"{settings}.extract.{uris}", request, permission)
            if _given(f"{settings}.copy", request):
                copy = f"{settings}.copy"
                for source in (f"{copy}.sourceTable", f"{copy}.sourceTables[]"):
                    yield from _table(source, project, request, GET_DATA)
                yield from _table(f"{copy}.destinationTable", project, request, CREATE, UPDATE_DATA)
        case _:
            return


def _given(path: str, request: Request) -> bool:
    return any(given != Const(None) for given in request.values(path))


def doubt(reached: Reached, request: Request) -> str:
    """What a query does that its text does not tell, in words; empty when it tells all.

    A procedure works with the caller's permissions, and so does SQL that is put together as it
    runs.
    Source: https://cloud.google.com/bigquery/docs/procedures (not opened)
    """
    paths = {"jobs.query": "body.query", "jobs.insert": "body.configuration.query.query"}
    path = paths.get(reached.id.name) if reached.id.api == "bigquery" else None
    for given in () if path is None else request.values(path):
        sql = shown(given)
        if sql is None:
            continue
        if isinstance(given, Unknown):
            return f"the SQL comes from {sql}: what it reads and writes is not known"
        if opaque := read(_masked(sql).text).opaque:
            return f"{', '.join(opaque)} in the SQL: what else that needs is not in its text"
    return ""


def _masked(sql: str) -> Masked:
    return masked(HOLE.sub(_flat, sql))


def _query(path: str, default: str, project: str, request: Request) -> Iterator[Need]:
    dataset = next((t for v in request.values(f"{default}.datasetId") if (t := shown(v))), None)
    for given in request.values(path):
        sql = shown(given)
        if sql is None:
            continue
        if isinstance(given, Unknown):
            on = f"//bigquery.googleapis.com/projects/{project}/datasets/{sql}"
            yield _need(GET_DATA, on, request, when="the SQL reads tables or views")
            continue
        mask = _masked(sql)
        touched = read(mask.text).touched
        if not touched and mask.holes:
            touched = (Touched("\U000f0000", Level.TABLE, (GET_DATA,)),)
        for one in sorted(touched, key=lambda t: (t.level.value, t.name, t.permissions)):
            yield from _on(mask.show(one.name), one, project, dataset, request)


def _flat(hole: re.Match[str]) -> str:
    return "{" + re.sub(r"[{}\s'\"]", "", hole[0]) + "}"


def _on(
    shown_name: str, touched: Touched, project: str, dataset: str | None, request: Request
) -> Iterator[Need]:
    """Needs on what a statement names; a name of one part lies in the default dataset."""
    mask = masked(shown_name.strip("`"))
    parts = [mask.show(p).strip("`") for p in re.split(r"[.:]", mask.text)]
    path: str | None
    permissions = touched.permissions
    match touched.level:
        case Level.BUCKET:
            path = f"storage.googleapis.com/projects/_/buckets/{shown_name}"
        case Level.PROJECT:
            owner = parts[0] if len(parts) > 1 else project
            path = f"cloudresourcemanager.googleapis.com/projects/{owner}"
        case Level.CONNECTION:
            owner = parts[-3] if len(parts) > 2 else project  # noqa: PLR2004
            path = f"bigqueryconnection.googleapis.com/projects/{owner}"
            if len(parts) > 1:
                path += f"/locations/{parts[-2]}/connections/{parts[-1]}"
        case Level.DATASET:
            owner = parts[0] if len(parts) > 1 else project
            path = f"bigquery.googleapis.com/projects/{owner}/datasets/{parts[-1]}"
        case _:
            if "INFORMATION_SCHEMA" in (p.upper() for p in parts):
                path, permissions = _information(parts, project)
            else:
                path = _in_dataset(parts, touched.level, project, dataset)
    if path is not None:
        for permission in permissions:
            yield _need(permission, f"//{path}", request)


def _in_dataset(parts: list[str], level: Level, project: str, dataset: str | None) -> str | None:
    """The path of a table, a routine or their dataset; None for what needs no permission."""
    if parts[0] in PUBLIC:
        return None
    if len(parts) == 1 and not parts[0].startswith("{"):
        if dataset is None or parts[0].upper() in KEYWORDS:
            return None
        parts = [dataset, *parts]
    owner = parts[-3] if len(parts) >= 3 else project  # noqa: PLR2004 (project.dataset.table)
    path = f"bigquery.googleapis.com/projects/{owner}/datasets/"
    path += parts[-2] if len(parts) > 1 else parts[0]
    if len(parts) == 1 or level is Level.IN_DATASET or {"*", "{"} & set(parts[-1]):
        return path
    return f"{path}/{'routines' if level is Level.ROUTINE else 'tables'}/{parts[-1]}"


def _information(parts: list[str], project: str) -> tuple[str, tuple[Permission, ...]]:
    """Where a view of INFORMATION_SCHEMA is checked, and for what.

    Source: https://cloud.google.com/bigquery/docs/information-schema-jobs (not opened)
    Source: https://cloud.google.com/bigquery/docs/information-schema-tables (not opened)
    """
    at = [p.upper() for p in parts].index("INFORMATION_SCHEMA")
    view = parts[at + 1].upper() if len(parts) > at + 1 else ""
    before = parts[:at]
    regional = bool(before) and before[-1].lower().startswith("region-")
    owner = before[-2] if len(before) > 1 else project
    path = f"bigquery.googleapis.com/projects/{owner}"
    if view.startswith("JOBS"):
        listing = "bigquery.jobs.list" if "BY_USER" in view else "bigquery.jobs.listAll"
        return path, (Permission(listing),)
    if before and not regional:
        path += f"/datasets/{before[-1]}"
    return path, (Permission("bigquery.tables.get"), Permission("bigquery.tables.list"))


def _table(path: str, project: str, request: Request, *permissions: str) -> Iterator[Need]:
    """Needs on the table that a reference `{projectId, datasetId, tableId}` names."""
    for dataset in request.values(f"{path}.datasetId"):
        name = shown(dataset)
        if name is None:
            continue
        owner = next((t for v in request.values(f"{path}.projectId") if (t := shown(v))), project)
        table = next((t for v in request.values(f"{path}.tableId") if (t := shown(v))), None)
        on = f"//bigquery.googleapis.com/projects/{owner}/datasets/{name}"
        for permission in permissions:
            below = table is not None and CREATE not in permissions
            yield _need(Permission(permission), f"{on}/tables/{table}" if below else on, request)


def _uris(path: str, request: Request) -> Iterator[Abstract]:
    """The addresses in a list, or the one in its place: the API takes both."""
    yield from request.values(f"{path}[]")
    yield from (
        given for given in request.values(path) if isinstance(given, Const | Text | Unknown)
    )


def _buckets(path: str, request: Request, permission: str) -> Iterator[Need]:
    for given in _uris(path, request):
        mask = masked(shown(given) or "")
        found = re.match(r"gs://([^/]+)", mask.text)
        name = mask.show(found[1]) if found else shown(given)
        if name:
            on = f"//storage.googleapis.com/projects/_/buckets/{name}"
            yield _need(Permission(permission), on, request)


def _need(permission: Permission, on: str, request: Request, when: str | None = None) -> Need:
    name = ResourceName("/".join(with_project_id(on.split("/"), request.place)))
    found = re.match(r"//[^/]+/projects/([^/_]+)", masked(name).text)
    project = masked(name).show(found[1]) if found else request.place.project
    return Need(
        permission=permission,
        on=name,
        tier=Tier.CURATED,
        when=when,
        source=SOURCE,
        project=project,
    )
