"""From a command's arguments to what it is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wfprov.app.load import Selection


def selected(
    paths: list[str] | None,
    env: str | None,
    config: Path | None,
    project: str | None,
    region: str | None,
) -> Selection:
    """The selection that the shared arguments describe."""
    from wfprov.app.load import Selection

    return Selection(
        paths=tuple(paths or ()),
        environment=env,
        config=None if config is None else str(config),
        project=project,
        region=region,
    )
