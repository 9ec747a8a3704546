"""Saved plans of all shards as one plan."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from wfprov.app.plan import Planned
from wfprov.app.wiring import facts
from wfprov.core.errors import InputError
from wfprov.plan.live import NOTHING
from wfprov.plan.shard import MergeError, merged
from wfprov.store.plan_file import load_plan


def merge(paths: Iterable[str]) -> Planned:
    """The plan whose shards the files hold.

    Raises:
        InputError: a file is no plan, or they are not all the shards of one.
    """
    plans = [load_plan(Path(path), facts()) for path in paths]
    try:
        return Planned(plan=merged(plans), live=NOTHING, inspected=(), diagnostics=())
    except MergeError as error:
        raise InputError(
            f"these plans are not one: {error}",
            help="name the plans that all shards of one run saved: wfprov plan --merge plan-*.json",
        ) from None
