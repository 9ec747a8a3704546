"""A Cloud Scheduler job that starts a workflow."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, Self

from wfprov.core.address import Address, ResourceName
from wfprov.core.ownership import account_address, api_address, marked, unmarked
from wfprov.core.policy import canonical_member
from wfprov.core.resource import Body, Call, Contents, Replace, Resource

CLIENT: Final = "cloudscheduler:v1"
SERVICE: Final = "cloudscheduler.googleapis.com"
UTC: Final = "Etc/UTC"
FAILED: Final = "UPDATE_FAILED"
EXECUTIONS: Final = re.compile(
    r"https://workflowexecutions\.[^/]+/v1/(projects/[^/]+/locations/[^/]+/workflows/[^/]+)"
    r"/executions"
)
RETRY: Final[Mapping[str, str]] = {
    "retryCount": "0",
    "maxRetryDuration": "0s",
    "minBackoffDuration": "5s",
    "maxBackoffDuration": "3600s",
    "maxDoublings": "5",
}
"""How often a failed attempt is made again, where nothing is said.

Source: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
(2026-11-23)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerJob(Resource):
    """`projects/{project}/locations/{region}/jobs/{job_id}`, which starts a workflow by HTTP.

    `uri` is that of the workflow's executions, `message` the body of the request, and
    `service_account` the account whose OAuth token is sent: it must be of the job's own project.
    `retry` holds what differs from `RETRY`, each value as a text.

    A job has no labels: the stack's mark ends its description, which holds at most 500 characters.
    Whether it is paused stays as it is live while `keeps_pause`: somebody may have stopped it for a
    reason. A job is made running and paused then. `broken`: an update was left half done.

    Source: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
    (2026-11-23), https://cloud.google.com/scheduler/docs/http-target-auth (2026-11-23)
    """

    kind: ClassVar[str] = "scheduler_job"
    project: str
    region: str
    job_id: str
    uri: str
    message: Contents
    service_account: str
    schedule: str
    time_zone: str = UTC
    retry: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    stack: str = ""
    paused: bool = False
    broken: bool = False
    keeps_pause: bool = field(default=False, compare=False)

    @property
    def address(self) -> Address:
        return Address(self.kind, ResourceName(f"//{SERVICE}/{self._name}"))

    @property
    def scope(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"

    @property
    def owner(self) -> str:
        return self.stack

    @property
    def runs_as(self) -> str:
        email = self.service_account
        return canonical_member(f"serviceAccount:{email}") if email else ""

    def wire(self) -> Body:
        shown = super(SchedulerJob, self).wire()  # `super()` alone fails in a class with slots
        return {k: v for k, v in shown.items() if k != "keeps_pause"}

    def sealed(self) -> Self:
        return replace(self, message=self.message.sealed())

    def needs(self) -> Iterable[Address]:
        yield api_address(self.project, SERVICE)
        account = account_address(self.service_account)
        if account is not None:
            yield account
        started = EXECUTIONS.fullmatch(self.uri)
        if started is not None:
            name = ResourceName(f"//workflows.googleapis.com/{started[1]}")
            yield Address("workflow", name)

    def over(self, live: Self) -> Self:
        return replace(self, paused=live.paused) if self.keeps_pause else self

    def as_created(self) -> Self:
        return replace(self, paused=False)

    def create(self) -> Call:
        body = {"name": self._name, **self._body()}
        return _call("create", {"parent": self.scope, "body": body})

    def update(self, was: Self) -> tuple[Call, ...] | Replace:
        now, before = self._recognised(), was._recognised()
        changed = [k for k, v in now.items() if v != before[k] or was.broken]
        body = self._body()
        calls = []
        if changed:
            request = {
                "name": self._name,
                "updateMask": ",".join(changed),
                "body": {"name": self._name, **{k: body[k] for k in changed}},
            }
            calls.append(_call("patch", request))
        if self.paused != was.paused:
            verb = "pause" if self.paused else "resume"
            calls.append(_call(verb, {"name": self._name, "body": {}}))
        return tuple(calls)

    def delete(self) -> Call | None:
        return _call("delete", {"name": self._name})

    def read(self) -> Call:
        return _call("get", {"name": self._name})

    def parse(self, body: Body) -> Self:
        return self._parsed(self.scope, body)

    @classmethod
    def listing(cls, scope: str) -> Call:
        return replace(_call("list", {"parent": scope, "pageSize": 500}), pages="jobs")

    @classmethod
    def listed(cls, scope: str, body: Body) -> tuple[Self, ...]:
        jobs = body.get("jobs", ())
        assert isinstance(jobs, list | tuple), "jobs is a list"
        return tuple(cls._parsed(scope, job) for job in jobs)

    @classmethod
    def _parsed(cls, scope: str, body: Body) -> Self:
        _, project, _, region = scope.split("/")
        description, stack = unmarked(str(body.get("description", "")))
        target = _map(body.get("httpTarget"))
        state = str(body.get("state", ""))
        return cls(
            project=project,
            region=region,
            job_id=str(body["name"]).rpartition("/")[2],
            uri=str(target.get("uri", "")),
            message=Contents(_decoded(str(target.get("body", "")))),
            service_account=str(_map(target.get("oauthToken")).get("serviceAccountEmail", "")),
            schedule=str(body.get("schedule", "")),
            time_zone=str(body.get("timeZone") or UTC),
            retry=retried(_map(body.get("retryConfig"))),
            description=description,
            stack=stack,
            paused=state == "PAUSED",
            broken=state == FAILED,
        )

    @property
    def _name(self) -> str:
        return f"{self.scope}/jobs/{self.job_id}"

    def _recognised(self) -> dict[str, object]:
        target = (self.uri, self.message.digest, self.service_account)
        return {**self._body(), "httpTarget": target}

    def _body(self) -> dict[str, object]:
        retry = {**RETRY, **self.retry}
        return {
            "description": marked(self.description, self.stack),
            "schedule": self.schedule,
            "timeZone": self.time_zone,
            "httpTarget": {
                "uri": self.uri,
                "httpMethod": "POST",
                "headers": {"Content-Type": "application/json"},
                "body": base64.b64encode(self.message.text.encode()).decode(),
                "oauthToken": {"serviceAccountEmail": self.service_account},
            },
            "retryConfig": {k: int(v) if v.isdecimal() else v for k, v in retry.items()},
        }


def retried(config: Mapping[str, object]) -> dict[str, str]:
    """What of a retry configuration differs from `RETRY`, durations in one form: `5s`, `0.5s`."""
    found = {key: _plain(config[key]) for key in RETRY if config.get(key) is not None}
    return {key: value for key, value in found.items() if value != RETRY[key]}


def _plain(value: object) -> str:
    text = str(value)
    try:
        return f"{float(text.removesuffix('s')):.9f}".rstrip("0").rstrip(".") + (
            "s" if text.endswith("s") else ""
        )
    except ValueError:
        return text


def _decoded(body: str) -> str:
    """The text of a request's body, empty for one that is no text."""
    try:
        return base64.b64decode(body).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _call(method: str, request: Mapping[str, object]) -> Call:
    return Call(client=CLIENT, method=f"projects.locations.jobs.{method}", request=request)


RESOURCE: Final = SchedulerJob
