"""The IAM policy of any resource whose API has getIamPolicy and setIamPolicy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal, TypeAlias

from wfprov.core.address import Address, ResourceName, segment_after
from wfprov.core.facts import Facts, MethodId, PolicyType
from wfprov.core.ownership import account_address, api_address, role_address
from wfprov.core.policy import Membership, Policy
from wfprov.core.resource import Access, Body, Call

VersionIn: TypeAlias = Literal[
    "body", "options.requestedPolicyVersion", "optionsRequestedPolicyVersion"
]

_OLDER: Final = {
    # Only functions of the first generation are bound here (the second take their policy on the
    # Cloud Run service), and v1 is the API that speaks of those.
    # https://docs.cloud.google.com/functions/1stgendocs/securing/managing-access-iam (2026-11-23)
    "cloudfunctions.googleapis.com/projects/locations/functions": "v1",
}

_HOSTS: Final = (
    # Regional services answer for a resource only at its region's host.
    # https://docs.cloud.google.com/vertex-ai/docs/reference/rest#service-endpoint (2026-11-23)
    ("aiplatform.googleapis.com/", "{location}-aiplatform.googleapis.com"),
    # https://docs.cloud.google.com/secret-manager/docs/create-regional-secret (2026-11-23)
    (
        "secretmanager.googleapis.com/projects/locations/",
        "secretmanager.{location}.rep.googleapis.com",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRoute:
    """How the API reads and sets the policy of one resource.

    `parameters` are those of the path, by name. `version_in`: where getIamPolicy takes the policy
    version that it shall answer in. `bare`: setIamPolicy takes the policy itself as its body.
    """

    client: str
    collection: str
    parameters: Mapping[str, str]
    version_in: VersionIn = "options.requestedPolicyVersion"
    bare: bool = False
    host: str = ""


def policy_route(name: ResourceName, facts: Facts) -> PolicyRoute | None:
    """The way to the policy of a resource, by its full name; None when it has no policy."""
    service, _, path = name.removeprefix("//").partition("/")
    if service == "iap.googleapis.com":
        # The discovery document names no collections for it: any path below the version is one.
        # https://docs.cloud.google.com/iap/docs/reference/rest/v1/V1/setIamPolicy (2026-11-23)
        return PolicyRoute(
            client="iap:v1", collection="v1", parameters={"resource": path}, version_in="body"
        )
    kind = next((k for k in map(facts.policy_type, _types(service, path)) if k is not None), None)
    if kind is None or kind.verb == "PATCH":
        return None
    version = _OLDER.get(kind.type, kind.version)
    parameters = _parameters(kind, path)
    if parameters is None:
        return None
    return PolicyRoute(
        client=f"{kind.api}:{version}",
        collection=kind.resource,
        parameters=parameters,
        version_in=_version_in(facts, MethodId(kind.api, version, f"{kind.resource}.getIamPolicy")),
        bare=kind.verb == "PUT",
        host=_host(kind.type, path),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IamPolicy(Access):
    """Memberships in the policy of the resource `subject_name`.

    Source: https://docs.cloud.google.com/iam/docs/reference/rest/v1/Policy (2026-11-23)
    """

    kind: ClassVar[str] = "iam_policy"
    subject_name: ResourceName
    route: PolicyRoute
    memberships: frozenset[Membership] = field(default_factory=frozenset)

    @property
    def address(self) -> Address:
        return Address(self.kind, self.subject_name)

    @property
    def subject(self) -> str:
        return self.subject_name

    def needs(self) -> Iterable[Address]:
        service = self.subject_name.removeprefix("//").partition("/")[0]
        project = segment_after(self.subject_name, "projects")
        found = {api_address(project, service)} if project and project not in {"-", "_"} else set()
        own = account_address(self.subject_name.rpartition("/serviceAccounts/")[2])
        found |= {own} if own is not None else set()
        for membership in self.memberships:
            role = role_address(membership.key.role)
            account = account_address(membership.member.partition(":")[2])
            found |= {address for address in (role, account) if address is not None}
        return sorted(found)

    def read(self) -> Call:
        request: dict[str, object] = dict(self.route.parameters)
        if self.route.version_in == "body":
            request["body"] = {"options": {"requestedPolicyVersion": 3}}
        else:
            request[self.route.version_in] = 3
        return self._call("getIamPolicy", request)

    def members(self, body: Body) -> frozenset[Membership]:
        return Policy(body).memberships()

    def changed(
        self, body: Body, *, add: Iterable[Membership] = (), remove: Iterable[Membership] = ()
    ) -> Body:
        return Policy(body).changed(add=add, remove=remove).body

    def write(self, body: Body) -> Call:
        sent = body if self.route.bare else {"policy": body}
        return self._call("setIamPolicy", {**self.route.parameters, "body": sent})

    def _call(self, method: str, request: Body) -> Call:
        return Call(
            client=self.route.client,
            method=f"{self.route.collection}.{method}",
            request=request,
            host=self.route.host,
        )


def _types(service: str, path: str) -> Iterable[str]:
    """The types that a path may have: ids left out, then with `global` as a collection."""
    parts = path.split("/")
    yield f"{service}/{'/'.join(parts[::2])}"
    if "global" in parts:
        at = parts.index("global")
        yield f"{service}/{'/'.join([*parts[:at:2], 'global', *parts[at + 1 :: 2]])}"


def _parameters(kind: PolicyType, path: str) -> dict[str, str] | None:
    names = re.findall(r"\{(\w+)\}", kind.url)
    if kind.api == "storage":
        ids = path.split("/")[3::2]
        return dict(zip(names, ids, strict=True)) if len(ids) == len(names) else None
    if "resource" not in names:
        return {"resource": path}
    template = re.sub(r"^https://[^/]+/(?:\w+/\w+/)?|/?:?setIamPolicy$", "", kind.url)
    parameters: dict[str, str] = {}
    for want, have in zip(template.split("/"), path.split("/"), strict=False):
        if want.startswith("{"):
            parameters[want.strip("{}")] = have
    return parameters if len(parameters) == len(names) else None


def _version_in(facts: Facts, read: MethodId) -> VersionIn:
    if read.api in {"compute", "deploymentmanager", "storage"}:
        return "optionsRequestedPolicyVersion"
    method = facts.method(read)
    takes_body = method is not None and method.verb == "POST" and method.takes_body
    return "body" if takes_body else "options.requestedPolicyVersion"


def _host(kind: str, path: str) -> str:
    location = segment_after(path, "locations")
    for prefix, host in _HOSTS:
        if kind.startswith(prefix) and location and location != "global":
            return host.format(location=location)
    return ""


RESOURCE: Final = IamPolicy
