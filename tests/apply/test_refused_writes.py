"""What a refused write is reported as: not done where that was said, unknown where it was not."""

import pytest

from wfprov.apply.execute import execute
from wfprov.apply.outcome import State
from wfprov.core.errors import (
    BusyError,
    ConflictError,
    InvalidError,
    NotAuthenticatedError,
    RefusedError,
    UnreachableError,
)
from wfprov.plan.build import plan_live
from wfprov.plan.change import Mode

ONE = "projects/p/s/one"
SAYS_NO = {
    "429": (BusyError, "RESOURCE_EXHAUSTED"),
    "409": (ConflictError, "ABORTED"),
    "403": (RefusedError, "PERMISSION_DENIED"),
    "401": (NotAuthenticatedError, "UNAUTHENTICATED"),
    "400": (InvalidError, "INVALID_ARGUMENT"),
}
MAY_BE_DONE = {"503": (BusyError, "UNAVAILABLE"), "500": (BusyError, "INTERNAL")}


def refusal(kind, call, *, resent=False):
    made, status = {**SAYS_NO, **MAY_BE_DONE}[kind]
    error = made("no", call=call, status=status)
    error.resent = resent
    return error


def run(world, fail, mode=Mode.APPLY):
    """What became of each step, by kind, when `fail` decides over every request of an apply."""
    cloud, desired = world.plane(), world.desired("order-intake")
    if mode is Mode.DESTROY:
        assert run_on(world, cloud, desired, Mode.APPLY).ok
    return cloud, run_on(world, cloud, desired, mode, fail)


def run_on(world, cloud, desired, mode, fail=None):
    plan, live = plan_live(desired, cloud, world.facts, created=1000.0, mode=mode)
    cloud.fail = fail or cloud.fail
    return execute(plan.value, cloud, clock=world.time(), dice=world.dice, live=live)


def of_policy(report):
    (found,) = [o for o in report.outcomes if o.step.id.address.name.endswith("/one")]
    return found


def is_about(call):
    return call.method.endswith("IamPolicy") and call.request["resource"] == ONE


@pytest.mark.parametrize("mode", [Mode.APPLY, Mode.DESTROY])
@pytest.mark.parametrize("kind", SAYS_NO)
def test_a_policy_whose_write_is_refused_and_that_cannot_be_read_either_is_not_done(
    world, mode, kind
):
    begun = []

    def fail(_at, call, *, after):
        if is_about(call) and not after and (begun or call.method.endswith("setIamPolicy")):
            begun.append(call)
            raise refusal(kind, call)

    cloud, report = run(world, fail, mode)
    assert of_policy(report).state is State.FAILED
    assert any("order-intake" in m.member for m in cloud.members(ONE)) is (mode is Mode.DESTROY)
    assert any(c.method.endswith("getIamPolicy") for c in begun)


@pytest.mark.parametrize("kind", MAY_BE_DONE)
@pytest.mark.parametrize("then", SAYS_NO)
def test_a_policy_stays_unknown_where_an_earlier_try_got_no_sure_answer(world, kind, then):
    begun = []

    def fail(_at, call, *, after):
        if is_about(call) and not after and (begun or call.method.endswith("setIamPolicy")):
            begun.append(call)
            raise refusal(kind if len(begun) == 1 else then, call)

    _, report = run(world, fail)
    assert of_policy(report).state is State.UNKNOWN


def test_a_policy_stays_unknown_where_the_library_had_sent_it_before(world):
    begun = []

    def fail(_at, call, *, after):
        if is_about(call) and not after and (begun or call.method.endswith("setIamPolicy")):
            begun.append(call)
            raise refusal("429", call, resent=len(begun) == 1)

    _, report = run(world, fail)
    assert of_policy(report).state is State.UNKNOWN


