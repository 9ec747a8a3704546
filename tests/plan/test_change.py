"""Differences, inheritance, ownership, and what no plan may hold."""

from dataclasses import replace

import pytest

from wfprov.core.address import ResourceName, RoleName, project_name
from wfprov.core.policy import BindingKey, Condition, Membership
from wfprov.core.resource import Contents
from wfprov.desired.graph import Blocked, Desired
from wfprov.plan import rules
from wfprov.plan.build import plan, plan_offline
from wfprov.plan.change import AccessChange, Action, Create, Delete, Mode, Plan, action_of
from wfprov.plan.document import document
from wfprov.plan.legal import IllegalPlanError, check_legal
from wfprov.plan.live import Live
from wfprov.resources.iam_policy import IamPolicy, PolicyRoute
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import Workflow

ACCOUNT = ServiceAccount(project="p", account_id="order-intake", stack="orders")
OURS = f"serviceAccount:{ACCOUNT.email}"
INVOKER = BindingKey(RoleName("roles/run.invoker"))
WORKFLOW = Workflow(
    project="p",
    region="r",
    workflow_id="order-intake",
    source=Contents("main: {}"),
    service_account=ACCOUNT.email,
    labels={"wfprov-stack": "orders"},
)


class Nothing:
    def needs(self, _method):
        return None


def policy(name, *members):
    return IamPolicy(
        subject_name=ResourceName(name),
        route=PolicyRoute(client="run:v2", collection="c", parameters={"resource": name}),
        memberships=frozenset(Membership(INVOKER, m) for m in members),
    )


SERVICE = policy("//run.googleapis.com/projects/p/locations/r/services/s", OURS)
PROJECT = policy(project_name("p"))


def desired(*resources, accesses=(SERVICE,), above=(PROJECT,), **more):
    return Desired(
        stack="orders",
        mark="orders",
        resources=resources,
        accesses=accesses,
        above=above,
        owned=frozenset({OURS}),
        **more,
    )


def live(*resources, **bodies):
    named = {"service": SERVICE.address, "project": PROJECT.address}
    return Live(
        resources={r.address: r for r in resources},
        bodies={named[k]: {"bindings": b} for k, b in bodies.items()},
        absent=dict.fromkeys({SERVICE.address} - {named[k] for k in bodies}, ""),
    )


def planned(wanted, found, mode=Mode.APPLY):
    return plan(wanted, found, Nothing(), created=0.0, mode=mode)


def actions(checked):
    return {c.access.subject: action_of(c) for c in checked.value.changes if hasattr(c, "access")}


def test_a_grant_that_the_project_gives_already_is_inherited():
    held = [{"role": "roles/run.invoker", "members": [OURS]}]
    checked = planned(desired(), live(service=[], project=held))
    assert actions(checked)[SERVICE.subject] is Action.INHERITED
    assert checked.value.due == ()


def test_a_conditional_grant_above_is_not_relied_on():
    held = [
        {
            "role": "roles/run.invoker",
            "members": [OURS],
            "condition": {"expression": "false", "title": "t"},
        }
    ]
    checked = planned(desired(), live(service=[], project=held))
    assert actions(checked)[SERVICE.subject] is Action.UPDATE


def test_a_grant_above_that_goes_is_not_relied_on():
    held = [{"role": "roles/run.invoker", "members": [OURS]}]
    checked = planned(desired(), live(service=[], project=held), Mode.PRUNE)
    assert actions(checked) == {SERVICE.subject: Action.UPDATE, PROJECT.subject: Action.UPDATE}


def test_the_remains_of_a_deleted_account_of_ours_are_repaired_and_no_others():
    ours, other = f"deleted:{OURS}?uid=1", "deleted:user:x@x.example?uid=2"
    held = [{"role": "roles/run.invoker", "members": [ours, other]}]
    (change,) = planned(desired(), live(service=held, project=[])).value.due
    assert {m.member for m in change.remove} == {ours}
    assert {m.member for m in change.add} == {OURS}


def test_access_that_nothing_asks_for_is_shown_and_left():
    held = [{"role": "roles/owner", "members": [OURS]}]
    checked = planned(desired(), live(service=[], project=held))
    (drift,) = checked.value.drift
    assert {m.key.role for m in drift.memberships} == {"roles/owner"}


def test_a_missing_resource_is_named_and_blocks_the_apply():
    checked = planned(desired(), live(project=[]))
    assert [d.rule for d in checked.diagnostics] == [rules.MISSING_RESOURCE]
    assert not checked.value.applyable


