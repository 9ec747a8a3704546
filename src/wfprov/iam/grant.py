"""A role for a principal on a resource, with the reason for it."""

from __future__ import annotations

from dataclasses import dataclass

from wfprov.core.address import Permission, ResourceName, RoleName
from wfprov.core.policy import Condition
from wfprov.iam.requirement import Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRole:
    """A custom role that wfprov makes: `projects/{project}/roles/{id}`."""

    id: str
    project: str
    title: str
    permissions: tuple[Permission, ...]

    @property
    def name(self) -> RoleName:
        """The name that a binding uses."""
        return RoleName(f"projects/{self.project}/roles/{self.id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role on `on` (whose policy takes it) for `principal`.

    `role` is a predefined role, or None when `custom_role` is made. `excess`: permissions granted
    that nobody asked for and that can take effect at `on` or below; `inert`: those that can not.
    `opened`: for each of `because` what else a grant above its resource opens, in words, empty when
    it is narrow.
    """

    principal: str
    role: RoleName | None
    custom_role: CustomRole | None = None
    on: ResourceName
    condition: Condition | None = None
    because: tuple[Requirement, ...]
    excess: int = 0
    inert: int = 0
    opened: tuple[str, ...] = ()

    @property
    def role_name(self) -> RoleName:
        """The role as a binding names it."""
        if self.role is not None:
            return self.role
        assert self.custom_role is not None, "a grant has a role"
        return self.custom_role.name

    @property
    def breadth(self) -> str:
        """All that it opens besides what is used, in words, empty when it is narrow."""
        return ", ".join(sorted(set(filter(None, self.opened))))

    @property
    def sites(self) -> tuple[str, ...]:
        """The ids of the sites that ask for it, sorted."""
        return tuple(sorted({r.site for r in self.because}))
