"""Definitions as trees."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written import clean, findings, first_step, found, read, source

from wfprov.core.span import Source
from wfprov.language.ast import (
    Assign,
    Attribute,
    Block,
    Call,
    Expression,
    For,
    Index,
    Mapping,
    Name,
    Nothing,
    Parallel,
    Raise,
    Return,
    Scalar,
    Sequence,
    Step,
    Switch,
    Try,
)
from wfprov.language.limits import MAX_READ
from wfprov.language.parser import parse
from wfprov.language.validate import validate

WHOLE = """\
main:
  params: [args]
  steps:
    - init:
        assign:
          - project: ${sys.get_env("GOOGLE_CLOUD_PROJECT_ID")}
          - config: {retries: 3, "${project}": [1, "two", null]}
          - config.url: https://example.com
          - config["list"]: [0, 1]
          - config["list"][1 + 0]: 2
          - total: 0
          - project_copy:
    - fetch:
        try:
          call: http.get
          args:
            url: ${config.url + "/items"}
            auth:
              type: OIDC
          result: response
        retry:
          predicate: ${is_busy}
          max_retries: 5
          backoff:
            initial_delay: 1
            max_delay: 60
            multiplier: 1.25
        except:
          as: e
          steps:
            - known:
                switch:
                  - condition: ${e.code == 404}
                    next: done
                  - condition: true
                    steps:
                      - note:
                          call: sys.log
                          args: ["${e}", ERROR]
            - unknown:
                raise: ${e}
    - each:
        for:
          value: item
          index: i
          in: ${response.body.items}
          steps:
            - skip:
                switch:
                  - condition: ${item == null}
                    next: continue
            - add:
                assign:
                  - total: ${total + i}
    - count:
        for:
          value: n
          range: [1, "${total}"]
          steps:
            - leave:
                next: break
    - both:
        parallel:
          shared: [total]
          exception_policy: continueAll
          concurrency_limit: 2
          branches:
            - left:
                steps:
                  - one:
                      assign:
                        - total: 1
            - right:
                steps:
                  - two:
                      call: helper
                      args:
                        name: x
    - fan:
        parallel:
          for:
            value: p
            in: [a, b]
            steps:
              - call_it:
                  call: helper
                  args: {name: "${p}", times: 2}
                  result: answer
    - group:
        steps:
          - inner:
              return: ${helper("y", 1)}
        next: done
    - done:
        next: end

helper:
  params: [name, times: 1]
  steps:
    - back:
        return: ${name + times}

is_busy:
  params: [e]
  steps:
    - r:
        return: ${e.code == 503}
