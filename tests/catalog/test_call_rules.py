"""Rules about the arguments of a call: each where it is true, where not, where nobody can tell."""
# ruff: noqa: E501 (calls on one line)

from __future__ import annotations

from dataclasses import replace

import pytest
from calling import OAUTH2, PLACE, call, facts, place, target

from wfprov.analysis.domain import Hole
from wfprov.catalog.match import match
from wfprov.catalog.target import Kind

STOP = "googleapis.compute.v1.instances.stop"
ONE = {"project": "acme", "zone": "z", "instance": "i"}
GET = "googleapis.storage.v1.objects.get"
JOB = "googleapis.run.v1.namespaces.jobs.run"
URL = "https://example.com"


def found(function: str, **args: object) -> list[str]:
    return [d.rule.slug for d in target(function, **args).diagnostics]


@pytest.mark.parametrize(
    ("slug", "function", "args"),
    [
        ("unknown-http-method", "http.request", {"url": URL, "method": "FETCH"}),
        ("unknown-http-method", "http.request", {"url": URL, "method": "get"}),
        (
            "unknown-http-method",
            "events.create_callback_endpoint",
            {"http_callback_method": "CONNECT"},
        ),
        ("timeout-out-of-bounds", "http.get", {"url": URL, "timeout": 1801}),
        ("timeout-out-of-bounds", "http.get", {"url": URL, "timeout": -1}),
        ("timeout-out-of-bounds", "http.get", {"url": URL, "timeout": "soon"}),
        ("timeout-out-of-bounds", "http.get", {"url": URL, "timeout": True}),
        ("timeout-out-of-bounds", GET,
         {"bucket": "b", "object": "o", "connector_params": {"timeout": 31_536_001}}),
        ("timeout-out-of-bounds", STOP, {**ONE, "connector_params": {"timeout": 31_536_001}}),
        ("unknown-option", STOP, {**ONE, "connector_params": {"skip_pooling": True}}),
        ("unknown-option", STOP, {**ONE, "connector_params": {"polling_policy": {"delay": 1}}}),
        ("wrong-arguments", STOP, {"project": "acme", "zone": "z", "instanceId": "i"}),
        ("wrong-arguments", GET, {"bucket": "b"}),
        ("connector-without-location", JOB, {"name": "namespaces/acme/jobs/j"}),
        ("unencoded-object-name", GET, {"bucket": "b", "object": "a/b"}),
        ("unencoded-object-name", GET, {"bucket": "b", "object": "{args.folder}/b"}),
    ],
)  # fmt: skip
def test_what_cannot_work_is_found(slug, function, args):
    assert found(function, **args) == [slug]


@pytest.mark.parametrize(
    ("function", "args"),
    [
        ("http.request", {"url": URL, "method": "OPTIONS"}),
        ("http.request", {"url": URL, "method": "{args.method}"}),
        ("events.create_callback_endpoint", {}),
        ("http.get", {"url": URL, "timeout": 1800}),
        ("http.get", {"url": URL, "timeout": 0.5}),
        ("http.get", {"url": URL, "timeout": "{args.timeout}"}),
        ("http.get", {"url": URL, "timeout": None}),
        ("googleapis.bigquery.v2.jobs.insert",
         {"projectId": "acme", "body": {}, "connector_params": {"timeout": 7200}}),
        ("http.get", {"url": "http://10.0.0.5:8080/api/v1/users"}),
        ("http.get", {"url": "https://10.0.0.5/api/v1/users"}),
        (STOP, {**ONE, "connector_params": {"timeout": 31_536_000, "polling_policy": {"max_delay": 9}}}),
        (STOP, {"zone": "z", "instance": "i", "connector_params": "{args.p}"}),
        (JOB, {"name": "namespaces/acme/jobs/j", "location": "europe-west1"}),
        ("googleapis.run.v1.namespaces.jobs.list", {"parent": "namespaces/acme"}),
        (GET, {"bucket": "b", "object": "a%2Fb"}),
        (GET, {"bucket": "b", "object": "{args.folder/name}"}),
        (GET, {"arg1": "b", "arg2": "a/b"}),
    ],
)  # fmt: skip
def test_what_works_or_is_not_told_is_left_alone(function, args):
    assert found(function, **args) == []


def test_a_misspelt_argument_is_named_where_it_stands():
    (wrong,) = target(STOP, project="acme", zone="z", instanceId="i").diagnostics
    assert wrong.message == f"{STOP} needs 'instance'"
    assert wrong.help == "is 'instanceId' meant for it?"


def test_arguments_that_are_not_all_known_are_not_called_missing():
    given = replace(call(STOP, project="acme"), open_args=Hole("args"))
    (use,) = match(given, PLACE, facts())
    assert use.diagnostics == ()


def test_what_is_no_address_is_said_as_it_stands():
    question = target("http.get", url=None).question
    assert question is not None
    assert question.message == "`url` is null, which is no address"
    assert target("http.get", url="ftp://x.example").kind is Kind.UNKNOWN


def test_an_api_that_the_address_hides_does_not_contradict_an_answer():
    told = place(api_method="compute.v1.instances.get")
    use = target("http.get", told, url="https://{args.api}.googleapis.com/v1/x", auth=OAUTH2)
    assert use.diagnostics == ()
