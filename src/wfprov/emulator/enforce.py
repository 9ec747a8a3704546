"""May this caller do that: role definitions, inheritance and conditions, decided per request."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from wfprov.emulator.condition import allows
from wfprov.emulator.errors import denied, invalid, unauthenticated
from wfprov.emulator.objects import META, POLICIES, RESOURCES
from wfprov.emulator.policy import effective
from wfprov.emulator.world import ACCOUNT_HOST, World

_WITH_ATTRIBUTES: Final = frozenset(
    [
        "apigee",
        "bigquery",
        "bigtableadmin",
        "binaryauthorization",
        "cloudkms",
        "cloudresourcemanager",
        "compute",
        "container",
        "connectors",
        "firestore",
        "dataform",
        "iap",
        "integrations",
        "logging",
        "pubsublite",
        "secretmanager",
        "spanner",
        "sqladmin",
        "storage",
    ]
)
"""Services that give conditions their resource attributes; the others give empty ones.

Source: https://cloud.google.com/iam/docs/conditions-resource-attributes (2026-11-23)
"""

_TYPES: Final[Mapping[tuple[str, str], str]] = {
    ("bigquery", "datasets"): "Dataset",
    ("bigquery", "tables"): "Table",
    ("cloudkms", "keyRings"): "KeyRing",
    ("cloudkms", "cryptoKeys"): "CryptoKey",
    ("cloudkms", "cryptoKeyVersions"): "CryptoKeyVersion",
    ("cloudresourcemanager", "projects"): "Project",
    ("compute", "instances"): "Instance",
    ("firestore", "databases"): "Database",
    ("sqladmin", "instances"): "Instance",
    ("compute", "disks"): "Disk",
    ("secretmanager", "secrets"): "Secret",
    ("secretmanager", "versions"): "SecretVersion",
    ("storage", "buckets"): "Bucket",
    ("storage", "objects"): "Object",
}
"""Source: https://cloud.google.com/iam/docs/conditions-resource-attributes (2026-11-23)"""


def require(
    world: World,
    caller: str | None,
    permission: str,
    full: str,
    api: Mapping[str, Any] | None = None,
) -> None:
    """Lets the caller pass, or refuses; `api` are the request's API attributes for conditions.

    Raises:
        ApiError: 401 without credentials (unless the public may), 403 naming
            permission and resource.
    """
    if not world.settings.enforce or permitted(world, caller, permission, full, api):
        return
    if caller is None:
        raise unauthenticated(sent=False)
    raise denied(permission, full.removeprefix("//").partition("/")[2])


def require_act_as(world: World, caller: str | None, email: str) -> None:
    """Checks that an account exists and that the caller may act as it.

    Raises:
        ApiError: 400 for an account that does not exist; 403 naming
            `iam.serviceaccounts.actAs` without the permission.

    Source: https://cloud.google.com/iam/docs/service-accounts-actas (not opened)
    """
    full = f"{ACCOUNT_HOST}projects/{world.account_project(email)}/serviceAccounts/{email}"
    if world.settings.enforce and not permitted(world, caller, "iam.serviceAccounts.actAs", full):
        raise denied("iam.serviceaccounts.actAs", full.removeprefix(ACCOUNT_HOST))
    if world.account(email) is None:
        raise invalid(f"Service account {email} does not exist.")


def permitted(
    world: World,
    caller: str | None,
    permission: str,
    full: str,
    api: Mapping[str, Any] | None = None,
) -> bool:
    """Whether any binding on the resource or above it gives the caller the permission."""
    with world.objects.reading(stale=False):
        return _permitted(world, caller, permission, full, api or {})


def _permitted(
    world: World, caller: str | None, permission: str, full: str, api: Mapping[str, Any]
) -> bool:
    if caller is not None and not _alive(world, caller):
        return False
    now = world.seconds()
    for name in world.ancestry(full):
        policy = world.objects.peek(POLICIES, name)
        if policy is None:
            continue
        for binding in effective(policy, now):
            if not any(_is(world, caller, member, now) for member in binding["members"]):
                continue
            if not role_holds(world, binding["role"], permission):
                continue
            condition = binding.get("condition")
            if condition is None or allows(
                condition["expression"], {**attributes(world, full), "api": api}
            ):
                return True
    return False


