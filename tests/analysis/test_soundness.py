"""Nothing that an execution calls is missing from the analysis."""
# ruff: noqa: E501 (steps on one line)

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from concrete import Execution, Made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import programs

from wfprov.analysis.calls import Known, OutboundCall
from wfprov.analysis.domain import (
    Abstract,
    Const,
    Hole,
    ListOf,
    MapOf,
    Never,
    OneOf,
    Text,
    Unknown,
)
from wfprov.analysis.interpret import analyse
from wfprov.core.span import Source
from wfprov.language.parser import parse

ARGUMENTS: tuple[dict[str, Any], ...] = (
    {"a": "https://a.com", "b": 1, "c": None, "m": {"url": "https://m.com"}, "l": ["u", "v"]},
    {"a": "prod", "b": {"url": "x"}, "c": True, "m": {}, "l": [1]},
    {"a": 0, "b": 2, "c": "x", "m": {"url": "https://a.com", "body": {"next": "n"}}, "l": []},
    {"a": None, "b": "https://b.com/", "c": [], "m": {"x": {"url": "y"}}, "l": [{"url": "z"}]},
)
ENVIRONMENT = {
    "U": "https://u.com",
    "J": '{"url": "https://j.com", "items": ["https://i.com", {"url": "x"}], "n": 2}',
}


def stands_for(value: Abstract, real: Any) -> bool:
    match value:
        case Unknown():
            return True
        case Never():
            return False
        case Const(held):
            return type(held) is type(real) and held == real
        case Text(parts):
            if not isinstance(real, str):
                # Two unknowns that were added: a number, perhaps.
                return len(parts) > 1 and all(isinstance(part, Hole) for part in parts)
            pattern = "".join(".*" if isinstance(p, Hole) else re.escape(p) for p in parts)
            return re.fullmatch(pattern, real, re.DOTALL) is not None
        case OneOf(choices):
            return any(stands_for(choice, real) for choice in choices)
        case ListOf(items, rest):
            if not isinstance(real, list) or len(real) < len(items):
                return False
            if rest is None and len(real) != len(items):
                return False
            padded = [*items, *([rest] * (len(real) - len(items)))]
            return all(
                p is not None and stands_for(p, r) for p, r in zip(padded, real, strict=True)
            )
        case MapOf(entries, rest):
            return isinstance(real, dict) and map_stands_for(dict(entries), rest, real)


def map_stands_for(
    entries: dict[str, Abstract], rest: Abstract | None, real: dict[str, Any]
) -> bool:
    for key, held in entries.items():
        if key in real:
            if not stands_for(held, real[key]):
                return False
        elif rest is None or not stands_for(held, None):
            return False
    others = [held for key, held in real.items() if key not in entries]
    return not others or (rest is not None and all(stands_for(rest, held) for held in others))


def matches(call: OutboundCall, made: Made) -> bool:
    for name, value in made.args.items():
        held = call.args.get(name)
        if held is None:
            if call.open_args is None:
                return False
        elif not stands_for(held, value):
            return False
    return call.open_args is not None or set(call.args) <= set(made.args)


def hold(text: str, argument: Any, known: Known, seed: int, done: set[str] | None = None) -> int:
    """Checks one execution against the analysis; the number of calls it made.

    What kinds of steps and functions it came to is added to `done`.
    """
    definition = parse(Source("p.json", text)).value
    assert definition is not None
    analysis = analyse(definition, known)
    if done is not None and any(d.rule.slug == "analysis-limit" for d in analysis.diagnostics):
        done.add("limit")
    sites = {(site.span.start, site.span.end): site for site in analysis.sites}
    dice = random.Random(seed)
    execution = Execution(definition, ENVIRONMENT, dice.randrange)
    made = execution.start(argument)
    if done is not None:
        done |= execution.done
    for one in made:
        site = sites[one.place]
        assert site.reachable, (site.id, one)
        assert any(matches(call, one) for call in site.calls), (site.id, one, site.calls)
    return len(made)


def check_soundness(examples: int) -> None:
    """Checks generated programs against their executions; fails on the first that is missed."""

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(programs(), st.sampled_from(ARGUMENTS), st.integers(0, 2**32), st.booleans())
    def law(text, argument, seed, told):
        known = Known(arguments=argument, env=ENVIRONMENT, env_is_whole=True) if told else Known()
        for turn in range(3):
            hold(text, argument, known, seed + turn)

    law()


