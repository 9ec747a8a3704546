"""The service agent of Cloud Storage, which Google makes when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from wfprov.core.address import Address, ResourceName
from wfprov.core.ownership import api_address
from wfprov.core.resource import Body, Call, Replace, Resource

DOMAIN: Final = "gs-project-accounts"
SERVICE: Final = "storage.googleapis.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAgent(Resource):
    """`service-{number}@gs-project-accounts.iam.gserviceaccount.com` of a project.

    No policy can name it before it was asked for once. To read it is to ask for it, so that a plan
    against the cloud finds it always there, and an offline plan shows that it is asked for.

    Source: https://docs.cloud.google.com/storage/docs/json_api/v1/projects/serviceAccount/get
    (not opened)
    """

    kind: ClassVar[str] = "storage_agent"
    project: str

    @property
    def address(self) -> Address:
        name = f"//{SERVICE}/projects/{self.project}/serviceAgents/{DOMAIN}"
        return Address(self.kind, ResourceName(name))

    def needs(self) -> Iterable[Address]:
        return (api_address(self.project, SERVICE),)

    def create(self) -> Call:
        return self.read()

    def update(self, was: Self) -> tuple[Call, ...] | Replace:  # noqa: ARG002 (nothing can differ)
        return ()

    def delete(self) -> Call | None:
        return None

    def read(self) -> Call:
        return Call(
            client="storage:v1",
            method="projects.serviceAccount.get",
            request={"projectId": self.project},
        )

    def parse(self, body: Body) -> Self:  # noqa: ARG002 (the answer holds its address alone)
        return self


RESOURCE: Final = StorageAgent
