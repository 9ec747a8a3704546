"""Opens Google's facts, `wfprov/data/facts.sqlite`, read-only and lazily."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import zlib
from array import array
from collections.abc import Iterable
from contextlib import ExitStack
from importlib import resources
from typing import Any

from wfprov.core.address import Permission, RoleName
from wfprov.core.facts import (
    ActAs,
    Conditional,
    Facts,
    Method,
    MethodId,
    MethodNeeds,
    PolicyType,
    Role,
)

# Stable versions have the shortest names; of those the newest comes first.
HOST_QUERY = (
    "SELECT name, version, base FROM api WHERE host = ? ORDER BY length(version), version DESC"
)
VERSIONS_QUERY = "SELECT version FROM need WHERE api = ? ORDER BY length(version), version DESC"


def open_facts() -> Facts:
    """The facts that come with wfprov; opening them reads one page.

    They can be used from several threads.
    """
    return SqliteFacts()


class SqliteFacts:
    """The database, and what has been read of it so far."""

    def __init__(self) -> None:
        self._files = ExitStack()
        path = self._files.enter_context(
            resources.as_file(resources.files("wfprov.data") / "facts.sqlite")
        )
        self._database = sqlite3.connect(
            f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._lock = threading.RLock()
        self._names: list[Permission] = []
        self._ids: dict[str, int] = {}
        self._apis: dict[tuple[str, str], _Api | None] = {}
        self._needs: dict[tuple[str, str], dict[str, Any]] = {}
        self._roles: dict[str, Role] = {}
        self._homes: dict[str, tuple[Role, ...]] = {}
        self._effects: dict[str, frozenset[Permission] | None] = {}

    def close(self) -> None:
        """Releases the file."""
        self._database.close()
        self._files.close()

    def method(self, method: MethodId) -> Method | None:
        api = self._api(method.api, method.version)
        return None if api is None else api.method(method.name)

    def methods_at(self, host: str, verb: str, path: str) -> Iterable[Method]:
        rows = self._rows(HOST_QUERY, host)
        for name, version, base in rows:
            if base and not (path.startswith(base) or base.startswith(path)):
                continue
            api = self._api(name, version)
            if api is not None:
                yield from api.beginning(verb, path)

    def knows_host(self, host: str) -> bool:
        return bool(self._rows("SELECT 1 FROM api WHERE host = ? LIMIT 1", host))

    def needs(self, method: MethodId) -> MethodNeeds | None:
        own = self._need(method.api, method.version).get(method.name)
        if own is not None:
            return _needs(own)
        rows = self._rows(VERSIONS_QUERY, method.api)
        for (version,) in rows:
            row = self._need(method.api, version).get(method.name)
            if row is not None:
                return _needs({**row, "tier": "map" if row["tier"] == "curated" else row["tier"]})
        return None

    def service(self, api: str) -> str | None:
        rows = self._rows("SELECT service FROM api WHERE name = ? LIMIT 1", api)
        return rows[0][0] if rows else None

    def role(self, name: RoleName) -> Role | None:
        if name not in self._roles:
            rows = self._rows("SELECT * FROM role WHERE name = ?", name)
            if not rows:
                return None
            self._roles[name] = self._role(*rows[0])
        return self._roles[name]

    def roles_of(self, service: str) -> tuple[Role, ...]:
        if service not in self._homes:
            rows = self._rows(
                "SELECT * FROM role WHERE name >= ? AND name < ? ORDER BY name",
                f"roles/{service}.",
                f"roles/{service}/",
            )
            self._homes[service] = tuple(self._role(*row) for row in rows)
        return self._homes[service]

    def roles_with(self, permission: Permission) -> tuple[Role, ...]:
        if not self.exists(permission):
            return ()
        wanted = self._ids[permission]
        rows = self._rows("SELECT * FROM role ORDER BY name")
        return tuple(self._role(*row) for row in rows if wanted in _numbers(row[3]))

    def exists(self, permission: Permission) -> bool:
        self._load_names()
        return permission in self._ids

    def policy_type(self, type: str) -> PolicyType | None:  # noqa: A002 (the port's word)
        rows = self._rows(
            "SELECT type, api, version, resource, verb, url FROM policy WHERE type = ?", type
        )
        if not rows:
            return None
        kind, api, version, resource, verb, url = rows[0]
        return PolicyType(
            type=kind, api=api, version=version, resource=resource, verb=verb, url=url
        )

    def effective(self, type: str) -> frozenset[Permission] | None:  # noqa: A002
        if type not in self._effects:
            rows = self._rows("SELECT permissions FROM effect WHERE type = ?", type)
            self._load_names()
            self._effects[type] = (
                frozenset(self._names[i] for i in _numbers(rows[0][0])) if rows else None
            )
        return self._effects[type]

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    def _load_names(self) -> None:
        with self._lock:
            if not self._names:
                rows = self._rows("SELECT name FROM permission ORDER BY id")
                self._names = [Permission(name) for (name,) in rows]
                self._ids = {name: i for i, name in enumerate(self._names)}

    def _role(self, name: str, title: str, stage: str, blob: bytes) -> Role:
        self._load_names()
        permissions = frozenset(self._names[i] for i in _numbers(blob))
        return Role(name=RoleName(name), title=title, stage=stage, permissions=permissions)

    def _api(self, name: str, version: str) -> _Api | None:
        key = (name, version)
        if key not in self._apis:
            rows = self._rows(
                "SELECT service, methods FROM api WHERE name = ? AND version = ?", *key
            )
            self._apis[key] = _Api(name, version, rows[0][0], _json(rows[0][1])) if rows else None
        return self._apis[key]

    def _need(self, api: str, version: str) -> dict[str, Any]:
        key = (api, version)
        if key not in self._needs:
            rows = self._rows("SELECT methods FROM need WHERE api = ? AND version = ?", *key)
            self._needs[key] = _json(rows[0][0]) if rows else {}
        return self._needs[key]


class _Api:
    """One version of an API: its rows, made into methods when they are asked for."""

    def __init__(self, name: str, version: str, service: str, table: dict[str, Any]) -> None:
        self._name, self._version, self._service = name, version, service
        self._scopes: list[str] = table["scopes"]
        self._rows: dict[str, list[Any]] = table["methods"]

    def method(self, name: str) -> Method | None:
        row = self._rows.get(name)
        if row is None:
            return None
        verb, path, params, flags, scopes = row
        return Method(
            id=MethodId(self._name, self._version, name),
            service=self._service,
            verb=verb,
            path=path,
            params=tuple(params),
            scopes=tuple(self._scopes[i] for i in scopes),
            takes_body=bool(flags & 1),
            long_running=bool(flags & 2),
        )

    def beginning(self, verb: str, path: str) -> Iterable[Method]:
        for name, row in self._rows.items():
            if row[0] != verb:
                continue
            literal = row[1].partition("{")[0]
            if literal.startswith(path) or path.startswith(literal):
                method = self.method(name)
                assert method is not None, "it was just listed"
                yield method


def _numbers(blob: bytes) -> array[int]:
    numbers = array("H")
    numbers.frombytes(zlib.decompress(blob))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _json(blob: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(zlib.decompress(blob))
    return value


def _needs(row: dict[str, Any]) -> MethodNeeds:
    account = row.get("act_as")
    return MethodNeeds(
        tier=row["tier"],
        permissions=tuple(row["perms"]),
        on=row.get("on", ""),
        on_by=row.get("on_by", {}),
        project_only=row.get("project_only", False),
        conditional=tuple(
            Conditional(
                text=text,
                form=form,
                permissions=tuple(permissions),
                instead_of=tuple(instead),
                on=on,
            )
            for text, form, permissions, instead, on in row.get("when", ())
        ),
        act_as=None
        if account is None
        else ActAs(paths=tuple(account["paths"]), default=account["default"], tier=account["tier"]),
        polling=tuple(row.get("polling", ())),
        poll_project=row.get("poll_project", False),
        role=row.get("role"),
        scope=row.get("scope"),
        source=row.get("source", ""),
        note=row.get("note", ""),
        gap=row.get("gap", False),
    )
