"""Addresses with holes are taken apart without looking into a hole."""

from __future__ import annotations

import time

import pytest
from calling import PLACE, call, facts
from hypothesis import given, settings
from hypothesis import strategies as st

from wfprov.catalog.match import match
from wfprov.catalog.url import is_hole, masked, parsed


@pytest.mark.parametrize(
    ("text", "scheme", "host", "path", "query"),
    [
        ("https://h.example.com/a/b?x=1&y=2#z", "https", "h.example.com", "/a/b",
         [("x", "1"), ("y", "2")]),
        ("HTTPS://H.Example.com:8443", "https", "h.example.com", "", []),
        ("https://user@h/x", "https", "h", "/x", []),
        ("https://{args.host}/x", "https", "{args.host}", "/x", []),
        ("https://{a/b?c}-run.googleapis.com/v1/{d}", "https", "{a/b?c}-run.googleapis.com",
         "/v1/{d}", []),
        ("{args.url}/x?k={v}", None, None, "/x", [("k", "{v}")]),
        ("{scheme}://h/x", None, "h", "/x", []),
    ],
)  # fmt: skip
def test_an_address_comes_apart(text, scheme, host, path, query):
    url = parsed(text)
    assert url is not None
    assert url.scheme == scheme
    assert (None if url.host is None else url.show(url.host)) == host
    assert url.show(url.path) == path
    assert [(url.show(k), url.show(v)) for k, v in url.query] == query


@pytest.mark.parametrize("text", ["", "h.example.com/x", "/only/a/path", "FILTER_URL"])
def test_what_is_no_address_is_none(text):
    assert parsed(text) is None


def test_a_hole_with_braces_inside_is_one():
    mask = masked("a{x{y}z}b")
    assert mask.show(mask.text) == "a{x{y}z}b"
    assert len(mask.text) == 3
    assert is_hole(mask.text[1])


@given(st.text(alphabet="ab/{}:?.&=", max_size=60))
def test_masking_loses_nothing(text):
    mask = masked(text)
    assert mask.show(mask.text) == text


anything = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="{}/:.-abc019", max_size=40).map(lambda t: f"https://{t}"),
    st.text(alphabet="{}/:-abc", max_size=30).map(lambda t: f"https://run.googleapis.com/v2/{t}"),
    st.text(alphabet="{}-abc09.", max_size=20).map(lambda t: f"https://{t}.run.app/x"),
    st.text(alphabet="{}-abc09.", max_size=20).map(lambda t: f"https://{t}.cloudfunctions.net/f"),
)
verbs = st.sampled_from(["http.get", "http.post", "googleapis.run.v2.projects.locations.jobs.run"])
auths = st.sampled_from([None, {"type": "OIDC"}, {"type": "OAuth2"}, "{auth}"])


@settings(max_examples=300, deadline=None)
@given(verbs, anything, auths)
def test_any_address_becomes_one_target(function, text, auth):
    (use,) = match(call(function, url=text, name=text, auth=auth), PLACE, facts())
    assert use.url == text
    assert use.question is None or use.question.answer


@pytest.mark.parametrize(
    "text",
    [
        "{" * 60_000,
        "{a}" * 30_000,
        "https://" + "a-" * 40_000 + ".run.app",
        "https://compute.googleapis.com/compute/v1/" + "{x}/" * 20_000,
        "https://storage.googleapis.com/storage/v1/b/" + "/".join("o" * 30_000),
    ],
)
def test_a_monstrous_address_is_read_in_bounded_time(text):
    begin = time.perf_counter()
    match(call("http.get", url=text, auth={"type": "OIDC"}), PLACE, facts())
    assert time.perf_counter() - begin < 3


@pytest.mark.parametrize("sql", ["/*" * 60_000, "FROM a." * 15_000, "'" * 100_001, "`" * 99_999])
def test_a_monstrous_query_is_read_in_bounded_time(sql):
    begin = time.perf_counter()
    function = "googleapis.bigquery.v2.jobs.query"
    match(call(function, projectId="p", body={"query": sql}), PLACE, facts())
    assert time.perf_counter() - begin < 3
