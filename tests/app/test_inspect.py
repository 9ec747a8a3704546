"""What inspecting finds when grants do not add up: never silence."""

from __future__ import annotations

import pytest

from wfprov.app.doubtful import UNGRANTABLE, UNPROVEN, doubts
from wfprov.app.inspect import inspect
from wfprov.core.span import Source
from wfprov.desired.model import AccessPolicy, WorkflowSpec
from wfprov.store.facts import open_facts

UNDELETE = """
main:
  steps:
    - again:
        call: googleapis.cloudresourcemanager.v3.projects.undelete
        args: {name: projects/acme-prod}
"""
PUBLISH = """
main:
  steps:
    - tell:
        call: googleapis.pubsub.v1.projects.topics.publish
        args: {topic: projects/acme-prod/topics/t, body: {messages: []}}
"""


def inspected(text: str, custom_roles: str = "when-narrower"):
    spec = WorkflowSpec(name="w", source_path="w.yaml", project="acme-prod", region="europe-west1")
    access = AccessPolicy(custom_roles=custom_roles)
    return inspect(spec, Source("w.yaml", text), open_facts(), access)


def test_a_permission_that_no_grantable_role_holds_becomes_a_custom_role():
    found = inspected(UNDELETE)
    (grant,) = found.grants
    assert grant.custom_role is not None
    assert grant.custom_role.permissions == ("resourcemanager.projects.undelete",)
    assert not found.diagnostics


def test_where_custom_roles_are_forbidden_it_is_an_error_with_a_way_out():
    found = inspected(UNDELETE, "never")
    assert not found.grants
    (diagnostic,) = found.diagnostics
    assert diagnostic.rule is UNGRANTABLE
    assert diagnostic.is_error
    assert "resourcemanager.projects.undelete" in diagnostic.message
    assert "custom_roles: when-narrower" in diagnostic.help


def test_grants_that_add_up_are_no_finding():
    assert not inspected(PUBLISH).diagnostics


@pytest.mark.parametrize("spare", [False, True])
def test_the_checker_reports_a_need_without_a_grant_and_a_grant_without_a_need(spare):
    found = inspected(PUBLISH)
    requirements = found.grants[0].because
    chosen = (*found.grants, *found.grants) if spare else ()
    found = list(doubts(requirements, chosen, open_facts()))
    assert found
    assert {d.rule for d in found} == {UNPROVEN}
    assert all("mistake in wfprov" in d.help for d in found)


SERVICE = "projects/acme/locations/europe-west1/services/orders"
OPENS = (
    "- open:\n    call: googleapis.run.v1.projects.locations.services.setIamPolicy\n"
    f"    args: {{resource: {SERVICE}, body: {{policy: {{bindings: []}}}}}}\n"
)
READS = (
    "- read:\n    call: googleapis.run.v1.projects.locations.services.getIamPolicy\n"
    f"    args: {{resource: {SERVICE}}}\n    result: policy\n"
)


def test_a_call_that_replaces_the_policy_with_its_own_grant_is_told():
    (found,) = inspected(OPENS).diagnostics
    assert found.rule.slug == "replaces-own-policy"
    assert "main.open" in found.message


def test_one_that_reads_the_policy_first_is_not():
    assert inspected(READS + OPENS).diagnostics == ()
