"""Definitions that Terraform renders."""

from __future__ import annotations

import pytest
import shown
from written import found, read, returned

from wfprov.core.span import Source
from wfprov.language.ast import (
    Call,
    Expression,
    Mapping,
    Scalar,
    Sequence,
    TemplateHole,
    TemplateText,
)
from wfprov.language.parser import parse
from wfprov.language.templating import is_template


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a: $${x}\nb: ${y}", "a.yaml"),
        ("a: ${var.region}", "a.yaml"),
        ("a: ${local.uri}/x\nb: '${module.run.url}'", "a.yaml"),
        ("a: ${google_cloud_run_v2_service.api.uri}", "a.yaml"),
        ("a: ${timeout}", "workflow.tftpl"),
    ],
)
def test_a_template_is_recognised(text, name):
    assert is_template(Source(name, text), "auto")


@pytest.mark.parametrize(
    "text",
    [
        "a: ${x}",
        "a: ${var.region}\nb: ${x}",
        "- s: {assign: [{var: {region: 1}}]}\n- t: {return: '${var.region}'}",
        "main:\n  params: [local]\n  steps: [{a: {return: '${local.x}'}}]",
        "a: plain",
        "a: ${data.body}",
    ],
)
def test_other_definitions_are_none(text):
    assert not is_template(Source("a.yaml", text), "auto")


def test_the_user_may_say_which_it_is():
    assert is_template(Source("a.yaml", "a: ${x}"), "terraform")
    assert not is_template(Source("a.tftpl", "a: $${x}"), "none")


def test_an_escaped_expression_keeps_its_exact_places():
    value = returned("- s:\n    return: '$${alpha + \"it''s\" + beta}'\n")
    assert isinstance(value, Expression)
    assert value.span.text == "$${alpha + \"it''s\" + beta}"
    left = value.expr.left  # type: ignore[union-attr]
    assert (left.left.span.text, left.right.span.text) == ("alpha", "\"it''s\"")
    assert value.expr.right.span.text == "beta"  # type: ignore[union-attr]


def test_holes_stand_between_literals():
    value = returned('- s:\n    return: "https://${var.host}/v1/$${x}/${ local.path }"\n')
    assert isinstance(value, TemplateText)
    assert [p if isinstance(p, str) else (p.text, p.span.text) for p in value.parts] == [
        "https://",
        ("var.host", "${var.host}"),
        "/v1/${x}/",
        ("local.path", "${ local.path }"),
    ]


def test_a_hole_may_hold_brackets_and_quotes():
    value = returned('- s:\n    return: \'${lookup({a = "}"}, "a")} $${x}\'\n')
    assert isinstance(value, TemplateText)
    assert isinstance(value.parts[0], TemplateHole)
    assert value.parts[0].text == 'lookup({a = "}"}, "a")'


def test_holes_inside_an_expression_are_kept():
    value = returned("- s:\n    return: '$${\"https://${var.host}/\" + x + ${var.n}}'\n")
    assert isinstance(value, Expression)
    assert shown.tree(value.expr) == (
        (["text", "https://", ("hole", "var.host"), "/"], "+", "x"),
        "+",
        ["text", ("hole", "var.n")],
    )


@pytest.mark.parametrize(
    "written",
    [
        "[${var.a}]",
        '["${lookup(var.m, "a: b")}"]',
        '- ${lookup(var.m, "a: b # c")}',
        '- "${join(",", [for x in var.l : "${x}"])}"',
    ],
)
def test_a_hole_may_hold_signs_of_yaml_without_quotes(written):
    value = returned(f"- s:\n    return:\n      {written}\n", templating="terraform")
    assert isinstance(value, Sequence)
    (only,) = value.items
    assert isinstance(only, TemplateText)
    (hole,) = only.parts
    assert isinstance(hole, TemplateHole)
    assert hole.span.text == "${" + hole.text + "}"
    assert found(f"- s:\n    return:\n      {written}\n", "a.tftpl") == []


def test_an_expression_in_a_template_still_needs_quotes():
    text = "- s:\n    return: [$${1 + 1}]\n"
    assert found(text) == [("unquoted-expression", "$${1 + 1}")]


def test_lines_under_a_directive_are_read_once():
    text = "- a:\n    return:\n%{ if var.x }\n      - $${1}\n%{ else }\n      - $${2}\n%{ endif }\n"
    value = returned(text)
    assert isinstance(value, Sequence)
    assert len(value.items) == 2
    assert [slug for slug, _ in found(text)] == ["template-directive"] * 3


def test_a_template_is_said_to_be_one():
    assert read("- a:\n    return: $${x}\n").template
    assert not read("- a:\n    return: ${x}\n").template


def test_arguments_of_a_rendered_call_keep_their_holes():
    definition = read("- a:\n    call: http.get\n    args:\n      url: ${var.url}\n")
    assert definition.main is not None
    body = definition.main.steps[0].body
    assert isinstance(body, Call)
    assert isinstance(body.args, Mapping)
    assert isinstance(body.args.get("url"), TemplateText)


def test_what_another_file_may_hold_is_no_error():
    text = "main:\n  steps:\n    - a:\n        call: elsewhere\n        args: {x: '$${1}'}\n"
    assert found(text) == [("template-fragment", "elsewhere")]


def test_a_value_of_terraform_written_with_two_signs_is_explained():
    checked = parse(Source("a.yaml", "- a:\n    return: $${var.region}\n"))
    assert checked.value is not None
    from wfprov.language.validate import validate

    (only,) = validate(checked.value)
    assert "one $" in only.help


def test_without_templating_both_are_as_written():
    value = returned("- s:\n    return: $${x}\n", templating="none")
    assert isinstance(value, Scalar)
    assert value.value == "$${x}"


@pytest.mark.parametrize(
    "text",
    [
        "- s:\n    assign:\n      - ${kind}_job: 1\n      - x: $${${kind}_job + 1}\n",
        "- s:\n    assign:\n      - job_${kind}.n: 1\n      - ${name}: 2\n",
        "- s:\n    call: sys.now\n    result: ${kind}_r\n- t:\n    return: $${${kind}_r}\n",
    ],
)
def test_a_template_may_make_the_names_of_variables(text):
    assert found(text, "a.tftpl") == []


def test_a_made_name_is_one_name():
    value = returned("- s:\n    return: $${${kind}_job.date}\n", templating="terraform")
    assert isinstance(value, Expression)
    assert shown.tree(value.expr) == ("${kind}_job", ".", "date")


def test_lines_that_a_directive_begins_beside_others_are_read():
    text = "- a:\n    return:%{ for x in var.l }\n      - $${1}%{ endfor }\n"
    value = returned(text)
    assert isinstance(value, Sequence)
    assert len(value.items) == 1
    assert [slug for slug, _ in found(text)] == ["template-directive"] * 2


def test_an_open_choice_within_a_line_is_a_hole_at_its_place():
    value = returned("- a:\n    return: /%{ if var.x }$${1}%{ else }b%{ endif }/$${2}\n")
    assert isinstance(value, TemplateText)
    assert [p if isinstance(p, str) else (p.text, p.span.text) for p in value.parts] == [
        "/",
        ('var.x ? "$${1}" : "b"', "%{ if var.x }$${1}%{ else }b%{ endif }"),
        "/${2}",
    ]
