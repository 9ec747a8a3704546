"""What the analysis tells of calls, path by path."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wfprov.analysis.calls import Known, Site
from wfprov.analysis.domain import Abstract, Const, ListOf, MapOf, OneOf, shown
from wfprov.analysis.execute import ROUNDS
from wfprov.analysis.interpret import Analysis, analyse
from wfprov.core.span import Source
from wfprov.language.parser import parse

PLACE = Known(project="acme", project_number="42", region="europe-west1", workflow="orders")


def analysed(text: str, known: Known = PLACE) -> Analysis:
    definition = parse(Source("w.yaml", dedent(text))).value
    assert definition is not None
    return analyse(definition, known)


def site(analysis: Analysis, name: str) -> Site:
    return next(site for site in analysis.sites if site.id == name)


def plain(value: Abstract | None) -> object:
    match value:
        case None:
            return None
        case Const(held):
            return held
        case MapOf(entries):
            return {key: plain(held) for key, held in entries}
        case ListOf(items):
            return [plain(item) for item in items]
        case OneOf(choices):
            return {repr(plain(choice)) for choice in choices}
        case _:
            return shown(value)


def urls(text: str, known: Known = PLACE, at: str = "main.call") -> list[object]:
    return [plain(call.arg("url")) for call in site(analysed(text, known), at).calls]


def url_of(assigned: str, known: Known = PLACE) -> list[object]:
    """The URLs of a call after assignments, written as the lines of `assign`."""
    lines = "\n".join(f"        - {line}" for line in assigned.strip().splitlines())
    return urls(
        "main:\n  params: [input]\n  steps:\n    - set:\n        assign:\n"
        + lines.replace("        - ", "          - ")
        + "\n    - call:\n        call: http.get\n        args: {url: '${url}'}\n",
        known,
    )


@pytest.mark.parametrize(
    ("assigned", "expected"),
    [
        ("url: https://a.com", ["https://a.com"]),
        ("url: ${\"https://\" + input.host + '/x'}", ["https://{args.host}/x"]),
        ('url: ${"https://a.com/" + 7 + "/" + true}', ["https://a.com/7/true"]),
        ('url: ${"https://a.com/" + (1 + 2 * 3)}', ["https://a.com/7"]),
        ('url: ${sys.get_env("GOOGLE_CLOUD_PROJECT_ID")}', ["acme"]),
        ('url: ${sys.get_env("GOOGLE_CLOUD_PROJECT_NUMBER") + "-x"}', ["42-x"]),
        ('url: ${sys.get_env("URL")}', ["{env:URL}"]),
        ('url: ${sys.get_env("URL", "https://d.com")}', ["{env:URL}", "https://d.com"]),
        (
            'url: ${default(map.get(input, "url"), "https://d.com")}',
            ["{args.url}", "https://d.com"],
        ),
        ('url: ${default(map.get(input, ["a", "b"]), "d")}', ["{args.a.b}", "d"]),
        ("m: {a: {b: https://a.com}}\nurl: ${m.a.b}", ["https://a.com"]),
        ('m: {a: {b: https://a.com}}\nurl: ${m["a"]["b"]}', ["https://a.com"]),
        ("l: [https://a.com, https://b.com]\nurl: ${l[1]}", ["https://b.com"]),
        (
            "l: [https://a.com, https://b.com]\nurl: ${l[input.i]}",
            ["https://a.com", "https://b.com"],
        ),
        ("m: {}\nm.url: https://a.com\nurl: ${m.url}", ["https://a.com"]),
        ('m: {}\nm["a"].b: x\nurl: ${m.a.b}', ["x"]),
        ("l: [a, b]\nl[0]: c\nurl: ${l[0] + l[1]}", ["cb"]),
        ("k: url\nm: {'${k}': https://a.com}\nurl: ${m.url}", ["https://a.com"]),
        (
            'url: ${if(input.prod, "https://p.com", "https://d.com")}',
            ["https://p.com", "https://d.com"],
        ),
        ('url: ${if(1 < 2, "https://p.com", "https://d.com")}', ["https://p.com"]),
        ('url: ${text.to_lower("HTTPS://A.com")}', ["https://a.com"]),
        ('url: ${text.split("https://a.com/x", "/")[2]}', ["a.com"]),
        ('url: ${text.replace_all("a-b-c", "-", "/")}', ["a/b/c"]),
        ('url: ${text.substring("abcdef", 1, 3)}', ["bc"]),
        ('url: ${"o/" + text.url_encode("a b/" + input.x)}', ["o/a%20b%2F{args.x}"]),
        ('url: ${"o/" + text.url_encode_plus("a b/" + input.x)}', ["o/a+b%2F{args.x}"]),
        ('url: ${text.url_decode("a%2Fb%20%C3%A9")}', ["a/b \u00e9"]),
        ('url: ${"x" + text.url_decode("a+b")}', ["x{text.url_decode}"]),
        ('url: ${"x" + text.url_decode("%zz")}', ["x{text.url_decode}"]),
        ('url: ${text.replace_all_regex("https://a1.com", "[0-9]+\\\\.", "-")}', ["https://a-com"]),
        ('url: ${"x" + text.replace_all_regex("ab", "(a)", "b")}', ["x{text.replace_all_regex}"]),
        ('url: ${"x" + text.replace_all_regex("ab", "[b-a]", "b")}', ["x{text.replace_all_regex}"]),
        ('url: ${json.decode("{\\"u\\": \\"https://a.com\\"}").u}', ["https://a.com"]),
        (
            'url: ${base64.encode("ab") + text.decode(base64.decode("YWI="))}',
            ["YWI={base64.decode}"],
        ),
        ('url: ${"a" + string(12) + int("3") + len([1, 2])}', ["a1232"]),
        ('url: ${"a/" + uuid.generate()}', ["a/{uuid}"]),
        ('url: ${list.concat(["a"], "b")[1]}', ["b"]),
        ('url: ${map.merge({"a": "x"}, {"a": "y"}).a}', ["y"]),
        ('url: ${keys({"https://a.com": 1})[0]}', ["https://a.com"]),
        ("url: ${-input.n + 1}", ["{args.n}"]),
    ],
)
def test_a_url_is_folded(assigned, expected):
    assert url_of(assigned) == expected


def test_what_terraform_fills_in_is_a_hole_named_as_written():
    text = """
    - set: {assign: [{url: '$${"https://${var.host}/" + sys.get_env("X")}'}]}
    - call: {call: http.get, args: {url: '$${url}'}}
    """
    assert urls(text) == ["https://{var.host}/{env:X}"]


def test_a_choice_that_terraform_makes_is_between_both_texts():
    text = """
    - call:
        call: http.get
        args: {url: 'https://${var.on ? "a" : "c"}.com/%{ if var.x }x%{ else }${var.y}%{ endif }'}
    """
    assert urls(text) == [
        "https://a.com/x",
        "https://a.com/{var.y}",
        "https://c.com/x",
        "https://c.com/{var.y}",
    ]


def test_what_terraform_may_choose_as_an_expression_is_not_known():
    text = """
    - call: {call: http.get, args: {url: '${var.on ? "$${x}" : "https://c.example"}'}}
    """
    assert urls(text) == ['{var.on ? "$${x}" : "https://c.example"}']


def test_a_step_that_only_terraform_names_may_be_any():
    text = """
    main:
      params: [input]
      steps:
        - a: {assign: [{url: 'https://a.example'}], next: '${var.step}'}
        - b: {call: http.get, args: {url: 'https://b.example'}, next: end}
        - call: {call: http.get, args: {url: '$${url}'}, next: '%{ if var.x }c%{ else }b%{ endif }'}
        - c: {call: http.get, args: {url: 'https://c.example'}}
    """
    assert [site.reachable for site in analysed(text).sites] == [True, True, True]
    assert urls(text) == ["https://a.example"]


def test_the_hole_of_the_argument_is_named_by_its_path_whatever_the_parameter_is_called():
    assert url_of("url: ${input.items[0].urls[input.k]}") == ["{args.items[0].urls[]}"]


def test_known_arguments_and_variables_are_used():
    known = Known(arguments={"a": {"host": "x.com"}}, env={"E": '{"u": "https://e.com"}'})
    assert url_of('url: ${"https://" + input.a.host + "/" + input.a.path}', known) == [
        "https://x.com/{args.a.path}"
    ]
    assert url_of('url: ${json.decode(sys.get_env("E")).u}', known) == ["https://e.com"]


def test_an_unset_variable_is_its_default_when_the_environment_is_whole():
    known = Known(env_is_whole=True)
    assert url_of('url: ${sys.get_env("URL", "https://d.com")}', known) == ["https://d.com"]


def test_the_surroundings_are_holes_when_they_are_not_known():
    assert url_of(
        'url: ${sys.get_env("GOOGLE_CLOUD_PROJECT_ID") + "/" + sys.get_env("GOOGLE_CLOUD_LOCATION")'
        ' + "/" + sys.get_env("GOOGLE_CLOUD_WORKFLOW_ID")}',
        Known(),
    ) == ["{project}/{region}/{workflow}"]


def test_a_result_is_a_hole_named_for_its_step():
    text = """
    - get_token:
        call: http.get
        args: {url: https://a.com}
        result: token
    - call:
        call: http.get
        args: {url: '${token.body.urls[0]}'}
    """
    assert urls(text) == ["{result:get_token.body.urls[0]}"]


SWITCH = """
main:
  params: [a]
  steps:
    - choose:
        switch:
          - condition: ${a.env == "prod"}
            steps:
              - prod:
                  assign: [{url: '${"https://" + a.env + ".com"}'}]
          - condition: ${a.env == "dev"}
            assign: [{url: https://dev.com}]
            next: call
          - condition: true
            raise: no
    - call:
        call: http.get
        args: {url: '${url}'}
"""


def test_a_condition_is_knowledge_in_its_case():
    assert urls(SWITCH) == ["https://prod.com", "https://dev.com"]


def test_a_known_argument_decides_a_switch_and_nothing_is_said_to_be_dead():
    analysis = analysed(SWITCH, Known(arguments={"env": "dev"}))
    assert urls(SWITCH, Known(arguments={"env": "dev"})) == ["https://dev.com"]
    assert not [d for d in analysis.diagnostics if d.rule.slug == "unreachable-step"]


def test_a_loop_over_a_literal_list_is_a_way_for_each_item_kept_together():
    text = """
    - loop:
        for:
          value: v
          in:
            - {url: https://a.com, audience: A}
            - {url: https://b.com, audience: B}
          steps:
            - call:
                call: http.get
                args: {url: '${v.url}', auth: {type: OIDC, audience: '${v.audience}'}}
    """
    calls = site(analysed(text), "main.loop.call").calls
    assert [(plain(c.arg("url")), plain(c.arg("auth"))) for c in calls] == [
        ("https://a.com", {"type": "OIDC", "audience": "A"}),
        ("https://b.com", {"type": "OIDC", "audience": "B"}),
    ]


def test_a_loop_over_a_range_and_over_unknown_items():
    text = """
    main:
      params: [a]
      steps:
        - loop:
            for:
              value: v
              RANGE
              steps:
                - call: {call: http.get, args: {url: '${"https://a.com/" + v}'}}
    """
    three = text.replace("RANGE", "range: [1, 3]")
    assert urls(three, at="main.loop.call") == [f"https://a.com/{i}" for i in (1, 2, 3)]
    many = text.replace("RANGE", "range: [1, 1000]")
    assert urls(many, at="main.loop.call") == ["https://a.com/{v}"]
    unknown = text.replace("RANGE", "in: '${a.ids}'")
    assert urls(unknown, at="main.loop.call") == ["https://a.com/{args.ids[]}"]


def test_a_polling_loop_terminates_with_what_is_true_of_all_rounds():
    text = """
    - init: {assign: [{i: 0}, {url: https://a.com/start}]}
    - poll:
        call: http.get
        args: {url: '${url}', query: {page: '${i}'}}
        result: r
    - count: {assign: [{i: '${i + 1}'}, {url: '${r.body.next}'}]}
    - more:
        switch: [{condition: '${i < 10}', next: poll}]
    """
    assert urls(text, at="main.poll") == ["https://a.com/start", "{result:poll.body.next}"]


def test_what_a_loop_assigns_is_seen_after_it_and_at_its_start():
    text = """
    main:
      params: [a]
      steps:
        - init: {assign: [{url: https://a.com}]}
        - loop:
            for:
              value: v
              in: '${a.ids}'
              steps:
                - call: {call: http.get, args: {url: '${url}'}}
                - set: {assign: [{url: https://b.com}]}
        - after: {call: http.get, args: {url: '${url}'}}
    """
    both = ["https://a.com", "https://b.com"]
    assert urls(text, at="main.loop.call") == both
    assert urls(text, at="main.after") == both


def test_shared_variables_are_seen_by_other_branches_and_after():
    text = """
    - init: {assign: [{url: https://a.com}, {mine: x}]}
    - both:
        parallel:
          shared: [url]
          branches:
            - one:
                steps:
                  - set: {assign: [{url: https://b.com}]}
            - two:
                steps:
                  - call: {call: http.get, args: {url: '${url}'}}
    - after: {call: http.get, args: {url: '${url}'}}
    """
    assert sorted(urls(text, at="main.both.call")) == ["https://a.com", "https://b.com"]
    assert urls(text, at="main.after") == ["https://b.com"]


def test_a_parallel_loop_is_a_way_for_each_item():
    text = """
    - both:
        parallel:
          for:
            value: v
            in: [https://a.com, https://b.com]
            steps:
              - call: {call: http.get, args: {url: '${v}'}}
    """
    assert urls(text, at="main.both.call") == ["https://a.com", "https://b.com"]


def test_a_handler_sees_every_state_of_its_try():
    text = """
    - init: {assign: [{url: https://a.com}]}
    - attempt:
        try:
          steps:
            - set: {assign: [{url: https://b.com}, {x: '${1 / 0}'}, {url: https://c.com}]}
            - get: {call: http.get, args: {url: '${url}'}}
        except:
          as: e
          steps:
            - call: {call: http.post, args: {url: '${url}', body: '${e.message}'}}
    """
    assert urls(text, at="main.attempt.get") == ["https://c.com"]
    assert sorted(urls(text, at="main.attempt.call")) == [f"https://{x}.com" for x in "abc"]


def test_a_retry_runs_the_body_again_and_its_predicate_is_called():
    text = """
    main:
      steps:
        - init: {assign: [{url: https://a.com}]}
        - attempt:
            try:
              steps:
                - get: {call: http.get, args: {url: '${url}'}}
                - set: {assign: [{url: https://b.com}]}
                - raise: {raise: again}
            retry:
              predicate: ${check}
              max_retries: 3
              backoff: {initial_delay: 1, max_delay: 2, multiplier: 2}
    check:
      params: [e]
      steps:
        - tell: {call: http.post, args: {url: https://log.com, body: '${e}'}}
        - back: {return: true}
    """
    assert urls(text, at="main.attempt.get") == ["https://a.com", "https://b.com"]
    (told,) = site(analysed(text), "check.tell").calls
    assert told.via == ("main.attempt",)


WRAPPER = """
main:
  steps:
    - first:
        call: send
        args: {url: https://a.com}
    - second:
        assign:
          - x: ${send("https://b.com", null)}
    - third:
        call: outer
send:
  params: [url, {auth: {type: OIDC}}]
  steps:
    - post:
        call: http.post
        args: {url: '${url}', auth: '${auth}'}
        result: r
    - back: {return: '${r.body}'}
outer:
  steps:
    - inner: {call: send, args: {url: https://c.com, auth: {type: OAuth2}}}
"""


def test_a_wrapper_is_reached_in_one_way_for_each_caller():
    calls = site(analysed(WRAPPER), "send.post").calls
    assert [(plain(c.arg("url")), plain(c.arg("auth")), c.via) for c in calls] == [
        ("https://a.com", {"type": "OIDC"}, ("main.first",)),
        ("https://b.com", None, ("main.second",)),
        ("https://c.com", {"type": "OAuth2"}, ("main.third", "outer.inner")),
    ]


def test_recursion_terminates_and_its_calls_are_found():
    text = """
    main:
      steps:
        - go: {call: down, args: {n: 0}}
    down:
      params: [n]
      steps:
        - call: {call: http.get, args: {url: '${"https://a.com/" + n}'}}
        - again: {call: down, args: {n: '${n + 1}'}}
    """
    found = urls(text, at="down.call")
    assert "https://a.com/0" in found
    assert "https://a.com/{down.n}" in found


def test_rounds_of_a_recursion_without_end_are_not_all_told_apart():
    text = """
    main:
      params: [args]
      steps:
        - go: {call: first, args: {n: '${args.n}', u: https://a.com}}
    first:
      params: [n, u]
      steps:
        - stop: {switch: [{condition: '${n == 0}', return: 1}]}
        - call: {call: http.get, args: {url: '${u}'}}
        - on: {call: second, args: {n: '${n - 1}', u: '${u + "/x"}'}}
    second:
      params: [n, u]
      steps:
        - back: {call: first, args: {n: '${n}', u: '${u}'}}
    """
    calls = site(analysed(text), "first.call").calls
    assert len(calls) <= ROUNDS + 2
    found = urls(text, at="first.call")
    assert {"https://a.com", "https://a.com/x", "https://a.com/x/x"} <= {*found}
    assert any(str(url).endswith("{first.u}") for url in found)


def test_a_recursion_over_a_list_that_ends_in_time_is_told_apart_whole():
    text = """
    main:
      steps:
        - go: {call: each, args: {l: [a, b, c, d, e], i: 0}}
    each:
      params: [l, i]
      steps:
        - stop: {switch: [{condition: '${i == len(l)}', return: 1}]}
        - call: {call: http.get, args: {url: '${"https://" + l[i] + ".com"}'}}
        - on: {call: each, args: {l: '${l}', i: '${i + 1}'}}
    """
    assert urls(text, at="each.call") == [f"https://{x}.com" for x in "abcde"]


def test_dead_code_is_listed_as_unreachable_with_no_call():
    text = """
    main:
      steps:
        - stop: {return: 1}
        - late: {call: http.get, args: {url: https://a.com}}
    unused:
      steps:
        - call: {call: sys.log, args: {text: '${googleapis.x.v1.y.get("a")}'}}
    """
    analysis = analysed(text)
    assert [(s.id, s.function, s.reachable, len(s.calls)) for s in analysis.sites] == [
        ("main.late", "http.get", False, 0),
        ("unused.call", "sys.log", False, 0),
        ("unused.call#2", "googleapis.x.v1.y.get", False, 0),
    ]
    assert [(d.rule.slug, d.at.text) for d in analysis.diagnostics] == [
        ("unreachable-step", "late"),
        ("unused-subworkflow", "unused"),
    ]


def test_calls_hide_in_every_place_that_takes_an_expression():
    helper = "googleapis.secretmanager.v1.projects.secrets.versions.accessString"
    text = f"""
    main:
      steps:
        - assigned: {{assign: [{{'m[{helper}("a")]': '${{{helper}("b", "latest", "p")}}'}}]}}
        - keyed: {{assign: [{{m: {{'${{{helper}("c")}}': 1}}}}]}}
        - cond:
            switch:
              - condition: ${{{helper}("d") == "x"}}
                next: end
        - broken: {{assign: [{{y: '${{{helper}("e") + }}'}}]}}
        - given:
            return: ${{{helper}("f")}}
    """
    analysis = analysed(text)
    assert [s.id for s in analysis.sites] == [
        "main.assigned",
        "main.assigned#2",
        "main.keyed",
        "main.cond",
        "main.broken",
        "main.given",
    ]
    assert all(s.reachable and s.calls for s in analysis.sites)
    (call,) = site(analysis, "main.assigned#2").calls
    named = {name: plain(value) for name, value in call.args.items()}
    assert named == {"secret_id": "b", "version": "latest", "project_id": "p"}


def test_positional_arguments_get_their_names():
    text = """
    - call: {call: http.request, args: [POST, 'https://a.com', 30, {a: 1}]}
    - log: {call: sys.log, args: [hello, ERROR]}
    """
    analysis = analysed(text)
    (call,) = site(analysis, "main.call").calls
    assert {name: plain(value) for name, value in call.args.items()} == {
        "method": "POST",
        "url": "https://a.com",
        "timeout": 30,
        "body": {"a": 1},
    }
    (log,) = site(analysis, "main.log").calls
    assert plain(log.arg("severity")) == "ERROR"


def test_an_argument_map_that_is_not_known_is_open():
    text = """
    main:
      params: [a]
      steps:
        - call: {call: http.get, args: '${a.request}'}
    """
    (call,) = site(analysed(text), "main.call").calls
    assert str(call.open_args) == "{args.request}"


def test_a_callback_has_its_documented_address():
    text = """
    - make: {call: events.create_callback_endpoint, result: c}
    - call: {call: http.post, args: {url: 'https://a.com', body: '${c.url}'}}
    """
    (call,) = site(analysed(text), "main.call").calls
    assert plain(call.arg("body")) == (
        "https://workflowexecutions.googleapis.com/v1/projects/acme/locations/europe-west1"
        "/workflows/orders/executions/{execution}/callbacks/{callback}"
    )


def test_an_alias_is_one_site():
    text = """
    - a: &it
        call: http.get
        args: {url: https://a.com}
    - b: *it
    """
    (one,) = analysed(text).sites
    assert one.id == "main.a"
    assert [plain(c.arg("url")) for c in one.calls] == ["https://a.com"]


def test_more_callers_than_are_told_apart_leave_what_all_addresses_begin_with():
    steps = "".join(
        f"    - s{i}: {{call: get, args: {{url: 'https://a.com/{i}'}}}}\n" for i in range(300)
    )
    text = (
        f"main:\n  steps:\n{steps}get:\n  params: [url]\n  steps:\n"
        "    - call: {call: http.get, args: {url: '${url}'}}\n"
    )
    analysis = analysed(text)
    assert {plain(call.arg("url")) for call in site(analysis, "get.call").calls} == {
        "https://a.com/{many}"
    }
    assert [d.rule.slug for d in analysis.diagnostics] == ["too-many-ways"]


def test_more_urls_than_are_told_apart_are_one_with_what_they_share():
    items = ", ".join(f"https://a.com/{i}" for i in range(60))
    text = f"""
    main:
      params: [a]
      steps:
        - set:
            assign:
              - hosts: [{items}]
              - verbs: [GET, POST, PUT, PATCH, DELETE]
        - call:
            call: http.request
            args: {{url: '${{hosts[a.i]}}', method: '${{verbs[a.j]}}'}}
    """
    calls = site(analysed(text), "main.call").calls
    assert [(plain(c.arg("url")), plain(c.arg("method"))) for c in calls] == [
        ("https://a.com/{many}", verb) for verb in ("GET", "POST", "PUT", "PATCH", "DELETE")
    ]


def test_alternatives_are_expanded_in_url_and_inside_auth():
    text = """
    main:
      params: [a]
      steps:
        - set:
            assign:
              - auth: {type: OIDC, audience: '${default(map.get(a, "aud"), "x")}'}
        - call: {call: http.get, args: {url: 'https://a.com', auth: '${auth}'}}
    """
    calls = site(analysed(text), "main.call").calls
    assert [plain(c.arg("auth")) for c in calls] == [
        {"type": "OIDC", "audience": "{args.aud}"},
        {"type": "OIDC", "audience": "x"},
    ]


def test_a_definition_without_main_is_analysed_from_every_subworkflow():
    text = """
    one:
      params: [url]
      steps:
        - call: {call: http.get, args: {url: '${url}'}}
    """
    assert urls(text, at="one.call") == ["{url}"]


def test_a_hundred_callers_of_a_wrapper_are_told_apart():
    steps = "".join(
        f"    - s{i}: {{call: get, args: {{url: 'https://a.com/{i}'}}}}\n" for i in range(100)
    )
    text = (
        f"main:\n  steps:\n{steps}get:\n  params: [url]\n  steps:\n"
        "    - call: {call: http.get, args: {url: '${url}'}}\n"
    )
    analysis = analysed(text)
    assert len({plain(call.arg("url")) for call in site(analysis, "get.call").calls}) == 100
    assert analysis.diagnostics == ()


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ('sys.get_env("U") + "/x"', True),
        ('sys.get_env("U")', True),
        ('text.to_lower(sys.get_env("U"))', True),
        ('sys.get_env("U", "https://d")', False),
        ('default(sys.get_env("U"), "https://d")', False),
        ('if(sys.get_env("U") == null, "https://d", "https://e")', False),
        ('sys.get_env("SET")', False),
        ('sys.get_env("GOOGLE_CLOUD_LOCATION")', False),
        ("sys.get_env(input.name)", False),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_variable_that_is_certainly_not_set_is_told(expression, told, whole):
    text = (
        "main:\n  params: [input]\n  steps:\n    - call:\n        call: http.get\n        args:\n"
        f"          url: '${{{expression}}}'\n"
    )
    known = Known(env={"SET": "https://s"}, env_is_whole=whole)
    found = analysed(text, known).diagnostics
    assert [d.rule.slug for d in found] == ["unset-environment-variable"] * (told and whole)
    assert all("env: {U: VALUE}" in d.help for d in found)
