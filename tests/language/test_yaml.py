"""YAML and JSON as nodes."""

from __future__ import annotations

import json

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st
from written import found, line_and_column, place, source

from wfprov.core.span import Source
from wfprov.language.findings import Findings
from wfprov.language.limits import MAX_DEPTH
from wfprov.language.nodes import MappingNode, Node, ScalarNode, SequenceNode, resolve
from wfprov.language.yaml import read


def nodes(text: str) -> Node | None:
    return read(Findings(Source("a.yaml", text)))


def plain(node: Node | None) -> object:
    match node:
        case None:
            return None
        case ScalarNode(value):
            return value
        case SequenceNode(items):
            return [plain(item) for item in items]
        case MappingNode(entries):
            return {plain(k): plain(v) for k, v in entries}


def outcome(text: str) -> list[str]:
    findings = Findings(Source("a.yaml", text))
    read(findings)
    return [d.rule.slug for d in findings.sorted()]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-7", -7),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", float("inf")),
        ("-.Inf", float("-inf")),
    ],
)
def test_the_core_schema_gives_a_plain_scalar_its_type(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    ["on", "no", "Yes", "y", "off", "2024-01-02", "1:30", "190:20:30", "0123", "007", "1_000",
     "0b11", "+.inf.", "1.2.3", "--1", "e3", ".", "-", "+", "9" * 5000],
)  # fmt: skip
def test_what_only_yaml_1_1_converts_stays_text(text):
    assert resolve(text) == text


def test_a_quoted_scalar_is_text_whatever_it_says():
    assert plain(nodes("""["true", '1', "null", !!str 3]""")) == ["true", "1", "null", "3"]


@pytest.mark.parametrize("text", ["\U00100022", "\U000f0000", "\U0001f600\U000f003a", "\U0010fffd"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_may_hold_the_characters_that_hide_others(text, ascii_only):
    written = json.dumps({"a": text, "b": ["\U0001f600"]}, ensure_ascii=ascii_only)
    assert plain(nodes(written)) == {"a": text, "b": ["\U0001f600"]}


def test_escapes_are_read_beside_a_character_that_hides_others():
    assert plain(nodes('["\U00100022", "\\ud83d\\ude00"]')) == ["\U00100022", "\U0001f600"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    )
)
def test_json_reads_as_json(value):
    text = json.dumps({"value": value}, indent="\t")
    assert plain(nodes(text)) == {"value": value}


@given(st.text(alphabet="ab:-{}[]#&*!|>'\"% \n\t?,", max_size=60))
def test_the_reader_in_python_reads_the_same_as_the_one_in_c(text):
    if "\t" in text:
        return  # they differ on where tabs may stand
    fast, slow = Findings(Source("a", text)), Findings(Source("a", text))
    one, two = read(fast), read(slow, pyyaml.SafeLoader)
    if not fast.sorted() and not slow.sorted():
        assert plain(one) == plain(two)


def test_spans_cover_what_a_node_is_and_no_more():
    text = source(
        """\
        a: 1

        b:
          - "x"   # comment
          - {c: 'd'}

        e: |
          text

        f: &anchor !!str plain
        """
    ).text
    root = nodes(text)
    assert isinstance(root, MappingNode)
    covered = {
        key.text: text[value.start : value.end]
        for key, value in root.entries
        if isinstance(key, ScalarNode)
    }
    assert covered == {
        "a": "1",
        "b": "- \"x\"   # comment\n  - {c: 'd'}",
        "e": "|\n  text",
        "f": "plain",
    }


def test_a_byte_order_mark_shifts_no_place():
    text = "\ufeffa: b"
    root = nodes(text)
    assert isinstance(root, MappingNode)
    assert text[root.entries[0][1].start :] == "b"


def test_an_alias_is_the_same_node():
    root = nodes("a: &x [1]\nb: *x\n")
    assert isinstance(root, MappingNode)
    assert root.entries[0][1] is root.entries[1][1]


def test_a_merge_key_gives_way_to_the_keys_beside_it():
    text = "base: &b {x: 1, y: 2}\nown: {<<: *b, y: 3}\n"
    root = nodes(text)
    assert isinstance(root, MappingNode)
    assert plain(root.get("own")) == {"x": 1, "y": 3}
    assert outcome(text) == ["yaml-merge-key"]


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("a: &x [*x]", "alias-cycle"),
        ("a: *nowhere", "unknown-alias"),
        ("a: 1\na: 2", "duplicate-key"),
        ("{{a}}: 1", "key-not-text"),
        ("a: !Ref b", "yaml-tag"),
        ("a: 1\n---\nb: 2", "several-documents"),
        ("a: \x01b", "invalid-character"),
        ("a: \ud800", "invalid-character"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested-too-deep"),
        ("a: [", "invalid-yaml"),
        ("a: b: c", "invalid-yaml"),
        ("\ta: b", "invalid-yaml"),
        ("a: 'b", "invalid-yaml"),
    ],
)
def test_what_is_wrong_with_the_text_has_its_own_rule(text, slug):
    assert outcome(text)[:1] == [slug] or slug in outcome(text)


