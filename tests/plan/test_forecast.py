"""Limits are told at plan: errors where nobody can raise them, warnings where somebody can."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wfprov.core.address import ResourceName, RoleName
from wfprov.core.policy import BindingKey, Condition, Membership
from wfprov.core.resource import Contents
from wfprov.plan import rules
from wfprov.plan.change import AccessChange, Create, Delete, Update
from wfprov.plan.forecast import forecast
from wfprov.plan.live import Live
from wfprov.resources.custom_role import ProjectRole
from wfprov.resources.iam_policy import IamPolicy, PolicyRoute
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import Workflow

INVOKER = BindingKey(RoleName("roles/run.invoker"))
SERVICE = IamPolicy(
    subject_name=ResourceName("//run.googleapis.com/projects/p/locations/l/services/s"),
    route=PolicyRoute(client="run:v2", collection="c", parameters={"resource": "r"}),
)


def members(count: int, key: BindingKey = INVOKER) -> frozenset[Membership]:
    return frozenset(Membership(key, f"user:u{i}@x.example") for i in range(count))


def account(number: int, project: str = "p") -> ServiceAccount:
    return ServiceAccount(project=project, account_id=f"account-{number:04d}")


def role(number: int, **more) -> ProjectRole:
    return ProjectRole(project="p", role_id=f"r{number}", permissions=("a.b.c",), **more)


def live(*things) -> Live:
    return Live(resources={thing.address: thing for thing in things})


def found(changes, there=Live()) -> list[tuple[object, str]]:  # noqa: B008 (frozen)
    return [(d.rule, d.message) for d in forecast(changes, there)]


@pytest.mark.parametrize(
    ("before", "rule"),
    [(1340, None), (1349, rules.LIMIT_NEAR), (1499, rules.LIMIT_NEAR), (1500, rules.LIMIT_BROKEN)],
)
def test_members_of_a_policy(before, rule):
    one = frozenset({Membership(INVOKER, "serviceAccount:a@p.iam.gserviceaccount.com")})
    change = AccessChange(access=SERVICE, before=members(before), add=one)
    assert [r for r, _ in found([change])] == ([rule] if rule else [])


def test_a_member_counts_as_often_as_it_appears():
    other = BindingKey(RoleName("roles/run.viewer"))
    full = members(750) | members(750, other)
    one = frozenset({Membership(INVOKER, "user:u800@x.example")})
    assert found([AccessChange(access=SERVICE, before=full, add=one)])[0][0] is rules.LIMIT_BROKEN


def test_a_full_policy_that_gains_nothing_is_none_of_our_business():
    full = members(2000)
    gone = frozenset([min(full, key=Membership.sort_key)])
    assert found([AccessChange(access=SERVICE, before=full, remove=gone)]) == []


@pytest.mark.parametrize(("number", "broken"), [(20, False), (21, True)])
def test_conditions_of_one_role_and_principal(number, broken):
    keys = [
        replace(INVOKER, condition=Condition(expression=f"a == {i}", title=f"t{i}"))
        for i in range(number)
    ]
    add = frozenset(Membership(key, "user:a@x.example") for key in keys)
    assert bool(found([AccessChange(access=SERVICE, add=add)])) is broken


@pytest.mark.parametrize(("number", "broken"), [(12, False), (13, True)])
def test_operators_of_a_condition(number, broken):
    expression = " || ".join(["a"] * (number + 1))
    key = replace(INVOKER, condition=Condition(expression=expression, title="t"))
    change = AccessChange(access=SERVICE, add=frozenset({Membership(key, "user:a@x.example")}))
    assert bool(found([change])) is broken


def test_accounts_of_a_project_are_a_quota_and_others_count():
    there = live(*(account(i) for i in range(89)))
    assert found([Create(account(500))], live(*(account(i) for i in range(88)))) == []
    ((rule, words),) = found([Create(account(500))], there)
    assert rule is rules.LIMIT_NEAR
    assert "p would have 90 service accounts, 1 of them new; the quota is 100" in words
    assert found([Create(account(500, "other"))], there) == []
    assert found([Create(account(500)), Delete(account(3))], there) == []


def test_custom_roles_of_a_project_are_fixed_and_deleted_ones_count():
    there = live(*(role(i, deleted=True) for i in range(299)))
    assert [r for r, _ in found([Create(role(500))], there)] == [rules.LIMIT_NEAR]
    two = [Create(role(500)), Create(role(501)), Delete(role(0))]
    assert [r for r, _ in found(two, there)] == [rules.LIMIT_BROKEN]


def test_a_custom_role_has_a_size():
    long = tuple(f"service.{'x' * 90}.{i}" for i in range(700))
    change = Update(role(1), replace(role(1), permissions=long))
    assert [r for r, _ in found([change])] == [rules.LIMIT_BROKEN]


def test_quotas_by_the_minute_say_how_long_an_apply_takes():
    workflows = [
        Create(
            Workflow(
                project="p",
                region="l",
                workflow_id=f"w{i}",
                source=Contents("main: {}"),
                service_account="",
            )
        )
        for i in range(601)
    ]
    ((rule, words),) = found(workflows)
    assert rule is rules.LIMIT_NEAR
    assert "1,202 requests to the Workflows API of p in l" in words
    assert "at least 2 minutes" in words
    writes = [words for _, words in found([Create(account(i)) for i in range(601)])]
    assert any("601 writes to the IAM API of p" in words for words in writes)
