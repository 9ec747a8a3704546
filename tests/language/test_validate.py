"""Names, jumps and sharing over whole procedures."""

from __future__ import annotations

import pytest
from written import findings, found

LOOP = """\
main:
  steps:
    - init:
        assign:
          - outer: 1
    - loop:
        for:
          value: v
          index: i
          in: [1, 2]
          steps:
            - inside:
                assign:
                  - local: ${v + i + outer}
                  - outer: ${outer + local}
    - after:
        return: ${VALUE}
"""


@pytest.mark.parametrize("name", ["v", "i", "local"])
def test_what_a_loop_makes_is_local_to_it(name):
    text = LOOP.replace("VALUE", name)
    (only,) = findings(text)
    assert only.rule.slug == "undefined-name"
    assert "local to the loop" in only.message
    assert only.related[0].at.text in (name, "v")


def test_what_was_there_before_a_loop_keeps_its_value():
    assert found(LOOP.replace("VALUE", "outer")) == []


def test_what_an_except_makes_is_local_to_it():
    text = """\
- t:
    try:
      call: sys.now
      result: a
    except:
      as: e
      steps:
        - s: {assign: [{b: 1}, {a: 2}]}
- r:
    return: ${[a, NAME]}
"""
    assert found(text.replace("NAME", "a")) == []
    assert found(text.replace("NAME", "b")) == [("undefined-name", "b")]
    assert found(text.replace("NAME", "e")) == [("undefined-name", "e")]


def test_try_steps_and_switch_are_no_scopes():
    text = """\
- t:
    try:
      steps:
        - s: {assign: [{a: 1}]}
    except: {as: e, steps: [{x: {raise: '${e}'}}]}
- w:
    switch:
      - condition: ${a == 1}
        assign: [{b: 1}]
- g:
    steps:
      - h: {assign: [{c: 1}]}
- r:
    return: ${[a, b, c]}
"""
    assert found(text) == []


def test_a_subworkflow_does_not_see_its_callers():
    text = """\
main:
  params: [args]
  steps:
    - a:
        call: sub
sub:
  steps:
    - b:
        return: ${args}
"""
    (only,) = findings(text)
    assert only.rule.slug == "undefined-name"
    assert "parameter of 'main'" in only.message


def test_a_later_step_may_give_a_variable_because_of_jumps():
    text = (
        "- a:\n    switch:\n      - condition: ${x == 1}\n        next: end\n"
        "- b:\n    assign: [{x: 1}]\n    next: a\n"
    )
    assert found(text) == []


def test_a_variable_may_have_the_name_of_a_module():
    assert (
        found("- a:\n    assign: [{list: [1]}, {map: {}}]\n- b:\n    return: ${list[0] + map.x}\n")
        == []
    )


def test_a_module_is_no_value():
    assert found("- a:\n    return: ${http}\n") == [("undefined-name", "http")]


def test_functions_of_the_library_may_stand_for_predicates():
    text = (
        "- a:\n    try: {call: sys.now}\n    retry:\n"
        "      predicate: ${http.default_retry_predicate}\n"
        "      max_retries: 1\n      backoff: {initial_delay: 1, max_delay: 2, multiplier: 2}\n"
    )
    assert found(text) == []


def test_a_misspelt_constant_of_the_library_is_found():
    text = "- a:\n    try: {call: sys.now}\n    retry: ${http.default_rety}\n"
    (only,) = findings(text)
    assert only.rule.slug == "unknown-function"
    assert only.help == "Did you mean 'http.default_retry'?"


def test_arguments_of_a_subworkflow_are_checked():
    text = """\
main:
  steps:
    - a: {call: sub, args: {x: 1, z: 2}}
    - b: {call: sub, args: {y: 1}}
    - c: {return: '${sub(1, 2, 3)}'}
    - d: {return: '${sub(1)}'}
    - e: {call: sub, args: {"${k}": 1}}
    - k: {assign: [{k: x}]}
sub:
  params: [x, y: 2]
  steps:
    - r: {return: '${x + y}'}
"""
    messages = [d.message for d in findings(text)]
    assert len(messages) == 3
    assert "no parameter 'z'" in messages[0]
    assert "needs 'x'" in messages[1]
    assert "takes 2 arguments; 3" in messages[2]


PARALLEL = """\
- init:
    assign: [{a: 1}, {b: 1}]
- p:
    parallel:
      shared: [SHARED]
      branches:
        - one:
            steps:
              - s1: {call: sys.now, result: a}
              - s2: {for: {value: v, in: [1], steps: [{s3: {assign: [{b.x: 1}]}}]}}
        - two:
            steps:
              - s4: {assign: [{mine: 1}, {a: '${mine}'}]}
"""


def test_a_branch_may_write_what_is_shared():
    assert found(PARALLEL.replace("SHARED", "a, b")) == []


def test_each_write_of_what_is_not_shared_is_found_at_any_depth():
    assert found(PARALLEL.replace("SHARED", "a")) == [("unshared-write", "b")]
    assert found(PARALLEL.replace("SHARED", "b")) == [("unshared-write", "a")] * 2


def test_a_shared_variable_of_an_outer_branch_needs_to_be_shared_again():
    text = """\
- init: {assign: [{a: 1}]}
- p:
    parallel:
      shared: [a]
      for:
        value: v
        in: [1]
        steps:
          - q:
              parallel:
                for: {value: w, in: [1], steps: [{s: {assign: [{a: 2}]}}]}
"""
    assert found(text) == [("unshared-write", "a")]


def test_names_that_two_branches_make_are_each_ones_own():
    text = """\
- p:
    parallel:
      branches:
        - one: {steps: [{s: {assign: [{r: 1}]}}]}
        - two: {steps: [{t: {assign: [{r: 1}]}}]}
- after: {assign: [{r: 2}]}
"""
    assert found(text) == []


JUMPS = """\
- start: {next: NEXT}
- try_it:
    try:
      steps:
        - tried: {next: end}
    except: {as: e, steps: [{caught: {next: start}}]}
- loop:
    for:
      value: v
      in: [1]
      steps:
        - looped: {next: continue}
        - checked:
            switch:
              - condition: ${v == 1}
                next: looped
- p:
    parallel:
      branches:
        - one: {steps: [{b1: {next: b2}}, {b2: {next: b1}}]}
        - two: {steps: [{b3: {next: end}}]}
- last: {next: end}
"""


@pytest.mark.parametrize("target", ["start", "last", "end", "tried", "loop", "p"])
def test_a_jump_within_one_workflow_is_fine(target):
    assert found(JUMPS.replace("NEXT", target)) == []


@pytest.mark.parametrize(("target", "into"), [("looped", "into a loop"), ("b1", "into a parallel")])
def test_a_jump_into_a_loop_or_branch_is_refused(target, into):
    (only,) = findings(JUMPS.replace("NEXT", target))
    assert only.rule.slug == "jump-across"
    assert into in only.message


def test_a_jump_between_branches_is_refused():
    text = JUMPS.replace("NEXT", "end").replace("{b3: {next: end}}", "{b3: {next: b1}}")
    assert found(text) == [("jump-across", "b1")]


def test_a_jump_to_a_step_of_another_workflow_is_undefined():
    text = "main:\n  steps:\n    - a: {next: b}\nsub:\n  steps:\n    - b: {return: 1}\n"
    assert found(text) == [("undefined-step", "b")]


def test_a_script_with_variables_of_its_own_is_no_expression():
    text = (
        "- a:\n    assign:\n      - x: 1\n      - script: |\n          echo ${x}\n          exit\n"
    )
    assert found(text) == []
