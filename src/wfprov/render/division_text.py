"""Which part of a stack a plan is of, for people."""

from __future__ import annotations

import textwrap

from wfprov.plan.division import Division
from wfprov.render.names import counted


def division_text(part: Division, width: int) -> str:
    """`Shard 2/5: 12 of 40 workflows.`, and what keeps the shards from being even."""
    words = f"Shard {part.index}/{part.count}: {part.workflows} of {counted(part.of, 'workflow')}."
    if part.together * part.count > 2 * part.of and part.together > 1 < part.count:
        words += (
            f" {part.together} workflows share policies and stay in one shard: "
            f"more shards do not make that one smaller."
        )
    return "\n".join(textwrap.wrap(words, width))
