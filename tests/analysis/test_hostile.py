"""Whatever is written, the analysis ends soon and leaves nothing out."""

from __future__ import annotations

import time

import pytest

from wfprov.analysis.calls import Known
from wfprov.analysis.interpret import Analysis, analyse
from wfprov.core.span import Source
from wfprov.language.parser import parse


def analysed(text: str) -> tuple[Analysis, float]:
    """The analysis and the seconds it took."""
    definition = parse(Source("w.yaml", text)).value
    assert definition is not None
    start = time.perf_counter()
    analysis = analyse(definition, Known())
    return analysis, time.perf_counter() - start


def chain(count: int) -> str:
    return "".join(
        f'- s{i}:\n    assign:\n      - v{i}: ${{{"v" + str(i - 1) if i else "1"} + "x"}}\n'
        for i in range(count)
    )


def calls(count: int) -> str:
    return "".join(
        f"- s{i}: {{call: http.get, args: {{url: 'https://a.com/{i}'}}, result: r}}\n"
        for i in range(count)
    )


def back_jumps(count: int) -> str:
    """Every step may go back to the first, and each changes a variable of its own."""
    steps = "".join(
        f"- a{i}: {{assign: [{{v{i}: '${{default(v{(i + 1) % count}, 0) + 1}}'}}]}}\n"
        f"- s{i}: {{switch: [{{condition: '${{v{i} < 9}}', next: a{i // 2}}}]}}\n"
        for i in range(count)
    )
    return (
        f"- init: {{assign: [{', '.join('{v' + str(i) + ': 0}' for i in range(count))}]}}\n{steps}"
    )


def fan_out(depth: int, width: int = 2) -> str:
    """Each subworkflow calls the next one several times, with other arguments each time."""
    text = "main:\n  steps:\n    - go: {call: f0, args: {x: a}}\n"
    for i in range(depth):
        text += f"f{i}:\n  params: [x]\n  steps:\n"
        for k in range(width):
            text += f"    - s{k}: {{call: f{i + 1}, args: {{x: '${{x + \"{k}\"}}'}}}}\n"
    return text + (
        f"f{depth}:\n  params: [x]\n  steps:\n"
        "    - get: {call: http.get, args: {url: '${\"https://a.com/\" + x}'}}\n"
    )


def doubling(count: int) -> str:
    steps = "".join(
        f"- s{i}: {{assign: [{{m: {{a: '${{m}}', b: '${{m}}'}}}}, {{t: '${{t + t}}'}}]}}\n"
        for i in range(count)
    )
    get = "- get: {call: http.get, args: {url: '${t}'}}\n"
    return f"- init: {{assign: [{{m: 1}}, {{t: ab}}]}}\n{steps}{get}"


RECURSION = (
    "main:\n  steps:\n    - a: {call: f}\nf:\n  steps:\n    - b: {return: '${f() + g()}'}\n"
    "g:\n  steps:\n    - c: {return: '${f()}'}\n"
)


def nested(count: int) -> str:
    text = "call: http.get\nargs: {url: https://a.com}\n"
    for i in range(count):
        inner = "".join(f"    {line}\n" for line in text.splitlines())
        text = f"for:\n  value: v{i}\n  in: [1, 2]\n  steps:\n  - s{i}:\n{inner}"
    return "- top:\n" + "".join(f"    {line}\n" for line in text.splitlines())


def cases(count: int) -> str:
    """Each switch chooses one of two: as many paths as there are sets of choices."""
    steps = "".join(
        f"- s{i}:\n    switch:\n"
        f"      - condition: '${{args.k{i}}}'\n        assign: [{{u: '${{u + \"{i}\"}}'}}]\n"
        f"      - condition: true\n        assign: [{{u: '${{u + \"-\"}}'}}]\n"
        for i in range(count)
    )
    body = "".join(f"    {line}\n" for line in steps.splitlines())
    return (
        f"main:\n  params: [args]\n  steps:\n    - init: {{assign: [{{u: 'https://a.com/'}}]}}\n{body}"
        "    - get: {call: http.get, args: {url: '${u}'}}\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        chain(3000),
        calls(2000),
        back_jumps(60),
        fan_out(12),
        fan_out(30, 3),
        doubling(60),
        doubling(300),
        nested(12),
        cases(40),
        "- a: {assign: [{m: {}}]}\n"
        + "".join(f"- s{i}: {{assign: [{{m.k{i}: {i}}}]}}\n" for i in range(2000)),
        "- a: {assign: [{x: '${" + "+".join(["1"] * 1500) + "}'}]}\n",
        "- a: {assign: [{x: '${" + "[" * 90 + "]" * 90 + "}'}]}\n",
        "- a:\n    next: b\n- b:\n    next: a\n",
        "main:\n  steps:\n    - a: {call: main}\n",
        RECURSION,
    ],
    ids=range(15),
)
def test_the_analysis_ends_soon(text):
    _, seconds = analysed(text)
    assert seconds < 20


def test_steps_in_a_row_take_time_in_proportion():
    small = min(analysed(chain(300))[1] for _ in range(3))
    large = min(analysed(chain(3000))[1] for _ in range(3))
    assert large < 40 * small


@pytest.mark.parametrize("text", [fan_out(12), fan_out(30, 3), cases(40), doubling(60), nested(12)])
def test_every_reachable_site_has_a_call(text):
    analysis, _ = analysed(text)
    assert analysis.sites
    assert all(site.calls for site in analysis.sites if site.reachable)
    assert any(site.reachable for site in analysis.sites)
    assert all(len(site.calls) <= 257 for site in analysis.sites)


def test_a_spent_budget_is_said_and_every_site_may_be_called_with_anything():
    definition = parse(Source("w.yaml", fan_out(8, 3))).value
    assert definition is not None
    analysis = analyse(definition, Known(), budget=0)
    assert [d.rule.slug for d in analysis.diagnostics] == ["analysis-limit"]
    (site,) = analysis.sites
    assert site.reachable
    assert any(str(call.open_args) == "{limit}" for call in site.calls)


def test_every_truncation_of_a_definition_is_analysed():
    text = cases(2) + "other:\n  steps:\n    - a: {call: sys.log, args: {text: '${main}'}}\n"
    for end in range(0, len(text), 3):
        definition = parse(Source("w.yaml", text[:end])).value
        if definition is not None:
            analyse(definition, Known())


def test_a_misspelt_call_in_a_broken_expression_is_looked_into_and_crashes_nothing():
    text = """- a: {assign: [{x: '${defaultsys.get_env("G"), "isaacsim")}'}]}"""
    tree = parse(Source("w.yaml", text)).value
    assert tree is not None
    assert analyse(tree, Known()).sites == ()


@pytest.mark.parametrize(
    "default",
    ["${f()}", "${f() + f()}", "${1 + g()}", "${len(f(1)) + f()}"],
)
def test_a_default_that_calls_its_own_subworkflow_ends(default):
    url = "https://a.example"
    text = (
        "main:\n  steps:\n    - a: {call: f}\n"
        f"    - z: {{call: http.get, args: {{url: '{url}'}}}}\n"
        f"f:\n  params: [x: '{default}']\n  steps:\n"
        f"    - b: {{call: http.get, args: {{url: '{url}/b'}}}}\n    - r: {{return: '${{x}}'}}\n"
        "g:\n  params: [y: '${f()}']\n  steps:\n    - r: {return: '${y}'}\n"
    )
    analysis, _ = analysed(text)
    assert [site.id for site in analysis.sites] == ["main.z", "f.b"]
    assert analysis.sites[1].reachable
