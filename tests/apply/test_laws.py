"""What holds whatever happens: convergence, nothing foreign lost, a report that is true."""

import signal
import time

import pytest

from wfprov.apply.execute import execute, still_true
from wfprov.apply.outcome import State, Waiting
from wfprov.apply.waiting import Patience
from wfprov.core.errors import (
    BusyError,
    InvalidError,
    RefusedError,
    StalePlanError,
    UnreachableError,
)
from wfprov.core.policy import Membership, Policy
from wfprov.plan.build import plan_live
from wfprov.plan.change import Action, Mode, action_of
from wfprov.plan.stages import Part, stages

REQUESTS = {Mode.APPLY: 5, Mode.DESTROY: 4}
"""How many requests a run without faults sends."""
ONE, TWO = "projects/p/s/one", "projects/p/s/two"


def planned(world, desired, cloud, mode=Mode.APPLY):
    checked, live = plan_live(desired, cloud, world.facts, created=1000.0, mode=mode)
    assert checked.ok, checked.diagnostics
    return checked.value, live


def applied(world, desired, cloud, mode=Mode.APPLY, **options):
    plan, live = planned(world, desired, cloud, mode)
    return execute(plan, cloud, clock=world.time(), dice=world.dice, live=live, **options)


def due(world, desired, cloud, mode=Mode.APPLY):
    return planned(world, desired, cloud, mode)[0].due


def test_planning_after_an_apply_is_empty(world):
    cloud, desired = world.plane(), world.desired("order-intake", "refunds")
    assert applied(world, desired, cloud).ok
    assert due(world, desired, cloud) == ()


def test_one_read_and_one_write_per_policy_however_many_members(world):
    cloud = world.plane()
    desired = world.desired(*(f"workflow-{i}" for i in range(30)))
    applied(world, desired, cloud)
    policies = [c for c in cloud.calls if c.method.endswith("IamPolicy")]
    assert len(policies) == 4


def test_one_list_per_kind_and_scope_however_many_resources(world):
    cloud = world.plane()
    planned(world, world.desired(*(f"workflow-{i}" for i in range(30))), cloud)
    assert len([c for c in cloud.calls if c.pages]) == 4
    assert len(cloud.calls) == 6


def test_nothing_foreign_is_lost_by_apply_and_destroy(world):
    cloud, desired = world.plane(), world.desired("order-intake")
    before = {name: cloud.foreign(name) for name in (ONE, TWO)}
    applied(world, desired, cloud)
    assert {name: cloud.foreign(name) for name in (ONE, TWO)} == before
    assert applied(world, desired, cloud, Mode.DESTROY).ok
    assert {name: cloud.foreign(name) for name in (ONE, TWO)} == before
    assert not [n for n in cloud.things if "services/" not in n]
    assert due(world, desired, cloud, Mode.DESTROY) == ()


@pytest.mark.parametrize("answer_lost", [False, True], ids=["not-done", "done-and-lost"])
@pytest.mark.parametrize("mode", [Mode.APPLY, Mode.DESTROY])
def test_an_apply_that_was_cut_at_any_request_converges(world, mode, answer_lost):
    desired = world.desired("order-intake")
    number = 0
    while True:
        cloud = world.plane()
        if mode is Mode.DESTROY:
            assert applied(world, desired, cloud).ok
        plan, live = planned(world, desired, cloud, mode)
        before = {name: cloud.foreign(name) for name in (ONE, TWO)}
        first = len(cloud.calls)
        failing = first + number

        def fail(at, call, *, after, failing=failing):
            if at >= failing and after is answer_lost:
                raise world.lost(call)

        cloud.fail = fail
        report = execute(plan, cloud, clock=world.time(), dice=world.dice, live=live)
        reached = len(cloud.calls) > failing
        assert report.ok or reached
        cloud.fail = lambda *_, **__: None
        assert not report.ok or due(world, desired, cloud, mode) == ()
        again = still_true(plan, cloud, 1000.0)
        assert execute(plan, cloud, clock=world.time(), dice=world.dice, live=again).ok
        assert due(world, desired, cloud, mode) == ()
        assert {name: cloud.foreign(name) for name in (ONE, TWO)} == before
        if not reached:
            break
        number += 1
    assert number == REQUESTS[mode]


