"""The file of findings that were accepted at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from wfprov.core.errors import InputError

FORMAT: Final = "1.0"
LARGEST: Final = 16_000_000


def read_baseline(path: Path) -> dict[str, str]:
    """The message of each accepted finding by its fingerprint.

    Raises:
        InputError: the file cannot be read, or is no baseline.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is too large for a baseline")
        body = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"cannot read the baseline {path}: {error.strerror or error}",
            help="make one with `wfprov audit --write-baseline FILE`",
        ) from None
    except (ValueError, RecursionError):
        raise InputError(f"{path} is no baseline: it is not JSON") from None
    found = body.get("findings") if isinstance(body, dict) else None
    if not isinstance(found, dict) or body.get("format_version") != FORMAT:
        raise InputError(
            f"{path} is no baseline of format {FORMAT}",
            help="make one with `wfprov audit --write-baseline FILE`",
        )
    return {str(key): str(value) for key, value in found.items()}


def write_baseline(path: Path, findings: Mapping[str, str]) -> None:
    """Writes a baseline, in an order that does not change.

    Raises:
        InputError: the file cannot be written.
    """
    body = {"format_version": FORMAT, "findings": dict(sorted(findings.items()))}
    try:
        path.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None
