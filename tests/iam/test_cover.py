"""The least cover: exact, of grantable roles, the same every time."""

from __future__ import annotations

from itertools import combinations

import pytest
from calling import facts
from hypothesis import given, settings
from hypothesis import strategies as st

from wfprov.core.address import Permission, RoleName
from wfprov.core.facts import Role
from wfprov.iam.cover import effective_excess, is_grantable, is_reading, least_cover

SERVICE = "run.googleapis.com/projects/locations/services"
TOPIC = "pubsub.googleapis.com/projects/topics"


def names(*permissions: str, **options) -> list[str]:
    cover = least_cover([Permission(p) for p in permissions], facts(), **options)
    assert not cover.uncovered
    return [role.name for role in cover.roles]


@pytest.mark.parametrize(
    ("permissions", "roles"),
    [
        (["run.routes.invoke"], ["roles/run.invoker"]),
        (["pubsub.topics.publish"], ["roles/pubsub.publisher"]),
        (["secretmanager.versions.access"], ["roles/secretmanager.secretAccessor"]),
        (["logging.logEntries.create"], ["roles/logging.logWriter"]),
        (["workflows.executions.create", "workflows.executions.get"], ["roles/workflows.invoker"]),
        (["bigquery.jobs.create"], ["roles/bigquery.jobUser"]),
        (["bigquery.tables.getData"], ["roles/bigquery.dataViewer"]),
        (["storage.objects.get"], ["roles/storage.objectViewer"]),
        (["storage.objects.create"], ["roles/storage.objectCreator"]),
        (["cloudtasks.tasks.create"], ["roles/cloudtasks.enqueuer"]),
        (["datastore.entities.get"], ["roles/datastore.viewer"]),
        (["cloudfunctions.functions.invoke"], ["roles/cloudfunctions.invoker"]),
        (["iap.webServiceVersions.accessViaIAP"], ["roles/iap.httpsResourceAccessor"]),
        (["container.clusters.get"], ["roles/container.clusterViewer"]),
        (["iam.serviceAccounts.actAs"], ["roles/iam.serviceAccountUser"]),
    ],
)
def test_a_common_permission_takes_the_role_that_googles_pages_name(permissions, roles):
    assert names(*permissions) == roles


def test_running_a_job_takes_the_role_with_nothing_else_to_run():
    kind = "run.googleapis.com/projects/locations/jobs"
    assert names("run.jobs.run", working=facts().effective(kind)) == ["roles/run.invoker"]


def test_a_preferred_role_takes_the_place_of_the_default():
    preferred = {Permission("run.routes.invoke"): RoleName("roles/run.servicesInvoker")}
    assert names("run.routes.invoke", working=facts().effective(SERVICE), prefer=preferred) == [
        "roles/run.servicesInvoker"
    ]


def test_a_preferred_role_that_lacks_the_permission_is_not_taken():
    preferred = {Permission("pubsub.topics.publish"): RoleName("roles/run.invoker")}
    assert names("pubsub.topics.publish", prefer=preferred) == ["roles/pubsub.publisher"]


def test_what_cannot_take_effect_is_no_excess():
    there = facts().effective(SERVICE)
    cover = least_cover([Permission("run.routes.invoke")], facts(), working=there)
    assert cover.excess == 0
    assert least_cover([Permission("run.routes.invoke")], facts()).excess == 2


def test_a_permission_that_no_role_holds_is_uncovered():
    cover = least_cover([Permission("mystery.things.poke")], facts())
    assert cover.roles == ()
    assert cover.uncovered == {"mystery.things.poke"}


@pytest.mark.parametrize(
    "name",
    [
        "roles/owner", "roles/editor", "roles/viewer", "roles/workflows.serviceAgent",
        "roles/storage.legacyBucketReader", "roles/datacatalog.searchAdmin",
        "roles/bigquery.routineDataViewer", "roles/aiplatform.expressUser",
        "roles/storage.insightsCollectorService",
    ],
)  # fmt: skip
def test_a_role_that_is_not_for_a_workflow_is_never_offered(name):
    role = facts().role(RoleName(name))
    assert role is not None
    assert not is_grantable(role)


def test_no_service_agents_role_is_grantable():
    agents = [r for r in every_role() if "serviceagent" in r.name.lower()]
    assert len(agents) > 200
    assert not [r.name for r in agents if is_grantable(r)]


def every_role() -> list[Role]:
    services = {r[0] for r in facts()._rows("SELECT name FROM role")}
    return [role for name in sorted(services) if (role := facts().role(RoleName(name)))]


