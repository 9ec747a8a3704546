"""Writes the files of a new stack from a starter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wfprov.render.schemas import SCHEMAS
from wfprov.store import starters
from wfprov.store.starters import Starter

SCHEMA_FOLDER: Final = "schemas"
HINT: Final = "# yaml-language-server: $schema="
"""What tells an editor which schema a file follows; the path counts from that file.

Source: https://nix-community.github.io/nixvim/25.05/plugins/lsp/servers/yamlls/index.html
(2026-11-24)
"""


@dataclass(frozen=True, slots=True)
class InitResult:
    """What was written, in order, and from which starter."""

    template: str
    written: tuple[Path, ...]


def init(directory: Path, template: str | None = None) -> InitResult:
    """Writes wfprov.yaml, environments/, workflows/ and schemas/; never over a file that is there.

    Raises:
        InputError: no such template, a file in the way, a folder that cannot be written.
    """
    name = template or starters.DEFAULT
    files = with_schemas(starters.starter_files(name))
    return InitResult(name, starters.write_new(directory, files))


def with_schemas(files: Mapping[str, str]) -> dict[str, str]:
    """The files of a stack with the schemas of its configuration, each named by those it is for."""
    found = dict(files)
    for path, text in files.items():
        if path == "wfprov.yaml":
            found[path] = f"{HINT}{SCHEMA_FOLDER}/config.json\n{text}"
        elif path.startswith("environments/"):
            found[path] = f"{HINT}../{SCHEMA_FOLDER}/environment.json\n{text}"
    for name in ("config", "environment"):
        found[f"{SCHEMA_FOLDER}/{name}.json"] = json.dumps(SCHEMAS[name](), indent=2) + "\n"
    return dict(sorted(found.items()))


def templates() -> tuple[Starter, ...]:
    """The starters that there are, by name."""
    return starters.starters()
