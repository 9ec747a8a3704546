"""From a command's arguments to what it is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wfprov.cli.sharding import whole
from wfprov.core.errors import InputError

if TYPE_CHECKING:
    from wfprov.app.load import Selection
    from wfprov.app.plan import Asked
    from wfprov.plan.shard import Shard


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


def asked(
    selection: Selection,
    *,
    only: list[str] | None = None,
    prune: bool = False,
    refresh_only: bool = False,
    destroy: bool = False,
    preflight: bool = True,
    shard: Shard | None = None,
) -> Asked:
    """What a plan is asked for, by the flags.

    Raises:
        InputError: two of them contradict each other.
    """
    from wfprov.app.plan import Asked
    from wfprov.plan.change import Mode

    modes = {Mode.PRUNE: prune, Mode.REFRESH: refresh_only, Mode.DESTROY: destroy}
    chosen = [mode for mode, wanted in modes.items() if wanted]
    flags = {Mode.PRUNE: "--prune", Mode.REFRESH: "--refresh-only", Mode.DESTROY: "--destroy"}
    if len(chosen) > 1:
        raise InputError(
            f"{flags[chosen[0]]} and {flags[chosen[1]]} do not go together", help="give one of them"
        )
    some = "--only" if only else "a PATH" if selection.paths else ""
    if chosen and some:
        raise InputError(
            f"{flags[chosen[0]]} looks at the whole stack, and {some} names a part of it",
            help=f"leave out {some} or {flags[chosen[0]]}",
        )
    if chosen:
        whole(shard, flags[chosen[0]])
    if only:
        whole(shard, "--only")
    return Asked(
        mode=chosen[0] if chosen else Mode.PART if some or shard else Mode.APPLY,
        only=tuple(only or ()),
        pinned=bool(selection.project or selection.region),
        preflight=preflight,
        shard=shard,
    )
