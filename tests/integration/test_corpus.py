"""Real definitions of others, applied to the embedded control plane and planned again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from wfprov.app.apply import carry_out
from wfprov.app.load import Loaded, Selection, load
from wfprov.app.plan import make_live
from wfprov.app.rehearsal import rehearsal
from wfprov.app.wiring import ControlPlane, Reach
from wfprov.gcp.clock import SystemClock, SystemDice
from wfprov.gcp.dispatch import GoogleCloud

PARALLEL = 4
PARTS = 3


def stack_of(path: Path, number: int) -> Loaded:
    """A definition as `wfprov plan PATH` reads it, as a stack of its own."""
    found = load(Selection(paths=(str(path),), project="demo-project", region="us-central1"))
    spec = replace(found.stack.workflows[0], name=f"workflow-{number}")
    stack = replace(found.stack, name=f"corpus-{number}", endpoint="embedded", workflows=(spec,))
    return replace(found, stack=stack, sources=dict.fromkeys([spec.name], *found.sources.values()))


@contextmanager
def plane(stack: Loaded, folder: Path) -> Iterator[ControlPlane]:
    with (
        rehearsal(stack.stack, folder / "plane.sqlite") as running,
        GoogleCloud(running.session) as cloud,
    ):
        running.emulator.plane.world.settings.update({"operationPolls": 0})
        yield ControlPlane(cloud=cloud, reader=cloud, rehearsal=running)


@pytest.mark.parametrize("part", range(PARTS))
def test_real_definitions_are_applied_and_leave_nothing_to_do(corpus, tmp_path, part):
    clock = SystemClock()
    applied, blocked, broken, left = [], [], [], {}
    with plane(stack_of(corpus[0].path, 0), tmp_path) as control:
        for number, definition in enumerate(corpus):
            if number % PARTS != part:
                continue
            one = stack_of(definition.path, number)
            planned = make_live(one, control, clock.now, parallel=PARALLEL)
            if not planned.ok:
                broken.append(definition.id)
                continue
            if planned.plan.blocked:
                blocked.append(definition.id)
                continue
            report = carry_out(
                planned.plan,
                planned.live,
                control,
                clock=clock,
                dice=SystemDice(),
                reach=Reach(parallel=PARALLEL),
            )
            assert report.ok, (definition.id, [str(o.error) for o in report.failed])
            again = make_live(one, control, clock.now, parallel=PARALLEL)
            if again.plan.due:
                left[definition.id] = again.plan.due
            applied.append(definition.id)
    assert not left
    assert len(applied) >= 20, f"with questions {len(blocked)}, with errors {len(broken)}"
