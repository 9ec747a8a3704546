"""Which part of a stack a plan is of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """Shard `index` (from 1) of `count`, with `workflows` of all `of`.

    `together` is the size of the largest group of workflows that share policies, and so cannot be
    parted: no number of shards makes the largest one smaller.
    """

    index: int
    count: int
    workflows: int
    of: int
    together: int
