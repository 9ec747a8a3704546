"""The endpoints from which application default credentials take tokens."""

from collections.abc import Mapping
from typing import Final

from wfprov.emulator import identity
from wfprov.emulator.core import ControlPlane
from wfprov.emulator.errors import ApiError, not_found
from wfprov.emulator.exchange import Response

_FLAVOR: Final = {"Metadata-Flavor": "Google"}
_ROOT: Final = "computeMetadata/v1"


def owns(path: str) -> bool:
    """Whether a path belongs to the token or metadata endpoints; the root is the server's ping."""
    return path in ("", "oauth2/token", "token") or path.startswith("computeMetadata")


def answer(
    plane: ControlPlane,
    verb: str,
    path: str,
    *,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    form: Mapping[str, str],
) -> Response:
    """The answer of `/oauth2/token` or of the metadata server.

    The metadata server speaks for the account that the setting
    `metadataAccount` names.

    Raises:
        ApiError: no account is set, a header is missing, or nobody is named.
    """
    now = int(plane.world.seconds())
    if path in ("oauth2/token", "token"):
        if verb != "POST":
            raise ApiError("NOT_FOUND", "Send a POST.")
        try:
            return Response(status=200, body=identity.exchange(form, now=now))
        except ApiError:
            # https://www.rfc-editor.org/rfc/rfc6749#section-5.2 (not opened)
            gone = "Token has been expired or revoked."
            body = {"error": "invalid_grant", "error_description": gone}
            return Response(status=400, body=body)
    if path == "":
        return Response(status=200, body="wfprov emulator\n", headers=_FLAVOR)
    if headers.get("metadata-flavor") != "Google":
        raise ApiError("PERMISSION_DENIED", "Missing Metadata-Flavor:Google header.")
    with plane.world.objects.transaction():
        return _metadata(plane, path.removeprefix(_ROOT).strip("/"), query, now)


def _metadata(plane: ControlPlane, path: str, query: Mapping[str, str], now: int) -> Response:
    email = plane.world.settings.metadata_account
    if not email:
        raise ApiError(
            "NOT_FOUND", "Set metadataAccount in /emulator/v1/settings to use the metadata server."
        )
    project = plane.world.account_project(email) or ""
    account = ("instance/service-accounts/default", f"instance/service-accounts/{email}")
    body: object
    if path == "project/project-id":
        body = project
    elif path == "project/numeric-project-id":
        body = plane.world.project_number(project)
    elif path in account:
        body = {
            "aliases": ["default"],
            "email": email,
            "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        }
    elif path == "universe/universe-domain":
        body = "googleapis.com"
    elif path.endswith("/email") and path.rpartition("/")[0] in account:
        body = email
    elif path.endswith("/token") and path.rpartition("/")[0] in account:
        token = identity.token_for(f"serviceAccount:{email}")
        body = {"access_token": token, "expires_in": identity.LIFETIME, "token_type": "Bearer"}
    elif path.endswith("/identity") and path.rpartition("/")[0] in account:
        body = identity.id_token(f"serviceAccount:{email}", query.get("audience", ""), now=now)
    else:
        raise not_found(path)
    return Response(status=200, body=body, headers=_FLAVOR)