"""


@pytest.fixture
def steps() -> dict[str, Step]:
    main = clean(WHOLE).main
    assert main is not None
    return {step.name or "": step for step in main.steps}


class TestEveryStep:
    def test_procedures_have_params_with_defaults(self):
        definition = clean(WHOLE)
        assert list(definition.procedures) == ["main", "helper", "is_busy"]
        name, times = definition.procedures["helper"].params
        assert (name.name, name.default) == ("name", None)
        assert times.name == "times"
        assert isinstance(times.default, Scalar)
        assert times.default.value == 1
        assert definition.procedures["helper"].name_span.text == "helper"

    def test_assignments_keep_order_and_paths(self, steps):
        body = steps["init"].body
        assert isinstance(body, Assign)
        targets = [a.target for a in body.assignments]
        assert [t.span.text for t in targets] == [
            "project", "config", "config.url", 'config["list"]', 'config["list"][1 + 0]', "total",
            "project_copy",
        ]  # fmt: skip
        assert isinstance(targets[0], Name)
        assert isinstance(targets[2], Attribute)
        assert isinstance(targets[4], Index)
        assert body.assignments[-1].value.span.text == ""
        value = body.assignments[1].value
        assert isinstance(value, Mapping)
        assert isinstance(value.entries[1][0], Expression)
        retries = value.get("retries")
        assert isinstance(retries, Scalar)
        assert retries.value == 3

    def test_try_retry_and_except(self, steps):
        body = steps["fetch"].body
        assert isinstance(body, Try)
        (only,) = body.steps
        assert only.name is None
        assert isinstance(only.body, Call)
        assert only.body.function == "http.get"
        assert only.body.function_span.text == "http.get"
        assert only.body.result == "response"
        assert only.body.result_span is not None
        assert only.body.result_span.text == "response"
        assert body.retry is not None
        assert body.retry.policy is None
        assert list(body.retry.parts) == ["predicate", "max_retries", "backoff"]
        assert body.handler is not None
        assert body.handler.variable == "e"
        switch = body.handler.steps[0].body
        assert isinstance(switch, Switch)
        jump, rest = switch.cases
        assert jump.step is not None
        assert isinstance(jump.step.body, Nothing)
        assert jump.step.next is not None
        assert jump.step.next.target == "done"
        assert rest.step is not None
        assert isinstance(rest.step.body, Block)
        log = rest.step.body.steps[0].body
        assert isinstance(log, Call)
        assert isinstance(log.args, Sequence)
        assert isinstance(body.handler.steps[1].body, Raise)

    def test_loops(self, steps):
        each, count = steps["each"].body, steps["count"].body
        assert isinstance(each, For)
        assert (each.value, each.index, each.value_span.text) == ("item", "i", "item")
        assert isinstance(each.items, Expression)
        assert each.range is None
        assert isinstance(count, For)
        assert isinstance(count.range, Sequence)
        assert count.items is None
        assert count.steps[0].next is not None

    def test_parallel(self, steps):
        both, fan = steps["both"].body, steps["fan"].body
        assert isinstance(both, Parallel)
        assert [b.name for b in both.branches] == ["left", "right"]
        assert [(name, span.text) for name, span in both.shared] == [("total", "total")]
        assert both.exception_policy == "continueAll"
        assert isinstance(both.concurrency_limit, Scalar)
        assert isinstance(fan, Parallel)
        assert fan.loop is not None
        assert fan.loop.value == "p"

    def test_a_block_may_jump_when_it_ends(self, steps):
        group = steps["group"]
        assert isinstance(group.body, Block)
        assert group.next is not None
        assert group.next.span.text == "done"
        assert group.name_span.text == "group"


@pytest.mark.parametrize("comment", ["// all of it\n", "/* all of it */\n"])
def test_a_comment_of_another_language_before_json_is_said(comment):
    first, *_ = findings(comment + '[{"a": {"return": 1}}]\n')
    assert first.help.startswith("Neither JSON nor YAML knows such a comment")


def test_a_bare_list_of_steps_is_main():
    definition = clean("- a:\n    return: 1\n")
    assert list(definition.procedures) == ["main"]
    assert isinstance(first_step(definition).body, Return)


def test_json_reads_like_yaml():
    import yaml

    as_json = json.dumps(yaml.safe_load(WHOLE), indent="\t")
    definition = clean(as_json)
    assert list(definition.procedures) == ["main", "helper", "is_busy"]
    assert [s.name for s in definition.procedures["main"].steps] == [
        s.name for s in clean(WHOLE).procedures["main"].steps
    ]


def test_except_may_hold_the_body_of_one_step():
    step = first_step(clean("- t:\n    try: {call: sys.now}\n    except: {as: e, raise: '${e}'}\n"))
    assert isinstance(step.body, Try)
    assert step.body.handler is not None
    assert isinstance(step.body.handler.steps[0].body, Raise)


def test_retry_may_name_a_whole_policy():
    step = first_step(clean("- t:\n    try: {call: sys.now}\n    retry: ${http.default_retry}\n"))
    assert isinstance(step.body, Try)
    assert step.body.retry is not None
    assert isinstance(step.body.retry.policy, Expression)


def test_return_and_next_may_stand_together():
    step = first_step(clean("- a:\n    return: 1\n    next: a\n"))
    assert isinstance(step.body, Return)
    assert step.next is not None


def test_an_aliased_list_of_steps_gives_the_same_steps():
    definition = read("a:\n  steps: &s\n    - x: {return: 1}\nmain:\n  steps: *s\n")
    assert definition.procedures["a"].steps is definition.procedures["main"].steps


def test_a_step_whose_body_is_not_indented_is_still_read():
    step = first_step(read("- get:\n  call: http.get\n  args: {url: x}\n"))
    assert step.name == "get"
    assert isinstance(step.body, Call)


def test_a_misspelt_key_is_read_as_what_it_means():
    text = "- a:\n    assing: [{x: 1}]\n    nxt: b\n- b:\n    return: ${x}\n"
    assert found(text) == [("unknown-key", "assing"), ("unknown-key", "nxt")]
    assert isinstance(first_step(read(text)).body, Assign)


def test_a_step_with_a_key_that_means_nothing_gets_one_finding():
    assert found("- a:\n    something: 1\n") == [("unknown-key", "something")]


def test_a_step_that_does_nothing_is_found():
    assert found("- a: {}\n") == [("missing-key", "{")]


def test_several_bodies_in_one_step_are_all_read():
    step = first_step(read("- a:\n    call: sys.now\n    return: 1\n"))
    assert isinstance(step.body, Block)
    assert [type(s.body) for s in step.body.steps] == [Call, Return]


def test_on_and_no_are_names_like_others():
    definition = clean("- no:\n    assign: [{on: yes}]\n- off:\n    return: ${on}\n")
    assert definition.main is not None
    assert [s.name for s in definition.main.steps] == ["no", "off"]


def test_the_span_of_a_call_covers_its_arguments_and_result():
    step = first_step(read("- a:\n    args: {url: x}\n    call: http.get\n    result: r\n"))
    assert step.body.span.text == "args: {url: x}\n    call: http.get\n    result: r"
    assert step.span.text.startswith("a:")


def test_a_text_far_too_large_is_not_read():
    checked = parse(Source("big.yaml", "a" * (MAX_READ + 1)))
    assert checked.value is None
    assert [d.rule.slug for d in checked.diagnostics] == ["definition-too-large"]


# --- laws ---


@given(st.integers(0, len(WHOLE)))
def test_any_truncation_of_a_definition_has_a_tree_or_says_why(length):
    checked = parse(Source("cut.yaml", WHOLE[:length]))
    if checked.value is None:
        assert [d.rule.slug for d in checked.diagnostics] == ["empty-definition"]
    else:
        validate(checked.value)


@given(st.text())
def test_any_text_is_read_without_an_exception(text):
    checked = parse(Source("any.yaml", text))
    if checked.value is not None:
        validate(checked.value)


BITS = st.sampled_from(
    ["main", "steps", "a", ":", " ", "\n", "\n  ", "\n    ", "- ", "call", "assign", "switch",
     "for", "parallel", "try", "except", "retry", "${", "}", '"', "'", "{", "[", "]", ",", "*x",
     "&x ", "<<", "|", ">", "#", "next", "condition", "value", "in", "branches", "shared", "true",
     "1", "$${"]
)  # fmt: skip


@given(st.lists(BITS, max_size=60).map("".join))
def test_pieces_of_definitions_are_read_without_an_exception(text):
    checked = parse(Source("pieces.yaml", text))
    if checked.value is not None:
        for diagnostic in (*checked.diagnostics, *validate(checked.value)):
            assert 0 <= diagnostic.at.start <= diagnostic.at.end <= len(text)  # type: ignore[union-attr]


@given(st.integers(0, len(WHOLE.splitlines()) - 1))
def test_a_line_taken_out_leaves_a_definition_that_can_be_read(gone):
    lines = WHOLE.splitlines(keepends=True)
    findings("".join(lines[:gone] + lines[gone + 1 :]))


def test_source_is_kept():
    text = source("- a: {return: 1}\n")
    checked = parse(text)
    assert checked.value is not None
    assert checked.value.source is text
    assert found(text.text) == []
