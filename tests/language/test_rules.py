"""Each rule of the language: a definition that breaks it, and its neighbour that does not."""
# ruff: noqa: E501 (definitions on one line)

from __future__ import annotations

from dataclasses import dataclass

import pytest
from written import findings, found, place

from wfprov.language import rules, rules_text
from wfprov.language.limits import MAX_DEPTH, MAX_EXPRESSION_LENGTH, MAX_SOURCE_BYTES

RULES = (*rules_text.RULES, *rules.RULES)


@dataclass(frozen=True)
class Example:
    """`bad` has the finding at the place `at`, and no other; `good` has none."""

    bad: str
    at: str
    good: str
    name: str = "workflow.yaml"


def steps(*lines: str) -> str:
    return "- before:\n    assign: [{x: 1}, {l: [1]}]\n" + "".join(f"{line}\n" for line in lines)


def nested(depth: int) -> str:
    """A body of parallel steps inside each other."""
    inner = "{next: end}" if depth == 1 else nested(depth - 1)
    return f"{{parallel: {{for: {{value: v{depth}, in: [1], steps: [{{s{depth}: {inner}}}]}}}}}}"


LONG = '"' + "x" * MAX_EXPRESSION_LENGTH + '"'
DEEP = "[" * (MAX_DEPTH - 4)

