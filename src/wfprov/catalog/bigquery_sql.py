"""What the statements of GoogleSQL touch: names after keywords, the permissions that each asks for.

The SQL is not parsed: a statement is its first words, a name is what follows them. What a statement
hides (a procedure's body, SQL that is put together as it runs, grants) is `opaque`.
Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language
(not opened)
Source: https://docs.cloud.google.com/bigquery/docs/access-control (2026-11-23)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from wfprov.core.address import Permission


class Level(Enum):
    """What a name in a statement stands for, and with it where the permission is checked."""

    TABLE = auto()
    IN_DATASET = auto()
    DATASET = auto()
    ROUTINE = auto()
    CONNECTION = auto()
    BUCKET = auto()
    PROJECT = auto()


@dataclass(frozen=True, slots=True)
class Touched:
    """A name as it is written, of that level, and what is asked for on it."""

    name: str
    level: Level
    permissions: tuple[Permission, ...]


@dataclass(frozen=True, slots=True)
class Sql:
    """What a text of SQL touches; `opaque` are the statements that hide what they do."""

    touched: tuple[Touched, ...]
    opaque: tuple[str, ...]


# Possessive: a name is never given back in part, so that `FROM UNNEST(` names nothing.
_PART: Final = r"(?:`[^`]+`|[\w\-:\U000f0000-\U000ffffd]++)"
NAME: Final = rf"({_PART}(?:\.{_PART})*+)"
_TEXT: Final = r"'[^'\n]*'|\"[^\"\n]*\""
TEXT: Final = re.compile(_TEXT)
COMMENT: Final = re.compile(rf"({_TEXT})|--[^\n]*|/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|$)")
KEYWORDS: Final = frozenset({"SET", "ROW", "VALUES", "SELECT", "UNNEST", "WHEN"})
READS: Final = re.compile(rf"\b(?:FROM|JOIN|USING)\s+{NAME}(?!\s*\()", re.IGNORECASE)
INNER: Final = re.compile(r"\b(\w+)\s+AS\s*\(", re.IGNORECASE)
TEMPORARY: Final = re.compile(
    rf"\bCREATE\s+(?:OR\s+REPLACE\s+)?TEMP(?:ORARY)?\s+\w+\s+(?:IF\s+NOT\s+EXISTS\s+)?{NAME}",
    re.IGNORECASE,
)
OPAQUE: Final = re.compile(
    r"\b(CALL(?=\s+[`\w])|EXECUTE\s+IMMEDIATE|GRANT(?=\s+`)|REVOKE(?=\s+`)"
    r"|(?:CREATE|DROP)\s+(?:OR\s+REPLACE\s+)?(?:ALL\s+)?ROW\s+ACCESS)\b",
    re.IGNORECASE,
)
URI: Final = re.compile(r"['\"]gs://([^/'\"]+)")
EXPORT: Final = re.compile(r"\bEXPORT\s+DATA\b", re.IGNORECASE)
LOAD: Final = re.compile(r"\bLOAD\s+DATA\b|\bEXTERNAL\s+TABLE\b", re.IGNORECASE)
FEDERATED: Final = re.compile(r"\bEXTERNAL_QUERY\s*\(\s*['\"]([^'\"]+)['\"]", re.IGNORECASE)

_IF: Final = r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
_KINDS: Final = r"(?:EXTERNAL\s+|SNAPSHOT\s+)?TABLE(?!\s+FUNCTION)|(?:MATERIALIZED\s+)?VIEW"
_ROUTINE: Final = r"(?:(?:TABLE|AGGREGATE)\s+)?FUNCTION|PROCEDURE"

_ROWS: Final = (
    (r"INSERT\s+(?:INTO\s+)?|MERGE\s+(?:INTO\s+)?|UPDATE\s+|DELETE\s+(?:FROM\s+)?", Level.TABLE,
     "tables.getData tables.updateData"),
    (r"TRUNCATE\s+TABLE\s+", Level.TABLE, "tables.getData tables.updateData"),
    (rf"CREATE\s+(?:OR\s+REPLACE\s+)?(?:EXTERNAL\s+|SNAPSHOT\s+)?TABLE(?!\s+FUNCTION)\s+{_IF}",
     Level.IN_DATASET, "tables.create tables.updateData"),
    (rf"CREATE\s+(?:OR\s+REPLACE\s+)?(?:MATERIALIZED\s+)?VIEW\s+{_IF}", Level.IN_DATASET,
     "tables.create"),
    (rf"CREATE\s+OR\s+REPLACE\s+(?:{_KINDS})\s+", Level.IN_DATASET, "tables.update"),
    (r"\bCLONE\s+|\bCOPY\s+|\bLIKE\s+(?=`)", Level.TABLE, "tables.get tables.getData"),
    (rf"SNAPSHOT\s+TABLE\s+{_IF}[^;]{{0,500}}?\bCLONE\s+", Level.TABLE, "tables.createSnapshot"),
    (rf"CREATE\s+(?:OR\s+REPLACE\s+)?(?:{_ROUTINE})\s+{_IF}", Level.IN_DATASET, "routines.create"),
    (rf"CREATE\s+OR\s+REPLACE\s+(?:{_ROUTINE})\s+", Level.IN_DATASET, "routines.update"),
    (rf"CREATE\s+(?:OR\s+REPLACE\s+)?MODEL\s+{_IF}", Level.IN_DATASET,
     "models.create models.getData models.updateData"),
    (r"\bMODEL\s+(?=`)", Level.IN_DATASET, "models.getData"),
    (rf"CREATE\s+SCHEMA\s+{_IF}", Level.PROJECT, "datasets.create"),
    (rf"ALTER\s+SCHEMA\s+{_IF}", Level.DATASET, "datasets.get datasets.update"),
    (rf"DROP\s+SCHEMA\s+{_IF}", Level.DATASET, "datasets.delete"),
    (rf"DROP\s+SCHEMA\s+{_IF}(?=[^;]{{0,500}}\bCASCADE\b)", Level.DATASET, "tables.delete"),
    (rf"ALTER\s+(?:{_KINDS})\s+{_IF}", Level.TABLE, "tables.get tables.update"),
    (rf"DROP\s+(?:{_KINDS})\s+{_IF}", Level.TABLE, "tables.get tables.delete"),
    (rf"DROP\s+(?:{_ROUTINE})\s+{_IF}", Level.IN_DATASET, "routines.delete"),
    (rf"DROP\s+MODEL\s+{_IF}", Level.IN_DATASET, "models.delete"),
    (r"LOAD\s+DATA\s+(?:OVERWRITE|INTO)\s+(?!TEMP)", Level.IN_DATASET,
     "tables.create tables.update tables.updateData"),
    (r"CALL\s+", Level.ROUTINE, "routines.get"),
    (r"(?:WITH|REMOTE\s+WITH)\s+CONNECTION\s+", Level.CONNECTION, "connections.delegate"),
)  # fmt: skip
STATEMENTS: Final = tuple(
    (
        re.compile(rf"\b(?:{words}){NAME}", re.IGNORECASE),
        level,
        tuple(Permission(f"bigquery.{permission}") for permission in permissions.split()),
    )
    for words, level, permissions in _ROWS
)
"""What stands before a name, what the name is, and what is asked for on it."""


def read(sql: str) -> Sql:
    """What the SQL touches, in the order of the table above and then of the text."""
    whole = COMMENT.sub(lambda m: m[1] or " ", sql)
    text = TEXT.sub("''", whole)
    own = {m[1] for m in INNER.finditer(text)} | {m[1].strip("`") for m in TEMPORARY.finditer(text)}
    return Sql(
        touched=tuple(
            t for t in dict.fromkeys(_touched(whole, text)) if t.name.strip("`") not in own
        ),
        opaque=tuple(sorted({" ".join(m[1].upper().split()) for m in OPAQUE.finditer(text)})),
    )


def _touched(whole: str, text: str) -> Iterator[Touched]:
    for found in READS.finditer(text):
        yield Touched(found[1], Level.TABLE, (Permission("bigquery.tables.getData"),))
    for words, level, permissions in STATEMENTS:
        for found in words.finditer(text):
            if found[1].upper() not in KEYWORDS:
                yield Touched(found[1], level, permissions)
    for found in FEDERATED.finditer(whole):
        yield Touched(found[1], Level.CONNECTION, (Permission("bigquery.connections.use"),))
    for found in URI.finditer(whole):
        yield Touched(found[1], Level.BUCKET, tuple(_of_bucket(text)))


def _of_bucket(text: str) -> Iterator[Permission]:
    """What a statement does with the objects that it names.

    Source: https://docs.cloud.google.com/bigquery/docs/exporting-data (2026-11-24, a translation)
    Source: https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv (not opened)
    """
    if EXPORT.search(text):
        yield Permission("storage.objects.create")
        yield Permission("storage.objects.delete")
    if LOAD.search(text):
        yield Permission("storage.objects.get")
        yield Permission("storage.objects.list")
