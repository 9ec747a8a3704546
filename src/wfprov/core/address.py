"""Names of things in the cloud."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NewType

ResourceName = NewType("ResourceName", str)
"""A full resource name, `//run.googleapis.com/projects/p/locations/l/services/s`.

A part that is not known stands as `{hole}`: the name is then a pattern.
"""

Permission = NewType("Permission", str)
"""An IAM permission, `run.routes.invoke`."""

RoleName = NewType("RoleName", str)
"""A role as a binding names it: `roles/run.invoker`, `projects/p/roles/custom`."""


def is_pattern(name: str) -> bool:
    """Whether a part of the name is not known."""
    return "{" in name


def project_name(project: str) -> ResourceName:
    """`//cloudresourcemanager.googleapis.com/projects/{project}`."""
    return ResourceName(f"//cloudresourcemanager.googleapis.com/projects/{project}")


def segment_after(name: str, collection: str) -> str | None:
    """The id that follows `collection` in a resource name, or None.

    `segment_after("//x/projects/p/topics/t", "topics")` is `t`.
    """
    parts = name.split("/")
    for here, following in pairwise(parts):
        if here == collection:
            return following
    return None


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """What a plan calls one managed thing: its kind and its full resource name.

    `kind` is a name of the resource registry, such as `iam_policy`.
    """

    kind: str
    name: ResourceName

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
