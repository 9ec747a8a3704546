"""The data plane: requests to services, functions and IAP endpoints by the host they are sent to.

Who may call is decided as the cloud does: `run.routes.invoke` on the service, and
`cloudfunctions.functions.invoke` on a function of the first generation
(https://cloud.google.com/run/docs/securing/managing-access,
https://cloud.google.com/functions/docs/securing/managing-access-iam), and
`iap.webServiceVersions.accessViaIAP` on what IAP guards
(https://cloud.google.com/iap/docs/managing-access), all 2026-11-23. What runs there is not run: the
answer is an empty object.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from wfprov.emulator import enforce, identity
from wfprov.emulator.errors import ApiError, unauthenticated
from wfprov.emulator.exchange import Json, Response
from wfprov.emulator.objects import RESOURCES
from wfprov.emulator.services.run import REGION_CODES
from wfprov.emulator.world import World

RUN_PERMISSION: Final = "run.routes.invoke"
FUNCTION_PERMISSION: Final = "cloudfunctions.functions.invoke"
IAP_PERMISSION: Final = "iap.webServiceVersions.accessViaIAP"
_RUN: Final = "//run.googleapis.com/"
_FUNCTIONS: Final = "//cloudfunctions.googleapis.com/"
_HASHED: Final = re.compile(r"(?:[a-z0-9-]+---)?([a-z][a-z0-9-]*)-[a-z0-9]+-([a-z]{1,4})\.a")
_NAMED: Final = re.compile(r"(?:[a-z0-9-]+---)?([a-z][a-z0-9-]*)-(\d+)\.([a-z0-9-]+)")
_FUNCTION: Final = re.compile(r"([a-z]+-[a-z]+\d+)-([a-z][a-z0-9-]*)\.cloudfunctions\.net")
_JWT_PARTS: Final = 3


def owns(world: World, host: str) -> bool:
    """Whether requests to a host reach the data plane."""
    return host.endswith((".run.app", ".cloudfunctions.net")) or host in world.settings.iap_hosts


def answer(world: World, host: str, path: str, headers: Mapping[str, str]) -> Response:
    """The answer to a request, with what was checked on what.

    Raises:
        ApiError: 404 where nothing listens, 401 for a token that is not meant for it, 403 naming
            permission and resource.
    """
    resource, permission = _behind(world, host, path)
    if permission != IAP_PERMISSION and enforce.permitted(world, None, permission, resource):
        return Response(status=200, body={})
    caller, audience = _bearer(headers)
    if permission != IAP_PERMISSION:
        _check_audience(world, resource, host, audience)
    enforce.require(world, caller, permission, resource)
    return Response(status=200, body={})


def checked(world: World, host: str, path: str) -> tuple[str, str] | None:
    """The full name of what a request reaches and the permission that it needs, or None."""
    try:
        return _behind(world, host, path)
    except ApiError:
        return None


def _behind(world: World, host: str, path: str) -> tuple[str, str]:
    guarded = world.settings.iap_hosts.get(host)
    if guarded is not None:
        return world.full_name("iap", guarded), IAP_PERMISSION
    if host.endswith(".run.app"):
        service = _run_service(world, host)
        if service is not None:
            return service, RUN_PERMISSION
    found = _FUNCTION.fullmatch(host)
    if found is not None:
        short = path.partition("/")[0]
        name = f"projects/{world.project_id(found[2])}/locations/{found[1]}/functions/{short}"
        function = world.objects.peek(RESOURCES, _FUNCTIONS + name)
        if function is not None and "_v1" in function:
            return _FUNCTIONS + name, FUNCTION_PERMISSION
        if function is not None:
            return _RUN + function["serviceConfig"]["service"], RUN_PERMISSION
    raise ApiError("NOT_FOUND", "The requested URL was not found on this server.")


def _run_service(world: World, host: str) -> str | None:
    """The service of a host; a hash of a project is not known here, so its name must be enough.

    Source: https://cloud.google.com/run/docs/triggering/https-request (not opened)
    """
    inner = host.removesuffix(".run.app")
    named = _NAMED.fullmatch(inner)
    if named is not None:
        project = world.project_id(named[2])
        name = f"{_RUN}projects/{project}/locations/{named[3]}/services/{named[1]}"
        return name if world.objects.peek(RESOURCES, name) is not None else None
    found = []
    hashed = _HASHED.fullmatch(inner)
    for name in world.objects.children(f"{_RUN}projects/-/locations/-/services"):
        service = world.objects.peek(RESOURCES, name) or {}
        if service.get("uri") == f"https://{host}":
            return name
        if hashed is not None and name.endswith(f"/services/{hashed[1]}"):
            code = REGION_CODES.get(name.split("/")[6])
            if code in (None, hashed[2]):
                found.append(name)
    return found[0] if len(found) == 1 else None


def _bearer(headers: Mapping[str, str]) -> tuple[str, str]:
    """The principal and the audience of an ID token.

    Raises:
        ApiError: 401 without one.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    parts = token.strip().split(".")
    if scheme.lower() != "bearer" or len(parts) != _JWT_PARTS:
        raise unauthenticated(sent=bool(token))
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims: Json = json.loads(payload)
        principal = f"serviceAccount:{claims['email']}"
        identity.token_for(principal)
    except (ValueError, KeyError, TypeError):
        raise unauthenticated(sent=True) from None
    return principal, str(claims.get("aud", ""))


def _check_audience(world: World, resource: str, host: str, audience: str) -> None:
    """An audience is an address of the service, or one of its custom audiences.

    Source: https://cloud.google.com/run/docs/authenticating/service-to-service (not opened)

    Raises:
        ApiError: 401 for any other.
    """
    service = world.objects.peek(RESOURCES, resource) or {}
    known = {host, *(urlsplit(url).hostname for url in service.get("urls", ()))}
    if urlsplit(audience).hostname in known or audience in service.get("customAudiences", ()):
        return
    raise unauthenticated(sent=True)
