"""Writes files that were made for the user, and never over one that says something else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wfprov.core.errors import InputError


def write_files(folder: Path, files: Mapping[str, str], *, over: bool) -> tuple[Path, ...]:
    """Writes each text to its path below `folder`; the paths, in order.

    `over` allows it to take the place of a file with another text; else nothing is written then.

    Raises:
        InputError: a file is in the way, or the folder cannot be written to.
    """
    targets = {folder / path: text for path, text in files.items()}
    in_the_way = [str(path) for path, text in targets.items() if not over and _differs(path, text)]
    if in_the_way:
        raise InputError(
            f"would overwrite {', '.join(in_the_way)}; nothing was written",
            help="name another place, or give --force",
        )
    for path, text in targets.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        except OSError as problem:
            raise InputError(f"cannot write {path}: {problem.strerror or problem}") from None
    return tuple(targets)


def _differs(path: Path, text: str) -> bool:
    if path.is_symlink():
        return True
    try:
        return path.read_bytes() != text.encode()
    except FileNotFoundError:
        return False
    except OSError:
        return True