HOME = ["pubsub", "run", "secretmanager", "cloudtasks", "workflows", "datastore"]


def held_permissions(service: str) -> list[Permission]:
    """Permissions of a service that some grantable role holds."""
    return sorted(
        p
        for role in facts().roles_of(service)
        if is_grantable(role)
        for p in role.permissions
        if p.startswith(f"{service}.")
    )


@st.composite
def wanted(draw) -> tuple[Permission, ...]:
    service = draw(st.sampled_from(HOME))
    pool = sorted(set(held_permissions(service)))
    return tuple(draw(st.lists(st.sampled_from(pool), min_size=1, max_size=5, unique=True)))


@settings(max_examples=60, deadline=None)
@given(wanted())
def test_a_cover_holds_all_and_no_cover_of_three_roles_has_less_excess(permissions):
    """Brute force over every set of up to three grantable roles of the service.

    For permissions that change something: those that only read prefer roles that change least.
    """
    need = frozenset(p for p in permissions if not is_reading(p)) - {"run.routes.invoke"}
    if not need:
        return
    cover = least_cover(need, facts())
    held = frozenset().union(*(role.permissions for role in cover.roles))
    assert need <= held
    service = next(iter(need)).partition(".")[0]
    roles = [r for r in facts().roles_of(service) if is_grantable(r) and r.permissions & need]
    least = min(
        len(effective_excess(some, need, None))
        for size in (1, 2, 3)
        for some in combinations(roles, size)
        if need <= frozenset().union(*(r.permissions for r in some))
    )
    assert cover.excess <= least


@settings(max_examples=60, deadline=None)
@given(wanted())
def test_what_only_reads_is_never_answered_by_a_role_that_can_change_more(permissions):
    for permission in permissions:
        if not is_reading(permission):
            continue
        (chosen,) = least_cover([permission], facts()).roles
        fewest = min(
            sum(not is_reading(p) for p in role.permissions)
            for role in facts().roles_of(permission.partition(".")[0])
            if is_grantable(role) and permission in role.permissions
        )
        assert sum(not is_reading(p) for p in chosen.permissions) == fewest


@pytest.mark.parametrize(
    ("permission", "role"),
    [
        ("resourcemanager.projects.get", "roles/browser"),
        ("compute.zoneOperations.get", "roles/compute.viewer"),
        ("container.operations.get", "roles/container.viewer"),
        ("workflows.executions.get", "roles/workflows.viewer"),
    ],
)
def test_reading_takes_a_viewer_though_an_administrator_has_less_excess(permission, role):
    assert names(permission, hints=frozenset({RoleName(role)})) == [role]


@pytest.mark.parametrize("verb", ["getAccessToken", "getOpenIdToken", "getCredentials", "access"])
def test_what_hands_out_tokens_or_secrets_does_not_count_as_reading(verb):
    assert not is_reading(Permission(f"iam.serviceAccounts.{verb}"))


def test_a_role_that_googles_page_names_wins_when_its_excess_is_about_the_same():
    kind = "compute.googleapis.com/projects/zones/instances"
    stop = [Permission("compute.instances.stop")]
    named = frozenset({RoleName("roles/compute.instanceAdmin.v1")})
    plain, hinted = (
        least_cover(stop, facts(), working=facts().effective(kind)),
        least_cover(stop, facts(), working=facts().effective(kind), hints=named),
    )
    assert [role.name for role in hinted.roles] == ["roles/compute.instanceAdmin.v1"]
    assert plain.excess < hinted.excess <= plain.excess * 1.1


def test_a_named_role_with_far_more_excess_does_not_win():
    named = frozenset({RoleName("roles/storage.admin")})
    there = facts().effective("storage.googleapis.com/projects/buckets")
    assert names("storage.objects.get", working=there, hints=named) == [
        "roles/storage.objectViewer"
    ]


def test_the_basic_roles_old_and_new_are_never_offered():
    for name in ("owner", "editor", "viewer", "admin", "writer", "reader"):
        role = facts().role(RoleName(f"roles/{name}"))
        assert role is None or not is_grantable(role)


@settings(max_examples=60, deadline=None)
@given(wanted(), st.randoms())
def test_a_cover_does_not_depend_on_the_order_of_what_is_asked(permissions, random):
    shuffled = list(permissions)
    random.shuffle(shuffled)
    assert least_cover(permissions, facts()) == least_cover(shuffled, facts())


@settings(max_examples=60, deadline=None)
@given(wanted())
def test_a_cover_offers_grantable_roles_only(permissions):
    assert all(is_grantable(role) for role in least_cover(permissions, facts()).roles)
