"""Cloud KMS v1: key rings and keys; nothing is encrypted.

Source: https://cloud.google.com/kms/docs/reference/rest (not opened)
"""

from typing import Final

from wfprov.emulator.exchange import Json
from wfprov.emulator.service import Kind, Service
from wfprov.emulator.world import World

_ALGORITHM: Final = "GOOGLE_SYMMETRIC_ENCRYPTION"
_PROTECTION: Final = {"algorithm": _ALGORITHM, "protectionLevel": "SOFTWARE"}


def _ring(world: World, resource: str, body: Json) -> Json:
    return {"name": resource, "createTime": body.get("createTime", world.now())}


def _key(world: World, resource: str, body: Json) -> Json:
    now = world.now()
    return {
        "purpose": "ENCRYPT_DECRYPT",
        "createTime": now,
        "destroyScheduledDuration": "2592000s",
        "versionTemplate": dict(_PROTECTION),
        "primary": {
            "name": f"{resource}/cryptoKeyVersions/1",
            "state": "ENABLED",
            "createTime": now,
            "generateTime": now,
            **_PROTECTION,
        },
        **{key: value for key, value in body.items() if key != "_standIn"},
    }


_RINGS: Final = "projects/*/locations/*/keyRings/*"
SERVICE: Final = Service(
    api="cloudkms",
    kinds=(
        Kind(pattern=_RINGS, complete=_ring, missing="KeyRing {name} not found."),
        Kind(
            pattern=f"{_RINGS}/cryptoKeys/*",
            complete=_key,
            missing="CryptoKey {name} not found.",
        ),
    ),
)
