"""The expression parser."""

from __future__ import annotations

import pytest
import shown
from hypothesis import given
from hypothesis import strategies as st
from written import expr, findings, found, place, returned

from wfprov.core.span import Source
from wfprov.language.ast import Broken, Expression, FunctionCall, Name, Scalar, TemplateText
from wfprov.language.expression import parse, parse_path
from wfprov.language.limits import MAX_EXPRESSION_DEPTH


def tree(text: str) -> object:
    return shown.tree(expr(text))


def literal(value: object) -> tuple[str, str, object]:
    return ("literal", type(value).__name__, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1.25", 1.25),
        ("1e3", 1000.0),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ('"a b"', "a b"),
        ("'a b'", "a b"),
        ('"a\\"b"', 'a"b'),
        ('"a\\\\b"', "a\\b"),
        ('"a\\nb\\t"', "a\nb\t"),
        ('"\\u00e9"', "é"),
        ('"\\d+"', "\\d+"),
        ('"}"', "}"),
        ('"${x}"', "${x}"),
    ],
)
def test_a_literal_is_what_it_says(text, value):
    assert tree(text) == literal(value)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("a + b * c", "a + (b * c)"),
        ("a * b + c", "(a * b) + c"),
        ("a - b - c", "(a - b) - c"),
        ("a / b // c % d", "((a / b) // c) % d"),
        ("a + b < c - d", "(a + b) < (c - d)"),
        ("a < b == c", "(a < b) == c"),
        ("a == b and c != d", "(a == b) and (c != d)"),
        ("a or b and c", "a or (b and c)"),
        ("a AND b OR c", "(a and b) or c"),
        ("a in b and c in d", "(a in b) and (c in d)"),
        ("-a * b", "(-a) * b"),
        ("-a.b[c]", "-(a.b[c])"),
        ("not a and b", "(not a) and b"),
        ("not a.b", "not (a.b)"),
        ("not(a in b)", "not (a in b)"),
        ("NOT a", "not a"),
        ("- not a", "-(not a)"),
        ("not not a", "not (not a)"),
        ("a.b.c", "(a.b).c"),
        ('a["b"][0].c', '((a["b"])[0]).c'),
        ("[a, b][0]", "([a, b])[0]"),
        ("f(a, b).c", "(f(a, b)).c"),
        ("a.b(c)[0]", "(a.b(c))[0]"),
        ("(a + b).c", "(a + b).c"),
    ],
)
def test_operators_bind_as_documented(text, means):
    assert tree(text) == tree(means)


@pytest.mark.parametrize("text", ["Not x", "if(Not x, 1, 2)", "x and Not y", "nOT 1"])
def test_not_in_mixed_case_is_named_for_what_it_is(text):
    found = findings(f"- a:\n    assign: [{{x: 1}}, {{y: 1}}]\n- b:\n    return: ${{{text}}}\n")
    assert [d.help for d in found] == ["Write not."]


def test_not_binds_tighter_than_in():
    text = '- s:\n    assign: [{l: []}]\n- t:\n    return: ${not "x" in l}\n'
    assert tree('not "x" in l') == (("not", literal("x")), "in", "l")
    assert found(text) == [("not-binds-tighter", 'not "x"')]


@pytest.mark.parametrize("text", ['${not("x" in l)}', "${(not l) == l}", "${not l}"])
def test_a_negation_in_its_place_is_silent(text):
    assert found(f"- s:\n    assign: [{{l: []}}]\n- t:\n    return: {text}\n") == []


def test_a_function_has_a_dotted_name_and_positional_arguments():
    call = expr('text.split(a, "," )')
    assert isinstance(call, FunctionCall)
    assert call.function == "text.split"
    assert call.function_span.text == "text.split"
    assert call.span.text == 'text.split(a, "," )'
    assert [arg.span.text for arg in call.args] == ["a", '","']


def test_words_of_operators_may_be_fields():
    assert tree("a.in.not") == (("a", ".", "in"), ".", "not")


def test_whitespace_and_line_breaks_are_free():
    value = returned("- s:\n    return: |\n      ${\n        a\n          + b }\n")
    assert isinstance(value, Expression)
    assert shown.tree(value.expr) == ("a", "+", "b")


def test_maps_and_not_in_are_read_with_a_warning():
    text = '- s:\n    return: \'${ {"a": 1, "b": [2]} }\'\n- t:\n    return: ${1 not in [2]}\n'
    assert found(text) == [
        ("map-in-expression", '{"a": 1, "b": [2]}'),
        ("not-in-operator", "not in"),
    ]


@pytest.mark.parametrize(
    ("text", "at", "advice"),
    [
        ("a ? b : c", "?", "if("),
        ("a && b", "&&", "and"),
        ("a || b", "||", "or"),
        ("!a", "!", "not"),
        ("a = b", "=", "=="),
        ("a And b", "And", "and"),
        ("a b", "b", ""),
        ("f(a", "}", ""),
        ("a +", "}", ""),
        ("[a, ", "}", ""),
        ("a..b", ".", ""),
        ("${a}", "$", "${ }"),
        ("", "}", ""),
        ("a.", "}", ""),
        ('"open', '"', "Close"),
    ],
)
def test_a_syntax_error_points_at_the_place_and_advises(text, at, advice):
    found_ = findings("- s:\n    return: '${" + text + "}'\n")
    errors = [d for d in found_ if d.rule.slug == "expression-syntax"]
    assert len(errors) == 1
    assert place(errors[0]).text == at
    assert advice in errors[0].help


