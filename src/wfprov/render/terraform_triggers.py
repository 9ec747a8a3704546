"""Scheduler jobs and Eventarc triggers as arguments of the google provider's resources.

Source: https://github.com/hashicorp/terraform-provider-google/tree/main/website/docs/r (2026-11-23;
the pages of both not opened, their arguments held against the provider's schema by a test)
"""

from __future__ import annotations

from collections.abc import Mapping

from wfprov.render.hcl import Attribute, Block, Expression
from wfprov.resources.eventarc_trigger import EventarcTrigger
from wfprov.resources.scheduler_job import SchedulerJob

Text = str | Expression


def job(made: SchedulerJob, account: Text) -> list[Attribute | Block]:
    """A job; `account` is the e-mail address that it starts the workflow as."""
    body = _map(made.create().request["body"])
    target, retry = _map(body["httpTarget"]), _map(body["retryConfig"])
    counts = {"retry_count": "retryCount", "max_doublings": "maxDoublings"}
    durations = {
        "max_retry_duration": "maxRetryDuration",
        "min_backoff_duration": "minBackoffDuration",
        "max_backoff_duration": "maxBackoffDuration",
    }
    return [
        Attribute("project", made.project),
        Attribute("region", made.region),
        Attribute("name", made.job_id),
        Attribute("description", str(body["description"])),
        Attribute("schedule", made.schedule),
        Attribute("time_zone", made.time_zone),
        *([Attribute("paused", value=True)] if made.paused else ()),
        Block(
            "retry_config",
            (),
            (
                *(Attribute(to, Expression(str(retry[name]))) for to, name in counts.items()),
                *(Attribute(to, str(retry[name])) for to, name in durations.items()),
            ),
        ),
        Block(
            "http_target",
            (),
            (
                Attribute("uri", made.uri),
                Attribute("http_method", str(target["httpMethod"])),
                Attribute("body", str(target["body"])),
                Attribute("headers", {str(k): str(v) for k, v in _map(target["headers"]).items()}),
                Block("oauth_token", (), (Attribute("service_account_email", account),)),
            ),
        ),
    ]


def trigger(made: EventarcTrigger, account: Text, workflow: Text) -> list[Attribute | Block]:
    """A trigger; `workflow` is what it starts, `projects/p/locations/l/workflows/w`."""
    texts = {"channel": made.channel, "event_data_content_type": made.content_type}
    blocks = [
        Block(
            "matching_criteria",
            (),
            (
                Attribute("attribute", one.attribute),
                Attribute("value", one.value),
                *([Attribute("operator", one.operator)] if one.operator else ()),
            ),
        )
        for one in made.filters
    ]
    if made.topic:
        pubsub = Block("pubsub", (), (Attribute("topic", made.topic),))
        blocks.append(Block("transport", (), (pubsub,)))
    if made.attempts:
        attempts = Attribute("max_attempts", Expression(str(made.attempts)))
        blocks.append(Block("retry_policy", (), (attempts,)))
    return [
        Attribute("project", made.project),
        Attribute("location", made.location),
        Attribute("name", made.trigger_id),
        Attribute("service_account", account),
        *(Attribute(name, value) for name, value in texts.items() if value),
        Attribute("labels", dict(made.labels)),
        *blocks,
        Block("destination", (), (Attribute("workflow", workflow),)),
    ]


def _map(value: object) -> Mapping[str, object]:
    assert isinstance(value, Mapping), "a request is made of maps"
    return value
