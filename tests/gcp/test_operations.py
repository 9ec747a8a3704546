"""Long-running operations are waited for, within bounds."""

import pytest

from wfprov.core.errors import BusyError, CloudError, RefusedError
from wfprov.core.resource import Call
from wfprov.gcp.operations import LONGEST, LOST_POLLS, finished

CALL = Call(client="run:v2", method="x", request={})


class Time:
    seconds = 0.0

    def now(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds


def test_the_answer_is_the_resource_and_not_its_envelope():
    polls = iter([{"name": "o"}, {"name": "o", "done": True, "response": {"@type": "t", "a": 1}}])
    assert finished({"name": "o"}, lambda _: next(polls), call=CALL, clock=Time()) == {"a": 1}


def test_an_operation_that_failed_raises_its_error():
    failed = {"done": True, "error": {"code": 7, "message": "no"}}
    with pytest.raises(RefusedError):
        finished(failed, lambda _: {}, call=CALL, clock=Time())


def test_an_operation_that_never_ends_is_given_up_in_time():
    clock = Time()
    with pytest.raises(CloudError, match="did not end"):
        finished({"name": "o"}, lambda name: {"name": name}, call=CALL, clock=clock)
    assert LONGEST <= clock.seconds < LONGEST + 10


def test_some_polls_may_be_lost_but_not_all():
    answers = iter([BusyError("x"), BusyError("x"), None])

    def poll(name):
        answer = next(answers, BusyError("x"))
        if answer:
            raise answer
        return {"name": name}

    with pytest.raises(CloudError, match="could not be read"):
        finished({"name": "o"}, poll, call=CALL, clock=Time())
    assert LOST_POLLS == 5
