"""The data that a BigQuery job reads and writes, and what is checked on it besides the job itself.

Sources, all 2026-11-23: https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-orc (its
list also holds bigquery.tables.update, which is not checked here), and, not opened,
https://cloud.google.com/bigquery/docs/running-queries and
https://cloud.google.com/bigquery/docs/exporting-data.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from wfprov.emulator.service import Call

_BUCKETS: Final = "//storage.googleapis.com/projects/_/buckets/"
_QUOTED: Final = re.compile(r"\b(?:FROM|JOIN)\s+`([\w-]+(?:\.[\w-]+){1,2})`", re.IGNORECASE)
"""Tables that a query reads, where it quotes them whole; any other text is not judged."""


_PUBLIC: Final = (["bigquery-public-data"], ["bigquery-samples"])
"""Projects of Google's public datasets, which every account may read.

Source: https://cloud.google.com/bigquery/public-data (not opened)
"""


def check(call: Call) -> None:
    """Refuses unless the caller may touch what the job touches.

    Raises:
        ApiError: 403 naming permission and resource.
    """
    configuration = call.body.get("configuration") or {}
    query = call.body.get("query") or (configuration.get("query") or {}).get("query") or ""
    for name in _QUOTED.findall(str(query)):
        *project, dataset, table = name.split(".")
        if project in _PUBLIC:
            continue
        _require(call, "bigquery.tables.getData", project[0] if project else "", dataset, table)
    load = configuration.get("load") or {}
    if load:
        target = load.get("destinationTable") or {}
        names = tuple(str(target.get(k, "")) for k in ("projectId", "datasetId", "tableId"))
        _require(call, "bigquery.tables.create", names[0], names[1])
        _require(call, "bigquery.tables.updateData", *names)
        for uri in load.get("sourceUris") or ():
            _object(call, "storage.objects.get", str(uri))
    extract = configuration.get("extract") or {}
    if extract:
        source: Mapping[str, Any] = extract.get("sourceTable") or {}
        names = tuple(str(source.get(k, "")) for k in ("projectId", "datasetId", "tableId"))
        _require(call, "bigquery.tables.export", *names)


def _require(call: Call, permission: str, project: str, dataset: str, table: str = "") -> None:
    name = f"projects/{project or call.project}/datasets/{dataset}"
    full = call.world.full_name("bigquery", f"{name}/tables/{table}" if table else name)
    call.require(permission, full)


def _object(call: Call, permission: str, uri: str) -> None:
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    call.require(permission, f"{_BUCKETS}{bucket}/objects/{name or '-'}")
