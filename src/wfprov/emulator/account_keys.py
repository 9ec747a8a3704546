"""Keys of service accounts, as far as listing them goes: no key material is ever made.

Source: the discovery document of iam v1, projects.serviceAccounts.keys (2026-11-23)
"""

from datetime import datetime
from typing import Any

from wfprov.emulator import generic
from wfprov.emulator.errors import ApiError
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.service import Call
from wfprov.emulator.world import ACCOUNT_HOST, shown

_NEVER = "9999-12-31T23:59:59Z"


def create(call: Call) -> Json:
    """A key that somebody manages, without the private part that the cloud would hand out once."""
    account = _account(call)
    name = f"{account}/keys/{call.world.unique_hex(40)}"
    body = {
        "name": name,
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": "GOOGLE_PROVIDED",
        "keyType": "USER_MANAGED",
        "validAfterTime": _seconds(call.world.now()),
        "validBeforeTime": _NEVER,
    }
    call.world.objects.put(RESOURCES, ACCOUNT_HOST + name, body)
    return body


def listed(call: Call) -> Json:
    """The keys of the asked types: the one that Google manages, then those that people do."""
    account = _account(call)
    asked = {kind for kind in call.query.get("keyTypes", "").split(",") if kind}
    keys: list[Any] = [
        {
            "name": f"{account}/keys/google-managed",
            "keyAlgorithm": "KEY_ALG_RSA_2048",
            "keyOrigin": "GOOGLE_PROVIDED",
            "keyType": "SYSTEM_MANAGED",
        }
    ]
    names = call.world.objects.children(f"{ACCOUNT_HOST}{account}/keys")
    keys += [shown(call.world.objects.get(RESOURCES, name)) for name in names]
    wanted = [key for key in keys if not asked or key["keyType"] in asked]
    return {"keys": wanted} if wanted else {}


def delete(call: Call) -> Json:
    """Drops a key."""
    call.stored()
    generic.remove(call, call.full)
    return {}


def disable(call: Call) -> Json:
    """Marks a key as disabled."""
    call.world.objects.put(RESOURCES, call.full, {**call.stored(), "disabled": True})
    return {}


def _account(call: Call) -> str:
    parts = call.resource.split("/")
    found = call.world.account(parts[3])
    if found is None:
        raise ApiError("NOT_FOUND", f"Service account {parts[3]} does not exist.")
    return str(found["name"])


def _seconds(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
