"""Custom roles: when one is made, and what it is called."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Literal, TypeAlias

from wfprov.core.address import Permission
from wfprov.iam.cover import Cover, is_reading
from wfprov.iam.grant import CustomRole

CustomRoles: TypeAlias = Literal["never", "when-narrower", "always"]


def is_wanted(choice: CustomRoles, cover: Cover, threshold: int, *, meddling: bool) -> bool:
    """Whether a custom role takes the place of predefined ones.

    `when-narrower`: when they have more excess than the threshold, do not hold all, or are
    `meddling`: can change or remove what is only to be used, as a disk or a template is.
    """
    if choice == "when-narrower":
        return cover.excess > threshold or bool(cover.uncovered) or meddling
    return choice == "always"


def is_using(permission: Permission) -> bool:
    """Whether a permission lets something be used and not changed: `use`, `useReadOnly`."""
    return permission.rpartition(".")[2].startswith("use")


def is_calm(permission: Permission) -> bool:
    """Whether a permission changes nothing: it reads or uses."""
    return is_reading(permission) or is_using(permission)


def custom_role(permissions: Iterable[Permission], project: str, owner: str = "") -> CustomRole:
    """The custom role that holds just these permissions, named for them.

    The same permissions of one `owner` give the same role; ids have letters, digits, underscores
    and dots.
    Source: https://docs.cloud.google.com/iam/docs/creating-custom-roles (2026-11-23)
    """
    wanted = tuple(sorted(set(permissions)))
    digest = sha256("\n".join((owner, *wanted)).encode()).hexdigest()[:12]
    first = wanted[0] if len(wanted) == 1 else f"{wanted[0]} and {len(wanted) - 1} more"
    return CustomRole(
        id=f"wfprov_{digest}", project=project, title=f"wfprov: {first}"[:100], permissions=wanted
    )