def test_no_execution_makes_a_call_that_the_analysis_did_not_list():
    check_soundness(40)


SHARED = {
    "main": {
        "params": ["args"],
        "steps": [
            {"init": {"assign": [{"a": "https://before"}, {"b": "https://aud.before"}]}},
            {
                "side": {
                    "parallel": {
                        "shared": ["a", "b"],
                        "branches": [
                            {"one": {"steps": [{"w": {"assign": [{"a": "https://during"}]}}]}},
                            {
                                "two": {
                                    "steps": [
                                        {"r": {"call": "http.get", "args": {"url": "${a}"}}},
                                        {"x": {"assign": [{"b": "${a}"}]}},
                                    ]
                                }
                            },
                            {
                                "three": {
                                    "steps": [{"s": {"call": "http.get", "args": {"url": "${b}"}}}]
                                }
                            },
                        ],
                    }
                }
            },
            {"after": {"call": "http.get", "args": {"url": "${a}", "auth": "${b}"}}},
        ],
    }
}


def test_what_one_branch_writes_is_listed_where_another_reads_it():
    text = json.dumps(SHARED)
    assert sum(hold(text, None, Known(), seed) for seed in range(60)) > 60
    definition = parse(Source("p.json", text)).value
    assert definition is not None
    listed = {
        site.id.rpartition(".")[2]: {call.args["url"] for call in site.calls}
        for site in analyse(definition, Known()).sites
    }
    both = {Const("https://before"), Const("https://during")}
    assert listed["r"] == both
    assert listed["s"] == {*both, Const("https://aud.before")}
    assert listed["after"] == {Const("https://during")}


@st.composite
def correlated(draw: Any) -> str:
    """Several variables set together in the cases of switches, then read together."""
    names = ("a", "b", "c")
    steps: list[Any] = [{"init": {"assign": [dict.fromkeys((name,), "") for name in names]}}]
    for i in range(draw(st.integers(1, 4))):
        cases = []
        for k in range(draw(st.integers(1, 6))):
            chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
            sums = [{name: f'${{{name} + "{i}{k}"}}'} for name in chosen]
            key = draw(st.sampled_from(("a", "b", "c", "m", "l")))
            wanted = draw(st.sampled_from(('"prod"', "0", "null", "true")))
            condition = f"${{args.{key} == {wanted}}}"
            cases.append({"condition": condition, "assign": sums})
        back = draw(st.booleans())
        label = f"s{i}"
        steps.append({label: {"switch": cases}})
        steps.append({f"g{i}": {"call": "http.get", "args": {"url": "${a + b}", "auth": "${c}"}}})
        if back:
            condition = f"${{len(a) < {draw(st.integers(1, 6))} and args.b != 1}}"
            steps.append({f"j{i}": {"switch": [{"condition": condition, "next": label}]}})
    return json.dumps({"main": {"params": ["args"], "steps": steps}})


@settings(max_examples=60, deadline=None)
@given(correlated(), st.sampled_from(ARGUMENTS), st.booleans())
def test_stores_that_are_kept_apart_lose_no_execution(text, argument, told):
    hold(text, argument, Known(arguments=argument) if told else Known(), 1)


@pytest.mark.parametrize("corpus_seed", range(2))
def test_the_programs_that_are_generated_make_calls(corpus_seed):
    """The law above says something only when executions come to calls."""
    counts: list[int] = []
    limits = 0

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def tally(text):
        nonlocal limits
        done: set[str] = set()
        counts.append(hold(text, ARGUMENTS[corpus_seed], Known(), 1, done))
        limits += "limit" in done

    tally()
    assert sum(count > 0 for count in counts) > len(counts) // 3
    assert limits < len(counts) // 5  # a spent budget makes the law hold for little


