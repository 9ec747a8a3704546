"""Role definitions: what each predefined role contains, from the table shipped with wfprov."""

import sqlite3
import sys
import zlib
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A predefined role; `permissions` are sorted ids in the table."""

    name: str
    title: str
    stage: str
    permissions: "array[int]"


class RoleTable:
    """Predefined roles, each read when first asked for; None is a role that does not exist."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = packaged_table() if path is None else path
        self._roles: dict[str, Role | None] = {}
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def role(self, name: str) -> Role | None:
        """The role called `roles/...`, or None."""
        with self._lock:
            if name not in self._roles:
                row = (
                    self._open()
                    .execute(
                        "SELECT name, title, stage, permissions FROM role WHERE name = ?", (name,)
                    )
                    .fetchone()
                )
                self._roles[name] = None if row is None else _role(row)
            return self._roles[name]

    def holds(self, name: str, permission: str) -> bool:
        """Whether a predefined role contains a permission."""
        role = self.role(name)
        number = self._numbers.get(permission)
        if role is None or number is None:
            return False
        at = bisect_left(role.permissions, number)
        return at < len(role.permissions) and role.permissions[at] == number

    def exists(self, permission: str) -> bool:
        """Whether any predefined role knows the permission."""
        return permission in self._numbers

    def permissions(self, name: str) -> tuple[str, ...]:
        """The permissions of a role, sorted; empty for an unknown one."""
        role = self.role(name)
        if role is None:
            return ()
        return tuple(sorted(self._words[number] for number in role.permissions))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All role names, sorted."""
        with self._lock:
            return tuple(row[0] for row in self._open().execute("SELECT name FROM role ORDER BY 1"))

    @cached_property
    def all_permissions(self) -> tuple[str, ...]:
        """All permission names, sorted."""
        return tuple(sorted(self._numbers))

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @cached_property
    def _words(self) -> dict[int, str]:
        with self._lock:
            return dict(self._open().execute("SELECT id, name FROM permission").fetchall())

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in self._words.items()}

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(
                f"{self._path.as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
        return self._connection


def packaged_table() -> Path:
    """The table of role definitions that ships with wfprov."""
    return Path(__file__).resolve().parent.parent / "data" / "facts.sqlite"


def _role(row: tuple[str, str, str, bytes]) -> Role:
    name, title, stage, packed = row
    permissions = array("H")
    permissions.frombytes(zlib.decompress(packed))
    if sys.byteorder == "big":
        permissions.byteswap()
    return Role(name=name, title=title, stage=stage, permissions=permissions)
