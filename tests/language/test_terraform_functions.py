"""Functions of Terraform give what Terraform gives, or nothing."""

from __future__ import annotations

import pytest

from wfprov.language.rendering import evaluated, lookup
from wfprov.language.terraform_functions import Unknown, applied

KNOWN = lookup(
    {"local": {"h": {"a": "x.example"}, "l": ["p", "q"], "n": 3}, "var": {"on": True, "env": "dev"}}
)


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ('format("https://%s/%d%%", "h", 3)', "https://h/3%"),
        ('format("%s-%v", var.env, local.n)', "dev-3"),
        ('join("/", ["a", "b"])', "a/b"),
        ('join(",", local.l, ["z"])', "p,q,z"),
        ('lower("AB")', "ab"),
        ("upper(var.env)", "DEV"),
        ('replace("a_b_c", "_", "-")', "a-b-c"),
        ('trimprefix("https://h", "https://")', "h"),
        ('trimsuffix("h/", "/")', "h"),
        ('trimspace(" a\\n")', "a"),
        ('chomp("a\\n")', "a"),
        ('lookup(local.h, "a", "z")', "x.example"),
        ('lookup(local.h, "b", "z")', "z"),
        ('coalesce("", "b")', "b"),
        ('concat(local.l, ["r"])', ["p", "q", "r"]),
        ('merge(local.h, {b = "y"})', {"a": "x.example", "b": "y"}),
        ("keys(local.h)", ["a"]),
        ('split(",", "a,b")', ["a", "b"]),
        ('jsonencode({b = [1, "<"], a = true})', '{"a":true,"b":[1,"\\u003c"]}'),
        ('var.on ? "p" : "d"', "p"),
        ('var.env == "prod" ? "p" : upper(var.env)', "DEV"),
        ('!var.on ? local.l : ["a ? b : c"]', ["a ? b : c"]),
    ],
)
def test_what_is_known_is_worked_out(code, value):
    assert evaluated(code, KNOWN) == value


@pytest.mark.parametrize(
    "code",
    [
        "upper(var.gone)",
        'replace("a1", "/[0-9]/", "-")',
        'format("%05d", 3)',
        'format("%s", "a", "b")',
        'format("%s")',
        'format("%s", local.l)',
        "upper(local.n)",
        "timestamp()",
        'lookup(local.h, "b")',
        'var.gone ? "a" : "b"',
        'var.env ? "a" : "b"',
        '"a" ? "b"',
        "[for x in local.l : x]",
        "local.l[*]",
        "uuid()",
    ],
)
def test_what_is_not_certain_stays_unknown(code):
    assert isinstance(evaluated(code, KNOWN), Unknown)


def test_a_value_that_would_be_far_too_long_stays_unknown():
    assert isinstance(applied("join", ["x" * 10_000, ["a", "b", "c", "d"]]), Unknown)
