"""A step is said to be dead when nothing can reach it, not when one environment rules it out."""

from __future__ import annotations

from test_interpret import analysed, site

from wfprov.analysis.calls import Known

TEXT = """
main:
  params: [args]
  steps:
    - choose:
        switch:
          - condition: ${args.stage == "test"}
            next: probe
    - work:
        return: done
    - probe:
        call: http.get
        args: {url: https://a.com}
    - finish:
        return: probed
    - late:
        return: never
"""


def dead(known: Known) -> list[str]:
    return [d.message for d in analysed(TEXT, known).diagnostics]


def test_what_the_arguments_of_one_environment_rule_out_is_not_said_to_be_dead():
    assert dead(Known(arguments={"stage": "prod"})) == ["No path leads to late."]


def test_what_they_rule_out_still_asks_for_nothing():
    assert not site(analysed(TEXT, Known(arguments={"stage": "prod"})), "main.probe").reachable
    assert site(analysed(TEXT, Known(arguments={"stage": "test"})), "main.probe").reachable


def test_what_nothing_reaches_is_said_without_any_configuration():
    assert dead(Known()) == ["No path leads to late."]
