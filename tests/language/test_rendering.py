"""Templates are filled in as far as their values are known, and every place stays the author's."""

from __future__ import annotations

import time

import pytest

from wfprov.core.span import Source, Span
from wfprov.language.ast import Call, Mapping, Scalar, TemplateText
from wfprov.language.deployment import deployment
from wfprov.language.parser import parse
from wfprov.language.rendering import Fragment, lookup, rendered
from wfprov.language.templating import kind_of

VALUES = {
    "region": "us-east1",
    "n": 30,
    "half": 0.5,
    "on": True,
    "var": {"names": ["a", "b"], "env": "prod", "m": {"k": "v"}},
    "piece": Fragment("https://${var.host}"),
    "code": "${x}",
}


def filled(text: str) -> str:
    return rendered(text, lookup(VALUES), "terraform").text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("${region}/${ var.env }", "us-east1/prod"),
        ('${n} ${half} ${on} ${var.names[1]} ${var.m["k"]}', "30 0.5 true b v"),
        ("${other} ${upper(region)} ${var.m}", "${other} US-EAST1 ${var.m}"),
        ("${uuid()} ${upper(other)}", "${uuid()} ${upper(other)}"),
        ("$${region} %%{ if on }", "$${region} %%{ if on }"),
        ("${piece}/x", "https://${var.host}/x"),
        ("${code}", "$${x}"),
        ("%{ if on }yes%{ else }no%{ endif }", "yes"),
        ("%{ if !on }yes%{ else }no%{ endif }", "no"),
        ('%{ if var.env == "prod" }yes%{ endif }', "yes"),
        ('%{ if var.env != "prod" }yes%{ endif }', ""),
        ("%{ if what }${n}%{ endif }", "%{ if what }30%{ endif }"),
        ("%{ for x in var.names }<${x}>%{ endfor }", "<a><b>"),
        ("%{ for i, x in var.names }${i}${x}%{ endfor }", "0a1b"),
        ("%{ for k, v in var.m }${k}=${v}%{ endfor }", "k=v"),
        ('%{ for x in ["p", "q"] }${x}%{ endfor }', "pq"),
        ("a\n%{ for x in var.names ~}\n- ${x}\n%{ endfor ~}\nz", "a\n- a\n- b\nz"),
        ("a:\n%{ for x in var.names ~}\n  - ${x}\n%{ endfor ~}\n  z", "a:\n  - a\n  - b\n  z"),
        ("a:\n  %{~ if on ~}\n\n  - b\n  %{~ endif ~}\n  c", "a:\n\n  - b\n  c"),
        ("a \n%{~ if on ~} b %{~ endif }\n", "ab\n"),
        ("a ${~ region ~} b\n  ${ region ~}\n\n  c", "aus-east1b\n  us-east1\n  c"),
        ("a ${~ what ~}\n  b", "a${~ what ~}  b"),
        ("%{ for n in what }${n}%{ endfor }", "%{ for n in what }${n}%{ endfor }"),
        ("%{ endif }%{ if on }", "%{ endif }%{ if on }"),
        ("%{~ if what ~}\na\n%{~ endif ~}\n", "%{~ if what ~}\na\n%{~ endif ~}\n"),
    ],
)
def test_what_is_known_is_filled_in_and_the_rest_stays(template, text):
    assert filled(template) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("%{ if what }a%{ else }${n}${x}%{ endif }", '${what ? "a" : "${n}${x}"}'),
        ("%{~ if what ~}a%{~ endif ~}", '${what ? "a" : ""}'),
        ("%{ if on }a%{ else }b%{ endif }", "a"),
        ("%{ if what }\na\n%{ endif }", "%{ if what }\na\n%{ endif }"),
        ('%{ if what }"a"%{ endif }', '%{ if what }"a"%{ endif }'),
        ("%{ for x in what }a%{ endfor }", "%{ for x in what }a%{ endfor }"),
    ],
)
def test_an_open_choice_within_a_line_is_a_conditional_when_it_is_asked_for(template, text):
    known = lookup({"on": True})
    assert rendered(template, known, "terraform", choices_as_holes=True).text == text


