"""What the control plane said of the deployer, when it was asked before the first change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """A permission that the deployer was told not to have on a resource.

    `role` is the least predefined role that has it, empty when none may be granted; `changes` are
    the addresses of what can not be done without it.
    """

    permission: str
    resource: str
    role: str = ""
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked:
    """Permissions on a resource of which nobody could tell whether the deployer has them."""

    resource: str
    permissions: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """Whether the deployer may do all of a plan, as the control plane answered when asked."""

    lacking: tuple[Lack, ...] = ()
    unasked: tuple[Unasked, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is known to be lacking."""
        return not self.lacking
