"""The starters that `init` copies: they are part of the installed package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from wfprov.core.errors import InputError

DEFAULT: Final = "order-intake"
_DATA: Final = "wfprov.data"


@dataclass(frozen=True, slots=True)
class Starter:
    """A starter's name and what it shows, in a sentence or two."""

    name: str
    summary: str


def starters() -> tuple[Starter, ...]:
    """Every starter, by name."""
    folders = (f for f in _folder("templates").iterdir() if f.joinpath("workflow.yaml").is_file())
    return tuple(Starter(f.name, _summary(f)) for f in sorted(folders, key=lambda f: f.name))


def starter_files(name: str) -> Mapping[str, str]:
    """What a starter writes: the path in the new folder, and the text, sorted by path.

    Raises:
        InputError: there is no such starter.
    """
    names = [starter.name for starter in starters()]
    if name not in names:
        near = get_close_matches(name, names, n=1)
        raise InputError(
            f"there is no template {name!r}",
            help=(f"did you mean {near[0]}? " if near else "") + f"There are {', '.join(names)}",
        )
    folder = _folder("templates").joinpath(name)
    found = {
        "wfprov.yaml": _text(folder.joinpath("wfprov.yaml")),
        f"workflows/{name}.yaml": _text(folder.joinpath("workflow.yaml")),
    }
    for environment in _folder("environments").iterdir():
        if environment.name.endswith(".yaml"):
            found[f"environments/{environment.name}"] = _text(environment)
    return dict(sorted(found.items()))


def write_new(directory: Path, contents: Mapping[str, str]) -> tuple[Path, ...]:
    """Writes each text to its path below `directory`; the paths, in order.

    Nothing is written when any of the files is there already.

    Raises:
        InputError: a file is in the way, or the folder cannot be written to.
    """
    targets = {directory / path: text for path, text in contents.items()}
    there = [str(path) for path in targets if path.exists() or path.is_symlink()]
    if there:
        raise InputError(
            f"would overwrite {', '.join(there)}; nothing was written",
            help="name another folder, or move these files away",
        )
    written: list[Path] = []
    try:
        for path, text in targets.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
            written.append(path)
    except OSError as problem:
        done = f"; written before: {', '.join(map(str, written))}" if written else ""
        raise InputError(f"cannot write {path}: {problem.strerror}{done}") from problem
    return tuple(written)


def _folder(name: str) -> Traversable:
    return files(_DATA).joinpath(name)


def _text(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")


def _summary(folder: Traversable) -> str:
    """The first paragraph of the starter's page, on one line."""
    paragraphs = _text(folder.joinpath("README.md")).split("\n\n")
    return " ".join(paragraphs[1].split())
