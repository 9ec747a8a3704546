"""What the one who applies a plan needs: the union of what its calls ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wfprov.core.address import Permission
from wfprov.core.facts import Facts, MethodId
from wfprov.core.resource import Call
from wfprov.plan.change import Change, calls_of

_CLIENT_METHODS: Final = {
    # Client classes name their methods otherwise than the discovery documents do.
    # https://docs.cloud.google.com/iam/docs/reference/rest (2026-11-23)
    "create_service_account": MethodId("iam", "v1", "projects.serviceAccounts.create"),
    # A patch is logged with the one permission of an update, whose row is the exact one.
    # https://docs.cloud.google.com/iam/docs/audit-logging (2026-11-23)
    "patch_service_account": MethodId("iam", "v1", "projects.serviceAccounts.update"),
    "delete_service_account": MethodId("iam", "v1", "projects.serviceAccounts.delete"),
    "list_service_accounts": MethodId("iam", "v1", "projects.serviceAccounts.list"),
    "list_roles": MethodId("iam", "v1", "projects.roles.list"),
    "create_role": MethodId("iam", "v1", "projects.roles.create"),
    "update_role": MethodId("iam", "v1", "projects.roles.patch"),
    "undelete_role": MethodId("iam", "v1", "projects.roles.undelete"),
    "delete_role": MethodId("iam", "v1", "projects.roles.delete"),
    # https://docs.cloud.google.com/workflows/docs/reference/rest (2026-11-23)
    "list_workflows": MethodId("workflows", "v1", "projects.locations.workflows.list"),
    "get_workflow": MethodId("workflows", "v1", "projects.locations.workflows.get"),
    "create_workflow": MethodId("workflows", "v1", "projects.locations.workflows.create"),
    "update_workflow": MethodId("workflows", "v1", "projects.locations.workflows.patch"),
    "delete_workflow": MethodId("workflows", "v1", "projects.locations.workflows.delete"),
}

ACT_AS: Final = Permission("iam.serviceAccounts.actAs")
"""What deploying asks for on the account that the workflow runs as."""
_ACTING: Final = frozenset({"create_workflow", "update_workflow"})


def deployer_permissions(changes: Iterable[Change], facts: Facts) -> tuple[str, ...]:
    """The permissions that the requests of some changes ask for, sorted.

    Deploying a workflow, or a trigger, asks for actAs on its account as well.

    Source: https://docs.cloud.google.com/workflows/docs/authentication#deploy (2026-11-23)
    """
    found: set[Permission] = set()
    for call in {c.client + c.method: c for change in changes for c in calls_of(change)}.values():
        needs = facts.needs(method_of(call))
        if needs is not None:
            found |= {*needs.permissions, *needs.polling}
        if call.method in _ACTING or (needs is not None and needs.act_as is not None):
            found.add(ACT_AS)
    return tuple(sorted(found))


def method_of(call: Call) -> MethodId:
    """The API method behind a call."""
    if call.method in _CLIENT_METHODS:
        return _CLIENT_METHODS[call.method]
    api, _, version = call.client.partition(":")
    return MethodId(api, version, call.method)
