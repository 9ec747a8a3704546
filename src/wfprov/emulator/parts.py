"""What a request names besides its own resource: the caller must be able to use that too.

Source: https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert (2026-11-28): the
instance template; https://cloud.google.com/vpc/docs/provisioning-shared-vpc (not opened): the
subnetwork, in its own project; https://cloud.google.com/vision/docs/before-you-begin (not opened):
a picture in Cloud Storage.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from wfprov.emulator.service import Call

_PICTURES: Final = frozenset({"vision.images.annotate", "vision.images.asyncBatchAnnotate"})
_SCHEME: Final = "gs://"
_ADDRESS: Final = re.compile(r"https://(www|compute)\.googleapis\.com/compute/(v1|beta|alpha)/")


def check(call: Call) -> None:
    """Refuses unless the caller may use every part that the request names.

    Raises:
        ApiError: 403 naming permission and resource.
    """
    method = call.match.method.id
    if method in _PICTURES:
        for uri in _pictures(call.body.get("requests")):
            bucket, _, name = uri.removeprefix(_SCHEME).partition("/")
            full = f"//storage.googleapis.com/projects/_/buckets/{bucket}/objects/{name or '-'}"
            call.require("storage.objects.get", full)
    elif method == "compute.instances.insert":
        for interface in _items(call.body.get("networkInterfaces")):
            _use(call, "compute.subnetworks.use", interface.get("subnetwork"))
        for disk in _items(call.body.get("disks")):
            read_only = disk.get("mode") == "READ_ONLY"
            permission = "compute.disks.useReadOnly" if read_only else "compute.disks.use"
            _use(call, permission, disk.get("source"))
        template = call.query.get("sourceInstanceTemplate")
        _use(call, "compute.instanceTemplates.useReadOnly", template)


def _use(call: Call, permission: str, named: Any) -> None:
    """A part by its whole or partial address; a plain word names none."""
    name = _ADDRESS.sub("", named) if isinstance(named, str) else ""
    if name.startswith(("global/", "regions/", "zones/")):
        name = f"projects/{call.project}/{name}"
    if name.startswith("projects/"):
        call.require(permission, f"//compute.googleapis.com/{name}")


def _items(value: Any) -> Iterator[dict[str, Any]]:
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _pictures(requests: Any) -> Iterator[str]:
    for request in _items(requests):
        image = request.get("image")
        source = image.get("source") if isinstance(image, dict) else None
        if isinstance(source, dict):
            given = (source.get("imageUri"), source.get("gcsImageUri"))
            yield from (uri for uri in given if isinstance(uri, str) and uri.startswith(_SCHEME))
