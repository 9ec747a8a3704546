"""A custom role of a project."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from wfprov.core.address import Address, ResourceName
from wfprov.core.ownership import api_address, marked, unmarked
from wfprov.core.resource import Body, Call, Replace, Resource

CLIENT: Final = "google.cloud.iam_admin_v1:IAMClient"
FIELDS: Final = {
    "title": "title",
    "description": "description",
    "permissions": "includedPermissions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRole(Resource):
    """`projects/{project}/roles/{role_id}`.

    A deleted role stays for 7 days, can be undeleted, and keeps its id from being used again:
    `deleted` tells a live one that is in that state.

    Source: https://docs.cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role
    (2026-11-23)
    """

    kind: ClassVar[str] = "custom_role"
    project: str
    role_id: str
    title: str = ""
    description: str = ""
    permissions: tuple[str, ...] = ()
    stack: str = ""
    deleted: bool = False

    @property
    def address(self) -> Address:
        return Address(self.kind, ResourceName(f"//iam.googleapis.com/{self._name}"))

    @property
    def owner(self) -> str:
        return "" if self.deleted else self.stack

    @property
    def gone(self) -> bool:
        return self.deleted

    @property
    def scope(self) -> str:
        return f"projects/{self.project}"

    def needs(self) -> Iterable[Address]:
        return (api_address(self.project, "iam.googleapis.com"),)

    def create(self) -> Call:
        return Call(
            client=CLIENT,
            method="create_role",
            request={
                "parent": self.scope,
                "roleId": self.role_id,
                "role": {**self._body(FIELDS), "stage": "GA"},
            },
        )

    def update(self, was: Self) -> tuple[Call, ...] | Replace:
        changed = [field for field in FIELDS if self._body([field]) != was._body([field])]
        revived = Call(client=CLIENT, method="undelete_role", request={"name": self._name})
        patched = Call(
            client=CLIENT,
            method="update_role",
            request={
                "name": self._name,
                "role": self._body(changed),
                "updateMask": ",".join(FIELDS[field] for field in changed),
            },
        )
        return ((revived,) if was.deleted else ()) + ((patched,) if changed else ())

    def delete(self) -> Call | None:
        return Call(client=CLIENT, method="delete_role", request={"name": self._name})

    def read(self) -> Call:
        return Call(client=CLIENT, method="get_role", request={"name": self._name})

    def parse(self, body: Body) -> Self:
        return self._parsed(self.project, body)

    @classmethod
    def listing(cls, scope: str) -> Call:
        return Call(
            client=CLIENT,
            method="list_roles",
            request={"parent": scope, "view": "FULL", "showDeleted": True, "pageSize": 1000},
            pages="roles",
        )

    @classmethod
    def listed(cls, scope: str, body: Body) -> tuple[Self, ...]:
        roles = body.get("roles", ())
        assert isinstance(roles, list | tuple), "roles is a list"
        return tuple(cls._parsed(scope.removeprefix("projects/"), role) for role in roles)

    @classmethod
    def _parsed(cls, project: str, body: Body) -> Self:
        description, stack = unmarked(str(body.get("description", "")))
        permissions = body.get("includedPermissions", ())
        assert isinstance(permissions, list | tuple), "includedPermissions is a list"
        return cls(
            project=project,
            role_id=str(body["name"]).rpartition("/")[2],
            title=str(body.get("title", "")),
            description=description,
            permissions=tuple(sorted(str(p) for p in permissions)),
            stack=stack,
            deleted=bool(body.get("deleted", False)),
        )

    @property
    def _name(self) -> str:
        return f"{self.scope}/roles/{self.role_id}"

    def _body(self, names: Iterable[str]) -> dict[str, object]:
        values: dict[str, object] = {
            "title": self.title,
            "description": marked(self.description, self.stack),
            "permissions": list(self.permissions),
        }
        return {FIELDS[name]: values[name] for name in names}


RESOURCE: Final = ProjectRole
