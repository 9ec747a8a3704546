"""What starts a workflow, as gcloud commands.

Source: the help of each command in Google Cloud CLI 528.0.0 (2026-11-24)
"""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote
from typing import Final

from wfprov.render.gcloud_shell import Raw, command, either, file
from wfprov.resources.eventarc_trigger import JSON, MESSAGE_PUBLISHED, EventarcTrigger, EventFilter
from wfprov.resources.scheduler_job import SchedulerJob
from wfprov.resources.storage_agent import StorageAgent

NO_ATTEMPTS: Final = (
    "gcloud has no flag for `retry: {attempts: 1}` of a trigger: it retries as the service does"
)
_PATTERN: Final = "match-path-pattern"
_RETRY: Final[Mapping[str, str]] = {
    "retryCount": "max-retry-attempts",
    "maxRetryDuration": "max-retry-duration",
    "minBackoffDuration": "min-backoff",
    "maxBackoffDuration": "max-backoff",
    "maxDoublings": "max-doublings",
}
_FIXED: Final = (
    "value[separator='|'](eventFilters.filter('attribute=type').extract(value).flatten(),"
    "channel,transport.pubsub.topic)"
)


def agent_command(agent: StorageAgent) -> str:
    """The command that asks for the account of Cloud Storage, which makes it."""
    words = ["gcloud", "storage", "service-agent", f"--project={agent.project}"]
    return command(["again", *words], silent=True)


def job_commands(job: SchedulerJob, path: str) -> str:
    """The commands that make a job or bring it up to date; `path` is where its message may be.

    Whether it is paused stays as it is where the configuration does not speak of it.
    """
    body = job.create().request["body"]
    assert isinstance(body, Mapping), "a job is made from a map"
    headers = ",".join(f"{k}={v}" for k, v in sorted(body["httpTarget"]["headers"].items()))
    group = ("gcloud", "scheduler", "jobs")
    place = (f"--project={job.project}", f"--location={job.region}")
    said = [
        *place,
        f"--schedule={job.schedule}",
        f"--time-zone={job.time_zone}",
        f"--uri={job.uri}",
        f"--http-method={body['httpTarget']['httpMethod'].lower()}",
        Raw(f'--message-body-from-file="{path}"'),
        f"--oauth-service-account-email={job.service_account}",
        f"--description={body['description']}",
        *(f"--{flag}={body['retryConfig'][key]}" for key, flag in _RETRY.items()),
    ]
    look = command([*group, "describe", job.job_id, *place, "--format=value(state)"])
    update = ["again", *group, "update", "http", job.job_id, *said, f"--update-headers={headers}"]
    create = ["again", *group, "create", "http", job.job_id, *said, f"--headers={headers}"]
    made = either(
        f"state=$({look} 2>/dev/null)",
        command(update, silent=True),
        "state=ENABLED\n" + command(create, silent=True),
        bare=True,
    )
    lines = [file(path, job.message.text), made]
    if job.paused or not job.keeps_pause:
        verb, already = ("pause", "PAUSED") if job.paused else ("resume", "ENABLED")
        change = command(["again", *group, verb, job.job_id, *place], silent=True)
        lines.append(f"[[ $state == {already} ]] ||\n  {change}")
    return "\n".join(lines)


def trigger_commands(trigger: EventarcTrigger) -> str:
    """The commands that make a trigger or bring it up to date; labels of others stay.

    gcloud changes neither the type of event nor the channel nor the topic, and of the last two it
    says nothing, so the script looks.
    """
    group = ("gcloud", "eventarc", "triggers")
    place = (f"--project={trigger.project}", f"--location={trigger.location}")
    _, _, _, region, _, workflow = trigger.workflow.split("/")
    said = [
        *place,
        *map(_filter, trigger.filters),
        f"--destination-workflow={workflow}",
        f"--destination-workflow-location={region}",
        f"--service-account={trigger.service_account}",
    ]
    labels = ",".join(f"{k}={v}" for k, v in sorted(trigger.labels.items()))
    formatted = trigger.event != MESSAGE_PUBLISHED and not trigger.channel
    content = [f"--event-data-content-type={trigger.content_type}"] if trigger.content_type else []
    again = [f"--event-data-content-type={JSON}"] if formatted and not content else content
    fixed = [
        *([f"--channel={trigger.channel}"] if trigger.channel else ()),
        *([f"--transport-topic={trigger.topic}"] if trigger.topic else ()),
    ]
    name = trigger.trigger_id
    update = ["again", *group, "update", name, *said, *again, f"--update-labels={labels}"]
    create = ["again", *group, "create", name, *said, *content, *fixed, f"--labels={labels}"]
    own = f"projects/{trigger.project}/topics/eventarc-{trigger.location}-{name}-*"
    topic = trigger.topic or (own if trigger.event == MESSAGE_PUBLISHED else "*")
    wanted = f"{trigger.event}|{trigger.channel}|{topic}"
    look = command([*group, "describe", name, *place, f"--format={_FIXED}"])
    then = f'same {quote(name)} "$live" {quote(wanted)}\n{command(update, silent=True)}'
    return either(f"live=$({look} 2>/dev/null)", then, command(create, silent=True), bare=True)


def _filter(one: EventFilter) -> str:
    flag = "event-filters-path-pattern" if one.operator == _PATTERN else "event-filters"
    pair, sign = f"{one.attribute}={one.value}", "|"
    if "," not in pair:
        return f"--{flag}={pair}"
    while sign in pair:
        sign += "|"
    return f"--{flag}=^{sign}^{pair}"