CONSTRUCTS = """
main:
  params: [args]
  steps:
    - init:
        assign: [{a: "https://start"}, {total: 0}, {m: {url: "https://m"}}, {seen: []}]
    - fetch:
        try:
          call: http.get
          args: {url: "${a}", auth: {type: OIDC}}
          result: r
        retry:
          predicate: ${worth_it}
          max_retries: ${len(m)}
          backoff: {initial_delay: 1, max_delay: "${wrapped(\\"https://delay\\")}", multiplier: 2}
        except:
          as: e
          steps:
            - told: {call: http.post, args: ["https://told", 30, "${e}"]}
            - changed: {assign: [{a: "https://changed"}]}
    - poll:
        call: http.get
        args: {url: "${a + \\"/poll\\"}"}
        result: r
    - again:
        switch:
          - condition: ${total < 2}
            steps:
              - count: {assign: [{total: "${total + 1}"}, {a: "${a + \\"/\\" + total}"}]}
            next: poll
    - each:
        for:
          value: v
          index: i
          range: [1, 3]
          steps:
            - skip: {switch: [{condition: "${v == 2}", next: continue}]}
            - get: {call: http.get, args: {url: "${\\"https://\\" + v + i}"}}
            - stop: {switch: [{condition: "${v == 3}", next: break}]}
            - never: {assign: [{seen: "${list.concat(seen, v)}"}]}
    - both:
        parallel:
          shared: [a, total]
          concurrency_limit: ${total}
          branches:
            - one: {steps: [{w1: {assign: [{a: "https://one"}]}}, {g1: {call: http.get, args: {url: "${a}"}}}]}
            - two:
                steps:
                  - inner:
                      parallel:
                        shared: [total]
                        for:
                          value: w
                          in: [x, "${a}"]
                          steps:
                            - g2: {call: wrapped, args: {u: "${a + w}"}}
                            - t2: {assign: [{total: "${total + 1}"}]}
    - grouped:
        steps:
          - hook: {call: events.create_callback_endpoint, args: {http_callback_method: POST}, result: h}
          - tell: {call: http.post, args: {url: "${a}", body: "${h.url}"}}
          - wait: {call: events.await_callback, args: {callback: "${h}"}, result: back}
    - inline: {assign: [{x: "${wrapped(fact(3) + \\".x\\")}"}]}
    - conf: {assign: [{c: '${json.decode(sys.get_env("J"))}'}]}
    - from_env: {call: http.get, args: {url: "${c.items[0]}", headers: {"${c.url}": 1}}}
    - failing: {try: {raise: {code: 1, where: "${c.items[1].url}"}}, except: {as: e, steps: [{g3: {call: http.get, args: {url: "${e.where}"}}}]}}
    - done: {return: "${x}", next: init}
wrapped:
  params: [u, method: GET, more: "${\\"https://\\" + \\"default\\"}"]
  steps:
    - go: {call: http.request, args: ["${method}", "${u}"], result: r}
    - else: {call: http.get, args: {url: "${more}"}, next: out}
    - dead: {call: http.get, args: {url: "https://never"}}
    - out: {return: "${u}"}
fact:
  params: [n]
  steps:
    - stop: {switch: [{condition: "${n <= 1}", return: 1}]}
    - get: {call: http.get, args: {url: "${\\"https://fact/\\" + n}"}}
    - back: {return: "${n * fact(n - 1)}"}
worth_it:
  params: [e]
  steps:
    - log: {call: sys.log, args: ["${e}", ERROR]}
    - tell: {call: http.post, args: {url: "https://worth", body: "${e}"}}
    - back: {return: '${e.tags[0] == "HttpError"}'}
"""


def test_every_construct_is_run_and_is_what_the_analysis_allows_for():
    done: set[str] = set()
    made = 0
    for seed in range(60):
        argument = ARGUMENTS[seed % 2]
        told = Known(arguments=argument, env=ENVIRONMENT, env_is_whole=True)
        made += hold(CONSTRUCTS, argument, told if seed % 4 < 2 else Known(), seed, done)
    assert made > 200
    wanted = {"Assign", "Call", "Switch", "For", "Parallel", "Try", "Raise", "Return", "Block",
              "Nothing", "branches", "parallel for", "shared", "retry", "predicate", "subworkflow",
              "subworkflow in an expression", "call by position", "http.request", "sys.log",
              "events.create_callback_endpoint", "events.await_callback"}  # fmt: skip
    assert wanted <= done, wanted - done
    assert "limit" not in done
