"""Grants: they answer every requirement, none is superfluous, and they say why."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from calling import AT, OIDC, facts, granted, requirements, target
from hypothesis import given, settings
from hypothesis import strategies as st

from wfprov.catalog.target import Need, Tier
from wfprov.core.address import Permission, ResourceName, RoleName
from wfprov.iam.build import RoleOptions, grants
from wfprov.iam.proof import uncovered
from wfprov.iam.requirement import Requirement

PROJECT = ResourceName("//cloudresourcemanager.googleapis.com/projects/acme")


def topic(name: str) -> ResourceName:
    return ResourceName(f"//pubsub.googleapis.com/projects/acme/topics/{name}")


def requirement(
    permission: str, on: str, site: str = "main.a", principal: str = "workflow", **more: object
) -> Requirement:
    need = Need(
        permission=Permission(permission), on=ResourceName(on), tier=Tier.CURATED, project="acme"
    )
    return Requirement(principal=principal, need=replace(need, **more), site=site, at=AT)


def built(*asked: Requirement, **options: object):
    return grants(asked, facts(), RoleOptions(**options))


def test_sites_that_ask_for_the_same_share_one_grant():
    (grant,) = built(
        requirement("pubsub.topics.publish", topic("t"), "main.b"),
        requirement("pubsub.topics.publish", topic("t"), "main.a"),
    )
    assert grant.sites == ("main.a", "main.b")


def test_each_principal_has_its_own_grant():
    given = built(
        requirement("pubsub.topics.publish", topic("t")),
        requirement("pubsub.topics.publish", topic("t"), principal="service_agent"),
    )
    assert [g.principal for g in given] == ["service_agent", "workflow"]


def test_a_derived_need_never_becomes_a_grant():
    assert built(requirement("pubsub.topics.publish", topic("t"), tier=Tier.DERIVED)) == ()


def test_what_a_grant_on_the_project_answers_is_not_granted_again_below():
    above = requirement("pubsub.topics.publish", topic("{args.t}"), "main.any")
    below = requirement("pubsub.topics.publish", topic("t"), "main.one")
    (grant,) = built(above, below)
    assert grant.on == PROJECT
    assert grant.sites == ("main.any", "main.one")


def test_a_grant_in_one_project_does_not_answer_another():
    other = "//pubsub.googleapis.com/projects/other/topics/t"
    given = built(
        requirement("pubsub.topics.publish", topic("{args.t}")),
        requirement("pubsub.topics.publish", other, project="other"),
    )
    assert {g.on for g in given} == {PROJECT, other}


def test_excess_counts_what_nobody_asked_for_and_works_there():
    get = requirement(
        "storage.objects.get", "//storage.googleapis.com/projects/_/buckets/b/objects/o"
    )
    (one,) = built(get)
    both = replace(get, need=replace(get.need, permission=Permission("storage.objects.list")))
    (two,) = built(get, both)
    assert one.role == two.role == "roles/storage.objectViewer"
    assert two.excess == one.excess - 1


def test_custom_roles_stand_in_above_the_threshold_only():
    predict = requirement(
        "aiplatform.endpoints.predict",
        "//aiplatform.googleapis.com/projects/acme/locations/l/publishers/google/models/m",
    )
    publish = requirement("pubsub.topics.publish", topic("t"))
    by_resource = {g.on: g for g in built(predict, publish, custom_roles="when-narrower")}
    custom = by_resource[PROJECT].custom_role
    assert custom is not None
    assert custom.permissions == ("aiplatform.endpoints.predict",)
    assert custom.project == "acme"
    assert by_resource[PROJECT].excess == 0
    assert by_resource[topic("t")].role == "roles/pubsub.publisher"
    assert built(predict)[0].role == "roles/aiplatform.user"


@pytest.mark.parametrize(
    ("permission", "on", "role"),
    [
        ("compute.disks.use", "projects/acme/zones/z/disks/d", None),
        ("compute.instanceTemplates.useReadOnly", "projects/acme/global/instanceTemplates/t", None),
        ("compute.images.useReadOnly", "projects/acme/global/images/i", "roles/compute.imageUser"),
        ("compute.disks.delete", "projects/acme/zones/z/disks/d", "roles/compute.instanceAdmin"),
    ],
)
def test_what_is_only_used_is_given_no_role_that_can_change_or_remove_it(permission, on, role):
    use = requirement(permission, f"//compute.googleapis.com/{on}")
    (grant,) = built(use, custom_roles="when-narrower")
    assert grant.role == role
    (plain,) = built(use)
    assert plain.role is not None


def test_always_makes_every_role_a_custom_one_with_a_stable_name():
    publish = requirement("pubsub.topics.publish", topic("t"))
    (first,) = built(publish, custom_roles="always")
    (second,) = built(replace(publish, site="main.other"), custom_roles="always")
    assert first.role is None
    assert first.role_name == second.role_name
    assert first.role_name.startswith("projects/acme/roles/wfprov_")


def test_a_preference_of_the_user_counts():
    use = target("http.get", url="https://s-493817260155.europe-west1.run.app", auth=OIDC)
    options = RoleOptions(
        prefer_roles={Permission("run.routes.invoke"): RoleName("roles/run.servicesInvoker")}
    )
    assert [g.role for g in granted(use, options=options)] == ["roles/run.servicesInvoker"]


def test_polling_on_the_project_is_a_grant_of_its_own():
    use = target("googleapis.run.v2.projects.locations.jobs.run",
                 name="projects/acme/locations/l/jobs/j")  # fmt: skip
    assert [(g.role, g.on) for g in granted(use)] == [
        ("roles/run.viewer", PROJECT),
        ("roles/run.invoker", "//run.googleapis.com/projects/acme/locations/l/jobs/j"),
    ]


USES = {
    "run": lambda: target("http.get", url="https://s-1.us-east1.run.app", auth=OIDC),
    "job": lambda: target("googleapis.run.v2.projects.locations.jobs.run",
                          name="projects/acme/locations/l/jobs/{args.j}"),
    "job j": lambda: target("googleapis.run.v2.projects.locations.jobs.run",
                            name="projects/acme/locations/l/jobs/j", body={"overrides": {"x": 1}}),
    "publish": lambda: target("googleapis.pubsub.v1.projects.topics.publish",
                              topic="projects/acme/topics/t"),
    "subscribe": lambda: target("googleapis.pubsub.v1.projects.subscriptions.create",
                                name="projects/acme/subscriptions/s",
                                body={"topic": "projects/acme/topics/t"}),
    "topic": lambda: target("googleapis.pubsub.v1.projects.topics.delete",
                            topic="projects/acme/topics/{args.t}"),
    "secret": lambda: target("googleapis.secretmanager.v1.projects.secrets.versions.accessString",
                             secret_id="k"),
    "put": lambda: target("googleapis.storage.v1.objects.insert", bucket="b", name="o"),
    "get": lambda: target("googleapis.storage.v1.objects.get", bucket="b", object="o"),
    "copy": lambda: target("googleapis.storage.v1.objects.copy", sourceBucket="a",
                           sourceObject="o", destinationBucket="b", destinationObject="o"),
    "stop": lambda: target("googleapis.compute.v1.instances.stop", project="acme", zone="z",
                           instance="vm"),
    "vm": lambda: target("googleapis.compute.v1.instances.insert", project="acme", zone="z",
                         body={"disks": [{"initializeParams": {}}], "networkInterfaces": [{}]}),
    "query": lambda: target("googleapis.bigquery.v2.jobs.query", projectId="acme",
                            body={"query": "SELECT * FROM d.t"}),
    "log": lambda: target("sys.log", text="x"),
    "child": lambda: target("experimental.executions.run", workflow_id="child"),
    "cluster": lambda: target("googleapis.container.v1.projects.locations.clusters.create",
                              parent="projects/acme/locations/l", body={}),
    "private": lambda: target("http.get", url="http://10.0.0.1",
                              private_service_name="projects/acme/locations/l/namespaces/n/services/s"),
}  # fmt: skip


def in_project(project: str, need: Need) -> Need:
    """The same need in another project, and in a bucket of that project: their names are global."""

    def moved(name: str) -> ResourceName:
        name = name.replace("acme", project).replace("493817260155", "1234567890")
        name = name.replace("{network_project}", "{network_of_other}")
        name = name.replace("/projects/1/", "/projects/2/")
        return ResourceName(name.replace("/buckets/", f"/buckets/{project}-"))

    above = moved(need.policy_on) if need.policy_on else None
    return replace(need, on=moved(need.on), policy_on=above, project=need.project and project)


some_uses = st.lists(st.sampled_from(sorted(USES)), min_size=1, max_size=8, unique=True)


@settings(max_examples=80, deadline=None)
@given(some_uses)
def test_grants_answer_every_requirement(chosen):
    asked = requirements(*(USES[name]() for name in chosen))
    assert uncovered(asked, grants(asked, facts(), RoleOptions()), facts()) == ()


@settings(max_examples=80, deadline=None)
@given(some_uses, st.sampled_from(["never", "when-narrower", "always"]))
def test_removing_any_one_grant_leaves_some_requirement_unanswered(chosen, custom):
    asked = requirements(*(USES[name]() for name in chosen))
    given_ = grants(asked, facts(), RoleOptions(custom_roles=custom))
    assert uncovered(asked, given_, facts()) == ()
    for grant in given_:
        rest = [g for g in given_ if g is not grant]
        assert uncovered(asked, rest, facts()), grant


@settings(max_examples=40, deadline=None)
@given(some_uses, st.randoms())
def test_grants_do_not_depend_on_the_order_of_the_requirements(chosen, random):
    asked = requirements(*(USES[name]() for name in chosen))
    shuffled = list(asked)
    random.shuffle(shuffled)
    assert grants(asked, facts(), RoleOptions()) == grants(shuffled, facts(), RoleOptions())


@settings(max_examples=40, deadline=None)
@given(some_uses, some_uses, st.sampled_from(["project", "principal"]))
def test_what_another_project_or_principal_needs_changes_no_grant(chosen, others, elsewhere):
    """A new definition elsewhere only adds: the grants that were there stay as they are."""
    asked = requirements(*(USES[name]() for name in chosen))
    added = requirements(*(USES[name]() for name in others))
    if elsewhere == "principal":
        added = tuple(replace(one, principal="b@acme.iam.gserviceaccount.com") for one in added)
    else:
        added = tuple(replace(one, need=in_project("other", one.need)) for one in added)
    before = grants(asked, facts(), RoleOptions())
    after = grants((*added, *asked), facts(), RoleOptions())
    assert set(before) <= set(after)
    assert set(after) == {*before, *grants(added, facts(), RoleOptions())}


@settings(max_examples=40, deadline=None)
@given(some_uses, some_uses)
def test_what_one_more_workflow_needs_never_opens_more_for_the_others(chosen, others):
    """Where accounts are apart, a workflow beside changes nothing, whichever comes first."""
    asked = requirements(*(USES[name]() for name in chosen))
    beside = [
        replace(one, principal=f"{n}@acme.iam.gserviceaccount.com")
        for n, name in enumerate(others)
        for one in requirements(USES[name]())
    ]
    first = grants([*asked, *beside], facts(), RoleOptions())
    last = grants([*reversed(beside), *asked], facts(), RoleOptions())
    assert first == last
    assert [g for g in first if g.principal in {r.principal for r in asked}] == list(
        grants(asked, facts(), RoleOptions())
    )


@settings(max_examples=40, deadline=None)
@given(some_uses)
def test_every_reason_of_a_grant_is_answered_by_it(chosen):
    asked = requirements(*(USES[name]() for name in chosen))
    for grant in grants(asked, facts(), RoleOptions()):
        assert grant.because
        assert uncovered(grant.because, [grant], facts()) == ()


def test_no_requirement_gives_no_grant():
    assert grants([], facts(), RoleOptions()) == ()


def test_a_thousand_workflows_are_solved_in_seconds():
    asked = requirements(*(make() for make in USES.values()))
    grants(asked, facts(), RoleOptions())
    begin = time.process_time()
    for _ in range(100):
        grants(asked, facts(), RoleOptions())
    assert time.process_time() - begin < 2


@pytest.mark.parametrize("count", [200])
def test_many_permissions_of_one_service_are_solved_in_bounded_time(count):
    role = facts().role(RoleName("roles/compute.admin"))
    assert role is not None
    wanted = sorted(p for p in role.permissions if p.startswith("compute."))[::5][:count]
    begin = time.process_time()
    given_ = grants([requirement(p, PROJECT) for p in wanted], facts(), RoleOptions())
    assert time.process_time() - begin < 10
    assert uncovered([requirement(p, PROJECT) for p in wanted], given_, facts()) == ()