EXAMPLES = {
    "definition-too-large": Example(
        f"- a:\n    return: {'x' * MAX_SOURCE_BYTES}\n", "",
        f"- a:\n    return: {'x' * (MAX_SOURCE_BYTES - 50)}\n",
    ),
    "empty-definition": Example("# nothing\n", "", "- a: {return: 1}\n"),
    "invalid-yaml": Example(
        steps("- a:", "    return: b: c"), ":", steps("- a:", "    return: 'b: c'")
    ),
    "invalid-character": Example(
        steps("- a:", "    return: \x07b"), "\x07", steps("- a:", "    return: \tb")
    ),
    "colon-in-unquoted-expression": Example(
        steps("- a:", '    return: ${"b: " + x}'), ":",
        steps("- a:", "    return: '${\"b: \" + x}'"),
    ),
    "unquoted-expression": Example(
        steps("- a:", "    return: [${x}]"), "${x}", steps("- a:", "    return: ['${x}']")
    ),
    "several-documents": Example(
        steps("- a:", "    return: 1", "---", "b: 1"), "---",
        "---\n" + steps("- a:", "    return: 1"),
    ),
    "duplicate-key": Example(
        steps("- a:", "    return: {b: 1, 'b': 2}"), "'b'",
        steps("- a:", "    return: [{b: 1}, {b: 2}]"),
    ),
    "key-not-text": Example(
        steps("- a:", "    return:", "      {{b}}: 1"), "{",
        steps("- a:", "    return:", "      '{{b}}': 1"),
    ),
    "nested-too-deep": Example(
        f"- a:\n    return: {DEEP}[[{']' * (MAX_DEPTH - 2)}\n", "[",
        f"- a:\n    return: {DEEP}[{']' * (MAX_DEPTH - 3)}\n",
    ),
    "unknown-alias": Example(
        steps("- a:", "    return: *b"), "*b", steps("- a:", "    return: '*b'")
    ),
    "alias-cycle": Example(
        steps("- a:", "    return: &b [*b]"), "*b", steps("- a:", "    return: [&b 1, *b]")
    ),
    "aliases-too-large": Example(
        "- a:\n    return:\n      - &a0 [1]\n" + "".join(
            f"      - &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 17)),
        "*a13",
        "- a:\n    return:\n      - &a0 [1]\n" + "".join(
            f"      - &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 10)),
    ),
    "yaml-tag": Example(
        steps("- a:", "    return: !Ref b"), "b", steps("- a:", "    return: !!str b")
    ),
    "yaml-merge-key": Example(
        steps("- a:", "    return: [&b {c: 1}, {<<: *b}]"), "<<",
        steps("- a:", "    return: [&b {c: 1}, {'<<': 1}]"),
    ),
    "expression-syntax": Example(
        steps("- a:", "    return: ${x ? 1}"), "?", steps("- a:", "    return: ${if(x, 1, 2)}")
    ),
    "expression-too-long": Example(
        steps("- a:", f"    return: ${{{LONG}}}"), f"${{{LONG}}}",
        steps("- a:", '    return: ${x + "' + LONG[10:] + "}"),
    ),
    "single-quoted-string": Example(
        steps("- a:", "    return: ${'b'}"), "'b'", steps("- a:", '    return: ${"\'b\'"}')
    ),
    "not-in-operator": Example(
        steps("- a:", "    return: ${x not in l}"), "not in",
        steps("- a:", "    return: ${not(x in l)}"),
    ),
    "not-binds-tighter": Example(
        steps("- a:", "    return: ${not x in l}"), "not x",
        steps("- a:", "    return: ${not(x in l)}"),
    ),
    "map-in-expression": Example(
        steps("- a:", "    return: '${ {\"b\": x} }'"), '{"b": x}',
        steps("- a:", '    return: {b: "${x}"}'),
    ),
    "text-with-expression": Example(
        steps("- a:", "    return: b-${x}"), "b-${x}", steps("- a:", "    return: b-${HOME}")
    ),
    "wrong-type": Example(
        steps("- a:", "    assign:", "      b: 1"), "b: 1",
        steps("- a:", "    assign:", "      - b: 1"),
    ),
    "unknown-key": Example(
        steps("- a:", "    call: http.get", "    args: {url: x}", "    urls: y"), "urls",
        steps("- a:", "    call: http.get", "    args: {url: x}"),
    ),
    "template-fragment": Example(
        "sub:\n  params: [x]\n  steps:\n    - a:\n        return: $${x}\n", "sub",
        "main:\n  params: [x]\n  steps:\n    - a:\n        return: $${x}\n",
    ),
    "template-directive": Example(
        "- a:\n    return:\n%{ if var.b }\n      - $${1}\n",
        "%{ if var.b }",
        "- a:\n    return:\n      - '%{ if }'\n      - $${1}\n",
    ),
    "missing-key": Example(
        "main:\n  params: [a]\n", "main", "main:\n  params: [a]\n  steps: [{b: {return: 1}}]\n"
    ),
    "conflicting-keys": Example(
        steps("- a:", "    return: 1", "    result: b"), "result",
        steps("- a:", "    call: sys.now", "    result: b"),
    ),
    "several-keys": Example(
        steps("- a:", "    assign:", "      - b: 1", "        c: 2"), "c",
        steps("- a:", "    assign:", "      - b: 1", "      - c: 2"),
    ),
    "unnamed-step": Example(
        steps("- call: sys.now"), "call", steps("- call: {call: sys.now}")
    ),
    "invalid-name": Example(
        steps("- a:", "    call: sys.now", "    result: my-time"), "my-time",
        steps("- a:", "    call: sys.now", "    result: _my_time1"),
    ),
    "invalid-assignment": Example(
        steps("- a:", "    assign:", "      - my-x: 1"), "my-x",
        steps("- a:", "    assign:", '      - y["my-x"]: 1'),
    ),
    "for-directly-in-try": Example(
        steps("- a:", "    try:", "      for: {value: v, in: [1], steps: [{b: {return: 1}}]}",
              "    except: {as: e, steps: [{c: {return: 2}}]}"), "for",
        steps("- a:", "    try:", "      steps:", "        - f:",
              "            for: {value: v, in: [1], steps: [{b: {return: 1}}]}",
              "    except: {as: e, steps: [{c: {return: 2}}]}"),
    ),
    "undefined-name": Example(
        steps("- a:", "    return: ${y.z}"), "y", steps("- a:", "    return: ${x.z}")
    ),
    "unknown-function": Example(
        steps("- a:", "    call: http.fetch"), "http.fetch",
        steps("- a:", "    call: googleapis.new.v9.things.get"),
    ),
    "wrong-arguments": Example(
        steps("- a:", "    call: sys.sleep", "    args: {seconds: 1, minutes: 2}"), "sys.sleep",
        steps("- a:", "    call: sys.sleep", "    args: [1]"),
    ),
    "empty-list": Example(
        steps("- a:", "    switch: []", "    next: before"), "[]", steps("- a:", "    next: before")
    ),
    "unknown-module": Example(
        steps("- a:", "    call: compute.instances.get"), "compute.instances.get",
        steps("- a:", "    call: googleapis.compute.v1.instances.get"),
    ),
    "duplicate-name": Example(
        "main: {steps: [{s: {return: '${f(1)}'}}]}\nf: {params: [b: 1, b: 2], steps: "
        "[{r: {return: 1}}]}\n", "b",
        "main: {steps: [{s: {return: '${f(1)}'}}]}\nf: {params: [b: 1, c: 2], steps: "
        "[{r: {return: 1}}]}\n",
    ),
    "reserved-name": Example(
        steps("- end:", "    return: 1"), "end", steps("- the_end:", "    return: 1")
    ),
    "parameter-after-default": Example(
        "main: {steps: [{s: {return: '${f(1, 2)}'}}]}\nf: {params: [a: 1, b], steps: "
        "[{r: {return: 1}}]}\n", "b",
        "main: {steps: [{s: {return: '${f(1, 2)}'}}]}\nf: {params: [b, a: 1], steps: "
        "[{r: {return: 1}}]}\n",
    ),
    "parallel-too-deep": Example(
        steps("- a: " + nested(3)), nested(1)[1:-1], steps("- a: " + nested(2)),
    ),
    "return-in-branch": Example(
        steps("- a: {parallel: {for: {value: v, in: [1], steps: [{b: {return: 1}}]}}}"),
        "return: 1",
        steps("- a: {for: {value: v, in: [1], steps: [{b: {return: 1}}]}}"),
    ),
    "integer-too-large": Example(
        steps("- a:", "    return: 9223372036854775808"), "9223372036854775808",
        steps("- a:", "    return: [9223372036854775807, '9223372036854775808']"),
    ),
    "blocking-in-expression": Example(
        steps("- a:", '    return: ${http.get("https://example.com")}'), "http.get",
        steps("- a:", "    return: ${googleapis.secretmanager.v1.projects.secrets.versions."
              "accessString(x)}"),
    ),
    "literal-function-call": Example(
        steps("- a:", "    return: string(x)"), "string(x)",
        steps("- a:", "    return: 'call string (twice)'"),
    ),
    "duplicate-step": Example(
        steps("- a: {steps: [{before: {return: 1}}]}"), "before",
        steps("- a: {steps: [{after: {return: 1}}]}"),
    ),
    "undefined-step": Example(
        steps("- a:", "    next: befor"), "befor", steps("- a:", "    next: before")
    ),
    "jump-across": Example(
        steps("- a:", "    for:", "      value: v", "      in: [1]", "      steps:",
              "        - b: {next: before}"), "before",
        steps("- a:", "    for:", "      value: v", "      in: [1]", "      steps:",
              "        - b: {next: c}", "        - c: {next: b}"),
    ),
    "break-outside-loop": Example(
        steps("- a: {next: break}"), "break",
        steps("- a: {for: {value: v, in: [1], steps: [{b: {next: break}}]}}"),
    ),
    "unshared-write": Example(
        steps("- a: {parallel: {for: {value: v, in: [1], steps: [{b: {assign: [{x: 2}]}}]}}}"), "x",
        steps("- a: {parallel: {shared: [x], for: {value: v, in: [1],",
              "    steps: [{b: {assign: [{x: 2}, {y: 1}]}}]}}}"),
    ),
    "shared-not-defined": Example(
        steps("- a: {parallel: {shared: [q],",
              "    for: {value: v, in: [1], steps: [{b: {next: end}}]}}}"),
        "q",
        steps("- a: {parallel: {shared: [x],",
              "    for: {value: v, in: [1], steps: [{b: {next: end}}]}}}"),
    ),
    "too-many": Example(
        "main:\n  params: [a, b]\n  steps: [{s: {return: 1}}]\n", "a, b",
        "main:\n  params: [a]\n  steps: [{s: {return: 1}}]\n",
    ),
    "too-few-branches": Example(
        steps("- a: {parallel: {branches: [{b: {steps: [{c: {next: end}}]}}]}}"),
        "b: {steps: [{c: {next: end}}]}}",
        steps("- a: {parallel: {branches: [{b: {steps: [{c: {next: end}}]}},",
              "    {d: {steps: [{e: {next: end}}]}}]}}"),
    ),
    "invalid-value": Example(
        steps("- a: {switch: [{condition: x == 1, next: end}]}"), "x == 1",
        steps("- a: {switch: [{condition: true, next: end}]}"),
    ),
}  # fmt: skip

CASES = [pytest.param(slug, example, id=slug) for slug, example in EXAMPLES.items()]


@pytest.mark.parametrize(("slug", "example"), CASES)
def test_the_rule_finds_what_it_is_for_at_its_place(slug, example):
    assert set(found(example.bad)) == {(slug, example.at)}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_the_rule_is_silent_on_the_neighbour(example):
    assert found(example.good) == []


def test_every_rule_has_an_example():
    elsewhere = {"terraform-source", "terraform-default"}  # of .tf files: test_terraform.py
    assert {*EXAMPLES, *elsewhere} == {rule.slug for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_a_rule_names_its_source(rule):
    assert rule.source.startswith("https://")
    assert rule.docs.count("```") % 2 == 0


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (51, lambda n: steps("- a:", "    assign:", *(f"    - v{i}: 1" for i in range(n)))),
        (51, lambda n: steps("- a:", "    switch:",
                             *("    - {condition: true, next: end}" for _ in range(n)))),
        (11, lambda n: "main: {steps: [{s: {return: 1}}]}\nsub: {params: ["
             + ", ".join(f"p{i}" for i in range(n)) + "], steps: [{s: {return: 1}}]}\n"),
        (11, lambda n: steps("- a:", "    parallel:", "      branches:",
                             *(f"      - b{i}: {{steps: [{{s{i}: {{next: end}}}}]}}"
                               for i in range(n)))),
    ],
    ids=["assignments", "conditions", "params", "branches"],
)  # fmt: skip
def test_each_count_is_bounded_just_where_it_is_documented(count, text):
    assert [slug for slug, _ in found(text(count))] == ["too-many"]
    assert found(text(count - 1)) == []


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (
            "- a: {parallel: {concurrency_limit: 0, for: {value: v, in: [1], steps: [{s: {next: end}}]}}}",
            "0",
        ),
        ("- a: {for: {value: v, range: [1], steps: [{s: {next: end}}]}}", "[1]"),
        ("- a: {for: {value: v, range: [1, x], steps: [{s: {next: end}}]}}", "x"),
        ("- a: {for: {value: v, in: x, steps: [{s: {next: end}}]}}", "x"),
        ("- a: {try: {call: sys.now}, retry: http.default_retry}", "http.default_retry"),
        ("- a: {try: {call: sys.now}, retry: {max_retries: x}}", "x"),
        ("- a: {try: {call: sys.now}, retry: {predicate: p}}", "p"),
        ("- a: {call: '${x}'}", "'${x}'"),
        ("- a: {try: {call: sys.now}, retry: {max_retries: -1}}", "-1"),
        ("- a: {try: {call: sys.now}, retry: {max_retries: true}}", "true"),
        ("- a: {try: {call: sys.now}, retry: {backoff: 2}}", "2"),
        ("- a: {try: {call: sys.now}, retry: {backoff: {initial_delay: soon}}}", "soon"),
        ("- a: {try: {call: sys.now}, retry: {backoff: {max_delay: -2.5}}}", "-2.5"),
        ("- a: {try: {call: sys.now}, retry: {backoff: {multiplier: [2]}}}", "[2]"),
        ("- a: {raise: 404}", "404"),
        ("- a: {raise: [x]}", "[x]"),
    ],
)
def test_a_literal_that_a_key_cannot_hold_is_an_error(written, at):
    assert found(steps(written)) == [("invalid-value", at)]