def role_holds(world: World, role: str, permission: str) -> bool:
    """Whether a predefined or a live custom role contains a permission."""
    if role.startswith("roles/"):
        return world.roles.holds(role, permission)
    custom = world.objects.peek(RESOURCES, ACCOUNT_HOST + role)
    if custom is None or custom.get("deleted") or custom.get("stage") == "DISABLED":
        return False
    return permission in custom.get("includedPermissions", ())


def attributes(world: World, full: str) -> dict[str, Any]:
    """What a condition can see of a request on `full`."""
    host, _, path = full.removeprefix("//").partition("/")
    api = host.removesuffix(".googleapis.com")
    seen: dict[str, Any] = {
        "request.time": world.clock().astimezone(UTC),
        "api": None,
        "resource.service": "",
        "resource.type": "",
        "resource.name": "",
    }
    if api in _WITH_ATTRIBUTES:
        parts = path.split("/")
        if api == "firestore":
            # A document is checked as its database; there is no type for documents.
            parts = parts[: parts.index("documents")] if "documents" in parts else parts
        if api == "sqladmin" and parts[2:3] == ["operations"]:
            # To read an operation is to read its instance: there is no permission for operations.
            # https://docs.cloud.google.com/sql/docs/mysql/iam-permissions (2026-11-23)
            operation = world.objects.peek(RESOURCES, full) or {}
            parts = str(operation.get("targetLink", path)).split("/")
        kind = _TYPES.get((api, parts[-2])) if len(parts) > 1 else None
        seen["resource.service"] = host
        seen["resource.type"] = "" if kind is None else f"{host}/{kind}"
        if api in ("secretmanager", "cloudresourcemanager") and parts[0] == "projects":
            parts[1] = world.project_number(parts[1])
        seen["resource.name"] = "/".join(parts)
    return seen


def _alive(world: World, caller: str) -> bool:
    kind, _, value = caller.partition(":")
    if kind != "serviceAccount":
        return True
    found = world.account(value)
    if found is not None:
        return not found.get("disabled", False)
    return world.objects.peek(META, f"agent/{value}") is not None


def _federated(world: World, caller: str, member: str) -> bool:
    """Whether a caller is in `principalSet://iam.googleapis.com/POOL/attribute.A/VALUE`.

    Source: https://cloud.google.com/iam/docs/principal-identifiers (2026-11-23)
    """
    known = world.objects.peek(META, f"federated/{caller}")
    path = member.removeprefix("principalSet://iam.googleapis.com/")
    if known is None or not path.startswith(f"{known['pool']}/"):
        return False
    attribute, _, value = path.removeprefix(f"{known['pool']}/").partition("/")
    return attribute == "*" or (attribute in known and str(known[attribute]) == value)


def _is(world: World, caller: str | None, member: str, now: float) -> bool:
    if member in ("allUsers", "principalSet://goog/public:all"):
        return True
    if caller is None:
        return False
    if member in (caller, "allAuthenticatedUsers"):
        return True
    kind, _, value = member.partition(":")
    match kind:
        case "domain":
            return caller.startswith("user:") and caller.endswith("@" + value)
        case "principalSet":
            return _federated(world, caller, member)
        case "group":
            return caller in world.settings.groups.get(value, ())
        case "projectOwner" | "projectEditor" | "projectViewer":
            role = "roles/" + kind.removeprefix("project").lower()
            name = f"//cloudresourcemanager.googleapis.com/projects/{world.project_id(value)}"
            policy = world.objects.peek(POLICIES, name) or {}
            return any(b["role"] == role and caller in b["members"] for b in effective(policy, now))
        case _:
            return False
