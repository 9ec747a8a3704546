"""Reads the researched rows of methods and lays the second reading over them."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]


def read_rows(path: Path) -> Rows:
    """A JSON Lines file, gzip or not, without its comments."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip() and not line.startswith("#")]


def laid_over(researched: Path, second: Path) -> Rows:
    """The researched rows with the fields of the second reading over theirs; rows of its own last.

    Ends the program on a row of the second reading that is not whole and lies over none.
    """
    rows = read_rows(researched)
    found = {(row["api"], row.get("version") or "", row["method"]): row for row in rows}
    for row in read_rows(second):
        key = (row["api"], row["version"], row["method"])
        found[key] = {**found.get(key, {}), **row}
        if "permissions" not in found[key]:
            sys.exit(f"{' '.join(key)}: no researched row has it, and the reading no permissions")
    return list(found.values())


def more_scopes(apis: Mapping[tuple[str, str], dict[str, Any]], rows: Rows) -> None:
    """Lets methods accept the scopes of their reference pages that the discovery document omits.

    Cloud Tasks, Cloud Scheduler and IAM publish a scope of their own on every method's page only:
    https://docs.cloud.google.com/tasks/docs/reference/rest/v2beta3/projects.locations.queues.tasks/create
    (2026-11-23).
    """
    for row in rows:
        api = apis.get((row["api"], row.get("version") or ""))
        method = api and api["methods"].get(row["method"])
        scope = row.get("scopes_min")
        if not api or not method or not scope or not method[4]:
            continue
        if scope not in api["scopes"]:
            api["scopes"].append(scope)
        method[4] = sorted({*method[4], api["scopes"].index(scope)})


def more_routes(apis: Mapping[tuple[str, str], dict[str, Any]], rows: Rows) -> None:
    """Adds the methods that only a reading has: [verb, path, path parameters, flags].

    They accept the scope that their row calls sufficient. Ends the program on one that the
    discovery document has by now.
    """
    for row in rows:
        api = apis.get((row["api"], row.get("version") or ""))
        if api is None or "route" not in row:
            continue
        if row["method"] in api["methods"]:
            sys.exit(f"{row['api']} {row['method']}: the discovery document has a route of it")
        api["methods"][row["method"]] = [*row["route"], [api["scopes"].index(row["scopes_min"])]]
