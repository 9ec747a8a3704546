"""What is read at most, and what is done when there is more: docs/limits.md."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest

from wfprov.analysis.calls import Known
from wfprov.analysis.interpret import Analysis, analyse
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.span import Source
from wfprov.language import limits
from wfprov.language.parser import parse
from wfprov.language.validate import validate

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"
URL = "https://a.example/"


def taken(text: str) -> tuple[Analysis | None, list[Diagnostic]]:
    checked = parse(Source("w.yaml", text))
    if checked.value is None:
        return None, list(checked.diagnostics)
    return analyse(checked.value, Known()), [*checked.diagnostics, *validate(checked.value)]


@pytest.mark.parametrize(
    "name",
    ["MAX_READ", "MAX_DEPTH", "MAX_ALIASED_NODES", "MAX_EXPRESSION_DEPTH", "MAX_EXPRESSION_TOKENS",
     "MAX_SOURCE_BYTES"],
)  # fmt: skip
def test_each_limit_of_the_reader_is_on_the_page(name):
    assert f"{getattr(limits, name):,}" in PAGE.read_text(encoding="utf-8")


def test_the_page_names_rules_that_there_are():
    from wfprov.analysis.rules import RULES as ANALYSIS
    from wfprov.language.rules import RULES
    from wfprov.language.rules_text import RULES as TEXT
    from wfprov.store.files import RULES as FILES

    known = {rule.slug for rule in (*RULES, *TEXT, *ANALYSIS, *FILES)}
    named = set(re.findall(r"\| `([a-z0-9-]+)` \|", PAGE.read_text(encoding="utf-8")))
    assert named
    assert named <= known


def called(text: str) -> list[str]:
    analysis, _ = taken(text)
    assert analysis is not None
    return [site.function for site in analysis.sites]


def test_what_lies_too_deep_is_said_and_what_stands_beside_it_is_still_listed():
    deep = "[" * (limits.MAX_DEPTH + 5) + "]" * (limits.MAX_DEPTH + 5)
    text = (
        f"- a: {{call: http.get, args: {{url: '{URL}'}}}}\n- b: {{assign: [{{x: {deep}}}]}}\n"
        f"- c: {{call: http.post, args: {{url: '{URL}', body: '${{x}}'}}}}\n"
    )
    analysis, found = taken(text)
    assert analysis is not None
    assert "nested-too-deep" in {d.rule.slug for d in found}
    assert [site.function for site in analysis.sites] == ["http.get", "http.post"]


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 200 + "1" + ")" * 200,
        "+".join(["x"] * (limits.MAX_EXPRESSION_TOKENS // 2 + 10)),
    ],
    ids=["deep", "long"],
)
def test_a_call_in_an_expression_that_is_not_read_whole_is_still_listed(expression):
    helper = "googleapis.secretmanager.v1.projects.secrets.versions.accessString"
    text = f'- x: {{assign: [{{x: 1}}]}}\n- a:\n    return: ${{{helper}("s") + {expression}}}\n'
    analysis, found = taken(text)
    assert analysis is not None
    assert "expression-syntax" in {d.rule.slug for d in found}
    assert [site.function for site in analysis.sites] == [helper]
    assert analysis.sites[0].reachable


def test_a_thousand_levels_of_steps_are_said_to_be_too_deep():
    text = "main: {steps: " + "[{s: {steps: " * 1000 + f"[{{g: {{call: http.get, args: {{url: '{URL}'}}}}}}]" + "}}]" * 1000 + "}"  # fmt: skip  # noqa: E501
    _, found = taken(text)
    assert "nested-too-deep" in {d.rule.slug for d in found}


@pytest.mark.parametrize(("depth", "width"), [(12, 2), (30, 3), (60, 4)])
def test_calls_of_calls_of_calls_are_listed_once_each_however_many_ways_there_are(depth, width):
    text = "main:\n  steps:\n    - go: {call: f0, args: {x: a}}\n"
    for i in range(depth):
        text += f"f{i}:\n  params: [x]\n  steps:\n"
        for k in range(width):
            text += f"    - s{k}: {{call: f{i + 1}, args: {{x: '${{x + \"{k}\"}}'}}}}\n"
    text += (
        f"f{depth}:\n  params: [x]\n  steps:\n"
        "    - get: {call: http.get, args: {url: '${\"https://a.example/\" + x}'}}\n"
    )
    analysis, _ = taken(text)
    assert analysis is not None
    (site,) = analysis.sites
    assert site.reachable
    assert 1 <= len(site.calls) <= 257


@pytest.mark.parametrize("budget", [0, 1, 7, 40])
def test_a_budget_that_is_spent_loses_no_call(budget):
    steps = "".join(
        f"    - s{i}: {{call: http.get, args: {{url: '{URL}{i}'}}, result: r{i}}}\n"
        for i in range(30)
    )
    sub = "f:\n  params: [x]\n  steps:\n    - g: {call: http.post, args: {url: '${x}'}}\n"
    text = f"main:\n  steps:\n{steps}    - last: {{call: f, args: {{x: '{URL}'}}}}\n{sub}"
    tree = parse(Source("w.yaml", text)).value
    assert tree is not None
    analysis = analyse(tree, Known(), budget=budget)
    assert len(analysis.sites) == 31
    assert all(site.reachable and site.calls for site in analysis.sites)
    if "analysis-limit" in {d.rule.slug for d in analysis.diagnostics}:
        for site in analysis.sites:
            assert any(str(call.open_args) == "{limit}" for call in site.calls), site.id


def doubled(count: int) -> str:
    steps = "".join(f"- s{i}: {{assign: [{{t: '${{t + t}}'}}]}}\n" for i in range(count))
    return (
        f"- init: {{assign: [{{t: '{URL}'}}]}}\n{steps}"
        "- get: {call: http.get, args: {url: '${t}'}}\n"
    )


BOMB = "a: &a [1, 1]\n" + "".join(
    f"{c}: &{c} [{', '.join(['*' + b] * 9)}]\n" for b, c in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        doubled(100),
        BOMB,
        "- a: {return: '" + "x" * 127_000 + "'}\n",
        "".join(f"- s{i}: {{next: s{(i * 7 + 1) % 2000}}}\n" for i in range(2000)),
        "a: &a {" + ", ".join(f"k{i}: 1" for i in range(3000)) + "}\n"
        + "".join(f"b{i}: {{<<: *a}}\n" for i in range(500)),
    ],
    ids=["doubled string", "aliases", "one string", "jumps", "merged"],
)  # fmt: skip
def test_memory_is_bounded(text):
    tracemalloc.start()
    try:
        taken(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200 * 1024 * 1024


def test_every_truncation_of_a_template_of_every_form_is_taken():
    text = (
        "main:\n  params: [a]\n  steps:\n    - p: {parallel: {shared: [a], branches: [{b: {steps: "
        "[{c: {call: sub, args: {x: '${a}'}}}]}}, {d: {steps: [{e: {next: end}}]}}]}}\n"
        "    - t: {try: {call: http.get, args: {url: '${\"h\" + a}'}}, retry: '${r}', "
        "except: {as: e, steps: [{f: {raise: '${e}'}}]}}\n"
    )
    for end in range(len(text) + 1):
        taken(text[:end])