def test_what_a_template_is_rendered_to_counts_for_the_limit_of_size():
    loop = "%{ for n in var.names ~}\n- s_${n}: {return: PAD}\n%{ endfor ~}\n".replace(
        "PAD", "x" * 700
    )
    few, many = ({"var": {"names": [str(i) for i in range(count)]}} for count in (10, 300))
    source = Source("w.yaml", loop)
    found = {
        len(values["var"]["names"]): [
            d.rule.slug for d in parse(source, "terraform", lookup(values)).diagnostics
        ]
        for values in (few, many)
    }
    assert found == {10: [], 300: ["definition-too-large"]}


def test_substitutions_of_cloud_build_have_capitals_and_may_have_no_braces():
    known = lookup({"PROJECT_ID": "acme", "_URL": "https://a.example"})
    text = "${PROJECT_ID} $_URL $${x} $$5 $_OTHER ${low}"
    assert rendered(text, known, "cloudbuild").text == (
        "acme https://a.example $${x} $5 ${_OTHER} ${low}"
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a: ${_URL}/x", "cloudbuild"),
        ("a: ${PROJECT_ID}\nb: $${x}", "cloudbuild"),
        ("a: ${PROJECT_ID}\nb: ${x}", None),
        ("a: ${var.x}\nb: $${x}", "terraform"),
        ("a: ${x}", None),
    ],
)
def test_the_tool_is_told_by_what_it_fills_in(text, kind):
    assert kind_of(Source("a.yaml", text), "auto") == kind


def test_places_are_those_of_the_template():
    text = "- a:\n    call: http.get\n    args:\n      url: ${region}.example.com/$${x + 1}\n"
    source = Source("a.tftpl", text)
    definition = parse(source, values=lookup({"region": "r" * 50})).value
    assert definition is not None
    assert definition.main is not None
    body = definition.main.steps[0].body
    assert isinstance(body, Call)
    assert isinstance(body.args, Mapping)
    url = body.args.get("url")
    assert isinstance(url, Scalar)
    assert url.value == "r" * 50 + ".example.com/${x + 1}"
    assert url.span.source is source
    assert url.span.text == "${region}.example.com/$${x + 1}"
    assert definition.main.steps[0].span.source is source


def test_a_number_that_is_filled_in_is_a_number():
    definition = parse(Source("a.tftpl", "- a:\n    return: ${n}\n"), values=lookup({"n": 3})).value
    assert definition is not None
    assert definition.main is not None
    value = definition.main.steps[0].body.value  # type: ignore[union-attr]
    assert isinstance(value, Scalar)
    assert value.value == 3


def test_a_name_that_stands_alone_is_no_variable_of_the_workflow():
    definition = parse(Source("a.tftpl", "- a:\n    return: ${region}\n")).value
    assert definition is not None
    assert definition.main is not None
    value = definition.main.steps[0].body.value  # type: ignore[union-attr]
    assert isinstance(value, TemplateText)
    assert value.parts[0].text == "template:region"  # type: ignore[union-attr]


def test_findings_point_into_the_template():
    text = "- a:\n    return: ${long}\n- b:\n    cal: x\n"
    checked = parse(Source("a.tftpl", text), values=lookup({"long": "v" * 80}))
    (only,) = [d for d in checked.diagnostics if d.rule.slug == "unknown-key"]
    assert isinstance(only.at, Span)
    assert only.at.text == "cal"


def test_what_is_deployed_has_its_expressions_unescaped():
    source = Source("a.tftpl", "- a:\n    return: '$${x}-${region}'\n")
    made = deployment(source, "auto", lookup(VALUES))
    assert made.text == "- a:\n    return: '${x}-us-east1'\n"
    assert made.unfilled == ()


def test_what_nothing_fills_in_is_named_at_its_place():
    source = Source("a.tftpl", "- a:\n    return: '${region} ${var.gone} $${x}'\n")
    (place,) = deployment(source, "auto", lookup(VALUES)).unfilled
    assert place.text == "${var.gone}"


def test_a_loop_in_a_loop_does_not_run_away():
    text = "%{ for a in l }" * 15 + "x" + "%{ endfor }" * 15
    start = time.perf_counter()
    made = rendered(text, lookup({"l": list(range(100))}), "terraform")
    assert made.text == text
    assert time.perf_counter() - start < 10
