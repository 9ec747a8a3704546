"""Finds and reads definitions and configuration: the only reader of the user's files."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, Final

from wfprov.core.checked import Checked
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.errors import InputError
from wfprov.core.rule import Rule, Severity
from wfprov.core.span import Source, Span

INVALID_UTF8: Final = Rule(
    slug="invalid-utf-8",
    severity=Severity.ERROR,
    summary="A file that is not UTF-8 text",
    docs="Definitions and configuration are UTF-8. What could not be read is shown as U+FFFD, and "
    "the rest is checked all the same.",
    source="https://yaml.org/spec/1.2.2/#52-character-encodings",
)
RULES: Final = (INVALID_UTF8,)

MAX_BYTES: Final = 4 * 1024 * 1024
"""A definition may have 128 KiB; what is far beyond is some other file."""
MAX_ENTRIES: Final = 100_000
"""How many files and folders one search may look at."""

_NEIGHBOURS: Final = 10

STANDARD_INPUT: Final = "-"
STANDARD_INPUT_NAME: Final = "<stdin>"
CONFIG: Final = "wfprov.yaml"
ENVIRONMENTS: Final = "environments"
TERRAFORM: Final = ".tf"
SUFFIXES: Final = (".yaml", ".yml", ".json", ".tftpl", TERRAFORM)

_MODULE_FILES: Final = 100


def read(path: str, stdin: Callable[[], BinaryIO] = lambda: sys.stdin.buffer) -> Checked[Source]:
    """The text of a file, `-` being standard input, with its byte order mark left out.

    Raises:
        InputError: there is nothing to read, or far too much.
    """
    if path == STANDARD_INPUT:
        return _decoded(STANDARD_INPUT_NAME, _bounded(STANDARD_INPUT_NAME, stdin()))
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{path} is a folder", help="name a file in it")
        if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
            raise InputError(f"{path} is not a file that can be read")
        with Path(path).open("rb") as file:
            return _decoded(path, _bounded(path, file))
    except (OSError, ValueError) as problem:
        raise _unreadable(path, problem) from problem


def definitions(paths: Sequence[str], limit: int = MAX_ENTRIES) -> tuple[str, ...]:
    """The definitions that paths stand for, each once: files as named, folders searched.

    In a folder it is every .yaml, .yml, .json, .tftpl and .tf file, sorted by path; hidden files
    and folders, wfprov.yaml and the environments/ beside it are left out, and links to folders are
    not followed. Whether a named file exists is seen when it is read.

    Raises:
        InputError: a folder holds no definition.
    """
    found: dict[str, str] = {}
    for path in paths:
        if path == STANDARD_INPUT or not os.path.isdir(path):  # noqa: PTH112 (Path.is_dir raises)
            found.setdefault(_identity(path), path)
            continue
        inside = _in_folder(path, _Budget(path, limit))
        if not inside:
            raise InputError(
                f"no definitions in {path}", help=f"looked for files ending {', '.join(SUFFIXES)}"
            )
        for file in inside:
            found.setdefault(_identity(file), file)
    return tuple(found.values())


def beside(path: str) -> tuple[str, ...]:
    """The other Terraform files in the folder of one, sorted, at most a hundred: its module."""
    folder = Path(path).parent
    names = [name for name in _listed(folder) if name.endswith(TERRAFORM)]
    found = (str(folder / name) for name in names if name != Path(path).name)
    return tuple(file for file in found if _is_file(file))[:_MODULE_FILES]


def configuration(named: str | None) -> str | None:
    """The path of wfprov.yaml: `named`, else the one in the working folder, else None.

    Raises:
        InputError: `named` is not a file.
    """
    if named is not None and not _is_file(named):
        raise _unreadable(named, FileNotFoundError())
    return named or (CONFIG if _is_file(CONFIG) else None)


def environment(name: str, config: str | None) -> str:
    """The path of an environment's file, beside wfprov.yaml.

    Raises:
        InputError: there is none; names those there are.
    """
    folder = _folder_of(config) / ENVIRONMENTS
    for suffix in (".yaml", ".yml"):
        path = folder / (name + suffix)
        if path.parent == folder and _is_file(path):
            return str(path)
    there = environments(config)
    raise InputError(
        f"there is no environment {name!r}",
        help=f"{folder}/ has {', '.join(there)}" if there else f"write {folder}/{name}.yaml",
    )


def environments(config: str | None) -> tuple[str, ...]:
    """The names of the environments beside wfprov.yaml, sorted."""
    folder = _folder_of(config) / ENVIRONMENTS
    names = _listed(folder)
    return tuple(sorted(p.stem for p in map(Path, names) if p.suffix in {".yaml", ".yml"}))


class Folder:
    """The files that a configuration can name: paths and globs relative to its folder."""

    def __init__(self, config: str | None, limit: int = MAX_ENTRIES) -> None:
        self._base = _folder_of(config)
        self._limit = limit

    def matching(self, pattern: str) -> tuple[str, ...]:
        """The files that a path or glob stands for, sorted.

        `**` goes through folders, but through no link and into no hidden folder.

        Raises:
            InputError: a glob makes for a search through a whole disk.
        """
        if not pattern or "\0" in pattern:
            return ()
        full = Path(os.path.normpath(self._base / pattern))
        if not any(sign in pattern for sign in "*?["):
            return (str(full),) if _is_file(full) else ()
        found = {_identity(str(p)): str(p) for p in self._search(full)}
        return tuple(sorted(found.values()))

    def identity(self, path: str) -> str:
        """The same text for every name of one file."""
        return _identity(path)

    def _search(self, pattern: Path) -> Iterator[Path]:
        budget = _Budget(str(pattern), self._limit)
        parts = pattern.parts[1:] if pattern.anchor else pattern.parts
        return _matches(Path(pattern.anchor), parts, budget)


class _Budget:
    """How much of a disk may still be looked at."""

    def __init__(self, what: str, limit: int) -> None:
        self._what = what
        self._limit = self._left = limit

    def take(self, entries: int) -> None:
        self._left -= entries
        if self._left < 0:
            raise InputError(
                f"{self._what} makes for a search through more than {self._limit:,} files",
                help="name a narrower folder",
            )


def _matches(folder: Path, parts: Sequence[str], budget: _Budget) -> Iterator[Path]:
    head, rest = parts[0], parts[1:]
    if head == "**":
        yield from _matches(folder, rest or ("*",), budget)
    elif not any(sign in head for sign in "*?["):
        path = folder / head
        if rest:
            yield from _matches(path, rest, budget)
        elif _is_file(path):
            yield path
        return
    names = _listed(folder)
    budget.take(len(names) + 1)
    for name in names:
        path = folder / name
        if name.startswith(".") and not head.startswith("."):
            continue
        if head == "**":
            if not path.is_symlink() and path.is_dir():
                yield from _matches(path, parts, budget)
        elif not fnmatchcase(name, head):
            continue
        elif rest:
            yield from _matches(path, rest, budget)
        elif _is_file(path):
            yield path


def _in_folder(folder: str, budget: _Budget) -> tuple[str, ...]:
    found: list[str] = []
    for where, folders, files in os.walk(folder):
        budget.take(len(folders) + len(files))
        has_config = CONFIG in files
        folders[:] = [
            f for f in folders if not f.startswith(".") and not (has_config and f == ENVIRONMENTS)
        ]
        found += (
            str(Path(where, file))
            for file in files
            if file.endswith(SUFFIXES) and not file.startswith(".") and file != CONFIG
        )
    return tuple(sorted(path for path in found if _is_file(path)))


def _folder_of(config: str | None) -> Path:
    return Path(config or "").parent


def _identity(path: str) -> str:
    return path if path == STANDARD_INPUT else os.path.realpath(path)


def _is_file(path: str | Path) -> bool:
    """Also false where the question itself is refused: no access, a name too long."""
    try:
        return Path(path).is_file()
    except OSError:
        return False


def _listed(folder: Path) -> list[str]:
    """The names in a folder, sorted; none where it cannot be listed."""
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except (OSError, ValueError):
        return []


def _bounded(name: str, file: BinaryIO) -> bytes:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{name} has more than {MAX_BYTES // 1024 // 1024} MiB",
            help="a workflow definition has at most 128 KiB; is it another file?",
        )
    return data


def _decoded(name: str, data: bytes) -> Checked[Source]:
    try:
        return Checked(Source(name, data.decode("utf-8-sig")))
    except UnicodeDecodeError as problem:
        start = len(data[: problem.start].decode("utf-8-sig"))
        source = Source(name, data.decode("utf-8-sig", errors="replace"))
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        finding = Diagnostic(
            rule=INVALID_UTF8,
            message="the file is UTF-16" if utf16 else "from here on, this is not UTF-8",
            at=Span(source, start, min(start + 1, len(source.text))),
            help="save it as UTF-8",
        )
        return Checked(source, (finding,))


def _unreadable(path: str, problem: Exception) -> InputError:
    match problem:
        case FileNotFoundError():
            return InputError(f"there is no file {path}", help=_neighbours(path))
        case PermissionError():
            return InputError(f"{path} may not be read", help="check the permissions of the file")
        case OSError(strerror=str(reason)):
            return InputError(f"{path} cannot be read: {reason}")
        case _:
            return InputError(f"{path!r} is not a path")


def _neighbours(path: str) -> str:
    folder = Path(path).parent
    names = [name for name in _listed(folder) if name.endswith(SUFFIXES)][:_NEIGHBOURS]
    return f"{folder}/ has {', '.join(names)}" if names else ""
