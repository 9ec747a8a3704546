"""The access list of a BigQuery dataset, which stands in for an IAM policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import ClassVar, Final

from wfprov.core.address import Address, ResourceName, RoleName
from wfprov.core.ownership import account_address, api_address, role_address
from wfprov.core.policy import BindingKey, Condition, Membership, canonical_member
from wfprov.core.resource import Access, Body, Call

CLIENT: Final = "bigquery:v2"

_BASIC: Final = {
    # An entry with such a role is answered with the basic role's name.
    # https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets (2026-11-23)
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}
_MEMBER_FIELDS: Final = {"userByEmail": "user", "groupByEmail": "group", "domain": "domain"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetAccess(Access):
    """Memberships in the access list of the dataset `projects/{project}/datasets/{dataset}`.

    Entries for views, routines and other datasets are kept as they are. Conditions need access
    policy version 3, in the read as in the write.

    Source: https://docs.cloud.google.com/bigquery/docs/control-access-to-resources-iam (2026-11-23)
    """

    kind: ClassVar[str] = "bigquery_dataset_access"
    project: str
    dataset: str
    memberships: frozenset[Membership] = field(default_factory=frozenset)

    @property
    def address(self) -> Address:
        return Address(self.kind, ResourceName(self.subject))

    @property
    def subject(self) -> str:
        return f"//bigquery.googleapis.com/projects/{self.project}/datasets/{self.dataset}"

    def needs(self) -> Iterable[Address]:
        found = {api_address(self.project, "bigquery.googleapis.com")}
        for membership in self.memberships:
            role = role_address(membership.key.role)
            account = account_address(membership.member.partition(":")[2])
            found |= {address for address in (role, account) if address is not None}
        return sorted(found)

    def read(self) -> Call:
        return Call(client=CLIENT, method="datasets.get", request=self._name())

    def members(self, body: Body) -> frozenset[Membership]:
        return frozenset(m for entry in _entries(body) for m in _memberships(entry))

    def changed(
        self, body: Body, *, add: Iterable[Membership] = (), remove: Iterable[Membership] = ()
    ) -> Body:
        gone = set(remove)
        kept = [deepcopy(dict(e)) for e in _entries(body) if not gone.intersection(_memberships(e))]
        have = {m for entry in kept for m in _memberships(entry)}
        fresh = [_entry(m) for m in sorted(add, key=Membership.sort_key) if m not in have]
        return {**body, "access": [*kept, *fresh]}

    def write(self, body: Body) -> Call:
        request = {**self._name(), "body": {"access": body["access"]}}
        etag = str(body.get("etag", ""))
        return Call(client=CLIENT, method="datasets.patch", request=request, if_match=etag)

    def _name(self) -> dict[str, object]:
        return {"projectId": self.project, "datasetId": self.dataset, "accessPolicyVersion": 3}


def _entries(body: Body) -> list[Mapping[str, object]]:
    entries = body.get("access", ())
    assert isinstance(entries, list | tuple), "access is a list"
    return [entry for entry in entries if isinstance(entry, Mapping)]


def _memberships(entry: Mapping[str, object]) -> tuple[Membership, ...]:
    """The one membership of an entry, none for a view or a group that IAM has no word for."""
    role = str(entry.get("role", ""))
    key = BindingKey(RoleName(_BASIC.get(role, role)), _condition(entry.get("condition")))
    if "iamMember" in entry:
        return (Membership(key, canonical_member(str(entry["iamMember"]))),)
    for name, prefix in _MEMBER_FIELDS.items():
        if role and name in entry:
            value = str(entry[name])
            account = prefix == "user" and value.endswith(".gserviceaccount.com")
            member = f"{'serviceAccount' if account else prefix}:{value}"
            return (Membership(key, canonical_member(member)),)
    return ()


def _condition(value: object) -> Condition | None:
    if not isinstance(value, Mapping):
        return None
    return Condition(
        expression=str(value.get("expression", "")),
        title=str(value.get("title", "")),
        description=str(value.get("description", "")),
    )


def _entry(membership: Membership) -> dict[str, object]:
    prefix, _, value = membership.member.partition(":")
    fields = {"user": "userByEmail", "serviceAccount": "userByEmail"}
    fields |= {prefix: name for name, prefix in _MEMBER_FIELDS.items()}
    entry: dict[str, object] = {"role": membership.key.role}
    if prefix in fields:
        entry[fields[prefix]] = value
    else:
        entry["iamMember"] = membership.member
    if membership.key.condition:
        entry["condition"] = membership.key.condition.body()
    return entry


RESOURCE: Final = DatasetAccess
