"""What a pool takes identities from: an issuer of OpenID Connect tokens, and which of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, Self

from wfprov.core.address import Address, ResourceName
from wfprov.core.ownership import marked, unmarked
from wfprov.core.resource import Body, Call, Replace, Resource

CLIENT: Final = "iam:v1"
COLLECTION: Final = "projects.locations.workloadIdentityPools.providers"
FIELDS: Final = {
    "display_name": "displayName",
    "description": "description",
    "mapping": "attributeMapping",
    "condition": "attributeCondition",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadIdentityProvider(Resource):
    """`projects/{project}/locations/global/workloadIdentityPools/{pool_id}/providers/{provider_id}`.

    `mapping` gives attributes of Google (`google.subject`, `attribute.repository`) from the claims
    of a token; `condition` says which tokens are taken at all. What others mapped besides, the
    audiences that they allow, and a condition that takes fewer tokens stay as they are.

    Source: https://iam.googleapis.com/$discovery/rest?version=v1 (2026-11-23)
    """

    kind: ClassVar[str] = "workload_identity_provider"
    project: str
    pool_id: str
    provider_id: str
    issuer: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    condition: str = ""
    display_name: str = ""
    description: str = ""
    stack: str = ""
    audiences: tuple[str, ...] = ()
    disabled: bool = False
    deleted: bool = False

    @property
    def address(self) -> Address:
        return Address(self.kind, ResourceName(f"//iam.googleapis.com/{self.name}"))

    @property
    def pool(self) -> str:
        """The resource name of its pool, with the project's id."""
        return f"projects/{self.project}/locations/global/workloadIdentityPools/{self.pool_id}"

    @property
    def name(self) -> str:
        """The resource name, with the project's id."""
        return f"{self.pool}/providers/{self.provider_id}"

    @property
    def owner(self) -> str:
        return "" if self.deleted else self.stack

    @property
    def gone(self) -> bool:
        return self.deleted

    def over(self, live: Self) -> Self:
        return replace(
            self,
            mapping={**live.mapping, **self.mapping},
            condition=live.condition
            if takes_no_more(live.condition, self.condition)
            else self.condition,
            audiences=live.audiences,
            disabled=live.disabled and not live.deleted,
        )

    def loosened(self, live: Self) -> tuple[str, ...]:
        """What of a live provider this one would change so that others may come in, in words."""
        found = []
        if live.issuer != self.issuer:
            found.append(f"its tokens are those of {live.issuer or 'no OpenID Connect issuer'}")
        if live.condition and not takes_no_more(live.condition, self.condition):
            found.append(f"its condition is `{live.condition}`")
        found += [
            f"it maps {key} to `{live.mapping[key]}`"
            for key in sorted(self.mapping)
            if live.mapping.get(key, self.mapping[key]) != self.mapping[key]
        ]
        return tuple(found)

    def needs(self) -> Iterable[Address]:
        pool = ResourceName(f"//iam.googleapis.com/{self.pool}")
        return (Address("workload_identity_pool", pool),)

    def create(self) -> Call:
        body = {**self._body(FIELDS), "oidc": {"issuerUri": self.issuer}}
        return Call(
            client=CLIENT,
            method=f"{COLLECTION}.create",
            request={
                "parent": self.pool,
                "workloadIdentityPoolProviderId": self.provider_id,
                "body": body,
            },
        )

    def update(self, was: Self) -> tuple[Call, ...] | Replace:
        if was.issuer != self.issuer:
            return Replace("its tokens are another issuer's")
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
        oidc, mapping = body.get("oidc"), body.get("attributeMapping")
        oidc = oidc if isinstance(oidc, Mapping) else {}
        mapping = mapping if isinstance(mapping, Mapping) else {}
        return replace(
            self,
            issuer=str(oidc.get("issuerUri", "")),
            mapping={str(k): str(v) for k, v in mapping.items()},
            condition=str(body.get("attributeCondition", "")),
            display_name=str(body.get("displayName", "")),
            description=description,
            stack=stack,
            audiences=tuple(str(a) for a in oidc.get("allowedAudiences") or ()),
            disabled=bool(body.get("disabled", False)),
            deleted=body.get("state") == "DELETED",
        )

    def _body(self, names: Iterable[str]) -> dict[str, object]:
        values: dict[str, object] = {
            "display_name": self.display_name,
            "description": marked(self.description, self.stack),
            "mapping": dict(self.mapping),
            "condition": self.condition,
        }
        return {FIELDS[name]: values[name] for name in names}


def takes_no_more(live: str, wanted: str) -> bool:
    """Whether a condition takes no token that the wanted one does not take.

    Only what is plain to see counts: the same text, or the wanted one and something more.
    """
    live, wanted = " ".join(live.split()), " ".join(wanted.split())
    if live == wanted:
        return True
    rest = live.removeprefix(wanted)
    return rest != live and rest.startswith(" && ") and not any(c in rest for c in ("||", "?"))


RESOURCE: Final = WorkloadIdentityProvider
