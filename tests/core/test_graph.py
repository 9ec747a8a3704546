"""Order among things that wait for each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfprov.core.graph import CycleError, stages


@given(st.dictionaries(st.integers(0, 20), st.frozensets(st.integers(0, 20))))
def test_each_stage_needs_only_earlier_ones(edges):
    needs = {k: {n for n in after if n < k} for k, after in edges.items()}
    done: set[int] = set()
    for stage in stages(needs):
        for key in stage:
            assert {n for n in needs[key] if n in needs} <= done
        done |= set(stage)
    assert done == set(needs)


def test_a_circle_is_our_bug():
    with pytest.raises(CycleError):
        stages({"a": ["b"], "b": ["a"]})
