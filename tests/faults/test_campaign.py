"""A small part of the campaign of `make faults`: every command, every kind of fault."""

from __future__ import annotations

import pytest
from processes import kill
from rivals import race
from scene import staged
from schedule import drawn, every_request, play


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with staged(tmp_path_factory.mktemp("stack")) as made:
        yield made


def test_a_fault_at_any_request_is_got_over_and_reported_truly(stage):
    for number, (_, _, schedule) in enumerate(every_request(stage)):
        if number % 199 == 0:
            play(stage, schedule)


# The seeds after the first are those that found a defect.
@pytest.mark.parametrize("seed", [0, 694, 805, 844, 1044, 1116, 1479])
def test_random_faults_are_got_over_and_reported_truly(stage, seed):
    play(stage, drawn(seed))


def test_two_applies_and_a_rival_all_end_right(stage):
    assert race(stage, stage.scenes["create"], 0) > 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_process_leaves_true_events_and_the_next_run_finishes(stage, when):
    assert kill(stage, "apply", 20, when).reached
