"""The CEL subset of IAM conditions."""

from datetime import UTC, datetime

import pytest

from wfprov.emulator.condition import ConditionError, allows, compiled

ENVIRONMENT = {
    "resource.name": "projects/1/secrets/key/versions/3",
    "resource.type": "secretmanager.googleapis.com/SecretVersion",
    "resource.service": "secretmanager.googleapis.com",
    "request.time": datetime(2026, 11, 23, 8, 30, tzinfo=UTC),
    "api": None,
}


@pytest.mark.parametrize(
    "expression",
    [
        'resource.name.startsWith("projects/1/secrets/key")',
        "resource.name == 'projects/1/secrets/key/versions/3'",
        'resource.type != "x" && resource.service.endsWith(".com")',
        '!(resource.name.startsWith("a") || resource.name.contains("nothing"))',
        'request.time < timestamp("2026-11-24T00:00:00Z")',
        'request.time.getHours("Europe/Berlin") == 9 && request.time.getDayOfWeek() == 1',
        "request.time.getHours() in [7, 8]",
        'resource.name.extract("secrets/{name}/versions") == "key"',
        "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/x'])",
        'resource.name == "x" || true',
        "destination.port == 1 || true",
    ],
)
def test_condition_that_holds_is_met(expression):
    assert allows(expression, ENVIRONMENT)


@pytest.mark.parametrize(
    "expression",
    [
        'resource.name == "projects/1/secrets/key"',
        'request.time > timestamp("2027-01-01T00:00:00Z")',
        "false || !true",
        "resource.name",
        "destination.port == 1",
        "resource.name < 3",
        'request.time.getHours("Nowhere/Land") == 9',
    ],
)
def test_condition_that_fails_or_errs_grants_nothing(expression):
    assert not allows(expression, ENVIRONMENT)


@pytest.mark.parametrize(
    "expression",
    ["", "resource.name ==", "a b", '"open', "f(1)", "x.y(1", "(" * 200 + "true" + ")" * 200,
     "true" + " && true" * 1000, "resource.name.matches('x')"],
)  # fmt: skip
def test_expression_outside_the_subset_is_refused(expression):
    with pytest.raises(ConditionError):
        compiled(expression)
