"""Grants on a project under a condition: only where the service honours the resource's name."""

from __future__ import annotations

import pytest
from calling import AT, facts, granted, requirements, target

from wfprov.catalog.target import Need, Tier
from wfprov.core.address import Permission, ResourceName
from wfprov.core.facts import MethodId
from wfprov.core.policy import Condition
from wfprov.iam.build import RoleOptions, grants
from wfprov.iam.conditional import CONDITIONED, MOST, condition_on
from wfprov.iam.proof import prove
from wfprov.iam.requirement import Requirement

PROJECT = "//cloudresourcemanager.googleapis.com/projects/acme"
INSTANCE = "//cloudsql.googleapis.com/projects/acme/instances/orders"
DATABASE = "//firestore.googleapis.com/projects/acme/databases/(default)"
SQL = "cloudsql.googleapis.com/projects/instances"


def requirement(permission: str, on: str, site: str = "main.a") -> Requirement:
    need = Need(
        permission=Permission(permission), on=ResourceName(on), tier=Tier.CURATED, project="acme"
    )
    return Requirement(principal="workflow", need=need, site=site, at=AT)


def built(*asked: Requirement, **options: object):
    return grants(asked, facts(), RoleOptions(**options))


def restart(**given: str):
    return target("googleapis.sqladmin.v1.instances.restart", **given)


def test_a_cloud_sql_instance_is_named_by_a_condition_on_its_project():
    (grant,) = granted(restart(project="acme", instance="orders"))
    assert grant.on == PROJECT
    assert grant.condition == Condition(
        title="only Instance orders",
        expression='resource.type == "sqladmin.googleapis.com/Instance"'
        ' && resource.name == "projects/acme/instances/orders"',
    )
    assert grant.breadth == ""


def test_a_document_is_named_by_its_database():
    use = target(
        "googleapis.firestore.v1.projects.databases.documents.get",
        name="projects/acme/databases/(default)/documents/orders/one",
    )
    (grant,) = granted(use)
    assert grant.condition is not None
    assert 'resource.name == "projects/acme/databases/(default)"' in grant.condition.expression


@pytest.mark.parametrize(
    ("permission", "on"),
    [
        # What is made or listed has no name yet.
        ("cloudsql.instances.create", INSTANCE),
        ("cloudsql.instances.list", INSTANCE),
        # Databases, users and backups are checked without a name that a condition could hold.
        ("cloudsql.databases.list", INSTANCE),
        ("cloudsql.users.create", INSTANCE),
        ("cloudsql.backupRuns.create", INSTANCE),
        ("datastore.databases.create", DATABASE),
        ("datastore.databases.list", DATABASE),
        ("datastore.operations.get", DATABASE),
        # Only an argument knows the name.
        ("cloudsql.instances.get", "//cloudsql.googleapis.com/projects/acme/instances/{i}"),
        ("cloudsql.instances.get", "//cloudsql.googleapis.com/projects/acme/instances/a-{i}"),
        # Conditions compare the project's id.
        ("cloudsql.instances.get", "//cloudsql.googleapis.com/projects/493817260155/instances/a"),
        # What would end the quoted text.
        ("cloudsql.instances.get", '//cloudsql.googleapis.com/projects/acme/instances/a" || 1'),
    ],
)  # fmt: skip
def test_what_the_service_would_not_honour_is_granted_without_one(permission, on):
    (grant,) = built(requirement(permission, on))
    assert grant.condition is None


def test_a_plain_grant_says_what_else_it_opens():
    (grant,) = built(requirement("cloudsql.databases.list", INSTANCE))
    assert grant.breadth == "all instances of acme"


def test_each_resource_has_its_own_condition_and_its_own_role():
    read = requirement("cloudsql.instances.get", INSTANCE)
    stop = requirement("cloudsql.instances.restart", f"{INSTANCE}-2", "main.b")
    given = built(read, stop)
    assert len({g.condition for g in given}) == 2
    assert prove([read, stop], given, facts()).holds


def test_a_grant_without_a_condition_answers_what_one_would_have_been_made_for():
    narrow = requirement("cloudsql.instances.get", INSTANCE)
    wide = requirement(
        "cloudsql.instances.get",
        "//cloudsql.googleapis.com/projects/acme/instances/{args.i}",
        "main.b",
    )
    (grant,) = built(narrow, wide)
    assert grant.condition is None
    assert grant.sites == ("main.a", "main.b")


def test_another_projects_instance_is_granted_there():
    (grant,) = granted(restart(project="other", instance="orders"))
    assert grant.on == PROJECT.replace("acme", "other")
    assert grant.condition is not None
    assert "projects/other/instances/orders" in grant.condition.expression


def test_more_conditions_than_a_policy_takes_become_one_plain_grant():
    asked = [
        requirement("cloudsql.instances.get", f"{INSTANCE}-{i}", f"main.s{i}")
        for i in range(MOST + 1)
    ]
    (grant,) = built(*asked)
    assert grant.condition is None
    assert grant.breadth == "all instances of acme"
    assert len(built(*asked[:MOST])) == MOST


def test_excess_counts_only_what_passes_the_condition():
    (grant,) = built(requirement("cloudsql.instances.connect", INSTANCE))
    role = facts().role(grant.role)
    assert role is not None
    beside = {p for p in role.permissions if p.startswith("cloudsql.instances.")}
    assert grant.excess == len(beside) - 1
    assert grant.inert == len(role.permissions) - len(beside)


def test_a_custom_role_is_bound_under_the_condition_too():
    (grant,) = built(requirement("cloudsql.instances.restart", INSTANCE), custom_roles="always")
    assert grant.custom_role is not None
    assert grant.condition is not None


@pytest.mark.parametrize("type_", sorted(CONDITIONED))
def test_each_type_has_permissions_that_roles_hold(type_):
    assert CONDITIONED[type_].working(facts())
    assert facts().policy_type(type_) is None


def test_no_method_of_cloud_sql_is_conditioned_on_what_it_makes():
    row = facts().needs(MethodId("sqladmin", "v1", "instances.insert"))
    assert row is not None
    for permission in row.permissions:
        assert condition_on(INSTANCE, SQL, permission) is None


NAME = 'resource.name == "projects/acme/instances/orders"'
TYPE = 'resource.type == "sqladmin.googleapis.com/Instance"'


@pytest.mark.parametrize(
    "expression",
    [
        TYPE + ' && resource.name == "projects/acme/instances/other"',
        'resource.type == "sqladmin.googleapis.com/BackupRun" && ' + NAME,
        NAME,
        TYPE,
        'resource.name.startsWith("projects/acme/instances/")',
        f"{TYPE} && {NAME} && false",
    ],
)
def test_the_proof_takes_no_condition_that_it_does_not_understand(expression):
    use = restart(project="acme", instance="orders")
    (grant,) = granted(use)
    changed = type(grant)(
        principal=grant.principal,
        role=grant.role,
        custom_role=grant.custom_role,
        on=grant.on,
        because=grant.because,
        condition=Condition(expression=expression, title="t"),
    )
    asked = requirements(use)
    assert prove(asked, [grant], facts()).holds
    assert prove(asked, [changed], facts()).uncovered == tuple(asked)
