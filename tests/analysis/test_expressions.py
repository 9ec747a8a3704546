"""Expressions one by one: what each comes to for real is what the analysis allows for."""

from __future__ import annotations

import json
import random

import pytest
from concrete import Execution, is_inside
from test_soundness import ARGUMENTS, ENVIRONMENT, hold

from wfprov.analysis.calls import Known
from wfprov.core.span import Source
from wfprov.language.parser import parse
from wfprov.language.stdlib import FUNCTIONS

EXPRESSIONS = (
    'if(get_type(text.encode("x")) == "bytes", "https://b", "https://s")',
    'if(text.encode("x") == "x", "https://same", "https://other")',
    'if(get_type(base64.decode("eA==")) == "string", "https://s", "https://b")',
    "get_type(json.encode({}))",
    'text.decode(base64.decode("eA=="))',
    'json.decode(text.encode("{\\"a\\": 1}")).a',
    'base64.encode(text.encode("a"))',
    'base64.encode("a")',
    "string(1.5)",
    'get_type(hash.compute_checksum("x","SHA256"))',
    'text.url_encode_plus("a b")',
    'int("007")',
    'int("-5")',
    "int(2.7)",
    'double("2.7")',
    "1 == 1.0",
    "true == 1",
    "[1] == [1]",
    "null == false",
    '"a" in {"a": null}',
    'len("é")',
    'text.substring("abc",1,2)',
    'text.split("a,b",",")[1]',
    'keys({"b":1,"a":2})[0]',
    'map.get({"a":{"b":1}},["a","b"])',
    'map.delete({"a":1},"a")',
    'map.merge_nested({"a":{"x":1},"b":2},{"a":{"y":2},"b":{"z":1}})',
    "list.prepend([1],2)",
    'default(null,"x")',
    "if(null,1,2)",
    "7 // 2",
    "-7 // 2",
    "7 % -2",
    "7 / 2",
    "8 / 2",
    "2 * 1.5",
    "1e400",
    "0.1 + 0.2",
    "9223372036854775807 + 1",
    '- "x"',
    "not null",
    '"a" < "b"',
    '"1" + 1',
    '1 + "1"',
    'true + "x"',
    '1.0 + "x"',
    'null + "x"',
    "math.max(1,1.5)",
    "math.floor(-2.5)",
    'text.to_upper("é")',
    'text.replace_all("aaa","a","aa")',
    'json.encode_to_string("a b")',
    'json.encode_to_string("ab")',
    'json.encode_to_string({"a":1})',
    'text.find_all("abab","a")[1]',
    'text.match_regex("a","a")',
    '"x" not in ["x"]',
    '{"a": 1}.a',
    "[1,2][1.0]",
    "[1,2][-1]",
    'sys.get_env("J")',
    'json.decode(sys.get_env("J")).items[1].url',
    "get_type(1.0)",
    "get_type(null)",
    "get_type(a)",
    'text.url_decode("%41")',
    'text.url_encode("a/b?c é")',
    'base64.decode("!!")',
    'text.to_lower(text.encode("A"))',
    'text.decode("x")',
    'len(text.encode("abc"))',
    'string(text.encode("a"))',
    'text.encode("https://") + "x"',
    'text.split(text.encode("a/b"), "/")',
    'uuid.generate() == "x"',
    'if("https://" in ["https://", 1], 1, 2)',
    "get_type(http.default_retry)",
    'if(not("x" in a), 1, 2)',
    "math.abs(-3)",
    "math.min(2, 1)",
    'text.find_all_regex("ab","b")[0].match',
    'text.replace_all_regex("a1","[0-9]","-")',
    "time.format(0)",
    'time.parse("2026-01-01T00:00:00Z")',
    "sys.now()",
    "uuid.generate()",
    'hash.compute_hmac("k","x","SHA256")',
    'map.merge({"a":1},{"a":"https://m"}).a',
    'list.concat([1],"https://l")[1]',
    'text.to_upper("a")',
    "1 - 2",
    "1 < 2 and 2 <= 3 or 3 > 4",
    "3 >= 2",
    "1 != 2",
    "+3",
    "retry.always(a)",
    "retry.never(a)",
    "http.default_retry_predicate(a)",
    "http.default_retry_predicate_non_idempotent(a)",
    'if(get_type(text.encode(string(a))) == "bytes", "https://b", "https://s")',
)


def written(expression: str) -> str:
    """A program that calls with what an expression comes to, and with what it decides."""
    one = {"call": "http.get", "args": {"url": "${" + expression + "}"}}
    other = {"call": "http.get", "args": {"url": "${if(" + expression + " == 1, 1, 2)}"}}
    handled = {"as": "e", "steps": [{"x": {"assign": [{"q": 1}]}}]}
    steps = [
        {"i": {"assign": [{"a": "${args.a}"}]}},
        {"t": {"try": {"steps": [{"g": one}, {"h": other}]}, "except": handled}},
        {"z": {"call": "http.get", "args": {"url": "https://last"}}},
    ]
    return json.dumps({"main": {"params": ["args"], "steps": steps}})


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_what_the_analysis_allows_for(expression):
    for argument in ARGUMENTS:
        whole = Known(arguments=argument, env=ENVIRONMENT, env_is_whole=True)
        for known in (Known(), whole):
            assert hold(written(expression), argument, known, 1) >= 1


def test_every_function_and_operator_is_among_them():
    done: set[str] = set()
    for expression in EXPRESSIONS:
        definition = parse(Source("p.json", written(expression))).value
        assert definition is not None
        execution = Execution(definition, ENVIRONMENT, random.Random(0).randrange)
        execution.start(ARGUMENTS[0])
        done |= execution.done
    inside = {name for name in FUNCTIONS if is_inside(name)} - {"sys.sleep", "sys.sleep_until"}
    assert inside <= done, inside - done
    operators = {"+", "-", "*", "/", "//", "%", "<", "<=", ">", ">=", "==", "!=", "in", "not in",
                 "and", "or", "unary not", "unary -", "unary +", "map literal"}  # fmt: skip
    assert operators <= done, operators - done
