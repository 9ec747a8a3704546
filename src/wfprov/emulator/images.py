"""Pictures that a call of Cloud Vision names in a bucket: the caller must be able to read them.

Source: https://cloud.google.com/vision/docs/before-you-begin (not opened): an input in Cloud
Storage asks for roles/storage.objectViewer.
"""

from collections.abc import Iterator
from typing import Any, Final

from wfprov.emulator.service import Call

_METHODS: Final = frozenset({"vision.images.annotate", "vision.images.asyncBatchAnnotate"})
_SCHEME: Final = "gs://"


def check(call: Call) -> None:
    """Refuses unless the caller may read every picture that lies in a bucket.

    Raises:
        ApiError: 403 naming permission and object.
    """
    if call.match.method.id not in _METHODS:
        return
    for uri in _named(call.body.get("requests")):
        bucket, _, name = uri.removeprefix(_SCHEME).partition("/")
        full = f"//storage.googleapis.com/projects/_/buckets/{bucket}/objects/{name or '-'}"
        call.require("storage.objects.get", full)


def _named(requests: Any) -> Iterator[str]:
    for request in requests if isinstance(requests, list) else ():
        image = request.get("image") if isinstance(request, dict) else None
        source = image.get("source") if isinstance(image, dict) else None
        if isinstance(source, dict):
            given = (source.get("imageUri"), source.get("gcsImageUri"))
            yield from (uri for uri in given if isinstance(uri, str) and uri.startswith(_SCHEME))
