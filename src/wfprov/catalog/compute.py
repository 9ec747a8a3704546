"""What a new machine or disk is made of: each part is used on itself, wherever it lies.

A subnetwork of a host project, an image or a template of another one: the permission to use it is
checked there, not in the project of the machine.
Source: https://docs.cloud.google.com/compute/docs/reference/rest/v1/instances/insert (2026-11-28)
Source: https://docs.cloud.google.com/vpc/docs/provisioning-shared-vpc (not opened)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from wfprov.analysis.domain import shown
from wfprov.catalog.methods import Reached
from wfprov.catalog.request import Request
from wfprov.catalog.resource import with_project_id
from wfprov.catalog.target import Place
from wfprov.catalog.url import is_hole, masked
from wfprov.core.address import Permission, ResourceName, RoleName

_TEMPLATE: Final = {
    "compute.instanceTemplates.useReadOnly": "sourceInstanceTemplate",
    "compute.machineImages.useReadOnly": "sourceMachineImage",
}
_MACHINE: Final = {
    "compute.disks.use": "disks[].source",
    "compute.disks.useReadOnly": "disks[].source",
    "compute.images.useReadOnly": "disks[].initializeParams.sourceImage",
    "compute.snapshots.useReadOnly": "disks[].initializeParams.sourceSnapshot",
    "compute.subnetworks.use": "networkInterfaces[].subnetwork",
    "compute.subnetworks.useExternalIp": "networkInterfaces[].subnetwork",
}
_DISK: Final = {
    "compute.disks.useReadOnly": "body.sourceDisk",
    "compute.images.useReadOnly": "body.sourceImage",
    "compute.snapshots.useReadOnly": "body.sourceSnapshot",
}


def _under(prefix: str, paths: Mapping[str, str]) -> dict[str, str]:
    return {permission: prefix + path for permission, path in paths.items()}


PARTS: Final[Mapping[str, Mapping[str, str]]] = {
    "instances.insert": {**_under("body.", _MACHINE), **_under("query.", _TEMPLATE)},
    "instances.bulkInsert": {
        **_under("body.instanceProperties.", _MACHINE),
        **_under("body.", _TEMPLATE),
    },
    "disks.insert": _DISK,
    "regionDisks.insert": _DISK,
}
"""Where the request of a method names what a permission is about."""

_KINDS: Final[Mapping[str, str]] = {
    "disks": "zones/-/disks",
    "images": "global/images",
    "snapshots": "global/snapshots",
    "subnetworks": "regions/-/subnetworks",
    "instanceTemplates": "global/instanceTemplates",
    "machineImages": "global/machineImages",
}

NETWORK_USER: Final = RoleName("roles/compute.networkUser")

_ADDRESS: Final = re.compile(r"https?://[\w.-]+/(?:compute/)?(?:v1|beta|alpha)/")


def used(
    permission: Permission, reached: Reached, request: Request
) -> tuple[ResourceName | None, ...]:
    """The resources that a permission is about, None for one that the request does not name.

    Empty where the permission is about none of the parts.
    """
    path = PARTS.get(reached.id.name, {}).get(permission)
    if path is None or reached.id.api != "compute":
        return ()
    project = reached.parts.id_of("projects", "project") or request.place.project
    kind = _KINDS[permission.split(".")[1]]
    found = (_named(shown(given), kind, project, request.place) for given in request.values(path))
    return tuple(dict.fromkeys(found))


def role_of(permission: Permission) -> RoleName | None:
    """The role that Google's page names for a part, None where the least excess decides."""
    return NETWORK_USER if permission.startswith("compute.subnetworks.") else None


def _named(text: str | None, kind: str, project: str, place: Place) -> ResourceName | None:
    """The resource of `projects/P/...`, of that within the own project, or of a whole address.

    One that is a hole and nothing else may lie in any project: the hole stands for that too.
    """
    if not text:
        return None
    if is_hole(masked(text).text):
        return ResourceName(f"//compute.googleapis.com/projects/{text}/{kind}/{text}")
    name = _ADDRESS.sub("", text)
    if name.startswith(("global/", "regions/", "zones/")):
        name = f"projects/{project}/{name}"
    if not name.startswith("projects/"):
        return None
    name = "/".join(with_project_id(name.split("/"), place))
    if "/images/family/" in name:  # a family has no policy, the images in its project have
        name = name.partition("/global/")[0]
        return ResourceName(f"//cloudresourcemanager.googleapis.com/{name}")
    return ResourceName(f"//compute.googleapis.com/{name}")
