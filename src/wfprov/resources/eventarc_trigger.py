"""An Eventarc trigger that starts a workflow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, Self

from wfprov.core.address import Address, ResourceName
from wfprov.core.ownership import STACK_LABEL, account_address, api_address
from wfprov.core.policy import canonical_member
from wfprov.core.resource import Body, Call, Replace, Resource

CLIENT: Final = "eventarc:v1"
SERVICE: Final = "eventarc.googleapis.com"
TYPE: Final = "type"
MESSAGE_PUBLISHED: Final = "google.cloud.pubsub.topic.v1.messagePublished"
ANYWHERE: Final = "-"
"""In place of a location: all of them, as in the example of
https://docs.cloud.google.com/eventarc/docs/managing-triggers (2026-11-23)
"""
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, order=True)
class EventFilter:
    """One condition on an event; `operator` is empty for an exact value."""

    attribute: str
    value: str
    operator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventarcTrigger(Resource):
    """`projects/{project}/locations/{location}/triggers/{trigger_id}`.

    `workflow` is `projects/p/locations/l/workflows/w`, of the same project. `filters` are sorted;
    one of them is for the `type`. `topic` is an existing Pub/Sub topic whose messages are the
    events, empty where Eventarc makes one of its own. `content_type` is empty for JSON, `attempts`
    0 for the service's own retries. The label `wfprov-stack` marks the stack. `uid` is live only.

    Source: https://cloud.google.com/eventarc/docs/reference/rest/v1/projects.locations.triggers
    (2026-11-23)
    """

    kind: ClassVar[str] = "eventarc_trigger"
    project: str
    location: str
    trigger_id: str
    workflow: str
    filters: tuple[EventFilter, ...]
    service_account: str
    labels: Mapping[str, str] = field(default_factory=dict)
    topic: str = ""
    channel: str = ""
    content_type: str = ""
    attempts: int = 0
    uid: str = field(default="", compare=False)

    @property
    def address(self) -> Address:
        return Address(self.kind, ResourceName(f"//{SERVICE}/{self._name}"))

    @property
    def scope(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"

    @property
    def identity(self) -> str:
        return self.uid

    @property
    def owner(self) -> str:
        return self.labels.get(STACK_LABEL, "")

    @property
    def runs_as(self) -> str:
        email = self.service_account
        return canonical_member(f"serviceAccount:{email}") if email else ""

    @property
    def event(self) -> str:
        """The type of the events, `google.cloud.storage.object.v1.finalized`."""
        return next((f.value for f in self.filters if f.attribute == TYPE), "")

    def wire(self) -> Body:
        shown = dict(super(EventarcTrigger, self).wire())  # `super()` alone fails with slots
        filters = {
            f.attribute: f"{f.value}{f' ({f.operator})' * bool(f.operator)}" for f in self.filters
        }
        return {**{k: v for k, v in shown.items() if k != "uid"}, "filters": filters}

    def needs(self) -> Iterable[Address]:
        yield api_address(self.project, SERVICE)
        account = account_address(self.service_account)
        if account is not None:
            yield account
        yield Address("workflow", ResourceName(f"//workflows.googleapis.com/{self.workflow}"))

    def over(self, live: Self) -> Self:
        """Labels of others stay."""
        foreign = {k: v for k, v in live.labels.items() if not k.startswith("wfprov-")}
        return replace(self, labels={**foreign, **self.labels})

    def create(self) -> Call:
        body = {k: v for k, v in self._body().items() if v}
        if self.topic:
            body["transport"] = {"pubsub": {"topic": self.topic}}
        if self.channel:
            body["channel"] = self.channel
        request = {
            "parent": self.scope,
            "triggerId": self.trigger_id,
            "body": {"name": self._name, **body},
        }
        return _call("create", request)

    def update(self, was: Self) -> tuple[Call, ...] | Replace:
        """The type, the topic and the channel say where the events come from, and stay for good.

        gcloud changes neither topic nor channel; that the type can not be changed is our caution.
        Source: https://docs.cloud.google.com/sdk/gcloud/reference/eventarc/triggers/update
        (2026-11-23)
        """
        for what, now, before in (
            ("type of event", self.event, was.event),
            ("topic", self.topic, was.topic),
            ("channel", self.channel, was.channel),
        ):
            if now != before:
                return Replace(f"the {what} of a trigger can not be changed")
        body, before_ = self._body(), was._body()
        changed = [key for key, value in body.items() if value != before_[key]]
        if not changed:
            return ()
        request = {
            "name": self._name,
            "updateMask": ",".join(changed),
            "body": {"name": self._name, **{k: body[k] for k in changed if body[k]}},
        }
        return (_call("patch", request),)

    def delete(self) -> Call | None:
        return _call("delete", {"name": self._name})

    def read(self) -> Call:
        return _call("get", {"name": self._name})

    def parse(self, body: Body) -> Self:
        return self._parsed(self.scope, body)

    @classmethod
    def listing(cls, scope: str) -> Call:
        return replace(_call("list", {"parent": scope, "pageSize": 500}), pages="triggers")

    @classmethod
    def listed(cls, scope: str, body: Body) -> tuple[Self, ...]:
        triggers = body.get("triggers", ())
        assert isinstance(triggers, list | tuple), "triggers is a list"
        return tuple(cls._parsed(scope, trigger) for trigger in triggers)

    @classmethod
    def _parsed(cls, scope: str, body: Body) -> Self:
        _, project, _, location = scope.split("/")
        if location == ANYWHERE:
            location = str(body["name"]).split("/")[3]
        trigger_id = str(body["name"]).rpartition("/")[2]
        filters = tuple(sorted(map(_filter, _items(body.get("eventFilters")))))
        event = next((f.value for f in filters if f.attribute == TYPE), "")
        topic = str(_map(_map(body.get("transport")).get("pubsub")).get("topic", ""))
        own = re.fullmatch(rf"projects/[^/]+/topics/eventarc-{location}-{trigger_id}-\d+", topic)
        content_type = str(body.get("eventDataContentType", ""))
        attempts = _map(body.get("retryPolicy")).get("maxAttempts", 0)
        return cls(
            project=project,
            location=location,
            trigger_id=trigger_id,
            workflow=str(_map(body.get("destination")).get("workflow", "")),
            filters=filters,
            service_account=str(body.get("serviceAccount", "")).rpartition("/")[2],
            labels={str(k): str(v) for k, v in _map(body.get("labels")).items()},
            topic=topic if event == MESSAGE_PUBLISHED and own is None else "",
            channel=str(body.get("channel", "")),
            content_type="" if content_type == JSON else content_type,
            attempts=attempts if isinstance(attempts, int) else 0,
            uid=str(body.get("uid", "")),
        )

    @property
    def _name(self) -> str:
        return f"{self.scope}/triggers/{self.trigger_id}"

    def _body(self) -> dict[str, object]:
        return {
            "eventFilters": [
                {"attribute": f.attribute, "value": f.value}
                | ({"operator": f.operator} if f.operator else {})
                for f in self.filters
            ],
            "serviceAccount": self.service_account,
            "destination": {"workflow": self.workflow},
            "labels": dict(self.labels),
            "eventDataContentType": self.content_type or JSON,
            "retryPolicy": {"maxAttempts": self.attempts} if self.attempts else {},
        }


def _filter(body: Mapping[str, object]) -> EventFilter:
    return EventFilter(
        str(body.get("attribute", "")), str(body.get("value", "")), str(body.get("operator", ""))
    )


def _items(value: object) -> list[Mapping[str, object]]:
    return [_map(item) for item in value] if isinstance(value, list | tuple) else []


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _call(method: str, request: Mapping[str, object]) -> Call:
    return Call(client=CLIENT, method=f"projects.locations.triggers.{method}", request=request)


RESOURCE: Final = EventarcTrigger
