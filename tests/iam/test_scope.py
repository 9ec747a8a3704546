"""The narrowest resource whose policy carries a permission."""

from __future__ import annotations

import pytest
from calling import facts

from wfprov.catalog.target import Need, Tier
from wfprov.core.address import Permission, ResourceName
from wfprov.iam.scope import narrowest_scope, type_of

PROJECT = "//cloudresourcemanager.googleapis.com/projects/acme"


def scope(permission: str, on: str, *, project: str = "acme", policy_on: str | None = None):
    return narrowest_scope(
        Need(
            permission=Permission(permission),
            on=ResourceName(on),
            tier=Tier.CURATED,
            project=project,
            policy_on=None if policy_on is None else ResourceName(policy_on),
        ),
        facts(),
    )


RUN = "//run.googleapis.com/projects/acme/locations/l"
BUCKET = "//storage.googleapis.com/projects/_/buckets/b"


@pytest.mark.parametrize(
    ("permission", "on", "expected"),
    [
        ("run.routes.invoke", f"{RUN}/services/s", f"{RUN}/services/s"),
        ("run.executions.get", f"{RUN}/jobs/j/executions/e", f"{RUN}/jobs/j"),
        ("storage.objects.get", f"{BUCKET}/objects/o/p", BUCKET),
        ("secretmanager.versions.access",
         "//secretmanager.googleapis.com/projects/acme/secrets/s/versions/1",
         "//secretmanager.googleapis.com/projects/acme/secrets/s"),
        ("bigquery.tables.getData", "//bigquery.googleapis.com/projects/acme/datasets/d/tables/t",
         "//bigquery.googleapis.com/projects/acme/datasets/d/tables/t"),
        ("bigquery.tables.create", "//bigquery.googleapis.com/projects/acme/datasets/d",
         "//bigquery.googleapis.com/projects/acme/datasets/d"),
        ("compute.images.useReadOnly", "//compute.googleapis.com/projects/acme/global/images/i",
         "//compute.googleapis.com/projects/acme/global/images/i"),
        ("cloudtasks.tasks.create",
         "//cloudtasks.googleapis.com/projects/acme/locations/l/queues/q",
         "//cloudtasks.googleapis.com/projects/acme/locations/l/queues/q"),
    ],
)  # fmt: skip
def test_a_resource_with_a_policy_is_its_own_scope(permission, on, expected):
    assert scope(permission, on).on == expected


@pytest.mark.parametrize(
    ("permission", "on"),
    [
        ("workflows.executions.create",
         "//workflows.googleapis.com/projects/acme/locations/l/workflows/w"),
        ("cloudsql.instances.get", "//cloudsql.googleapis.com/projects/acme/instances/i"),
        ("batch.jobs.create", "//batch.googleapis.com/projects/acme/locations/l"),
        # What is checked on the project takes no effect on a service.
        ("run.operations.get", f"{RUN}/services/s"),
    ],
)  # fmt: skip
def test_a_resource_without_a_policy_that_carries_it_widens_to_its_project(permission, on):
    found = scope(permission, on)
    assert found.on == PROJECT
    assert found.breadth


def test_a_hole_in_a_name_widens_to_the_parent():
    found = scope("pubsub.topics.publish", "//pubsub.googleapis.com/projects/acme/topics/{args.t}")
    assert (found.on, found.breadth) == (PROJECT, "all topics of acme")
    table = "//bigquery.googleapis.com/projects/acme/datasets/d/tables/{args.t}"
    assert scope("bigquery.tables.getData", table).on == table.partition("/tables")[0]


def test_a_bucket_that_is_not_known_widens_to_the_project_that_it_is_presumed_in():
    on = "//storage.googleapis.com/projects/_/buckets/{args.b}/objects/o"
    assert scope("storage.objects.get", on).on == PROJECT


def test_a_hidden_project_leaves_a_pattern():
    on = "//pubsub.googleapis.com/projects/{args.p}/topics/t"
    assert scope("pubsub.topics.publish", on, project="{args.p}").on == on


def test_what_the_environment_fills_is_as_good_as_known():
    on = "//run.googleapis.com/projects/{project}/locations/{region}/services/s"
    assert scope("run.routes.invoke", on, project="{project}").on == on


def test_acting_as_an_account_is_never_widened():
    on = "//iam.googleapis.com/projects/-/serviceAccounts/{args.email}"
    assert scope("iam.serviceAccounts.actAs", on, policy_on=on).on == on


def test_what_the_catalog_says_of_the_policy_counts():
    assert scope("run.jobs.run", f"{RUN}/jobs/j", policy_on=PROJECT).on == PROJECT


def test_a_type_is_the_service_and_the_collections():
    assert type_of(f"{RUN}/services/{{args.s}}") == (
        "run.googleapis.com/projects/locations/services"
    )
    assert type_of("//compute.googleapis.com/projects/p/global/images/i") == (
        "compute.googleapis.com/projects/global/images"
    )
