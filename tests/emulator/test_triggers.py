"""Jobs and event triggers of the control plane: what they are refused for, and what a run does."""

import base64
import json

import pytest

PROJECT = "shop-dev"
PLACE = f"projects/{PROJECT}/locations/europe-west1"
WORKFLOW = f"{PLACE}/workflows/order"
JOBS = f"/cloudscheduler/v1/{PLACE}/jobs"
TRIGGERS = f"/eventarc/v1/{PLACE}/triggers"
EMAIL = f"starts@{PROJECT}.iam.gserviceaccount.com"
FINALIZED = "google.cloud.storage.object.v1.finalized"
MESSAGE = "google.cloud.pubsub.topic.v1.messagePublished"


@pytest.fixture
def place(client):
    """A project with a workflow, an account and both services."""
    client.enable("workflows", "workflowexecutions", "cloudscheduler", "eventarc", "storage", "iam")
    client.account("starts")
    body = {"sourceContents": "main:\n  steps:\n  - a:\n      return: 1\n"}
    client.ok("POST", f"/workflows/v1/{PLACE}/workflows?workflowId=order", body)
    return client


def job(**more):
    return {
        "name": f"{PLACE}/jobs/daily",
        "schedule": "0 6 * * *",
        "httpTarget": {
            "uri": f"https://workflowexecutions.googleapis.com/v1/{WORKFLOW}/executions",
            "body": base64.b64encode(json.dumps({"argument": '{"a":1}'}).encode()).decode(),
            "oauthToken": {"serviceAccountEmail": EMAIL},
        },
        **more,
    }


def trigger(event=FINALIZED, **more):
    filters = [{"attribute": "type", "value": event}]
    if event == FINALIZED:
        filters.append({"attribute": "bucket", "value": "b"})
    return {
        "eventFilters": filters,
        "destination": {"workflow": WORKFLOW},
        "serviceAccount": EMAIL,
        **more,
    }


def executions(client):
    path = f"/workflowexecutions/v1/{WORKFLOW}/executions"
    return client.ok("GET", path).get("executions", [])


def test_a_run_starts_an_execution_as_the_account_of_the_job(place):
    place.ok("POST", JOBS, job())
    place.grant("roles/workflows.invoker", f"serviceAccount:{EMAIL}")
    place.ok("POST", f"{JOBS}/daily:run", {})
    [execution] = executions(place)
    assert execution["argument"] == '{"a":1}'
    found = place.ok("GET", f"{JOBS}/daily")
    assert found["status"] == {}
    assert found["lastAttemptTime"]


def test_a_run_without_the_grant_is_refused_and_the_job_tells(place):
    place.ok("POST", JOBS, job())
    place.ok("POST", f"{JOBS}/daily:run", {})
    assert executions(place) == []
    status = place.ok("GET", f"{JOBS}/daily")["status"]
    assert status["code"] == 7
    assert "workflows.executions.create" in status["message"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schedule": ""}, "Schedule"),
        ({"description": "x" * 501}, "500 characters"),
        ({"pubsubTarget": {"topicName": "t"}}, "one target"),
        (
            {
                "httpTarget": {
                    "uri": "https://a",
                    "oauthToken": {
                        "serviceAccountEmail": f"gone@{PROJECT}.iam.gserviceaccount.com"
                    },
                }
            },
            "does not exist",
        ),
    ],
)
def test_a_job_that_could_not_be_is_refused(place, changes, words):
    answer = place.post(JOBS, job(**changes))
    assert answer.status == 400
    assert words in answer.message


def test_only_who_may_act_as_the_account_makes_a_job_or_a_trigger(place):
    place.grant("roles/cloudscheduler.admin", "user:b@example.com")
    place.grant("roles/eventarc.admin", "user:b@example.com")
    other = place.as_("user:b@example.com")
    assert "actAs" in other.post(JOBS, job()).message
    assert "actAs" in other.post(f"{TRIGGERS}?triggerId=t", trigger(MESSAGE)).message


def test_a_job_is_paused_once_and_resumed_once(place):
    place.ok("POST", JOBS, job())
    assert place.ok("POST", f"{JOBS}/daily:pause", {})["state"] == "PAUSED"
    assert place.post(f"{JOBS}/daily:pause").reason == "FAILED_PRECONDITION"
    assert place.ok("POST", f"{JOBS}/daily:resume", {})["state"] == "ENABLED"
    assert place.post(f"{JOBS}/daily:resume").reason == "FAILED_PRECONDITION"


def test_a_trigger_is_refused_until_both_sides_have_their_roles(place):
    path = f"{TRIGGERS}?triggerId=t"
    refused = place.post(path, trigger())
    assert (refused.reason, "receiveEvent" in refused.message) == ("FAILED_PRECONDITION", True)
    place.grant("roles/eventarc.eventReceiver", f"serviceAccount:{EMAIL}")
    refused = place.post(path, trigger())
    assert "pubsub.topics.publish" in refused.message
    agent = place.ok("GET", f"/storage/storage/v1/projects/{PROJECT}/serviceAccount")[
        "email_address"
    ]
    place.grant("roles/pubsub.publisher", f"serviceAccount:{agent}")
    operation = place.ok("POST", path, trigger())
    assert place.ok("GET", f"/eventarc/v1/{operation['name']}")["done"] is True
    made = place.ok("GET", f"{TRIGGERS}/t")
    assert made["transport"]["pubsub"]["topic"].startswith(f"projects/{PROJECT}/topics/eventarc-")
    everywhere = place.ok("GET", f"/eventarc/v1/projects/{PROJECT}/locations/-/triggers")
    assert [t["name"] for t in everywhere["triggers"]] == [f"{PLACE}/triggers/t"]


def test_messages_of_a_topic_need_no_event_receiver(place):
    topic = {"pubsub": {"topic": f"projects/{PROJECT}/topics/orders"}}
    place.ok("POST", f"{TRIGGERS}?triggerId=t", trigger(MESSAGE, transport=topic))
    made = place.ok("GET", f"{TRIGGERS}/t")
    assert made["transport"]["pubsub"]["topic"] == topic["pubsub"]["topic"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"eventFilters": []}, "'type'"),
        ({"destination": {"workflow": f"{PLACE}/workflows/other"}}, "no workflow"),
        ({"serviceAccount": ""}, "service account"),
    ],
)
def test_a_trigger_that_could_not_be_is_refused(place, changes, words):
    answer = place.post(f"{TRIGGERS}?triggerId=t", trigger(MESSAGE, **changes))
    assert answer.status == 400
    assert words in answer.message


def test_the_source_of_a_trigger_stays(place):
    place.ok("POST", f"{TRIGGERS}?triggerId=t", trigger(MESSAGE))
    answer = place.patch(f"{TRIGGERS}/t?updateMask=eventFilters", trigger(FINALIZED))
    assert "event type" in answer.message
    answer = place.patch(f"{TRIGGERS}/t?updateMask=channel", {"channel": "c"})
    assert "channel" in answer.message
    place.ok("PATCH", f"{TRIGGERS}/t?updateMask=labels", {"labels": {"a": "b"}})
    assert place.ok("GET", f"{TRIGGERS}/t")["labels"] == {"a": "b"}