def test_what_is_gone_with_its_policy_is_removed_and_not_waited_for(world):
    cloud, desired = world.plane(), world.desired("order-intake")
    assert applied(world, desired, cloud).ok
    plan, live = planned(world, desired, cloud, Mode.DESTROY)
    del cloud.policies[ONE]
    clock = world.time()
    report = execute(plan, cloud, clock=clock, dice=world.dice, live=live)
    assert report.ok, report
    assert clock.now() == world.time().now()
    assert any("was gone already" in note for one in report.outcomes for note in one.notes)
    assert not [n for n in cloud.things if "services/" not in n]


def test_what_is_gone_where_something_is_granted_fails(world):
    cloud, desired = world.plane(), world.desired("order-intake")
    plan, live = planned(world, desired, cloud)
    del cloud.policies[ONE]
    report = execute(
        plan, cloud, clock=world.time(), dice=world.dice, live=live, patience=Patience.of(0)
    )
    assert not report.ok
    assert not any("was gone already" in note for one in report.outcomes for note in one.notes)


def test_a_saved_plan_of_removals_is_true_where_the_resource_is_gone(world):
    cloud, desired = world.plane(), world.desired("order-intake")
    assert applied(world, desired, cloud).ok
    plan, _ = planned(world, desired, cloud, Mode.DESTROY)
    del cloud.policies[ONE]
    live = still_true(plan, cloud, 1000.0)
    assert execute(plan, cloud, clock=world.time(), dice=world.dice, live=live).ok


def test_a_saved_plan_that_grants_is_stale_where_the_resource_is_gone(world):
    cloud, desired = world.plane(), world.desired("order-intake")
    plan, _ = planned(world, desired, cloud)
    del cloud.policies[ONE]
    with pytest.raises(StalePlanError):
        still_true(plan, cloud, 1000.0)


def test_one_lost_answer_is_no_failure(world):
    desired = world.desired("order-intake")
    cloud = world.plane()
    plan, live = planned(world, desired, cloud)
    first = len(cloud.calls)
    for number in range(first, first + 8):
        cloud = world.plane()
        plan, live = planned(world, desired, cloud)

        def fail(at, call, *, after, number=number):
            if at == number and after:
                raise world.lost(call)

        cloud.fail = fail
        assert execute(plan, cloud, clock=world.time(), dice=world.dice, live=live).ok, number


def test_a_conflict_restarts_the_cycle_and_keeps_the_other_writers_member(world):
    cloud, desired = world.plane(), world.desired("order-intake")
    rivals = iter(("user:b@x.example", "user:c@x.example"))

    def rival(plane, name):
        member = next(rivals, None) if name == ONE else None
        if member:
            key = next(m.key for m in plane.members(name) if m.member == "allUsers")
            changed = Policy(plane.policies[name]).changed(add=[Membership(key, member)])
            plane.put(name, changed.body)

    cloud.before_write = rival
    report = applied(world, desired, cloud)
    assert report.ok
    members = {m.member for m in cloud.members(ONE)}
    assert {"user:b@x.example", "user:c@x.example"} < members
    assert desired.owned < members
    notes = [note for outcome in report.outcomes for note in outcome.notes]
    assert any("restarted" in note and "2 times" in note for note in notes)
    assert any("kept an edit of somebody else: user:b@x.example gained" in n for n in notes)


