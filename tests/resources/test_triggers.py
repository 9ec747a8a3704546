"""What is read back of a trigger is what was asked for, and what of it can be changed."""

from dataclasses import replace

import pytest

from wfprov.core.resource import Contents, Replace
from wfprov.resources.eventarc_trigger import MESSAGE_PUBLISHED, EventarcTrigger, EventFilter
from wfprov.resources.scheduler_job import SchedulerJob, retried

JOB = SchedulerJob(
    project="p",
    region="r",
    job_id="w-schedule",
    uri="https://workflowexecutions.googleapis.com/v1/projects/p/locations/r/workflows/w/executions",
    message=Contents('{"argument": "{}"}'),
    service_account="t@p.iam.gserviceaccount.com",
    schedule="0 6 * * *",
    retry={"retryCount": "3"},
    stack="s",
    paused=True,
)
TRIGGER = EventarcTrigger(
    project="p",
    location="r",
    trigger_id="w-event",
    workflow="projects/p/locations/r/workflows/w",
    filters=(
        EventFilter("bucket", "b"),
        EventFilter("type", "google.cloud.storage.object.v1.deleted"),
    ),
    service_account="t@p.iam.gserviceaccount.com",
    labels={"wfprov-stack": "s"},
    attempts=1,
)


def live_job(**more):
    return {**JOB.create().request["body"], "state": "ENABLED", **more}


def live_trigger(**more):
    return {**TRIGGER.create().request["body"], "uid": "u", **more}


def test_a_job_that_was_made_is_read_back_as_its_creation_leaves_it():
    assert JOB.parse(live_job()) == JOB.as_created()
    assert JOB.parse(live_job(state="PAUSED")) == JOB


def test_a_paused_job_is_made_and_then_paused():
    [pause] = JOB.update(JOB.as_created())
    assert pause.method == "projects.locations.jobs.pause"


def test_a_job_that_was_paused_by_hand_stays_so_unless_the_configuration_speaks_of_it():
    running = replace(JOB, paused=False)
    assert replace(running, keeps_pause=True).over(JOB) == JOB
    [resume] = running.over(JOB).update(JOB)
    assert resume.method == "projects.locations.jobs.resume"


def test_only_what_differs_of_a_job_is_sent():
    [call] = JOB.update(replace(JOB, schedule="0 7 * * *"))
    assert call.request["updateMask"] == "schedule"
    assert call.request["body"] == {"name": JOB._name, "schedule": "0 6 * * *"}


def test_a_job_whose_update_failed_is_sent_whole():
    live = JOB.parse(live_job(state="UPDATE_FAILED"))
    calls = JOB.over(live).update(live)
    assert "httpTarget" in calls[0].request["updateMask"]
    assert live != JOB.as_created()


def test_a_message_is_recognised_by_its_digest():
    sealed = JOB.sealed()
    assert sealed == JOB
    assert sealed.message.text == ""
    changed = replace(JOB, message=Contents("{}"))
    assert changed.update(sealed)[0].request["updateMask"] == "httpTarget"


def test_a_job_that_is_no_ones_and_calls_something_else_can_be_taken_over():
    live = JOB.parse(
        {"name": JOB._name, "schedule": "0 6 * * *", "pubsubTarget": {"topicName": "t"}}
    )
    assert (live.owner, live.uri) == ("", "")
    assert "httpTarget" in JOB.update(live)[0].request["updateMask"]


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({}, {}),
        ({"retryCount": 0, "maxDoublings": 5, "minBackoffDuration": "5.000s"}, {}),
        (
            {"retryCount": 3, "maxRetryDuration": "0.5s"},
            {"retryCount": "3", "maxRetryDuration": "0.5s"},
        ),
    ],
)
def test_of_retries_only_what_is_not_the_default_counts(config, wanted):
    assert retried(config) == wanted


def test_a_trigger_that_was_made_is_read_back_the_same():
    made = live_trigger(
        eventDataContentType="application/json",
        transport={"pubsub": {"topic": "projects/p/topics/eventarc-r-w-event-123"}},
    )
    assert TRIGGER.parse(made) == TRIGGER
    assert TRIGGER.parse(made).identity == "u"


@pytest.mark.parametrize(
    "topic", ["projects/p/topics/orders", "projects/p/topics/eventarc-r-other-123"]
)
def test_a_topic_of_ones_own_is_told_from_one_that_eventarc_made(topic):
    ours = replace(TRIGGER, filters=(EventFilter("type", MESSAGE_PUBLISHED),))
    body = {**ours.create().request["body"], "transport": {"pubsub": {"topic": topic}}}
    assert ours.parse(body).topic == topic
    body["transport"] = {"pubsub": {"topic": "projects/p/topics/eventarc-r-w-event-77"}}
    assert ours.parse(body).topic == ""


@pytest.mark.parametrize(
    ("field", "was"),
    [
        ("filters", (EventFilter("type", "google.cloud.storage.object.v1.finalized"),)),
        ("topic", "projects/p/topics/orders"),
        ("channel", "projects/p/locations/r/channels/c"),
    ],
)
def test_where_events_come_from_is_changed_by_making_the_trigger_anew(field, was):
    assert isinstance(TRIGGER.update(replace(TRIGGER, **{field: was})), Replace)


def test_labels_of_others_stay_on_a_trigger():
    live = replace(TRIGGER, labels={"team": "a", "wfprov-stack": "other", "wfprov-old": "x"})
    assert TRIGGER.over(live).labels == {"team": "a", "wfprov-stack": "s"}
