"""What the live IAM would refuse is found before the first change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wfprov.app.grantable import doubts
from wfprov.core.address import Permission, ResourceName, RoleName, project_name
from wfprov.core.errors import RefusedError
from wfprov.core.policy import BindingKey, Membership
from wfprov.plan.change import AccessChange, Create
from wfprov.resources.custom_role import ProjectRole
from wfprov.resources.iam_policy import IamPolicy, policy_route
from wfprov.store.facts import open_facts

SERVICE = ResourceName("//run.googleapis.com/projects/acme-prod/locations/l/services/a")
OTHER = ResourceName("//run.googleapis.com/projects/acme-prod/locations/l/services/b")


class Iam:
    """Answers the two queries from what it was told, and keeps what it was asked."""

    def __init__(self, roles=(), levels=None):
        self.roles = roles
        self.levels = levels or {}
        self.asked = []

    def send(self, call):
        self.asked.append((call.method, call.request["fullResourceName"]))
        if call.method == "query_grantable_roles":
            return {"roles": [{"name": name} for name in self.roles]}
        return {
            "permissions": [
                {"name": name, **({"customRolesSupportLevel": level} if level else {})}
                for name, level in self.levels.items()
            ]
        }


class Silent:
    def send(self, call):
        raise RefusedError("no", call=call)


def gains(name: ResourceName, *roles: str) -> AccessChange:
    route = policy_route(name, open_facts())
    assert route is not None
    members = frozenset(Membership(BindingKey(RoleName(r)), "serviceAccount:a@b") for r in roles)
    access = IamPolicy(subject_name=name, route=route, memberships=members)
    return AccessChange(access=access, add=members)


ROLE = Create(
    ProjectRole(
        project="acme-prod",
        role_id="wfprov_1",
        title="wfprov",
        description="",
        permissions=(Permission("a.b.get"), Permission("a.b.set")),
        stack="s",
    )
)


def test_a_role_that_iam_does_not_grant_there_is_an_error_with_a_way_out():
    (found,) = doubts([gains(SERVICE, "roles/run.builder")], Iam(["roles/run.invoker"]))
    assert found.is_error
    assert "roles/run.builder cannot be granted on" in found.message
    assert "prefer_roles" in found.help


def test_a_grantable_role_is_no_finding_and_a_kind_is_asked_about_once():
    iam = Iam(["roles/run.invoker"])
    changes = [gains(SERVICE, "roles/run.invoker"), gains(OTHER, "roles/run.invoker")]
    assert not list(doubts(changes, iam))
    assert iam.asked == [("query_grantable_roles", SERVICE)]


def test_what_does_not_change_is_not_asked_about():
    iam = Iam(["roles/run.invoker"])
    change = gains(SERVICE, "roles/run.builder")
    assert not list(doubts([replace(change, add=frozenset())], iam))
    assert not iam.asked


def test_a_custom_role_needs_no_asking_where_it_is_bound():
    iam = Iam(["roles/run.invoker"])
    assert not list(doubts([gains(SERVICE, "projects/acme-prod/roles/x")], iam))
    assert not iam.asked


@pytest.mark.parametrize("iam", [Iam([]), Silent()])
def test_no_answer_is_no_finding(iam):
    assert not list(doubts([gains(SERVICE, "roles/run.builder")], iam))


@pytest.mark.parametrize(
    ("level", "errors"),
    [("NOT_SUPPORTED", [True]), ("TESTING", [False]), ("SUPPORTED", []), ("", [])],
)
def test_the_support_level_of_a_custom_roles_permissions_counts(level, errors):
    iam = Iam(levels={"a.b.get": "SUPPORTED", "a.b.set": level})
    assert [d.is_error for d in doubts([ROLE], iam)] == errors
    assert iam.asked == [("query_testable_permissions", project_name("acme-prod"))]


def test_a_custom_role_is_not_refused_without_an_answer():
    assert not list(doubts([ROLE], Silent()))
