"""The data that a BigQuery job touches: tables named in its SQL, load and extract settings.

Only names are looked for, `FROM`, `JOIN`, `INTO`, `UPDATE`, `TABLE` and what follows; the SQL is
not parsed. What is not found is asked for on the project.
Source: https://docs.cloud.google.com/bigquery/docs/running-queries (2026-11-23)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wfprov.analysis.domain import Const, Unknown, shown
from wfprov.catalog.methods import Reached
from wfprov.catalog.request import Request
from wfprov.catalog.resource import with_project_id
from wfprov.catalog.target import Need, Tier
from wfprov.catalog.url import HOLE, masked
from wfprov.core.address import Permission, ResourceName

SOURCE = "https://docs.cloud.google.com/bigquery/docs/running-queries"
GET_DATA = Permission("bigquery.tables.getData")
UPDATE_DATA = Permission("bigquery.tables.updateData")
CREATE = Permission("bigquery.tables.create")

# Possessive: a name is never given back in part, so that `FROM UNNEST(` names nothing.
NAME = r"(`[^`]+`|[\w\-.:\U000f0000-\U000ffffd]++)"
COMMENT = re.compile(r"--[^\n]*|/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|$)")
KEYWORDS = frozenset({"SET", "ROW", "VALUES", "SELECT", "UNNEST"})
READS = re.compile(rf"\b(?:FROM|JOIN)\s+{NAME}(?!\s*\()", re.IGNORECASE)
WRITES = re.compile(
    rf"\b(?:INSERT\s+(?:INTO\s+)?|MERGE\s+(?:INTO\s+)?|UPDATE\s+|DELETE\s+(?:FROM\s+)?|TRUNCATE\s+TABLE\s+){NAME}",
    re.IGNORECASE,
)
CREATES = re.compile(
    rf"\bCREATE\s+(?:OR\s+REPLACE\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{NAME}", re.IGNORECASE
)
PUBLIC = frozenset({"bigquery-public-data", "bigquery-samples"})
"""Projects whose datasets anybody may read.

Source: https://docs.cloud.google.com/bigquery/public-data (2026-11-23)
Source: https://docs.cloud.google.com/workflows/docs/tutorials/bigquery-parallel-jobs (2026-11-23)
"""


def data_needs(reached: Reached, request: Request) -> Iterator[Need]:
    """The permissions on tables and buckets that a job or a query needs, beside the job's own."""
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
                yield from _table(table, project, request, CREATE, UPDATE_DATA)
                yield from _buckets(f"{settings}.load.sourceUris", request, "storage.objects.get")
            if _given(f"{settings}.extract", request):
                table = f"{settings}.extract.sourceTable"
                yield from _table(table, project, request, GET_DATA, "bigquery.tables.export")
                uris = f"{settings}.extract.destinationUris"
                yield from _buckets(uris, request, "storage.objects.create")
            if _given(f"{settings}.copy", request):
                copy = f"{settings}.copy"
                yield from _table(f"{copy}.sourceTable", project, request, GET_DATA)
                yield from _table(f"{copy}.destinationTable", project, request, CREATE, UPDATE_DATA)
        case _:
            return


def _given(path: str, request: Request) -> bool:
    return any(given != Const(None) for given in request.values(path))


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
        mask = masked(COMMENT.sub(" ", HOLE.sub(_flat, sql)))
        text = re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "''", mask.text)
        inner = set(re.findall(r"\b(\w+)\s+AS\s*\(", text, re.IGNORECASE))
        written = {m[1] for m in WRITES.finditer(text)}
        created = {m[1] for m in CREATES.finditer(text)}
        read = {m[1] for m in READS.finditer(text)} - inner
        if not (written or created or read) and mask.holes:
            read = {"\U000f0000"}
        for name in sorted(read | written):
            yield from _on(mask.show(name), project, dataset, request, GET_DATA)
        for name in sorted(written):
            yield from _on(mask.show(name), project, dataset, request, UPDATE_DATA)
        for name in sorted(created):
            yield from _on(mask.show(name), project, dataset, request, CREATE, UPDATE_DATA)


def _flat(hole: re.Match[str]) -> str:
    return "{" + re.sub(r"[{}\s'\"]", "", hole[0]) + "}"


def _on(
    name: str, project: str, dataset: str | None, request: Request, *permissions: str
) -> Iterator[Need]:
    """Needs on the table of that name; a name of one part lies in the default dataset."""
    mask = masked(name.strip("`"))
    parts = [mask.show(p) for p in re.split(r"[.:]", mask.text)]
    if parts[0] in PUBLIC or "INFORMATION_SCHEMA" in (p.upper() for p in parts):
        return
    if len(parts) == 1 and not parts[0].startswith("{"):
        if dataset is None or parts[0].upper() in KEYWORDS:
            return
        parts = [dataset, *parts]
    owner = parts[-3] if len(parts) >= 3 else project  # noqa: PLR2004 (project.dataset.table)
    path = f"projects/{owner}/datasets/{parts[-2] if len(parts) > 1 else parts[0]}"
    if len(parts) > 1 and not {"*", "{"} & set(parts[-1]) and CREATE not in permissions:
        path += f"/tables/{parts[-1]}"
    for permission in permissions:
        yield _need(Permission(permission), f"//bigquery.googleapis.com/{path}", request)


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


def _buckets(path: str, request: Request, permission: str) -> Iterator[Need]:
    for given in request.values(f"{path}[]"):
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
