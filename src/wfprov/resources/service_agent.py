"""The account by which one of Google's own services works in a project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from wfprov.core.address import Address, ResourceName
from wfprov.core.ownership import api_address
from wfprov.core.resource import Body, Call, Replace, Resource

CLIENT: Final = "serviceusage:v1beta1"
POLICIES: Final = "cloudresourcemanager:v3"
DOMAINS: Final[Mapping[str, str]] = {
    # https://docs.cloud.google.com/iam/docs/service-agents (not opened); of Workflows the page
    # https://docs.cloud.google.com/workflows/docs/authentication (2026-11-23)
    "workflows.googleapis.com": "gcp-sa-workflows",
    "cloudscheduler.googleapis.com": "gcp-sa-cloudscheduler",
    "eventarc.googleapis.com": "gcp-sa-eventarc",
}
"""What stands after the `@` of an agent, by its service; others are not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAgent(Resource):
    """`service-{number}@{domain}.iam.gserviceaccount.com` of a service in a project.

    It appears some time after its API is enabled, unless it is asked for: generating it again does
    nothing. No method reads it, so one is taken for made that the project's policy names; it is
    never removed.

    Source: https://docs.cloud.google.com/service-usage/docs/reference/rest/v1beta1/services/generateServiceIdentity
    (2026-11-23)
    """

    kind: ClassVar[str] = "service_agent"
    project: str
    service: str
    made: bool = True

    @property
    def address(self) -> Address:
        name = f"//serviceusage.googleapis.com/{self.scope}/serviceAgents/{self.service}"
        return Address(self.kind, ResourceName(name))

    @property
    def scope(self) -> str:
        return f"projects/{self.project}"

    @property
    def member(self) -> str:
        """The policy member, with `{number:PROJECT}` in place of the project's number."""
        domain = DOMAINS[self.service]
        number = f"{{number:{self.project}}}"
        return f"serviceAccount:service-{number}@{domain}.iam.gserviceaccount.com"

    def needs(self) -> Iterable[Address]:
        return (api_address(self.project, self.service),)

    def create(self) -> Call:
        return Call(
            client=CLIENT,
            method="services.generateServiceIdentity",
            request={"parent": f"{self.scope}/services/{self.service}"},
        )

    def update(self, was: Self) -> tuple[Call, ...] | Replace:
        return () if was.made else (self.create(),)

    def delete(self) -> Call | None:
        return None

    def read(self) -> Call:
        return type(self).listing(self.scope)

    def parse(self, body: Body) -> Self:
        found = {agent.service for agent in type(self).listed(self.scope, body)}
        return type(self)(project=self.project, service=self.service, made=self.service in found)

    @classmethod
    def listing(cls, scope: str) -> Call:
        return Call(
            client=POLICIES,
            method="projects.getIamPolicy",
            request={"resource": scope, "body": {"options": {"requestedPolicyVersion": 3}}},
        )

    @classmethod
    def listed(cls, scope: str, body: Body) -> tuple[Self, ...]:
        bindings = body.get("bindings", ())
        assert isinstance(bindings, list | tuple), "bindings is a list"
        members = {str(member) for binding in bindings for member in binding.get("members", ())}
        project = scope.removeprefix("projects/")
        return tuple(
            cls(project=project, service=service)
            for service, domain in DOMAINS.items()
            if any(
                member.startswith("serviceAccount:service-")
                and member.endswith(f"@{domain}.iam.gserviceaccount.com")
                for member in members
            )
        )


RESOURCE: Final = ServiceAgent
