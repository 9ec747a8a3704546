"""The checker of grants: it accepts what suffices and names what is missing or superfluous."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import combinations

import pytest
from calling import AT, facts
from hypothesis import given, settings
from hypothesis import strategies as st

from wfprov.catalog.target import Need, Tier
from wfprov.core.address import Permission, ResourceName, RoleName, project_name
from wfprov.core.policy import Condition
from wfprov.iam.build import RoleOptions, grants
from wfprov.iam.grant import Grant
from wfprov.iam.proof import prove
from wfprov.iam.requirement import Requirement

TOPIC = ResourceName("//pubsub.googleapis.com/projects/acme/topics/orders")
PUBLISH = Permission("pubsub.topics.publish")


def wants(permission: str, on: str, *, principal: str = "workflow", **more: object) -> Requirement:
    need = Need(
        permission=Permission(permission), on=ResourceName(on), tier=Tier.CURATED, project="acme"
    )
    return Requirement(principal=principal, need=replace(need, **more), site="main.s", at=AT)


def gives(role: str, on: str, *, principal: str = "workflow", **more: object) -> Grant:
    return Grant(principal=principal, role=RoleName(role), on=ResourceName(on), because=(), **more)


PUBLISHING = wants(PUBLISH, TOPIC)


@pytest.mark.parametrize(
    "on",
    [TOPIC, "//cloudresourcemanager.googleapis.com/projects/acme"],
)
def test_a_role_on_the_resource_or_its_project_answers(on):
    assert prove([PUBLISHING], [gives("roles/pubsub.publisher", on)], facts()).holds


@pytest.mark.parametrize(
    "grant",
    [
        gives("roles/pubsub.publisher", f"{TOPIC}-archive"),
        gives("roles/pubsub.publisher", "//pubsub.googleapis.com/projects/other/topics/orders"),
        gives("roles/pubsub.publisher", project_name("other")),
        gives("roles/pubsub.publisher", TOPIC, principal="service_agent"),
        gives("roles/pubsub.viewer", TOPIC),
        gives("roles/pubsub.nothing", TOPIC),
        gives("roles/pubsub.publisher", project_name("acme"),
              condition=Condition(expression="false", title="never")),
    ],
)  # fmt: skip
def test_another_resource_project_principal_role_or_condition_does_not(grant):
    proof = prove([PUBLISHING], [grant], facts())
    assert proof.uncovered == (PUBLISHING,)
    assert proof.idle == (grant,)


def test_a_bucket_lies_in_the_project_that_the_need_names():
    bucket = wants("storage.objects.get", "//storage.googleapis.com/projects/_/buckets/b")
    assert prove(
        [bucket], [gives("roles/storage.objectViewer", project_name("acme"))], facts()
    ).holds
    elsewhere = gives("roles/storage.objectViewer", project_name("other"))
    assert prove([bucket], [elsewhere], facts()).uncovered == (bucket,)


def test_of_two_grants_that_answer_the_same_neither_is_needed_alone():
    both = [gives("roles/pubsub.publisher", TOPIC), gives("roles/pubsub.editor", TOPIC)]
    assert prove([PUBLISHING], both, facts()).idle == tuple(both)


def test_a_derived_need_is_no_obligation():
    assert prove([wants(PUBLISH, TOPIC, tier=Tier.DERIVED)], [], facts()).holds


RESOURCES = {
    "pubsub.topics.publish": [TOPIC, f"{TOPIC}2", "//pubsub.googleapis.com/projects/o/topics/t"],
    "run.routes.invoke": [
        f"//run.googleapis.com/projects/acme/locations/l/services/{s}" for s in ("a", "b")
    ],
    "run.operations.get": ["//run.googleapis.com/projects/acme/locations/l/jobs/j"],
    "run.jobs.run": ["//run.googleapis.com/projects/acme/locations/l/jobs/j"],
    "datastore.entities.get": ["//firestore.googleapis.com/projects/acme/databases/d"],
    "storage.objects.create": ["//storage.googleapis.com/projects/_/buckets/b"],
    "secretmanager.versions.access": [
        "//secretmanager.googleapis.com/projects/acme/secrets/k/versions/latest"
    ],
    "resourcemanager.projects.get": [project_name("acme")],
}
PAIRS = [(p, on) for p, names in RESOURCES.items() for on in names]
some_needs = st.lists(
    st.builds(
        lambda pair, who: wants(*pair, principal=who, project="o" if "/o/" in pair[1] else "acme"),
        st.sampled_from(PAIRS),
        st.sampled_from(["workflow", "service_agent"]),
    ),
    max_size=7,
)


@settings(max_examples=120, deadline=None)
@given(some_needs, st.sampled_from(["never", "when-narrower", "always"]))
def test_what_is_chosen_is_proven_to_suffice_with_no_grant_to_spare(asked, custom):
    chosen = grants(asked, facts(), RoleOptions(custom_roles=custom))
    assert prove(asked, chosen, facts()).holds


@settings(max_examples=60, deadline=None)
@given(some_needs)
def test_no_smaller_set_of_the_chosen_grants_suffices(asked):
    """By brute force over every subset, not by the checker's own notion of an idle grant."""
    chosen = grants(asked, facts(), RoleOptions())
    for size in range(len(chosen)):
        for some in combinations(chosen, size):
            assert prove(asked, some, facts()).uncovered


def test_many_grants_are_checked_in_linear_time():
    def calls(count: int) -> int:
        topics = [f"//pubsub.googleapis.com/projects/acme/topics/t{i}" for i in range(count)]
        wanted = [wants(PUBLISH, topic) for topic in topics]
        given = [gives("roles/pubsub.publisher", topic) for topic in topics]
        made = 0

        def note(_frame: object, event: str, _: object) -> None:
            nonlocal made
            made += event == "call"

        sys.setprofile(note)
        try:
            proof = prove(wanted, given, facts())
        finally:
            sys.setprofile(None)
        assert proof.holds
        return made

    calls(10)
    assert calls(1000) < 14 * calls(100)
