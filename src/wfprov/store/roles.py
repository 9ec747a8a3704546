"""Keeps predefined roles in a database: those that come with wfprov, or the live ones beside it."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import zlib
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from wfprov.core.address import Permission, RoleName
from wfprov.core.errors import InputError
from wfprov.core.facts import Role

SCHEMA: Final = """
CREATE TABLE permission(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE role(name TEXT PRIMARY KEY, title TEXT, stage TEXT, permissions BLOB);
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""

MOST: Final = 0x10000
"""How many permissions fit the 16-bit numbers of a role; Google has a fifth of it (2026-11-23)."""


class RoleTable:
    """The roles of one database, read as they are asked for; safe to use from several threads."""

    def __init__(self, database: sqlite3.Connection, lock: threading.RLock) -> None:
        self._database, self._lock = database, lock
        self._names: list[Permission] = []
        self._ids: dict[str, int] = {}
        self._roles: dict[str, Role] = {}
        self._homes: dict[str, tuple[Role, ...]] = {}

    def role(self, name: RoleName) -> Role | None:
        """A role, or None."""
        if name not in self._roles:
            rows = self._rows("SELECT * FROM role WHERE name = ?", name)
            if not rows:
                return None
            self._roles[name] = self._role(*rows[0])
        return self._roles[name]

    def roles_of(self, service: str) -> tuple[Role, ...]:
        """The roles whose name begins with a permission's first word, by name."""
        if service not in self._homes:
            rows = self._rows(
                "SELECT * FROM role WHERE name >= ? AND name < ? ORDER BY name",
                f"roles/{service}.",
                f"roles/{service}/",
            )
            self._homes[service] = tuple(self._role(*row) for row in rows)
        return self._homes[service]

    def roles_with(self, permission: Permission) -> tuple[Role, ...]:
        """Every role that holds a permission, by name."""
        if not self.exists(permission):
            return ()
        wanted = self._ids[permission]
        rows = self._rows("SELECT * FROM role ORDER BY name")
        return tuple(self._role(*row) for row in rows if wanted in numbers(row[3]))

    def exists(self, permission: Permission) -> bool:
        """Whether any role holds the permission."""
        self._load_names()
        return permission in self._ids

    def names(self) -> tuple[RoleName, ...]:
        """The names of all roles, in order."""
        return tuple(RoleName(name) for (name,) in self._rows("SELECT name FROM role ORDER BY 1"))

    def permissions(self) -> Sequence[Permission]:
        """Every permission, by its number."""
        self._load_names()
        return self._names

    def date(self) -> str:
        """The day that the roles are of, `2026-11-23`; empty when it was not written down."""
        rows = self._rows("SELECT value FROM meta WHERE key = 'date'")
        return rows[0][0] if rows else ""

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
        permissions = frozenset(self._names[i] for i in numbers(blob))
        return Role(name=RoleName(name), title=title, stage=stage, permissions=permissions)


def open_roles(path: Path) -> RoleTable | None:
    """The roles of a file that `write_roles` made; None when there is no such file.

    Raises:
        InputError: when it is something else.
    """
    if not path.exists():
        return None
    try:
        database = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False
        )
        table = RoleTable(database, threading.RLock())
        table.date()
        table.exists(Permission(""))
    except sqlite3.Error as error:
        raise InputError(
            f"{path} holds no roles: {error}",
            help=f"delete {path}, or write it anew with `wfprov catalog refresh`",
        ) from error
    return table


def write_roles(path: Path, roles: Iterable[Role], date: str) -> None:
    """Writes roles to a file, in place of what was there, all or nothing.

    Raises:
        InputError: when there are more permissions than the file can number.
    """
    known = sorted(roles, key=lambda role: role.name)
    names = sorted({p for role in known for p in role.permissions})
    if len(names) > MOST:
        raise InputError(f"{len(names):,} permissions are more than a catalog holds")
    ids = {name: i for i, name in enumerate(names)}
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    database = sqlite3.connect(new)
    try:
        database.executescript(SCHEMA)
        database.executemany("INSERT INTO permission VALUES (?, ?)", enumerate(names))
        database.executemany(
            "INSERT INTO role VALUES (?, ?, ?, ?)",
            ((r.name, r.title, r.stage, packed(ids[p] for p in r.permissions)) for r in known),
        )
        database.execute("INSERT INTO meta VALUES ('date', ?)", (date,))
        database.commit()
    finally:
        database.close()
    new.replace(path)


def packed(ids: Iterable[int]) -> bytes:
    """Sorted 16-bit little-endian numbers, compressed."""
    found = array("H", sorted(ids))
    if sys.byteorder == "big":
        found.byteswap()
    return zlib.compress(found.tobytes(), 9)


def numbers(blob: bytes) -> array[int]:
    """The numbers that `packed` made one text of; more than there can be are cut off."""
    found = array("H")
    found.frombytes(zlib.decompressobj().decompress(blob, 2 * MOST))
    if sys.byteorder == "big":
        found.byteswap()
    return found