@pytest.mark.parametrize("then", ["429", "403", "400"])
def test_what_a_lost_try_did_is_found_by_reading_the_policy_back(world, then):
    writes = []

    def fail(_at, call, *, after):
        if not (is_about(call) and call.method.endswith("setIamPolicy")):
            return
        if not after:
            writes.append(call)
        if after and len(writes) == 1:
            raise world.lost(call)
        if not after and len(writes) > 1:
            raise refusal(then, call)

    cloud, report = run(world, fail)
    assert of_policy(report).state is State.DONE
    assert any("was done although no answer came" in n for n in of_policy(report).notes)
    assert any("order-intake" in m.member for m in cloud.members(ONE))


def test_a_conflict_that_never_ends_is_not_done(world):
    cloud, desired = world.plane(), world.desired("order-intake")
    cloud.before_write = lambda plane, name: plane.put(name, plane.policies[name])
    report = run_on(world, cloud, desired, Mode.APPLY)
    assert of_policy(report).state is State.FAILED


@pytest.mark.parametrize("mode", [Mode.APPLY, Mode.DESTROY])
def test_a_policy_that_is_refused_as_the_plan_read_it_is_read_again(world, mode):
    """A member of others that was deleted meanwhile is one that no policy may be written with."""
    read = []

    def fail(_at, call, *, after):
        if not is_about(call) or after:
            return
        if call.method.endswith("getIamPolicy"):
            read.append(call)
        elif not read:
            raise InvalidError("Service account gone@q.iam.gserviceaccount.com does not exist.")

    _, report = run(world, fail, mode)
    assert report.ok, [str(o.error) for o in report.failed]
    assert len(read) == 1


@pytest.mark.parametrize("kind", SAYS_NO)
@pytest.mark.parametrize(
    "method", ["enable", "create_service_account", "create_workflow", "setIamPolicy"]
)
def test_no_kind_of_write_is_unknown_when_its_only_answer_says_no(world, kind, method):
    begun = []

    def fail(_at, call, *, after):
        if not after and (begun or call.method.endswith(method)):
            begun.append(call)
            raise refusal(kind, call)

    _, report = run(world, fail)
    assert report.failed
    assert {o.state for o in report.failed} == {State.FAILED}


@pytest.mark.parametrize("kind", SAYS_NO)
@pytest.mark.parametrize("method", ["delete_service_account", "delete_workflow", "setIamPolicy"])
def test_no_kind_of_removal_is_unknown_when_its_only_answer_says_no(world, kind, method):
    begun = []

    def fail(_at, call, *, after):
        if not after and (begun or call.method.endswith(method)):
            begun.append(call)
            raise refusal(kind, call)

    _, report = run(world, fail, Mode.DESTROY)
    assert report.failed
    assert {o.state for o in report.failed} == {State.FAILED}


def unsent(call):
    error = UnreachableError("connection refused", call=call)
    error.unsent = True
    return error


@pytest.mark.parametrize("lost_before", [False, True])
@pytest.mark.parametrize(
    "method", ["enable", "create_service_account", "create_workflow", "setIamPolicy"]
)
def test_a_write_that_was_never_sent_is_not_done_unless_an_earlier_try_was(
    world, method, lost_before
):
    begun = []

    def fail(_at, call, *, after):
        if not after and (begun or call.method.endswith(method)):
            begun.append(call)
            first = lost_before and len(begun) == 1
            raise world.lost(call) if first else unsent(call)

    _, report = run(world, fail)
    assert report.failed
    states = [o.state for o in report.failed]
    assert (State.UNKNOWN in states) is lost_before


def test_a_write_stays_unknown_where_the_library_had_sent_it_before_the_connection_was_refused(
    world,
):
    begun = []

    def fail(_at, call, *, after):
        if is_about(call) and not after and (begun or call.method.endswith("setIamPolicy")):
            begun.append(call)
            error = unsent(call)
            error.resent = len(begun) == 1
            raise error

    _, report = run(world, fail)
    assert of_policy(report).state is State.UNKNOWN
