"""Names of workflows that no configuration names: those of their files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

_SUFFIXES: Final = re.compile(r"\.(?:ya?ml|json|tftpl|tpl|tmpl|template|workflow)\Z", re.IGNORECASE)
_LONGEST: Final = 64


def workflow_names(paths: Sequence[str]) -> tuple[str, ...]:
    """A name for each path, in order: the sanitised stem of the file.

    Stems that collide take the name of their folder in front; names that still collide, of the
    folders above, and at last a number.
    """
    parts = [
        [p for p in path.replace("\\", "/").split("/") if p not in {"", "."}] for path in paths
    ]
    depth = [1] * len(paths)
    while True:
        names = [_name(p[-d:]) for p, d in zip(parts, depth, strict=True)]
        counts = Counter(names)
        wider = [
            d + (counts[name] > 1 and d < len(p))
            for name, p, d in zip(names, parts, depth, strict=True)
        ]
        if wider == depth:
            return tuple(_numbered(names))
        depth = wider


def is_glob(path: str) -> bool:
    """Whether a source stands for every file that matches it."""
    return any(sign in path for sign in "*?[")


def _name(parts: Sequence[str]) -> str:
    """The parts of a path as one workflow id.

    Letters, digits, `-` and `_`, beginning with a letter, ending with a letter or digit, at most
    64. Source: https://cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows/create
    (2026-11-23)
    """
    stem = parts[-1] if parts else ""
    while (shorter := _SUFFIXES.sub("", stem)) not in {stem, ""}:
        stem = shorter
    joined = "-".join([*parts[:-1], stem])
    clean = re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9_-]", "-", joined)).strip("-_")
    if not clean:
        return "workflow"
    if not clean[0].isalpha():
        clean = f"w-{clean}"
    return clean[:_LONGEST].rstrip("-_")


def _numbered(names: Sequence[str]) -> list[str]:
    taken = set(names)
    seen: set[str] = set()
    unique: list[str] = []
    for name in names:
        chosen, number = name, 1
        while chosen in seen or (chosen != name and chosen in taken):
            number += 1
            ending = f"-{number}"
            chosen = name[: _LONGEST - len(ending)] + ending
        seen.add(chosen)
        unique.append(chosen)
    return unique