@pytest.mark.parametrize(
    "written",
    [
        "- a: {for: {value: v, range: [-3, 1.5], steps: [{s: {next: end}}]}}",
        "- a: {for: {value: v, range: '${[x, 2]}', steps: [{s: {next: end}}]}}",
        (
            "- a: {parallel: {concurrency_limit: '${x}', for: {value: v, in: '${l}', steps: "
            "[{s: {next: end}}]}}}"
        ),
        "- a: {try: {call: sys.now}, retry: {max_retries: 0, backoff: {multiplier: 1.25}}}",
        "- a: {try: {call: sys.now}, retry: {max_retries: '${x}', backoff: {max_delay: '${x}'}}}",
        "- a: {try: {call: sys.now}, retry: '${l[0]}'}",
        "- a: {raise: {code: 404, message: '${x}'}}",
        "- a: {raise: '${x}'}",
    ],
)
def test_what_a_key_may_hold_is_silent(written):
    assert found(steps(written)) == []


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("- a: {assign: []}", "[]"),
        ("- a: {switch: []}", "[]"),
        ("- a: {steps: []}", "[]"),
        ("- a: {for: {value: v, in: [], steps: []}}", "[]"),
        ("- a: {try: {steps: []}}", "[]"),
        ("- a: {try: {call: sys.now}, except: {as: e, steps: []}}", "[]"),
        ("- a: {switch: [{condition: true, steps: []}]}", "[]"),
    ],
)
def test_a_list_that_must_hold_something_is_not_empty(written, at):
    assert found(steps(written)) == [("empty-list", at)]


