"""Builds src/wfprov/data/facts.sqlite: roles, methods, routes, needs, resources with a policy.

python tools/build_data.py --roles FILE --methods FILE --curated FILE --policies FILE --polling FILE
                           --out FOLDER

The same inputs (and the same google-api-python-client) give the same bytes. The folder's own
tables, conditions.tsv and methods.jsonl, are read as well; PROVENANCE.md there says what each
input is and under which licence.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sqlite3
import sys
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import condition_text
import discovery_tables
import readings

Rows = readings.Rows

SCHEMA = """
PRAGMA page_size = 1024;
CREATE TABLE permission(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE role(name TEXT PRIMARY KEY, title TEXT, stage TEXT, permissions BLOB);
CREATE TABLE api(name TEXT, version TEXT, service TEXT, host TEXT, base TEXT, methods BLOB,
                 PRIMARY KEY (name, version)) WITHOUT ROWID;
CREATE INDEX api_host ON api(host);
CREATE TABLE need(api TEXT, version TEXT, methods BLOB, PRIMARY KEY (api, version)) WITHOUT ROWID;
CREATE TABLE policy(type TEXT PRIMARY KEY, api TEXT, version TEXT, resource TEXT, verb TEXT,
                    url TEXT) WITHOUT ROWID;
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE effect(type TEXT PRIMARY KEY, permissions BLOB) WITHOUT ROWID;
"""

ROLES_OF = "2026-08-22"
"""The day of the crawl that `--roles` holds."""

OWN_POLICY_TYPES = (
    # A dataset's access list is its policy; there is no setIamPolicy method for it.
    # https://docs.cloud.google.com/bigquery/docs/control-access-to-resources-iam (2026-11-23)
    ("bigquery.googleapis.com/projects/datasets", "bigquery", "v2", "datasets", "PATCH",
     "https://bigquery.googleapis.com/bigquery/v2/projects/{projectId}/datasets/{datasetId}"),
)  # fmt: skip

RENAMED_TYPES = {
    # Full resource names differ from the REST paths here.
    # https://docs.cloud.google.com/asset-inventory/docs/asset-names (2026-11-23)
    "storage.googleapis.com/b": "storage.googleapis.com/projects/buckets",
    "storage.googleapis.com/b/managedFolders":
        "storage.googleapis.com/projects/buckets/managedFolders",
    "bigtableadmin.googleapis.com": "bigtable.googleapis.com",
}  # fmt: skip

NOT_BOUND = {
    # Uniform bucket-level access has no object policies; ACLs are not what a grant should use.
    # https://docs.cloud.google.com/storage/docs/uniform-bucket-level-access (2026-11-23)
    "storage.googleapis.com/b/o",
}

MORE_EFFECT = {
    # Permissions whose name does not tell the resource that they work on, by prefix.
    # https://docs.cloud.google.com/run/docs/reference/iam/permissions (2026-11-23)
    "run.googleapis.com/projects/locations/services": ("run.routes.", "run.revisions."),
    "run.googleapis.com/projects/locations/jobs": ("run.executions.", "run.tasks."),
    # https://docs.cloud.google.com/storage/docs/access-control/iam-permissions (2026-11-23)
    "storage.googleapis.com/projects/buckets": (
        "storage.objects.",
        "storage.managedFolders.",
        "storage.folders.",
        "storage.multipartUploads.",
    ),
    # https://docs.cloud.google.com/iam/docs/service-account-permissions (2026-11-23)
    "iam.googleapis.com/projects/serviceAccounts": ("iam.serviceAccountKeys.",),
    # https://docs.cloud.google.com/bigquery/docs/access-control (2026-11-23)
    "bigquery.googleapis.com/projects/datasets": (
        "bigquery.tables.",
        "bigquery.routines.",
        "bigquery.models.",
    ),
}

HOMES = {"sqladmin": "cloudsql", "bigtableadmin": "bigtable", "translate": "cloudtranslate"}
"""Service labels whose permissions begin with another word."""


def read_json(path: Path) -> Any:
    """A gzip JSON file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def packed(value: object) -> bytes:
    """JSON with sorted keys, compressed."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return zlib.compress(text.encode(), 9)


def packed_ids(ids: Iterable[int]) -> bytes:
    """Sorted 16-bit little-endian numbers, compressed."""
    numbers = array("H", sorted(ids))
    if sys.byteorder == "big":
        numbers.byteswap()
    return zlib.compress(numbers.tobytes(), 9)


def resource_template(service: str, path: str) -> str:
    """The full resource name that a method's path is about, `//s/projects/{project}/topics/{t}`.

    A trailing collection or verb is left out: creating and listing are checked on the parent.
    """
    path = re.sub(r":\w+$", "", path)
    path = re.sub(r"^([a-zA-Z]+/)*v\d\w*/|^(compute|storage|bigquery)/[^/]+/", "", path)
    parts = path.split("/")
    last = max((i for i, part in enumerate(parts) if part.startswith("{")), default=-1)
    kept = parts[: last + 1]
    if service == "storage.googleapis.com" and kept[:1] == ["b"]:
        kept = ["projects", "_", "buckets", *kept[1:2]]
    return f"//{service}/{'/'.join(kept)}" if kept else ""


def type_of(name: str) -> str:
    """The type of a full resource name or template."""
    service, _, path = name.removeprefix("//").partition("/")
    kept = [part for part in path.split("/") if part != "_"]
    return f"{service}/{discovery_tables.collections('/'.join(kept))}"


def curated_need(row: Mapping[str, Any], written: Mapping[str, str]) -> dict[str, Any]:
    """What the database holds of one researched row; absent keys mean nothing."""
    on = row.get("on") if str(row.get("on")).startswith("//") else None
    read = row["evidence"] != "table" and row["source"].startswith("https://")
    tier = "curated" if read else "map"
    need: dict[str, Any] = {"tier": tier, "perms": row["permissions"], "source": row["source"]}
    if on:
        need["on"] = on.replace("//iam.googleapis.com/projects/{project}/", SERVICE_ACCOUNTS)
    if row.get("policy_on") == "project":
        need["project_only"] = True
    conditional = [
        [
            c["when"],
            condition_text.condition(c["when"], c.get("on"), written),
            c["permissions"],
            c.get("instead_of") or [],
            c.get("on") or "",
        ]
        for c in row.get("conditional") or ()
    ]
    if conditional := [c for c in conditional if c[1] != "never" and c[2]]:
        need["when"] = conditional
    if account := condition_text.act_as(row.get("act_as")):
        need["act_as"] = account
    if row.get("polling"):
        need["polling"] = row["polling"]
        if row.get("polling_policy_on") == "project":
            need["poll_project"] = True
    for key, short in (("on_by_permission", "on_by"), ("role", "role"), ("note", "note")):
        if row.get(key):
            need[short] = row[key]
    if row.get("read"):
        need["read"] = row["read"]
    if row.get("scopes_min"):
        need["scope"] = row["scopes_min"]
    if row.get("gap") or (not row["permissions"] and str(row.get("note", "")).startswith("GAP")):
        need["gap"] = True
    return need


SERVICE_ACCOUNTS = "//iam.googleapis.com/projects/-/"


def needs(
    *,
    curated: Rows,
    table: Rows,
    polling: Mapping[str, Any],
    apis: Mapping[tuple[str, str], Mapping[str, Any]],
    written: Mapping[str, str],
    known: frozenset[str],
) -> dict[tuple[str, str], dict[str, Any]]:
    """Needs by (api, version) and method: the table's rows, the researched ones over them."""
    out: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for row in table:
        tier = {"curated": "map", "map": "map", "none-needed": "map", "derived": "derived"}
        if row["tier"] not in tier:
            continue
        key = (row["api"], row["version"])
        name = row["connector"].removeprefix(f"googleapis.{key[0]}.{key[1]}.")
        method = apis.get(key, {}).get("methods", {}).get(name)
        perms = [p for p in row["perms"] if p in known]
        need: dict[str, Any] = {"tier": tier[row["tier"]], "perms": perms}
        if method is not None:
            need["on"] = resource_template(apis[key]["service"], method[1])
            if method[3] & 2:
                polls = polling.get(key[0], {}).get("poll", {})
                if get := [p for p in polls.get("projects.locations.operations.get", ()) if p]:
                    need["polling"] = get
        if row["tier"] != "derived":
            need["source"] = "https://github.com/iann0036/iam-dataset/blob/main/gcp/map.json"
        if row["roles"]:
            need["role"] = row["roles"][0]
        out[key][name] = need
    for row in curated:
        key = (row["api"], row.get("version") or "")
        unknown = {p for p in row["permissions"] + row["polling"] if p not in known}
        if unknown:
            sys.exit(f"{row['api']} {row['method']}: no role has {', '.join(sorted(unknown))}")
        out[key][row["method"]] = curated_need(row, written)
    return out


def effects(
    types: Iterable[str],
    all_needs: Mapping[tuple[str, str], Mapping[str, Any]],
    paths: Mapping[str, frozenset[str]],
    ids: Mapping[str, int],
) -> dict[str, set[int]]:
    """By type of resource with a policy: the permissions that can take effect there or below.

    From the resources on which methods are checked, and from names: `pubsub.topics.publish` works
    on a topic, `secretmanager.versions.access` below a secret; creating and listing work on the
    parent.
    """
    checked: dict[str, set[str]] = defaultdict(set)
    for methods in all_needs.values():
        for need in methods.values():
            for permission in need["perms"]:
                on = need.get("on_by", {}).get(permission) or need.get("on")
                if on and need["tier"] == "curated":
                    checked[type_of(on)].add(permission)
    out: dict[str, set[int]] = {}
    for kind in types:
        service, _, path = kind.partition("/")
        found = {
            p for t, ps in checked.items() if t == kind or t.startswith(f"{kind}/") for p in ps
        }
        label = service.removesuffix(".googleapis.com")
        home = HOMES.get(label, label)
        last = path.rsplit("/", 1)[-1]
        below = {
            part
            for other in paths.get(service, ())
            if other.startswith(f"{path}/")
            for part in other.removeprefix(f"{path}/").split("/")
        } - {last}
        for permission in ids:
            prefix, _, rest = permission.partition(".")
            middle, _, verb = rest.partition(".")
            if prefix == home and (
                middle in below or (middle == last and verb not in {"create", "list"})
            ):
                found.add(permission)
            if permission.startswith(MORE_EFFECT.get(kind, ("\0",))):
                found.add(permission)
        out[kind] = {ids[p] for p in found}
    return out


def policies(rows: Rows, apis: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[str, tuple]:
    """By type: the API method that sets its policy, of the newest stable version."""

    def rank(version: str) -> tuple[bool, str]:
        return (re.fullmatch(r"v\d+", version) is not None, version)

    out: dict[str, tuple] = {row[0]: row[1:] for row in OWN_POLICY_TYPES}
    for row in sorted(rows, key=lambda r: rank(r["version"])):
        key = (row["api"], row["version"])
        if key not in apis or "{v1" in row["url"]:
            continue  # the installed library is older than the list, or iap's free-form resource
        path = re.sub(r"^https://[^/]+/", "", row["url"])
        path = re.sub(r"(:setIamPolicy|/setIamPolicy|/iam)$", "", path)
        template = resource_template_type(apis[key]["service"], path)
        if template in NOT_BOUND:
            continue
        for old, new in RENAMED_TYPES.items():
            if template == old or template.startswith(f"{old}/projects"):
                template = template.replace(old, new)
        out[template] = (*key, row["resource"], row["verb"], row["url"])
    return dict(sorted(out.items()))


def resource_template_type(service: str, path: str) -> str:
    """The type of the resource at a REST path."""
    path = re.sub(r"^([a-z]+/)?v\d\w*/|^compute/\w+/", "", path)
    return f"{service}/{discovery_tables.collections(path)}"


def main() -> None:
    """Reads the inputs, writes the database."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("roles", "methods", "curated", "policies", "polling", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    roles = read_json(args.roles)
    names = sorted({p for role in roles.values() for p in role["permissions"]})
    ids = {name: i for i, name in enumerate(names)}
    written = dict(
        line.split("\t")
        for line in (args.out / "conditions.tsv").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
    apis: dict[tuple[str, str], dict[str, Any]] = {}
    paths: dict[str, set[str]] = defaultdict(set)
    for document in discovery_tables.documents():
        table = discovery_tables.compact(document)
        service = discovery_tables.service(document)
        apis[document["name"], document["version"]] = {
            "service": service,
            "host": discovery_tables.host(document),
            "base": document.get("servicePath", "").lstrip("/"),
            **table,
        }
        for _, path, *_ in table["methods"].values():
            paths[service].add(type_of(resource_template(service, path)).partition("/")[2])
    curated = readings.laid_over(args.curated, args.out / "methods.jsonl")
    readings.more_routes(apis, curated)
    readings.more_scopes(apis, curated)
    all_needs = needs(
        curated=curated,
        table=read_json(args.methods),
        polling=read_json(args.polling),
        apis=apis,
        written=written,
        known=frozenset(ids),
    )
    with_policy = policies(read_json(args.policies), apis)
    frozen = {service: frozenset(found) for service, found in paths.items()}
    working = effects(with_policy, all_needs, frozen, ids)

    out = args.out / "facts.sqlite"
    out.unlink(missing_ok=True)
    database = sqlite3.connect(out)
    database.executescript(SCHEMA)
    database.executemany("INSERT INTO permission VALUES (?, ?)", enumerate(names))
    database.execute("INSERT INTO meta VALUES ('date', ?)", (ROLES_OF,))
    for name, role in sorted(roles.items()):
        blob = packed_ids(ids[p] for p in role["permissions"])
        database.execute(
            "INSERT INTO role VALUES (?, ?, ?, ?)", (name, role["title"], role["stage"], blob)
        )
    for (api, version), row in sorted(apis.items()):
        blob = packed({"scopes": row["scopes"], "methods": row["methods"]})
        values = (api, version, row["service"], row["host"], row["base"], blob)
        database.execute("INSERT INTO api VALUES (?, ?, ?, ?, ?, ?)", values)
    for (api, version), methods in sorted(all_needs.items()):
        database.execute("INSERT INTO need VALUES (?, ?, ?)", (api, version, packed(methods)))
    for kind, row in with_policy.items():
        database.execute("INSERT INTO policy VALUES (?, ?, ?, ?, ?, ?)", (kind, *row))
        database.execute("INSERT INTO effect VALUES (?, ?)", (kind, packed_ids(working[kind])))
    database.commit()
    database.execute("VACUUM")
    database.close()
    print(f"{out}: {out.stat().st_size:,} bytes, {len(names):,} permissions, {len(roles):,} roles")
    print(f"{sum(len(a['methods']) for a in apis.values()):,} methods, {len(with_policy)} types")


if __name__ == "__main__":
    main()
