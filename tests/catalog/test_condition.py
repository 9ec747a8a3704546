"""The conditions of methods, decided for one request; and how researched texts become them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from calling import PLACE, call

from wfprov.analysis.domain import Const, Hole, MapOf, OneOf, Unknown
from wfprov.catalog.condition import decided
from wfprov.catalog.request import Request, read

TOOLS = Path(__file__).parents[2] / "tools"


def request(**args: object) -> Request:
    return read(call("googleapis.storage.v1.objects.insert", **args), PLACE)


@pytest.mark.parametrize(
    ("form", "args", "outcome"),
    [
        ("set body.a", {"body": {"a": {"b": 1}}}, True),
        ("set body.a", {"body": {}}, False),
        ("set body.a", {}, False),
        ("set body.a", {"body": "{args.body}"}, None),
        ("set body.a body.b", {"body": {"b": "x"}}, True),
        ("set body.d[].source", {"body": {"d": [{"x": 1}, {"source": "s"}]}}, True),
        ("set body.d[].source", {"body": {"d": [{"x": 1}]}}, False),
        ("set body.d[].source", {"body": {"d": []}}, False),
        ("unset query.documentId", {"documentId": "x"}, False),
        ("unset query.documentId", {}, True),
        ("true query.force", {"force": True}, True),
        ("true query.force", {"force": "true"}, True),
        ("true query.force", {"force": False}, False),
        ("true query.force", {"force": "{args.force}"}, None),
        ("eq query.view FULL ALL", {"view": "ALL"}, True),
        ("eq query.view FULL ALL", {"view": "BASIC"}, False),
        ("eq query.view FULL", {}, False),
        ("prefix body.uri gs://", {"body": {"uri": "gs://{args.b}/x"}}, True),
        ("prefix body.uri gs://", {"body": {"uri": "https://{args.b}"}}, False),
        ("prefix body.uri gs://", {"body": {"uri": "{args.uri}"}}, None),
        ("unless query.ifGenerationMatch 0", {"ifGenerationMatch": 0}, False),
        ("unless query.ifGenerationMatch 0", {"ifGenerationMatch": 7}, None),
        ("unless query.ifGenerationMatch 0", {}, None),
        ("mention gs://", {"body": {"deep": [{"x": "gs://b"}]}}, True),
        ("mention gs://", {"body": {"x": "no"}}, False),
        ("mention gs://", {"body": {"x": "{args.y}"}}, None),
        ("own-image body.i", {"body": {"i": "projects/debian-cloud/global/images/d"}}, False),
        ("own-image body.i", {"body": {"i": "projects/acme/global/images/d"}}, True),
        ("set body.a ?? query.t", {"body": {}, "t": "x"}, None),
        ("set body.a ?? query.t", {"body": {}}, False),
        ("set body.a ?? query.t", {"body": {"a": 1}, "t": "x"}, True),
        ("never", {"body": {"a": 1}}, False),
        ("maybe", {}, None),
    ],
)
def test_a_condition_is_decided_as_far_as_the_request_tells(form, args, outcome):
    assert decided(form, request(**args)) is outcome


def test_alternatives_are_all_looked_at():
    made = request()
    either = MapOf((("a", OneOf((Const(None), Const("x")))),))
    hidden = MapOf((("a", OneOf((Const(None), Unknown(Hole("y"))))),))
    for body, outcome in ((either, True), (hidden, None)):
        from dataclasses import replace

        changed = replace(made.call, args={"body": body})
        assert decided("set body.a", read(changed, PLACE)) is outcome


def test_an_unknown_argument_map_decides_nothing():
    from dataclasses import replace

    made = request()
    opened = replace(made.call, open_args=Hole("args"))
    assert decided("set query.x", read(opened, PLACE)) is None
    assert decided("set body.x", read(opened, PLACE)) is None


def test_query_of_a_plain_request_is_read_from_argument_and_address():
    by_argument = read(call("http.post", url="https://x", query={"force": True}), PLACE)
    by_address = read(call("http.post", url="https://x/y?force=true"), PLACE)
    hidden = read(call("http.post", url="https://x/y?force={args.f}"), PLACE)
    assert decided("true query.force", by_argument) is True
    assert decided("true query.force", by_address) is True
    assert decided("true query.force", hidden) is None


@pytest.fixture
def condition_text(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    import condition_text

    yield condition_text
    sys.modules.pop("condition_text", None)


@pytest.mark.parametrize(
    ("text", "on", "form"),
    [
        ("body.overrides is set", None, "set body.overrides"),
        ("body.labels set", None, "set body.labels"),
        ("query.deleteContents is true", None, "true query.deleteContents"),
        ("query.view == 'FULL' (results wanted)", None, "eq query.view FULL"),
        ("body.responseView is FULL", None, "eq body.responseView FULL"),
        ("body.uri is a gs:// address", None, "prefix body.uri gs://"),
        ("the moon is full", None, "maybe"),
        ("body.x is set", "the tables that a view reads", "never"),
        ("body.x is set", "//pubsub.googleapis.com/{body.x}", "set body.x"),
    ],
)
def test_a_researched_condition_takes_a_decidable_form(condition_text, text, on, form):
    assert condition_text.condition(text, on, {}) == form


def test_what_a_person_wrote_down_wins(condition_text):
    assert condition_text.condition("x", None, {"x": "never"}) == "never"


@pytest.mark.parametrize(
    ("remark", "paths", "default"),
    [
        ("body.serviceAccount (default: Compute default SA): iam.serviceAccounts.actAs",
         ["body.serviceAccount"], "compute"),
        ("body.serviceAccounts[].email (only when: body.serviceAccounts set)",
         ["body.serviceAccounts[].email"], None),
        ("body.httpTarget.oidcToken.serviceAccountEmail / oauthToken.serviceAccountEmail: x",
         ["body.httpTarget.oauthToken.serviceAccountEmail",
          "body.httpTarget.oidcToken.serviceAccountEmail"], None),
        ("body.serviceAccountEmail (default: {project}@appspot.gserviceaccount.com): x",
         ["body.serviceAccountEmail"], "appengine"),
    ],
)  # fmt: skip
def test_an_account_is_looked_for_where_the_remark_says(condition_text, remark, paths, default):
    found = condition_text.act_as(remark)
    assert (found["paths"], found["default"]) == (paths, default)


def test_an_account_that_no_request_names_is_none(condition_text):
    assert condition_text.act_as("the account stored in the trigger (not in the request)") is None
    assert condition_text.act_as(None) is None
