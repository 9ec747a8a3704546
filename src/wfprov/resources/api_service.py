"""An API that is enabled in a project."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from wfprov.core.address import Address, ResourceName
from wfprov.core.resource import Body, Call, Replace, Resource

CLIENT: Final = "serviceusage:v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiService(Resource):
    """`service`, such as `run.googleapis.com`, enabled in `project`.

    It is never disabled: other things in the project may use it.

    Source: https://docs.cloud.google.com/service-usage/docs/reference/rest/v1/services/enable
    (2026-11-23)
    """

    kind: ClassVar[str] = "api_service"
    project: str
    service: str
    enabled: bool = True

    @property
    def address(self) -> Address:
        return Address(
            self.kind,
            ResourceName(f"//serviceusage.googleapis.com/{self.scope}/services/{self.service}"),
        )

    @property
    def scope(self) -> str:
        return f"projects/{self.project}"

    def needs(self) -> Iterable[Address]:
        return ()

    def create(self) -> Call:
        return Call(
            client=CLIENT,
            method="services.enable",
            request={"name": f"{self.scope}/services/{self.service}", "body": {}},
        )

    def update(self, was: Self) -> tuple[Call, ...] | Replace:
        return () if was.enabled else (self.create(),)

    def delete(self) -> Call | None:
        return None

    def read(self) -> Call:
        return Call(
            client=CLIENT,
            method="services.get",
            request={"name": f"{self.scope}/services/{self.service}"},
        )

    def parse(self, body: Body) -> Self:
        enabled = body.get("state") == "ENABLED"
        return type(self)(project=self.project, service=self.service, enabled=enabled)

    @classmethod
    def listing(cls, scope: str) -> Call:
        return Call(
            client=CLIENT,
            method="services.list",
            request={"parent": scope, "filter": "state:ENABLED", "pageSize": 200},
            pages="services",
        )

    @classmethod
    def listed(cls, scope: str, body: Body) -> tuple[Self, ...]:
        services = body.get("services", ())
        assert isinstance(services, list | tuple), "services is a list"
        project = scope.removeprefix("projects/")
        return tuple(
            cls(project=project, service=str(s["name"]).rpartition("/")[2])
            for s in services
            if s.get("state", "ENABLED") == "ENABLED"
        )


RESOURCE: Final = ApiService
