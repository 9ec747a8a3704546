"""The table of the standard library."""

from __future__ import annotations

import pytest

from wfprov.language.stdlib import FUNCTIONS, MODULES, is_blocking


def test_positions_of_http_arguments_follow_the_pages():
    rest = ("headers", "query", "auth", "private_service_name", "ca_certificate")
    assert FUNCTIONS["http.get"].params == ("url", "timeout", *rest)
    for name in ("post", "put", "patch", "delete"):
        assert FUNCTIONS[f"http.{name}"].params == ("url", "timeout", "body", *rest)
    assert FUNCTIONS["http.request"].params == ("method", "url", "timeout", "body", *rest)
    assert FUNCTIONS["http.request"].required == 2


def test_every_function_is_well_formed():
    kinds = {"any", "bool", "bytes", "double", "int", "list", "map", "null", "number", "string"}
    assert len(FUNCTIONS) > 60
    for name, function in FUNCTIONS.items():
        assert function.name == name
        assert function.returns in kinds
        assert 0 <= function.required <= len(function.params)
        assert len(set(function.params)) == len(function.params)
        assert function.source.startswith(
            "https://cloud.google.com/workflows/docs/reference/stdlib/"
        )


@pytest.mark.parametrize(
    "name",
    ["http.get", "http.request", "sys.log", "sys.sleep", "events.await_callback",
     "experimental.executions.map", "googleapis.run.v1.namespaces.jobs.run"],
)  # fmt: skip
def test_functions_that_wait_are_blocking(name):
    assert is_blocking(name)


@pytest.mark.parametrize(
    "name",
    ["sys.now", "sys.get_env", "events.create_callback_endpoint", "http.default_retry_predicate",
     "text.split", "googleapis.secretmanager.v1.projects.secrets.versions.accessString",
     "googleapis.secretmanager.v1.projects.secrets.addVersionString"],
)  # fmt: skip
def test_others_are_not(name):
    assert not is_blocking(name)


def test_modules_are_the_first_words():
    assert {"http", "sys", "experimental", "googleapis", "gke", "text"} <= MODULES
    assert "len" not in MODULES
