"""Whether the live IAM would take what a plan grants, asked before the first change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from wfprov.core.address import project_name
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.errors import CloudError
from wfprov.core.policy import Membership
from wfprov.core.ports import Cloud
from wfprov.core.resource import Call
from wfprov.core.rule import Rule, Severity
from wfprov.plan.change import AccessChange, Change, Create, Update
from wfprov.resources.custom_role import ProjectRole

IAM: Final = "google.cloud.iam_admin_v1:IAMClient"
PAGE: Final = 1000

ROLE_NOT_GRANTABLE: Final = Rule(
    slug="role-not-grantable",
    severity=Severity.ERROR,
    summary="A role that the live IAM does not grant on that resource",
    docs="Each kind of resource takes some roles only. IAM was asked which, and this is none of "
    "them: the write of the policy would be refused.",
    source="https://docs.cloud.google.com/iam/docs/viewing-grantable-roles",
)
UNSUPPORTED_PERMISSION: Final = Rule(
    slug="unsupported-permission",
    severity=Severity.ERROR,
    summary="A permission that custom roles can not hold",
    docs="IAM refuses a custom role with a permission whose support level is NOT_SUPPORTED.",
    source="https://docs.cloud.google.com/iam/docs/custom-roles-permissions-support",
)
TESTED_PERMISSION: Final = Rule(
    slug="tested-permission",
    severity=Severity.WARNING,
    summary="A permission that custom roles hold without a promise",
    docs="Google still tests custom roles with this permission: they may not work as expected.",
    source="https://docs.cloud.google.com/iam/docs/custom-roles-permissions-support",
)
RULES: Final = (ROLE_NOT_GRANTABLE, UNSUPPORTED_PERMISSION, TESTED_PERMISSION)

HELP: Final = "prefer another role, `policy: {prefer_roles: ...}`, or `custom_roles: when-narrower`"


def doubts(changes: Iterable[Change], cloud: Cloud) -> Iterator[Diagnostic]:
    """What IAM would refuse of a plan's grants and custom roles.

    It is asked once for each kind of resource that gains a predefined role, and once for each
    project that gains a custom role. Where it does not answer (a kind that it does not know, an API
    or a resource that is not there yet, no permission to ask) nothing is known and nothing said.

    Source: https://docs.cloud.google.com/iam/docs/reference/rest/v1/roles/queryGrantableRoles
    (2026-11-23)
    """
    answers: dict[str, frozenset[str]] = {}
    levels: dict[str, Mapping[str, str]] = {}
    for change in changes:
        if isinstance(change, AccessChange) and change.add:
            yield from _refused(change, answers, cloud)
        if isinstance(change, Create | Update) and isinstance(change.after, ProjectRole):
            yield from _unsupported(change.after, levels, cloud)


def _refused(
    change: AccessChange, answers: dict[str, frozenset[str]], cloud: Cloud
) -> Iterator[Diagnostic]:
    name = change.access.subject
    service, *path = name.removeprefix("//").split("/")
    kind = "/".join([service, *path[::2]])
    for membership in sorted(change.add, key=Membership.sort_key):
        role = membership.key.role
        if not role.startswith("roles/"):
            continue
        if kind not in answers:
            answers[kind] = _grantable(name, cloud)
        if answers[kind] and role not in answers[kind]:
            sites = ", ".join(sorted({b.site for b in change.because.get(membership, ())}))
            yield Diagnostic(
                rule=ROLE_NOT_GRANTABLE,
                message=f"{role} cannot be granted on {name} (asked for by {sites})",
                at=change.access.address,
                help=HELP,
            )


def _grantable(name: str, cloud: Cloud) -> frozenset[str]:
    """The roles that a resource takes; none when IAM does not tell."""
    request = {"fullResourceName": name, "pageSize": PAGE}
    found = _listed(cloud, "query_grantable_roles", request, "roles")
    return frozenset(str(role["name"]) for role in found)


def _unsupported(
    role: ProjectRole, levels: dict[str, Mapping[str, str]], cloud: Cloud
) -> Iterator[Diagnostic]:
    if role.project not in levels:
        request = {"fullResourceName": project_name(role.project), "pageSize": PAGE}
        found = _listed(cloud, "query_testable_permissions", request, "permissions")
        levels[role.project] = {
            str(p["name"]): str(p.get("customRolesSupportLevel", "SUPPORTED")) for p in found
        }
    for permission in role.permissions:
        level = levels[role.project].get(permission, "SUPPORTED")
        if level == "SUPPORTED":
            continue
        refused = level == "NOT_SUPPORTED"
        yield Diagnostic(
            rule=UNSUPPORTED_PERMISSION if refused else TESTED_PERMISSION,
            message=f"custom roles {'can not hold' if refused else 'are only tested with'} "
            f"{permission}",
            at=role.address,
            help="write `policy: {custom_roles: never}` to take predefined roles",
        )


def _listed(
    cloud: Cloud, method: str, request: Mapping[str, object], field: str
) -> tuple[Mapping[str, object], ...]:
    try:
        answer = cloud.send(Call(client=IAM, method=method, request=request, pages=field))
    except CloudError:
        return ()
    items = answer.get(field, ())
    assert isinstance(items, list | tuple), "pages are gathered in a list"
    return tuple(item for item in items if isinstance(item, Mapping))
