"""A service account that a stack owns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Final, Self

from wfprov.core.address import Address, ResourceName
from wfprov.core.ownership import account_email, api_address, marked, unmarked
from wfprov.core.resource import Body, Call, Replace, Resource

CLIENT: Final = "google.cloud.iam_admin_v1:IAMClient"
FIELDS: Final = {"display_name": "displayName", "description": "description"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount(Resource):
    """`{account_id}@{project}.iam.gserviceaccount.com`.

    A service account has no labels: the stack's mark ends its description, which holds at most 256
    bytes; a display name holds 100. `unique_id` is live only: grants are held by it, and an account
    that is made anew under the same name has another.

    Source: https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts
    (2026-11-23)
    """

    kind: ClassVar[str] = "service_account"
    project: str
    account_id: str
    display_name: str = ""
    description: str = ""
    stack: str = ""
    unique_id: str = field(default="", compare=False)

    @property
    def email(self) -> str:
        """The account's e-mail address."""
        return account_email(self.project, self.account_id)

    @property
    def address(self) -> Address:
        return Address(self.kind, ResourceName(f"//iam.googleapis.com/{self._name}"))

    @property
    def scope(self) -> str:
        return f"projects/{self.project}"

    @property
    def identity(self) -> str:
        return self.unique_id

    @property
    def owner(self) -> str:
        return self.stack

    def needs(self) -> Iterable[Address]:
        return (api_address(self.project, "iam.googleapis.com"),)

    def create(self) -> Call:
        return Call(
            client=CLIENT,
            method="create_service_account",
            request={
                "name": self.scope,
                "accountId": self.account_id,
                "serviceAccount": self._body(FIELDS),
            },
        )

    def update(self, was: Self) -> tuple[Call, ...] | Replace:
        changed = [field for field in FIELDS if self._body([field]) != was._body([field])]
        call = Call(
            client=CLIENT,
            method="patch_service_account",
            request={
                "serviceAccount": {"name": self._name, **self._body(changed)},
                "updateMask": ",".join(FIELDS[field] for field in changed),
            },
        )
        return (call,) if changed else ()

    def delete(self) -> Call | None:
        return Call(client=CLIENT, method="delete_service_account", request={"name": self._name})

    def read(self) -> Call:
        return Call(client=CLIENT, method="get_service_account", request={"name": self._name})

    def parse(self, body: Body) -> Self:
        return self._parsed(self.project, body)

    @classmethod
    def listing(cls, scope: str) -> Call:
        return Call(
            client=CLIENT,
            method="list_service_accounts",
            request={"name": scope, "pageSize": 100},
            pages="accounts",
        )

    @classmethod
    def listed(cls, scope: str, body: Body) -> tuple[Self, ...]:
        accounts = body.get("accounts", ())
        assert isinstance(accounts, list | tuple), "accounts is a list"
        project = scope.removeprefix("projects/")
        return tuple(cls._parsed(project, account) for account in accounts)

    @classmethod
    def _parsed(cls, project: str, body: Body) -> Self:
        description, stack = unmarked(str(body.get("description", "")))
        return cls(
            project=project,
            account_id=str(body["email"]).partition("@")[0],
            display_name=str(body.get("displayName", "")),
            description=description,
            stack=stack,
            unique_id=str(body.get("uniqueId", "")),
        )

    @property
    def _name(self) -> str:
        return f"{self.scope}/serviceAccounts/{self.email}"

    def _body(self, names: Iterable[str]) -> dict[str, str]:
        values = {
            "display_name": self.display_name,
            "description": marked(self.description, self.stack),
        }
        return {FIELDS[name]: values[name] for name in names}


RESOURCE: Final = ServiceAccount
