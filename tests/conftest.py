"""What tests of several layers share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

# A time limit for each example fails on a busy machine and finds nothing.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SHARED = Path(__file__).parents[2] / "shared"


@dataclass(frozen=True)
class RealDefinition:
    """A definition of the corpus and whether PyYAML reads it."""

    id: str
    path: Path
    is_yaml: bool


@pytest.fixture(scope="session")
def corpus() -> tuple[RealDefinition, ...]:
    """The corpus of real definitions beside the project; a fresh clone does not have it."""
    manifest = SHARED / "corpus" / "manifest.jsonl"
    if not manifest.exists():
        pytest.skip("the corpus is not beside this checkout")
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    return tuple(
        RealDefinition(row["id"], SHARED / "corpus" / "defs" / row["id"], row["parses_as_yaml"])
        for row in rows
    )