@pytest.mark.parametrize(
    "text",
    ["a: &x 1\nb: *x", "a: {b: 1}\nc: {b: 1}", "a: !!int 3", "--- \na: 1\n...", "'{{a}}': 1",
     "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)],
)  # fmt: skip
def test_what_only_resembles_it_is_silent(text):
    assert outcome(text) == []


def test_aliases_of_aliases_are_bounded():
    levels = [f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]"
              for i in range(12)]  # fmt: skip
    assert "aliases-too-large" in outcome("\n".join(["a: &a [1]", *levels]))


def test_a_chain_of_aliases_is_no_way_around_the_depth():
    chain = [f"x{i}: &x{i} [*x{i - 1}]" for i in range(1, 2 * MAX_DEPTH)]
    assert "nested-too-deep" in outcome("\n".join(["x0: &x0 [1]", *chain]))


def test_a_yaml_error_says_where_and_what_to_do():
    findings = Findings(
        source("main:\n  steps:\n    - a:\n        call: http.get\n       args: 1\n")
    )
    read(findings)
    (only,) = findings.sorted()
    assert line_and_column(place(only)) == (5, 8)
    assert "indentation" in only.help


def test_what_stands_before_a_yaml_error_is_read():
    root = nodes("a: 1\nb: [2, 3\nc: {")
    assert isinstance(root, MappingNode)
    assert plain(root.get("a")) == 1


class TestUnquotedExpressions:
    def test_a_colon_inside_is_named_at_its_place_and_the_value_is_read(self):
        text = "- say:\n    return: ${\"Error: \" + e}\n- then:\n    return: ${'b'}\n"
        findings = Findings(source(text))
        root = read(findings)
        (only,) = findings.sorted()
        assert only.rule.slug == "colon-in-unquoted-expression"
        assert line_and_column(place(only)) == (2, 21)
        assert plain(root) == [
            {"say": {"return": '${"Error: " + e}'}},
            {"then": {"return": "${'b'}"}},
        ]

    def test_each_one_is_reported(self):
        text = "".join(f'- s{i}:\n    return: ${{"a: " + x}}\n' for i in range(3))
        assert outcome(text) == ["colon-in-unquoted-expression"] * 3

    def test_several_lines_are_read_as_one(self):
        text = '- s:\n    return: ${json.encode({\n      "a": b,\n      "c": [1, 2]\n    })}\n'
        assert outcome(text) == ["colon-in-unquoted-expression"]
        assert isinstance(nodes(text), SequenceNode)

    def test_brackets_of_a_flow_list_are_named(self):
        assert outcome("- s:\n    args: [${a}, ${b}]\n") == ["unquoted-expression"] * 2
        assert plain(nodes("- s:\n    args: [${a}, ${b}]\n")) == [{"s": {"args": ["${a}", "${b}"]}}]

    def test_another_error_in_the_file_is_still_reported(self):
        slugs = outcome('- s:\n    return: ${"a: " + x}\n  bad: [\n')
        assert slugs == ["colon-in-unquoted-expression", "invalid-yaml"]

    def test_a_quoted_one_is_no_finding(self):
        assert found('- s:\n    return: \'${"a: " + "b"}\'\n') == []


def test_two_escapes_of_json_make_one_character():
    assert plain(nodes('{"a": "\\ud83d\\ude00 b"}')) == {"a": "😀 b"}
