"""Events that runs have written, read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from wfprov.core.errors import InputError

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of the largest file that is read."""

VERSION: Final = "1.0"


def load_events(path: Path) -> tuple[Mapping[str, Any], ...]:
    """The events of a file, in their order; the last line of a run that was killed may be cut.

    Raises:
        InputError: it cannot be read, or holds no events of this version.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path}: larger than the events of any run")
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{path}: the events cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _refusal(path, "is no text") from error
    events: list[Mapping[str, Any]] = []
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == len(lines) > 1:
                break
            raise _refusal(path, f"line {number} is no JSON") from error
        if not isinstance(event, dict) or "kind" not in event:
            raise _refusal(path, f"line {number} is no event")
        if event.get("format_version") != VERSION:
            raise _refusal(path, f"is of format {event.get('format_version')}, not {VERSION}")
        events.append(event)
    if not events:
        raise _refusal(path, "is empty")
    return tuple(events)


def _refusal(path: Path, why: str) -> InputError:
    return InputError(f"{path} {why}", help="name files that `wfprov apply --events FILE` wrote")
