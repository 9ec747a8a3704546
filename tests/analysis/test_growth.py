"""The work of the analysis grows as the definition does, counted in calls and not in seconds."""

from __future__ import annotations

import sys
from types import FrameType

import pytest
from shapes import SHAPES

from wfprov.analysis.calls import Known
from wfprov.analysis.interpret import Analysis, analyse
from wfprov.core.span import Source
from wfprov.language.ast import Definition
from wfprov.language.parser import parse

MOST = 14
"""How many times the work may grow when the definition grows ten times."""


def parsed(text: str) -> Definition:
    definition = parse(Source("w.yaml", text)).value
    assert definition is not None
    return definition


def counted(definition: Definition) -> tuple[Analysis, dict[str, int]]:
    """The analysis, and how often each of its Python functions was called."""
    counts: dict[str, int] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            counts[frame.f_code.co_qualname] = counts.get(frame.f_code.co_qualname, 0) + 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        analysis = analyse(definition, Known())
    finally:
        sys.setprofile(before)
    return analysis, counts


@pytest.mark.parametrize("shape", SHAPES)
def test_ten_times_the_steps_take_about_ten_times_the_work(shape):
    few = parsed(SHAPES[shape](30))
    many = parsed(SHAPES[shape](300))
    _, small = counted(few)
    analysis, large = counted(many)
    assert sum(large.values()) <= MOST * sum(small.values())
    visits = "RegionRun._visit"
    assert large.get(visits, 0) <= MOST * small.get(visits, 1)
    assert "analysis-limit" not in {d.rule.slug for d in analysis.diagnostics}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_site_is_lost_in_a_large_definition(shape):
    text = SHAPES[shape](200)
    analysis = analyse(parsed(text), Known())
    assert len(analysis.sites) == text.count("call: http.get")
    if shape != "unreached":
        assert all(site.reachable and site.calls for site in analysis.sites)


def test_a_chain_of_calls_deeper_than_any_path_is_followed_to_its_end():
    analysis = analyse(parsed(SHAPES["descents"](2000)), Known())
    (site,) = analysis.sites
    assert site.reachable
    assert site.calls
    assert all(len(call.via) <= 100 for call in site.calls)