@pytest.mark.parametrize("word", ["and", "OR", "not", "in", "true", "null"])
@pytest.mark.parametrize(
    "written",
    [
        "- a: {{call: sys.now, result: {0}}}",
        "- a: {{for: {{value: {0}, in: [1], steps: [{{s: {{next: end}}}}]}}}}",
        "- a: {{try: {{call: sys.now}}, except: {{as: {0}, steps: [{{s: {{next: end}}}}]}}}}",
    ],
)
def test_a_word_of_the_expressions_names_no_variable(written, word):
    assert found(steps(written.format(word))) == [("invalid-name", word)]


@pytest.mark.parametrize("params", ["[my-arg]", "[2nd]", "[{not: 1}]", "[in]"])
def test_a_parameter_is_a_variable(params):
    text = f"main: {{steps: [{{s: {{call: sub}}}}]}}\nsub: {{params: {params}, steps: [{{r: {{return: 1}}}}]}}\n"
    assert "invalid-name" in {slug for slug, _ in found(text)}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (("main: {steps: [{s: {return: '${f(1, 2)}'}}]}\nf: {params: [a, a], steps: "
         "[{r: {return: 1}}]}\n"), "a"),
        (steps("- a: {parallel: {shared: [x, x], for: {value: v, in: [1], steps: "
               "[{s: {next: end}}]}}}"), "x"),
        (steps("- a: {parallel: {branches: [{b: {steps: [{c: {next: end}}]}}, "
               "{b: {steps: [{d: {next: end}}]}}]}}"), "b: {steps: [{d: {next: end}}]}}"),
    ],
    ids=["parameter", "shared", "branch"],
)  # fmt: skip
def test_what_is_meant_once_stands_once(text, at):
    assert found(text) == [("duplicate-name", at)]


