"""IAM Credentials v1: tokens of service accounts for those who may impersonate them.

Source: https://cloud.google.com/iam/docs/create-short-lived-credentials-direct (not opened),
https://iamcredentials.googleapis.com/$discovery/rest?version=v1 (2026-11-23)
"""

import re
from datetime import timedelta
from typing import Final

from wfprov.emulator import enforce, identity
from wfprov.emulator.errors import ApiError, invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.service import Call, Service

_DELEGATE: Final = re.compile(r"projects/-/serviceAccounts/([^/]+)")
_LONGEST: Final = 3600


def _access_token(call: Call) -> Json:
    _may(call, "iam.serviceAccounts.getAccessToken")
    text = str(call.body.get("lifetime") or f"{_LONGEST}s")
    if re.fullmatch(r"\d{1,6}s", text) is None or not 0 < int(text[:-1]) <= _LONGEST:
        raise invalid(f"The lifetime must be between 1 and {_LONGEST} seconds.")
    if not call.body.get("scope"):
        raise invalid("The scope is required.")
    ends = call.world.clock() + timedelta(seconds=int(text[:-1]))
    return {
        "accessToken": identity.token_for(_principal(call)),
        "expireTime": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _id_token(call: Call) -> Json:
    _may(call, "iam.serviceAccounts.getOpenIdToken")
    audience = str(call.body.get("audience", ""))
    now = int(call.world.seconds())
    return {"token": identity.id_token(_principal(call), audience, now=now)}


def _may(call: Call, permission: str) -> None:
    """Refuses unless the caller may, or each delegate may become the next and the last one may.

    Source: https://iamcredentials.googleapis.com/$discovery/rest?version=v1 (2026-11-23), field
    `delegates`; the permission of a link: https://cloud.google.com/iam/docs/permissions-reference
    (not opened)
    """
    asking = call.caller
    for name in call.body.get("delegates") or ():
        found = _DELEGATE.fullmatch(str(name))
        if found is None:
            raise invalid(f"Invalid form of delegate: {str(name)[:100]}")
        on = call.world.full_name("iam", str(name))
        enforce.require(call.world, asking, "iam.serviceAccounts.implicitDelegation", on)
        asking = f"serviceAccount:{found[1]}"
    enforce.require(call.world, asking, permission, call.full)


def _principal(call: Call) -> str:
    found = call.world.account(call.match.resource.rpartition("/")[2])
    if found is None:
        raise ApiError("NOT_FOUND", "Unknown service account")
    return f"serviceAccount:{found['email']}"


SERVICE: Final = Service(
    api="iamcredentials",
    handlers={
        "v1": {
            "projects.serviceAccounts.generateAccessToken": _access_token,
            "projects.serviceAccounts.generateIdToken": _id_token,
        }
    },
)
