"""A deployed workflow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, Self

from wfprov.core.address import Address, ResourceName
from wfprov.core.ownership import STACK_LABEL, account_address, api_address
from wfprov.core.policy import canonical_member
from wfprov.core.resource import Body, Call, Contents, Replace, Resource, digest_of

CLIENT: Final = "google.cloud.workflows_v1:WorkflowsClient"
PROTECTION_LABEL: Final = "wfprov-protected"
APPLIED_LABEL: Final = "wfprov-applied"
ANYWHERE: Final = "-"
"""In place of a region: all of them. The reference does not speak of it for workflows, yet others
list so (github.com/cloudquery/cloudquery: plugins/source/gcp/resources/services/workflows,
2026-11-23); what it did not reach is in `unreachable`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow(Resource):
    """`projects/{project}/locations/{region}/workflows/{workflow_id}`.

    `service_account` is an e-mail address, empty for the project's default. The label
    `wfprov-stack` marks the stack, `wfprov-protected` forbids deletion: the API has no such field.
    `wfprov-applied` is a digest of the definition and grants that it was last applied from: what
    differs while that is the same was changed by somebody else.
    `last_revision` and `system_labels` (Google's own, `goog-...`, which are kept) are live only and
    take no part in comparisons.

    Source: https://docs.cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows
    (2026-11-23)
    """

    kind: ClassVar[str] = "workflow"
    project: str
    region: str
    workflow_id: str
    source: Contents
    service_account: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    call_log_level: str = ""
    execution_history_level: str = ""
    crypto_key: str = ""
    last_revision: str = field(default="", compare=False)
    system_labels: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def address(self) -> Address:
        return Address(self.kind, ResourceName(f"//workflows.googleapis.com/{self._name}"))

    @property
    def scope(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"

    @property
    def owner(self) -> str:
        return self.labels.get(STACK_LABEL, "")

    @property
    def protected(self) -> bool:
        return self.labels.get(PROTECTION_LABEL) == "true"

    @property
    def applied(self) -> str:
        return self.labels.get(APPLIED_LABEL, "")

    @property
    def runs_as(self) -> str:
        email = self.service_account
        return canonical_member(f"serviceAccount:{email}") if email else ""

    @property
    def revision(self) -> str:
        return self.last_revision

    def shown_whole(self) -> bool:
        return bool(self.source.text or self.source.known)

    def sealed(self) -> Self:
        return replace(self, source=self.source.sealed(), env=_sealed(self.env))

    def without_values(self) -> Self:
        return replace(self, env=_sealed(self.env))

    def with_values(self, known: Mapping[str, str]) -> Self:
        missing = next((name for name, value in self.env.items() if value not in known), None)
        if missing is not None:
            raise KeyError(missing)
        return replace(self, env={name: known[value] for name, value in self.env.items()})

    def wire(self) -> Body:
        shown = dict(super(Workflow, self).wire())  # `super()` alone fails in a class with slots
        return {**shown, "env": _sealed(self.env)} if self.env else shown

    def needs(self) -> Iterable[Address]:
        yield api_address(self.project, "workflows.googleapis.com")
        account = account_address(self.service_account)
        if account is not None:
            yield account

    def over(self, live: Self) -> Self:
        """What the configuration does not speak of stays: labels of others, a key, a level."""
        foreign = {k: v for k, v in live.labels.items() if not k.startswith("wfprov-")}
        after = replace(
            self,
            labels={**foreign, **self.labels},
            description=self.description or live.description,
            call_log_level=self.call_log_level or live.call_log_level,
            execution_history_level=self.execution_history_level or live.execution_history_level,
            crypto_key=self.crypto_key or live.crypto_key,
        )
        # What it was applied from is told along with another change, and is none by itself.
        labels = {k: v for k, v in after.labels.items() if k != APPLIED_LABEL}
        if live.applied:
            labels[APPLIED_LABEL] = live.applied
        same = replace(after, labels=labels)
        return same if same == live else after

    def create(self) -> Call:
        body = {k: v for k, v in self._body().items() if v}
        return Call(
            client=CLIENT,
            method="create_workflow",
            request={"parent": self.scope, "workflowId": self.workflow_id, "workflow": body},
        )

    def update(self, was: Self) -> tuple[Call, ...] | Replace:
        before, now = was._recognised(), self._recognised()
        changed = {k: v for k, v in self._body().items() if now[k] != before[k]}
        if "labels" in changed:
            changed["labels"] = {**was.system_labels, **self.labels}
        call = Call(
            client=CLIENT,
            method="update_workflow",
            request={
                "workflow": {"name": self._name, **{k: v for k, v in changed.items() if v}},
                "updateMask": ",".join(changed),
            },
        )
        return (call,) if changed else ()

    def delete(self) -> Call | None:
        return Call(client=CLIENT, method="delete_workflow", request={"name": self._name})

    def read(self) -> Call:
        return Call(client=CLIENT, method="get_workflow", request={"name": self._name})

    def parse(self, body: Body) -> Self:
        return self._parsed(self.scope, body)

    @classmethod
    def listing(cls, scope: str) -> Call:
        return Call(
            client=CLIENT,
            method="list_workflows",
            request={"parent": scope, "pageSize": 500},
            pages="workflows",
        )

    @classmethod
    def listed(cls, scope: str, body: Body) -> tuple[Self, ...]:
        workflows = body.get("workflows", ())
        assert isinstance(workflows, list | tuple), "workflows is a list"
        return tuple(cls._parsed(scope, workflow) for workflow in workflows)

    @classmethod
    def _parsed(cls, scope: str, body: Body) -> Self:
        _, project, _, region = scope.split("/")
        if region == ANYWHERE:
            region = str(body["name"]).split("/")[3]
        labels = _texts(body.get("labels"))
        level = str(body.get("callLogLevel", ""))
        history = str(body.get("executionHistoryLevel", ""))
        return cls(
            project=project,
            region=region,
            workflow_id=str(body["name"]).rpartition("/")[2],
            source=Contents(str(body.get("sourceContents", ""))),
            service_account=str(body.get("serviceAccount", "")).rpartition("/")[2],
            description=str(body.get("description", "")),
            labels={k: v for k, v in labels.items() if not k.startswith("goog-")},
            env=_texts(body.get("userEnvVars")),
            call_log_level="" if level.endswith("_UNSPECIFIED") else level,
            execution_history_level="" if history.endswith("_UNSPECIFIED") else history,
            crypto_key=str(body.get("cryptoKeyName", "")),
            last_revision=str(body.get("revisionId", "")),
            system_labels={k: v for k, v in labels.items() if k.startswith("goog-")},
        )

    @property
    def _name(self) -> str:
        return f"{self.scope}/workflows/{self.workflow_id}"

    def _recognised(self) -> dict[str, object]:
        sealed = {"sourceContents": self.source.digest, "userEnvVars": _sealed(self.env)}
        return {**self._body(), **sealed}

    def _body(self) -> dict[str, object]:
        email = self.service_account
        return {
            "description": self.description,
            "labels": dict(self.labels),
            "serviceAccount": f"projects/-/serviceAccounts/{email}" if email else "",
            "sourceContents": self.source.text,
            "cryptoKeyName": self.crypto_key,
            "callLogLevel": self.call_log_level,
            "userEnvVars": dict(self.env),
            "executionHistoryLevel": self.execution_history_level,
        }


def _sealed(env: Mapping[str, str]) -> dict[str, str]:
    return {name: digest_of(env[name]) for name in sorted(env)}


def _texts(value: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, Mapping) else {}


RESOURCE: Final = Workflow