def test_a_broken_expression_keeps_the_calls_that_can_be_read():
    text = "- s:\n    return: '${ok(1) ? googleapis.a.v1.b(text.x(y)) : broken(}'\n"
    value = returned(text)
    assert isinstance(value, Broken)
    assert [call.function for call in value.calls] == ["ok", "googleapis.a.v1.b"]
    assert value.text.startswith("${ok(1)")


def test_a_comment_inside_an_unquoted_expression_is_named():
    (only,) = findings("- s:\n    return: ${1 + 2 #x}\n")
    assert only.rule.slug == "expression-syntax"
    assert "comment" in only.help


@pytest.mark.parametrize("text", ["hello-${world}", "${a}-${b}", "${a} and more", "a ${b"])
def test_an_expression_is_the_whole_value_or_none(text):
    value = returned(f"- s:\n    return: '{text}'\n")
    assert isinstance(value, Scalar)
    assert value.value == text


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "a" + ")" * 5000,
        "+".join(["a"] * 3000),
        "not " * 3000 + "a",
        "a" + "[0]" * 3000,
        "a" + ".b" * 3000,
        "f(" * 3000,
        "-" * 100000,
        '"' + 'a\\"' * 30000,
    ],
    ids=["brackets", "sum", "not", "index", "fields", "calls", "minus", "string"],
)
def test_the_depth_of_an_expression_is_bounded(text):
    source = Source("e", text + "}")
    parsed = parse(source.text, 0, source, range(len(source.text) + 1), template=False)
    assert parsed.problem is not None
    assert len(parsed.problem.message) < 200


def test_what_is_just_within_the_bound_is_read():
    depth = MAX_EXPRESSION_DEPTH - 1
    assert tree("(" * depth + "a" + ")" * depth) == "a"


@pytest.mark.parametrize("text", ["a", "a.b", 'a["b"].c', "a[0][i + 1]", 'a[k + "3"]'])
def test_a_path_is_a_place_to_assign_to(text):
    path = parse_path(text, Source("p", text), range(len(text) + 1), template=False)
    assert not hasattr(path, "message")
    assert path.span.text == text  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["", "1a", "a.", "a[", "f(a)", "a + b", '"a"', "a b", "[0]"])
def test_anything_else_is_none(text):
    assert hasattr(
        parse_path(text, Source("p", text), range(len(text) + 1), template=False), "message"
    )


# --- laws ---

NAMES = st.sampled_from(["a", "b", "items", "order_1"])
LITERALS = (
    st.none()
    | st.booleans()
    | st.integers(0, 10**6)
    | st.floats(0, 1e6, allow_nan=False).filter(lambda f: "e" not in repr(f))
    | st.text(alphabet="ab \"\\n'{}$:", max_size=5)
).map(literal)
SHAPES = st.recursive(
    NAMES | LITERALS,
    lambda inner: (
        st.tuples(inner, st.sampled_from(sorted(shown.POWER)), inner)
        | st.tuples(st.sampled_from(["not", "-"]), inner)
        | st.tuples(inner, st.just("[]"), inner)
        | st.tuples(inner, st.just("."), st.sampled_from(["id", "in", "name"]))
        | st.lists(inner, max_size=3).map(lambda items: ["list", *items])
        | st.lists(st.tuples(inner, inner), max_size=2).map(lambda items: ["map", *items])
        | st.builds(
            lambda f, args: (f, "()", *args),
            st.sampled_from(["f", "text.split"]),
            st.lists(inner, max_size=3),
        )
    ),
    max_leaves=12,
)


@given(SHAPES)
def test_an_expression_written_with_the_fewest_brackets_reads_back(shape):
    written = shown.text(shape)
    source = Source("e", written + "}")
    parsed = parse(source.text, 0, source, range(len(source.text) + 1), template=False)
    assert parsed.problem is None, (written, parsed.problem)
    assert parsed.expr is not None
    assert shown.tree(parsed.expr) == shape
    assert parsed.end == len(source.text)


@given(st.text(alphabet="ab01.()[]{}+-*/%<>=!&|\"'\\ ,:$\n?notirde", max_size=60), st.booleans())
def test_any_text_is_an_expression_or_a_problem_within_it(text, template):
    source = Source("e", text)
    parsed = parse(text, 0, source, range(len(text) + 1), template=template)
    assert (parsed.expr is None) == (parsed.problem is not None)
    if parsed.problem is not None:
        assert 0 <= parsed.problem.start <= parsed.problem.end <= len(text)


def test_a_name_in_a_hole_is_not_the_workflows():
    source = Source("e", '"https://${var.host}/" + ${local.path} + name}')
    parsed = parse(source.text, 0, source, range(len(source.text) + 1), template=True)
    assert parsed.expr is not None
    assert shown.tree(parsed.expr) == (
        (["text", "https://", ("hole", "var.host"), "/"], "+", ["text", ("hole", "local.path")]),
        "+",
        "name",
    )
    assert not isinstance(parsed.expr, TemplateText | Name)
