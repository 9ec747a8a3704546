"""Identity-Aware Proxy v1: policies of protected resources, which are not created here.

Source: https://cloud.google.com/iap/docs/managing-access (not opened)
"""

from typing import Final

from wfprov.emulator import generic
from wfprov.emulator.errors import ApiError
from wfprov.emulator.exchange import Json
from wfprov.emulator.service import Call, Handler, Service


def _permission(resource: str, action: str) -> str:
    """The permission for a policy of `projects/{n}/iap_web[/{type}[/services/{s}[/versions/{v}]]]`.

    Raises:
        ApiError: 400 for another form.

    Source: https://cloud.google.com/iap/docs/reference/rest/v1/V1/setIamPolicy (not opened)
    """
    parts = resource.split("/")
    levels = {
        "iap_web": {3: "web", 4: "webTypes", 6: "webServices", 8: "webServiceVersions"},
        "iap_tunnel": {3: "tunnel", 5: "tunnelLocations", 7: "tunnelDestGroups"},
    }
    kind = parts[2] if len(parts) > 2 and parts[0] == "projects" else ""  # noqa: PLR2004
    level = levels.get(kind, {}).get(len(parts))
    if level is None:
        raise ApiError("INVALID_ARGUMENT", f"Request contains an invalid resource: '{resource}'.")
    return f"iap.{level}.{action}"


def _checked(handler: Handler) -> Handler:
    def answer(call: Call) -> Json:
        call.require(_permission(call.match.resource, call.match.method.action))
        result: Json = handler(call)
        return result

    return answer


SERVICE: Final = Service(
    api="iap",
    handlers={
        "v1": {
            "getIamPolicy": _checked(generic.get_iam_policy),
            "setIamPolicy": _checked(generic.set_iam_policy),
            "testIamPermissions": generic.test_iam_permissions,
        }
    },
)