def test_a_conflict_that_never_ends_is_given_up_and_named(world):
    cloud, desired = world.plane(), world.desired("order-intake")
    cloud.before_write = lambda plane, name: plane.put(name, plane.policies[name])
    report = applied(world, desired, cloud)
    assert {o.step.id.part for o in report.failed} == {Part.GRANT}


def test_after_a_failure_the_independent_goes_on_and_dependants_are_not_started(world):
    cloud, desired = world.plane(), world.desired("order-intake")

    def refuse(_at, call, *, after):
        if call.method.endswith("setIamPolicy") and call.request["resource"] == ONE and not after:
            raise RefusedError("no", call=call, permission="run.services.setIamPolicy")

    cloud.fail = refuse
    report = applied(world, desired, cloud)
    states = {(o.step.id.address.kind, o.state) for o in report.outcomes}
    assert ("iam_policy", State.FAILED) in states
    assert ("iam_policy", State.DONE) in states
    assert ("workflow", State.NOT_STARTED) in states
    (waiting,) = [o for o in report.outcomes if o.state is State.NOT_STARTED]
    assert [id_.address.name.rpartition("/")[2] for id_ in waiting.waits_for] == ["one"]
    assert "projects/p/locations/r/workflows/order-intake" not in cloud.things


def test_an_account_that_is_not_seen_yet_is_waited_for_visibly(world):
    cloud, desired = world.plane(), world.desired("order-intake")
    blind = iter(range(3))

    def late(_at, call, *, after):
        if call.method.endswith("setIamPolicy") and not after and next(blind, None) is not None:
            raise InvalidError(
                "Service account order-intake@p.iam.gserviceaccount.com does not exist.", call=call
            )

    cloud.fail = late
    seen = []
    report = applied(world, desired, cloud, observe=seen.append)
    assert report.ok
    assert [e for e in seen if isinstance(e, Waiting) and "does not exist" in e.reason]


def test_an_account_that_is_never_seen_is_given_up(world):
    cloud, desired = world.plane(), world.desired("order-intake")

    def never(_at, call, *, after):
        if call.method.endswith("setIamPolicy") and not after:
            raise InvalidError(
                "Service account order-intake@p.iam.gserviceaccount.com does not exist.", call=call
            )

    cloud.fail = never
    clock = world.time()
    plan, live = planned(world, desired, cloud)
    report = execute(plan, cloud, clock=clock, dice=world.dice, live=live)
    assert report.failed
    assert 60 < clock.now() - 1000 < 1200


def test_one_bad_member_keeps_no_other_out(world):
    cloud = world.plane()
    stack = world.desired("order-intake")
    ghost = "serviceAccount:ghost@p.iam.gserviceaccount.com"
    good = next(iter(stack.owned))
    access = world.policy(ONE, ("roles/run.invoker", good), ("roles/run.invoker", ghost))
    desired = type(stack)(
        stack="orders",
        mark="orders",
        resources=stack.resources,
        accesses=(access,),
        owned=stack.owned,
    )
    report = applied(world, desired, cloud)
    (failed,) = report.failed
    assert ghost.partition(":")[2] in failed.error.message
    assert good in {m.member for m in cloud.members(ONE)}


def test_busy_is_tried_again_within_bounds(world):
    cloud, desired = world.plane(), world.desired("order-intake")

    def busy(_at, call, *, after):
        if call.method == "create_workflow" and not after:
            raise BusyError("slow down", call=call, status="RESOURCE_EXHAUSTED")

    cloud.fail = busy
    report = applied(world, desired, cloud)
    assert [o.step.id.address.kind for o in report.failed] == ["workflow"]
    assert len([c for c in cloud.calls if c.method == "create_workflow"]) == 6


