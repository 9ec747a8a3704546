"""The state: JSON objects by table and name, in memory, journalled, and kept in SQLite if asked."""

import copy
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, Final

from wfprov.emulator.exchange import Json

RESOURCES: Final = "resource"
POLICIES: Final = "policy"
OPERATIONS: Final = "operation"
META: Final = "meta"

Snapshot = dict[str, dict[str, Json]]
_Key = tuple[str, str]


class Objects:
    """Five verbs (get, put, drop, children, names) over named JSON objects.

    What is stored is never handed out: reads copy, so that a handler cannot
    change state by accident. Everything happens inside `transaction()`, which
    holds the one lock, writes all or nothing, and is durable once it returns
    (a kill of the process loses nothing; SQLite in WAL mode).
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = RLock()
        self._tables: dict[str, dict[str, Json]] = {}
        self._children: dict[str, dict[str, None]] = {}
        self._before: dict[_Key, Json | None] = {}
        self._journal: dict[_Key, Json | None] | None = None
        self._stale = False
        self._database: sqlite3.Connection | None = None
        if path is not None:
            self._open(path)

    @contextmanager
    def transaction(self, *, as_ever: bool = False) -> Iterator[None]:
        """Holds the lock; an exception undoes every write made inside.

        What is written `as_ever` counts as having always been so: no stale
        read shows the time before it.
        """
        with self._lock:
            self._journal = {}
            try:
                yield
            except BaseException:
                for (table, name), old in self._journal.items():
                    self._assign(table, name, old)
                raise
            else:
                self._commit(self._journal, as_ever=as_ever)
            finally:
                self._journal = None

    @contextmanager
    def reading(self, *, stale: bool) -> Iterator[None]:
        """With `stale`, reads see each object as it was before its last change."""
        outer, self._stale = self._stale, stale
        try:
            yield
        finally:
            self._stale = outer

    def snapshot(self) -> Snapshot:
        """All objects as they are now, to be restored later; bodies are shared, none changes."""
        with self._lock:
            return {table: dict(rows) for table, rows in self._tables.items()}

    def restore(self, before: Snapshot) -> None:
        """Makes all objects what they were, as if they had never been otherwise."""
        with self.transaction(as_ever=True):
            for table in set(before) | set(self._tables):
                old, new = before.get(table, {}), self._tables.get(table, {})
                for name in old.keys() | new.keys():
                    if old.get(name) is not new.get(name):
                        self._record(table, name)
                        self._assign(table, name, old.get(name))
            self._before.clear()

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undoes at its end whatever was written since its beginning, by whichever request."""
        before = self.snapshot()
        try:
            yield
        finally:
            self.restore(before)

    def get(self, table: str, name: str) -> Json | None:
        """A copy of the object, or None."""
        found = self.peek(table, name)
        return None if found is None else copy.deepcopy(found)

    def peek(self, table: str, name: str) -> Json | None:
        """The object itself, for reading only; avoids a copy on hot paths."""
        if self._stale and (table, name) in self._before:
            return self._before[table, name]
        return self._tables.get(table, {}).get(name)

    def put(self, table: str, name: str, body: Mapping[str, Any]) -> None:
        """Creates or replaces an object."""
        self._record(table, name)
        self._assign(table, name, copy.deepcopy(dict(body)))

    def drop(self, table: str, name: str) -> None:
        """Removes an object if it is there."""
        self._record(table, name)
        self._assign(table, name, None)

    def children(self, collection: str) -> tuple[str, ...]:
        """Names of the resources directly in a collection, sorted.

        A `-` segment stands for any value: `//h/projects/p/locations/-/services`.
        """
        if "/-/" not in collection:
            return self._seen(self._children.get(collection, ()))
        wanted = collection.split("/")
        found: list[str] = []
        for known, members in self._children.items():
            parts = known.split("/")
            if len(parts) == len(wanted) and all(
                want in ("-", part) for want, part in zip(wanted, parts, strict=True)
            ):
                found.extend(members)
        return self._seen(found)

    def names(self, table: str) -> tuple[str, ...]:
        """All names in a table, sorted."""
        return tuple(sorted(self._tables.get(table, ())))

    def next_number(self) -> int:
        """A number never handed out before, also after a restart."""
        last = int((self.peek(META, "sequence") or {"value": 0})["value"])
        self.put(META, "sequence", {"value": last + 1})
        return last + 1

    def clear(self) -> None:
        """Forgets everything."""
        for table in tuple(self._tables):
            for name in self.names(table):
                self.drop(table, name)
        self._before.clear()

    def close(self) -> None:
        """Closes the database, if any."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _seen(self, names: Iterable[str]) -> tuple[str, ...]:
        found = sorted(names)
        if self._stale:
            found = [name for name in found if self.peek(RESOURCES, name) is not None]
        return tuple(found)

    def _record(self, table: str, name: str) -> None:
        assert self._journal is not None, "a write outside of a transaction"
        self._journal.setdefault((table, name), self._tables.get(table, {}).get(name))

    def _assign(self, table: str, name: str, body: Json | None) -> None:
        rows = self._tables.setdefault(table, {})
        if body is None:
            rows.pop(name, None)
        else:
            rows[name] = body
        if table == RESOURCES:
            collection = name.rpartition("/")[0]
            members = self._children.setdefault(collection, {})
            if body is None:
                members.pop(name, None)
                if not members:
                    del self._children[collection]
            else:
                members[name] = None

    def _commit(self, journal: Mapping[_Key, Json | None], *, as_ever: bool) -> None:
        for (table, name), old in journal.items():
            if as_ever:
                self._before.pop((table, name), None)
            elif table != META:
                self._before[table, name] = old
        if self._database is None or not journal:
            return
        with self._database:
            for table, name in journal:
                body = self._tables.get(table, {}).get(name)
                if body is None:
                    self._database.execute(
                        "DELETE FROM object WHERE kind = ? AND name = ?", (table, name)
                    )
                else:
                    self._database.execute(
                        "INSERT OR REPLACE INTO object (kind, name, body) VALUES (?, ?, ?)",
                        (table, name, json.dumps(body, separators=(",", ":"))),
                    )

    def _open(self, path: Path) -> None:
        database = sqlite3.connect(path, check_same_thread=False)
        self._database = database
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS object "
            "(kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, name))"
        )
        database.commit()
        for table, name, body in database.execute("SELECT kind, name, body FROM object"):
            self._assign(table, name, json.loads(body))