@pytest.mark.parametrize(
    "number", ["9223372036854775808", "-9223372036854775809", "'${9223372036854775808}'"]
)
def test_a_number_of_more_than_64_bits_is_found(number):
    assert [slug for slug, _ in found(steps(f"- a: {{return: {number}}}"))] == ["integer-too-large"]


def test_one_return_in_a_branch_inside_a_loop_is_found_once():
    text = steps(
        "- a: {parallel: {for: {value: v, in: [1], steps: [{f: {for: {value: w, in: [1], steps: "
        "[{r: {return: 1}}]}}}]}}}"
    )
    assert found(text) == [("return-in-branch", "return: 1")]


@pytest.mark.parametrize(
    ("written", "help_"),
    [
        ("- a: {cal: http.get}", "Did you mean 'call'?"),
        ("- a: {call: http.gte}", "Did you mean 'http.get'?"),
        ("- a: {return: '${lx}'}", "Did you mean 'x'?"),
        ("- a: {next: befor}", "Did you mean 'before'?"),
        ("- a: {call: sys.sleep, args: {second: 1}}", "Did you mean 'seconds'?"),
        ("- a: {for: {value: v, ins: [1], in: [1], steps: []}}", "Did you mean 'in'?"),
    ],
)
def test_a_misspelling_gets_a_suggestion(written, help_):
    assert help_ in {d.help for d in findings(steps(written))}


def test_every_finding_has_a_place_in_its_source():
    for example in EXAMPLES.values():
        for diagnostic in findings(example.bad):
            span = place(diagnostic)
            assert 0 <= span.start <= span.end <= len(span.source.text)
            assert diagnostic.message.endswith((".", "?"))


@pytest.mark.parametrize(
    ("args", "count"),
    [
        ("{text: x}", 0),
        ("{data: x, severity: ERROR}", 0),
        ("['${x}', ERROR]", 0),
        ("'${x}'", 0),
        ("{severity: ERROR}", 1),
        ("{text: x, json: {y: 1}}", 1),
        ("['${x}', ERROR, more]", 1),
    ],
)
def test_a_log_entry_says_one_thing(args, count):
    text = f"- before:\n    assign: [{{x: 1}}]\n- a: {{call: sys.log, args: {args}}}\n"
    found_here = findings(text)
    assert [d.rule.slug for d in found_here] == ["wrong-arguments"] * count