def test_an_interrupt_ends_with_a_report(world):
    cloud, desired = world.plane(), world.desired("order-intake")

    def interrupt(_at, call, *, after):
        if call.method == "create_service_account" and after:
            signal.raise_signal(signal.SIGINT)
            time.sleep(0.2)  # the signal reaches the main thread while this step still runs

    cloud.fail = interrupt
    report = applied(world, desired, cloud)
    assert report.interrupted
    assert not report.ok
    states = {o.step.id.address.kind: o.state for o in report.outcomes}
    assert states["service_account"] is State.DONE
    assert states["workflow"] is State.NOT_STARTED
    assert "projects/p/serviceAccounts/order-intake@p.iam.gserviceaccount.com" in cloud.things


def test_a_saved_plan_is_stale_when_a_binding_that_it_changes_has_moved(world):
    cloud, desired = world.plane(), world.desired("order-intake")
    plan, _ = planned(world, desired, cloud)
    key = next(m.key for m in cloud.members(ONE) if m.member == "allUsers")
    changed = Policy(cloud.policies[ONE]).changed(add=[Membership(key, "user:new@x.example")])
    cloud.put(ONE, changed.body)
    with pytest.raises(StalePlanError, match=r"user:new@x.example gained roles/run.invoker") as e:
        still_true(plan, cloud, 1000.0)
    assert e.value.exit_code == 5


def test_a_saved_plan_is_not_stale_when_somebody_edits_elsewhere(world):
    cloud, desired = world.plane(), world.desired("order-intake")
    plan, _ = planned(world, desired, cloud)
    body = dict(cloud.policies[ONE])
    body["bindings"] = [*body["bindings"], {"role": "roles/x", "members": ["user:n@x.example"]}]
    cloud.put(ONE, body)
    live = still_true(plan, cloud, 1000.0)
    assert execute(plan, cloud, clock=world.time(), dice=world.dice, live=live).ok
    assert "user:n@x.example" in {m.member for m in cloud.members(ONE)}


def test_a_saved_plan_is_stale_when_the_workflow_was_changed(world):
    cloud = world.plane()
    applied(world, world.desired("order-intake"), cloud)
    plan, _ = planned(world, world.desired("order-intake", source="main: {b: 1}"), cloud)
    cloud.things["projects/p/locations/r/workflows/order-intake"]["sourceContents"] = "other"
    with pytest.raises(StalePlanError, match="order-intake was changed"):
        still_true(plan, cloud, 1000.0)


def test_a_plan_expires(world):
    cloud = world.plane()
    plan, _ = planned(world, world.desired("order-intake"), cloud)
    with pytest.raises(StalePlanError, match="expired"):
        still_true(plan, cloud, plan.expires + 1)


def test_what_is_no_longer_asked_for_is_shown_and_only_pruning_removes_it(world):
    cloud = world.plane()
    applied(world, world.desired("order-intake", "refunds"), cloud)
    smaller = world.desired("order-intake")
    plan, _ = planned(world, smaller, cloud)
    assert plan.due == ()
    assert {d.address.kind for d in plan.drift} == {"workflow", "service_account", "iam_policy"}
    report = applied(world, smaller, cloud, Mode.PRUNE)
    assert report.ok
    assert not [n for n in cloud.things if "refunds" in n]
    assert due(world, smaller, cloud, Mode.PRUNE) == ()
    plan, _ = planned(world, smaller, cloud)
    assert plan.drift == ()


def test_removal_goes_in_reverse_order(world):
    cloud, desired = world.plane(), world.desired("order-intake")
    applied(world, desired, cloud)
    plan, _ = planned(world, desired, cloud, Mode.DESTROY)
    kinds = [{s.id.address.kind for s in stage} for stage in stages(plan.changes)]
    assert kinds == [{"workflow"}, {"iam_policy"}, {"service_account"}]
    assert Action.CREATE not in map(action_of, plan.changes)


def test_an_unreachable_control_plane_ends_the_plan_with_its_error(world):
    cloud = world.plane()

    def fail(_at, call, **_when):
        raise world.lost(call)

    cloud.fail = fail
    with pytest.raises(UnreachableError):
        planned(world, world.desired("order-intake"), cloud)
