"""IAM Credentials v1: tokens of service accounts for those who may impersonate them.

Source: https://cloud.google.com/iam/docs/create-short-lived-credentials-direct (not opened)
"""

from datetime import timedelta
from typing import Final

from wfprov.emulator import identity
from wfprov.emulator.errors import ApiError
from wfprov.emulator.exchange import Json
from wfprov.emulator.service import Call, Service


def _access_token(call: Call) -> Json:
    ends = call.world.clock() + timedelta(seconds=identity.LIFETIME)
    return {
        "accessToken": identity.token_for(_principal(call)),
        "expireTime": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _id_token(call: Call) -> Json:
    audience = str(call.body.get("audience", ""))
    now = int(call.world.seconds())
    return {"token": identity.id_token(_principal(call), audience, now=now)}


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
