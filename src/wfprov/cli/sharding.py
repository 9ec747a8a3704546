"""Which shard a command is: what the command line says, or the variables of a matrix of jobs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wfprov.core.errors import InputError

if TYPE_CHECKING:
    from wfprov.plan.change import Plan
    from wfprov.plan.shard import Shard

VARIABLE: Final = "WFPROV_SHARD"
_MATRICES: Final = (
    # Cloud Run jobs count tasks from 0 (2026-11-23):
    # https://opentelemetry.io/docs/specs/semconv/resource/cloud-provider/gcp/cloud-run/
    ("CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT", 0),
    # GitLab counts from 1; the total is 1 in a job that is not parallel, and there is no index.
    # https://gitlab.com/gitlab-org/ci-cd/runner-tools/glci/-/merge_requests/156 (2026-11-23)
    ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    # CircleCI counts from 0. https://circleci.com/docs/variables/ (2026-11-23)
    ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
)
"""Where the index and the count are, and where counting begins."""


def shard_of(given: str | None, environment: Mapping[str, str] = os.environ) -> Shard | None:
    """The shard, None for the whole: 1/1 is the whole too.

    Raises:
        InputError: what is given, or in a variable, is no shard.
    """
    from wfprov.plan.shard import Shard

    text, origin = given, "--shard"
    if text is None and environment.get(VARIABLE):
        text, origin = environment[VARIABLE], VARIABLE
    if text is None:
        for index, count, first in _MATRICES:
            at, of = environment.get(index, ""), environment.get(count, "")
            if at.isdecimal() and of.isdecimal() and int(of) > 1:
                text, origin = f"{int(at) - first + 1}/{int(of)}", f"{index} and {count}"
                break
    if text is None:
        return None
    try:
        shard = Shard.of(text)
    except ValueError as error:
        raise InputError(f"{origin}: {error}", help="--shard 1/1 is the whole stack") from None
    return shard if shard.count > 1 else None


def whole(shard: Shard | None, flag: str) -> None:
    """Stops what looks at the whole stack in a shard.

    Raises:
        InputError: there is a shard.
    """
    if shard is not None:
        raise InputError(
            f"{flag} looks at the whole stack, and this is shard {shard}",
            help="give --shard 1/1 in one job; a plan saved there is applied by all: "
            "wfprov apply plan.json --shard i/n",
        )


def share(plan: Plan, path: Path, shard: Shard | None) -> Plan:
    """The shard's part of a saved plan; a plan of that shard is its part already.

    Raises:
        InputError: the plan is another shard's.
    """
    if shard is None:
        return plan
    if plan.division is None:
        from wfprov.plan.shard import part_of

        return part_of(plan, shard)
    planned = f"{plan.division.index}/{plan.division.count}"
    if planned != str(shard):
        raise InputError(
            f"{path} is shard {planned}, and this is shard {shard}",
            help="apply each shard's plan in its own job, or merge them first: wfprov plan --merge",
        )
    return plan
