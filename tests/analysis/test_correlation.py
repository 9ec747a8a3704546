"""What is assigned together stays together, and what is not is joined."""

from __future__ import annotations

from textwrap import dedent

from test_interpret import analysed, plain, site, urls

PICK = """
main:
  params: [args]
  steps:
    - pick:
        switch:
          - condition: ${args.stage == "prod"}
            assign: [{url: "https://a.run.app/x"}, {aud: "https://a.run.app"}]
          - condition: true
            assign: [{url: "https://b.run.app/x"}, {aud: "https://b.run.app"}]
"""
CALL = """
    - call:
        call: http.get
        args: {url: "${url}", auth: {type: OIDC, audience: "${aud}"}}
"""
LOG = """
    - note:
        switch:
          - condition: ${args.verbose}
            call: sys.log
            args: {text: "${url}"}
"""
POLL = """
        result: r
    - again:
        switch:
          - condition: ${r.body.done}
            next: end
    - more:
        assign: [{n: "${default(map.get(r.body, \\"n\\"), 0) + 1}"}]
        next: call
"""
TOGETHER = {
    ("https://a.run.app/x", "https://a.run.app"),
    ("https://b.run.app/x", "https://b.run.app"),
}


def pairs(text: str, at: str = "main.call") -> set[tuple[str, str]]:
    found = []
    for call in site(analysed(dedent(text)), at).calls:
        auth = plain(call.arg("auth"))
        assert isinstance(auth, dict)
        found.append((str(plain(call.arg("url"))), str(auth["audience"])))
    assert len(set(found)) == len(found)
    return set(found)


def test_an_address_and_the_audience_of_the_same_case_go_together():
    assert pairs(PICK + CALL) == TOGETHER


def test_they_stay_together_past_a_further_condition():
    assert pairs(PICK + LOG + LOG.replace("note", "note2") + CALL) == TOGETHER


def test_they_stay_together_in_a_polling_loop():
    assert pairs(PICK + CALL + POLL) == TOGETHER


def test_they_stay_together_into_a_subworkflow():
    text = PICK + (
        "    - go: {call: get, args: {u: '${url}', a: '${aud}'}}\n"
        "get:\n  params: [u, a]\n  steps:\n    - call:\n        call: http.get\n"
        "        args: {url: '${u}', auth: {type: OIDC, audience: '${a}'}}\n"
    )
    assert pairs(text, "get.call") == TOGETHER


def test_they_stay_together_into_a_loop():
    loop = (
        "    - over:\n        for:\n          value: v\n          in: ${args.l}\n          steps:\n"
    )
    inner = "\n".join("        " + line for line in CALL.splitlines())
    assert pairs(PICK + loop + inner + "\n", "main.over.call") == TOGETHER


def test_more_sets_than_are_kept_apart_lose_no_combination():
    cases = "".join(
        f'          - condition: ${{args.k == "{i}"}}\n'
        f'            assign: [{{url: "https://h{i}.run.app/x"}}, {{aud: "https://h{i}.run.app"}}]\n'
        for i in range(20)
    )
    text = (
        "main:\n  params: [args]\n  steps:\n    - init: {assign: [{url: u}, {aud: v}]}\n"
        "    - pick:\n        switch:\n" + cases + CALL
    )
    begun = {(url.partition("{")[0], audience.partition("{")[0]) for url, audience in pairs(text)}
    for i in range(20):
        host = f"https://h{i}.run.app"
        assert any((host + "/x").startswith(u) and host.startswith(a) for u, a in begun), i


def test_a_variable_that_one_case_leaves_unset_is_what_the_other_sets():
    text = PICK.replace(', {aud: "https://b.run.app"}', ', {more: "x"}') + CALL
    assert {audience for _, audience in pairs(text)} == {"https://a.run.app"}


def test_further_callers_of_a_wrapper_keep_what_all_addresses_begin_with():
    calls = "".join(
        f"    - s{i}: {{call: get, args: {{u: 'https://svc.example.com/p{i}'}}}}\n"
        for i in range(300)
    )
    text = (
        f"main:\n  steps:\n{calls}"
        "get:\n  params: [u]\n  steps:\n    - call: {call: http.get, args: {url: '${u}'}}\n"
    )
    assert set(urls(text, at="get.call")) == {"https://svc.example.com/p{many}"}


def test_what_only_a_body_uses_makes_no_further_way():
    text = PICK.replace("aud:", "note:") + (
        "    - call: {call: http.post, args: {url: https://c.run.app, body: '${note + url}'}}\n"
    )
    assert urls(text) == ["https://c.run.app"]