def test_another_stacks_workflow_is_not_taken_over():
    theirs = replace(WORKFLOW, labels={"wfprov-stack": "billing"})
    checked = planned(desired(WORKFLOW), live(theirs, service=[], project=[]))
    assert rules.OTHER_STACK in [d.rule for d in checked.diagnostics]


def test_a_workflow_that_nobody_owns_is_adopted_without_an_import():
    unmarked = replace(WORKFLOW, labels={})
    checked = planned(desired(WORKFLOW), live(unmarked, service=[], project=[]))
    assert checked.ok
    assert Action.UPDATE in [action_of(c) for c in checked.value.changes]


def test_a_protected_workflow_is_not_removed():
    guarded = replace(WORKFLOW, labels={**WORKFLOW.labels, "wfprov-protected": "true"})
    checked = planned(desired(guarded), live(guarded, service=[], project=[]), Mode.DESTROY)
    assert [d.rule for d in checked.diagnostics] == [rules.PROTECTED]


def test_destroying_leaves_an_account_that_is_not_marked_and_its_grants():
    held = [{"role": "roles/run.invoker", "members": [OURS]}]
    unmarked = replace(ACCOUNT, stack="")
    checked = planned(desired(ACCOUNT), live(unmarked, service=held, project=[]), Mode.DESTROY)
    assert checked.value.due == ()


def test_a_part_of_a_stack_takes_the_rest_for_neither_drift_nor_removed():
    other = replace(ACCOUNT, account_id="refunds")
    checked = planned(desired(), live(other, service=[], project=[]), Mode.PART)
    assert checked.value.drift == ()


def test_an_offline_plan_assumes_an_empty_project_and_is_never_applied():
    checked = plan_offline(desired(ACCOUNT, WORKFLOW), Nothing(), created=0.0)
    assert checked.ok
    assert {type(c) for c in checked.value.changes} == {Create, AccessChange}
    assert not checked.value.applyable


def test_an_open_question_keeps_a_plan_from_being_applied():
    open_one = Blocked(
        reason="question", workflow="w", site="main.a", file="w", line=1, column=1, message="?"
    )
    checked = planned(desired(blocked=(open_one,)), live(service=[], project=[]))
    assert not checked.value.applyable
    assert document(checked.value)["questions"][0]["site"] == "main.a"


EMPTY = Plan(
    stack="orders",
    mark="orders",
    endpoint="cloud",
    environment="",
    project="p",
    mode=Mode.APPLY,
    created=0.0,
    expires=1.0,
)
FOREIGN = Membership(INVOKER, "user:ops@x.example")


@pytest.mark.parametrize(
    "broken",
    [
        replace(EMPTY, changes=(Delete(ACCOUNT),)),
        replace(EMPTY, mode=Mode.PRUNE, changes=(Delete(replace(ACCOUNT, stack="x")),)),
        replace(EMPTY, mode=Mode.DESTROY, changes=(Create(ACCOUNT),)),
        replace(EMPTY, changes=(Create(ACCOUNT), Create(ACCOUNT))),
        replace(EMPTY, expires=-1.0),
        replace(
            EMPTY,
            changes=(
                AccessChange(
                    access=SERVICE, before=frozenset({FOREIGN}), remove=frozenset({FOREIGN})
                ),
            ),
        ),
        replace(EMPTY, changes=(AccessChange(access=SERVICE, add=frozenset({FOREIGN})),)),
    ],
    ids=["delete", "not-ours", "destroy", "twice", "expired", "foreign-member", "not-wanted"],
)
def test_what_no_planner_makes_is_refused(broken):
    with pytest.raises(IllegalPlanError):
        check_legal(broken)


def test_a_document_is_deterministic_and_carries_the_contracts_keys():
    checked = planned(desired(ACCOUNT, WORKFLOW), live(service=[], project=[]))
    shown = document(checked.value)
    assert shown == document(checked.value)
    assert {"format_version", "stack", "environment", "created", "expires", "applyable"} < set(
        shown
    )
    assert {"changes", "drift", "questions", "fingerprints", "deployer_permissions"} < set(shown)
    for change in shown["changes"]:
        assert {"address", "kind", "action", "before", "after", "because", "calls"} <= set(change)
    assert "main: {}" not in str(shown)


def test_a_condition_is_part_of_what_a_membership_is():
    timed = BindingKey(RoleName("roles/run.invoker"), Condition(expression="true", title="t"))
    wanted = replace(SERVICE, memberships=frozenset({Membership(timed, OURS)}))
    held = [{"role": "roles/run.invoker", "members": [OURS]}]
    checked = planned(desired(accesses=(wanted,)), live(service=held, project=[]))
    (change,) = checked.value.due
    assert {m.key for m in change.add} == {timed}
