"""Opens Google's facts, `wfprov/data/facts.sqlite`, read-only and lazily."""

from __future__ import annotations

import json
import sqlite3
import threading
import zlib
from collections.abc import Iterable
from contextlib import ExitStack
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, Final

from wfprov.core.address import Permission, RoleName
from wfprov.core.facts import (
    ActAs,
    Conditional,
    Method,
    MethodId,
    MethodNeeds,
    PolicyType,
    Role,
)
from wfprov.store.roles import RoleTable, numbers, open_roles

OVERLAY: Final = Path(".wfprov/roles.sqlite")
"""Where `wfprov catalog refresh` keeps the live roles."""

# Stable versions have the shortest names; of those the newest comes first.
HOST_QUERY = (
    "SELECT name, version, base FROM api WHERE host = ? ORDER BY length(version), version DESC"
)
VERSIONS_QUERY = "SELECT version FROM need WHERE api = ? ORDER BY length(version), version DESC"


def open_facts(overlay: Path | None = OVERLAY) -> SqliteFacts:
    """The facts that come with wfprov, the roles of `overlay` in place of its own where it exists.

    Opening them reads one page; they can be used from several threads.

    Raises:
        InputError: when the overlay is no file of roles.
    """
    return SqliteFacts(None if overlay is None else open_roles(overlay))


MOST_COMPARED: Final = 200
"""How much of an unknown name is compared; no method's is half as long."""


class SqliteFacts:
    """The database, and what has been read of it so far.

    `roles` are those in use, `embedded` those that come with wfprov.
    """

    def __init__(self, roles: RoleTable | None = None) -> None:
        self._files = ExitStack()
        path = self._files.enter_context(
            resources.as_file(resources.files("wfprov.data") / "facts.sqlite")
        )
        self._database = sqlite3.connect(
            f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._lock = threading.RLock()
        self.embedded = RoleTable(self._database, self._lock)
        self.roles = roles or self.embedded
        self._apis: dict[tuple[str, str], _Api | None] = {}
        self._needs: dict[tuple[str, str], dict[str, Any]] = {}
        self._policies: dict[str, PolicyType | None] = {}
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

    def methods_like(self, method: MethodId) -> tuple[str, ...]:
        name = method.name[:MOST_COMPARED]
        if elsewhere := self._ending(name):
            return elsewhere
        api = self._api(method.api, method.version)
        own = {*self._need(method.api, method.version), *(() if api is None else api.names())}
        if near := get_close_matches(name, sorted(own), n=3):
            return tuple(str(MethodId(method.api, method.version, other)) for other in near)
        parts = name.split(".")
        endings = (".".join(parts[-length:]) for length in (4, 3, 2) if length < len(parts))
        return next((found for ending in endings if (found := self._ending(ending))), ())

    def _ending(self, name: str) -> tuple[str, ...]:
        alike = [other for other in self.method_names() if other.endswith(f".{name}")]
        return tuple(sorted(alike, key=lambda other: (len(other), other))[:3])

    def service(self, api: str) -> str | None:
        rows = self._rows("SELECT service FROM api WHERE name = ? LIMIT 1", api)
        return rows[0][0] if rows else None

    def role(self, name: RoleName) -> Role | None:
        return self.roles.role(name)

    def roles_of(self, service: str) -> tuple[Role, ...]:
        return self.roles.roles_of(service)

    def roles_with(self, permission: Permission) -> tuple[Role, ...]:
        return self.roles.roles_with(permission)

    def exists(self, permission: Permission) -> bool:
        return self.roles.exists(permission)

    def method_names(self) -> tuple[str, ...]:
        """Every method that has needs, as connectors are named: `pubsub.v1.projects.topics.get`."""
        rows = self._rows("SELECT api, version FROM need ORDER BY api, version")
        return tuple(
            str(MethodId(api, version, name))
            for api, version in rows
            for name in self._need(api, version)
        )

    def policy_type(self, type: str) -> PolicyType | None:  # noqa: A002 (the port's word)
        if type not in self._policies:
            rows = self._rows(
                "SELECT type, api, version, resource, verb, url FROM policy WHERE type = ?", type
            )
            names = ("type", "api", "version", "resource", "verb", "url")
            self._policies[type] = (
                PolicyType(**dict(zip(names, rows[0], strict=True))) if rows else None
            )
        return self._policies[type]

    def effective(self, type: str) -> frozenset[Permission] | None:  # noqa: A002
        if type not in self._effects:
            rows = self._rows("SELECT permissions FROM effect WHERE type = ?", type)
            names = self.embedded.permissions()
            self._effects[type] = frozenset(names[i] for i in numbers(rows[0][0])) if rows else None
        return self._effects[type]

    def all_needs(self) -> Iterable[MethodNeeds]:
        """What every known method needs, by API and version."""
        for api, version in self._rows("SELECT api, version FROM need ORDER BY api, version"):
            for row in self._need(api, version).values():
                yield _needs(row)

    def types_of(self, permission: Permission) -> tuple[str, ...]:
        """The types of resources on which a permission can take effect, by name."""
        rows = self._rows("SELECT type FROM effect ORDER BY type")
        return tuple(kind for (kind,) in rows if permission in (self.effective(kind) or ()))

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

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
        self._made: dict[str, Method] = {}
        self._by_verb: dict[str, list[tuple[str, str]]] = {}

    def method(self, name: str) -> Method | None:
        made = self._made.get(name)
        if made is None and (row := self._rows.get(name)) is not None:
            made = self._made[name] = self._method(name, row)
        return made

    def _method(self, name: str, row: list[Any]) -> Method:
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

    def names(self) -> Iterable[str]:
        return self._rows

    def beginning(self, verb: str, path: str) -> Iterable[Method]:
        for name, literal in self._routes(verb):
            if literal.startswith(path) or path.startswith(literal):
                method = self.method(name)
                assert method is not None, "it was just listed"
                yield method

    def _routes(self, verb: str) -> list[tuple[str, str]]:
        """The methods of a verb, each with what its route begins with before any variable."""
        if not self._by_verb:
            for name, row in self._rows.items():
                found = self._by_verb.setdefault(row[0], [])
                found.append((name, row[1].partition("{")[0]))
        return self._by_verb.get(verb, [])


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
        read=row.get("read", ""),
        note=row.get("note", ""),
        gap=row.get("gap", False),
    )
