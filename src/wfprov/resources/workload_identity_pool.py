"""A pool of identities from outside Google Cloud."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Self

from wfprov.core.address import Address, ResourceName
from wfprov.core.ownership import api_address, marked, unmarked
from wfprov.core.resource import Body, Call, Replace, Resource

CLIENT: Final = "iam:v1"
COLLECTION: Final = "projects.locations.workloadIdentityPools"
FIELDS: Final = {"display_name": "displayName", "description": "description"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadIdentityPool(Resource):
    """`projects/{project}/locations/global/workloadIdentityPools/{pool_id}`.

    An id has 4 to 32 characters, a display name at most 32, a description, which ends with the
    stack's mark, at most 256. A deleted pool stays for 30 days and keeps its id: it is undeleted.
    One that somebody disabled stays so.

    Source: https://iam.googleapis.com/$discovery/rest?version=v1 (2026-11-23),
    https://docs.cloud.google.com/iam/docs/manage-workload-identity-pools-providers (not opened)
    """

    kind: ClassVar[str] = "workload_identity_pool"
    project: str
    pool_id: str
    display_name: str = ""
    description: str = ""
    stack: str = ""
    disabled: bool = False
    deleted: bool = False

    @property
    def address(self) -> Address:
        return Address(self.kind, ResourceName(f"//iam.googleapis.com/{self.name}"))

    @property
    def name(self) -> str:
        """The resource name, with the project's id."""
        return f"projects/{self.project}/locations/global/workloadIdentityPools/{self.pool_id}"

    @property
    def owner(self) -> str:
        return "" if self.deleted else self.stack

    @property
    def gone(self) -> bool:
        return self.deleted

    def over(self, live: Self) -> Self:
        return replace(self, disabled=live.disabled and not live.deleted)

    def needs(self) -> Iterable[Address]:
        return (api_address(self.project, "iam.googleapis.com"),)

    def create(self) -> Call:
        parent, _, pool_id = self.name.rpartition("/workloadIdentityPools/")
        request = {"parent": parent, "workloadIdentityPoolId": pool_id, "body": self._body(FIELDS)}
        return Call(client=CLIENT, method=f"{COLLECTION}.create", request=request)

    def update(self, was: Self) -> tuple[Call, ...] | Replace:
        changed = [field for field in FIELDS if self._body([field]) != was._body([field])]
        name = {"name": self.name}
        revived = Call(client=CLIENT, method=f"{COLLECTION}.undelete", request={**name, "body": {}})
        mask = {"updateMask": ",".join(FIELDS[field] for field in changed)}
        patched = Call(
            client=CLIENT,
            method=f"{COLLECTION}.patch",
            request={**name, **mask, "body": self._body(changed)},
        )
        return ((revived,) if was.deleted else ()) + ((patched,) if changed else ())

    def delete(self) -> Call | None:
        return Call(client=CLIENT, method=f"{COLLECTION}.delete", request={"name": self.name})

    def read(self) -> Call:
        return Call(client=CLIENT, method=f"{COLLECTION}.get", request={"name": self.name})

    def parse(self, body: Body) -> Self:
        description, stack = unmarked(str(body.get("description", "")))
        return replace(
            self,
            display_name=str(body.get("displayName", "")),
            description=description,
            stack=stack,
            disabled=bool(body.get("disabled", False)),
            deleted=body.get("state") == "DELETED",
        )

    def _body(self, names: Iterable[str]) -> dict[str, str]:
        values = {
            "display_name": self.display_name,
            "description": marked(self.description, self.stack),
        }
        return {FIELDS[name]: values[name] for name in names}


RESOURCE: Final = WorkloadIdentityPool
