"""Reads files of a git revision, without running anything that a repository can set up.

Only plumbing is called that neither runs hooks, filters and file system monitors nor looks into
the working tree. https://git-scm.com/docs/git-cat-file and git-ls-tree (not opened)
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from wfprov.core.errors import InputError
from wfprov.store.files import MAX_BYTES, SUFFIXES

_SUFFIXES: Final = (*SUFFIXES, ".tfvars")
_SECONDS: Final = 60
_MOST_FILES: Final = 20_000
_MOST_BYTES: Final = 256 * 1024 * 1024


@contextmanager
def revision(ref: str, folder: Path) -> Iterator[tuple[Path, Path, str]]:
    """The definitions and configurations of a revision, written to a folder of its own.

    Gives the folder made, the path in it of what is `folder` here, and the commit's id. The
    folder is removed in the end. Links are left out: one could lead anywhere.

    Raises:
        InputError: there is no git, no repository, or no such revision.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    commit = _commit(ref, folder)
    with TemporaryDirectory(prefix="wfprov-base-") as made:
        root = Path(made).resolve()
        _write(top, commit, root)
        inside = root / folder.resolve().relative_to(top.resolve())
        inside.mkdir(parents=True, exist_ok=True)
        yield root, inside, commit


def _commit(ref: str, folder: Path) -> str:
    try:
        found = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}")
    except InputError as problem:
        raise InputError(
            f"git knows no revision {ref}",
            help=f"fetch it first: git fetch origin {ref.removeprefix('origin/')}; "
            "actions/checkout does with `fetch-depth: 0`",
        ) from problem
    return found.decode().strip()


def _write(top: Path, commit: str, root: Path) -> None:
    listing = _git(top, "ls-tree", "-r", "-z", "--full-tree", "--long", commit)
    wanted = []
    total = 0
    for row in listing.split(b"\0"):
        about, _, name = row.partition(b"\t")
        fields = about.split()
        if len(fields) != 4 or fields[0] not in {b"100644", b"100755"}:  # noqa: PLR2004
            continue
        path = os.fsdecode(name)
        size = int(fields[3]) if fields[3].isdigit() else 0
        if path.endswith(_SUFFIXES) and size <= MAX_BYTES:
            wanted.append((fields[2].decode(), path))
            total += size
    if len(wanted) > _MOST_FILES or total > _MOST_BYTES:
        raise InputError(
            f"the revision has {len(wanted)} files that could be definitions",
            help="keep the definitions in a repository of their own",
        )
    for blob, content in zip(wanted, _blobs(top, [blob for blob, _ in wanted]), strict=True):
        target = root / blob[1]
        if root not in target.resolve().parents:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _blobs(top: Path, ids: Sequence[str]) -> Iterator[bytes]:
    """The contents of blobs, in their order."""
    answer = _git(top, "cat-file", "--batch", given="".join(f"{i}\n" for i in ids).encode())
    at = 0
    for _ in ids:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].rsplit(b" ", 1)[1])
        yield answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """What a command of git answers.

    Raises:
        InputError: there is no git, or it refuses.
    """
    quiet = {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 (the arguments are a list, the revision checked)
            command,
            cwd=folder,
            env={**os.environ, **quiet},
            input=given,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as problem:
        raise InputError(
            "git is not installed", help="--new-access compares revisions"
        ) from problem
    except subprocess.TimeoutExpired as problem:
        raise InputError(f"git {arguments[0]} did not answer in {_SECONDS} s") from problem
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise InputError(f"git {arguments[0]}: {said[-1] if said else 'it failed'}")
    return done.stdout
