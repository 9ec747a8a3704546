"""Workload Identity Federation: pools and providers, and the exchange of a pipeline's token.

A token's signature is not checked: whoever speaks to a control plane on
loopback may say who he is. Issuer, audience, expiry, mapping and condition are.

Source: https://iam.googleapis.com/$discovery/rest?version=v1,
https://sts.googleapis.com/$discovery/rest?version=v1 (2026-11-23)
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from wfprov.emulator import generic, identity, operations
from wfprov.emulator.condition import ConditionError, compiled
from wfprov.emulator.errors import already_exists, invalid
from wfprov.emulator.exchange import Json, Response
from wfprov.emulator.objects import META, RESOURCES
from wfprov.emulator.service import Call, Handler
from wfprov.emulator.world import ACCOUNT_HOST, World

_ID: Final = re.compile(r"(?!gcp-)[a-z0-9-]{4,32}")
_KEY: Final = re.compile(r"google\.(subject|groups)|attribute\.[a-z0-9_]{1,90}")
_MULTI_TENANT: Final = ("https://token.actions.githubusercontent.com", "https://gitlab.com")
_GRANT: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_LONGEST: Final = {"displayName": 32, "description": 256, "attributeCondition": 4096}


def _made(call: Call) -> Json:
    full = generic.new_name(call)
    if not full.rpartition("/")[0].endswith(("workloadIdentityPools", "providers")):
        raise invalid("Invalid parent.")
    if _ID.fullmatch(full.rpartition("/")[2]) is None:
        raise invalid(f"Invalid id: {full.rpartition('/')[2][:60]!r}.")
    if call.world.objects.peek(RESOURCES, full) is not None:
        raise already_exists("Requested entity")
    if call.match.collection is not None and "/providers/" in full:
        call.stored(full.partition("/providers/")[0])
    _check(full, call.body)
    body: Json = {**call.body, "name": _numbered(call.world, full), "state": "ACTIVE"}
    call.world.objects.put(RESOURCES, full, body)
    return _operation(call, full, body)


def _patched(call: Call) -> Json:
    new = generic.merged(call.stored(), call.body, call.query.get("updateMask", ""))
    _check(call.full, new)
    call.world.objects.put(RESOURCES, call.full, new)
    return _operation(call, call.full, new)


def _state(state: str) -> Handler:
    def change(call: Call) -> Json:
        new = {**call.stored(), "state": state}
        call.world.objects.put(RESOURCES, call.full, new)
        return _operation(call, call.full, new)

    return change


def _listed(key: str) -> Handler:
    def answer(call: Call) -> Json:
        folder = f"{call.full}/{key}"
        bodies = {n: call.world.objects.peek(RESOURCES, n) or {} for n in _children(call, folder)}
        shown = call.flag("showDeleted")
        live = tuple(n for n, b in bodies.items() if shown or b.get("state") == "ACTIVE")
        page, token = generic.paged(call, live)
        found: Json = {}
        if page:
            found["workloadIdentityPoolProviders" if key == "providers" else key] = [
                bodies[name] for name in page
            ]
        return {**found, "nextPageToken": token} if token else found

    return answer


def _children(call: Call, folder: str) -> tuple[str, ...]:
    return call.world.objects.children(folder)


def _polled(call: Call) -> Json:
    path = call.resource.split("/")
    path[1] = call.world.project_number(path[1])
    return operations.poll(call.world, "/".join(path))


def _numbered(world: World, full: str) -> str:
    parts = full.removeprefix(ACCOUNT_HOST).split("/")
    parts[1] = world.project_number(parts[1])
    return "/".join(parts)


def _operation(call: Call, full: str, body: Json) -> Json:
    kind = "WorkloadIdentityPoolProvider" if "/providers/" in full else "WorkloadIdentityPool"
    return operations.start(
        call.world,
        project=call.project,
        scope=_numbered(call.world, full),
        metadata=None,
        response={"@type": f"type.googleapis.com/google.iam.v1.{kind}", **body},
    )


def _check(full: str, body: Json) -> None:
    for field, longest in _LONGEST.items():
        if len(str(body.get(field, ""))) > longest:
            raise invalid(f"{field} cannot exceed {longest} characters.")
    if "/providers/" not in full or "oidc" not in body:
        return
    issuer = str(body["oidc"].get("issuerUri", ""))
    if not issuer.startswith("https://"):
        raise invalid("The issuer URI must be an HTTPS endpoint.")
    mapping = body.get("attributeMapping") or {}
    if "google.subject" not in mapping:
        raise invalid("The mapping must include google.subject.")
    expressions = [*mapping.values(), *filter(None, [body.get("attributeCondition")])]
    wrong = [key for key in mapping if _KEY.fullmatch(key) is None]
    if wrong:
        raise invalid(f"Invalid mapped attribute key: {wrong[0][:60]}")
    for expression in expressions:
        try:
            compiled(str(expression))
        except ConditionError as error:
            raise invalid(f"Error in expression {str(expression)[:80]!r}: {error}") from None
    condition = str(body.get("attributeCondition", ""))
    if issuer in _MULTI_TENANT and "assertion." not in condition and "attribute." not in condition:
        raise invalid(
            "The attribute condition must reference one of the provider's claims. For more "
            "information, see https://cloud.google.com/iam/docs/workload-identity-federation"
            "-with-deployment-pipelines#conditions"
        )


def exchanged(call: Call) -> Response:
    """The answer of `/v1/token`: an access token for a pipeline's own, or why not.

    Errors have the form of OAuth, `{error, error_description}` with 400.
    """
    body = call.body
    if body.get("grantType") != _GRANT:
        return _no("unsupported_grant_type", 'Invalid value for "grant_type".')
    name = str(body.get("audience", "")).removeprefix(ACCOUNT_HOST)
    full = call.world.full_name("iam", name)
    provider = call.world.objects.peek(RESOURCES, full)
    pool = call.world.objects.peek(RESOURCES, full.partition("/providers/")[0])
    if provider is None or pool is None or not all(map(_works, (provider, pool))):
        return _no(
            "invalid_target",
            'The target service indicated by the "audience" parameters is invalid. This might '
            "either be because the pool or provider is disabled or deleted or because it doesn't "
            "exist.",
        )
    claims = _claims(str(body.get("subjectToken", "")))
    if claims is None:
        return _no("invalid_request", "The subject token is not a valid JWT.")
    wrong = _untrusted(call, provider, claims)
    if wrong is not None:
        return wrong
    return _token(call, _numbered(call.world, full), provider, claims)


def _works(body: Mapping[str, Any]) -> bool:
    return body.get("state") == "ACTIVE" and not body.get("disabled")


def _untrusted(call: Call, provider: Mapping[str, Any], claims: Json) -> Response | None:
    oidc = provider.get("oidc") or {}
    if claims.get("iss") != oidc.get("issuerUri"):
        return _no(
            "invalid_grant",
            f"The issuer in ID Token {claims.get('iss')} does not match the expected ones: "
            f"{oidc.get('issuerUri')}",
        )
    own = f"iam.googleapis.com/{provider['name']}"
    audiences = oidc.get("allowedAudiences") or [f"//{own}", f"https://{own}"]
    if claims.get("aud") not in audiences:
        return _no(
            "invalid_grant",
            f"The audience in ID Token [{claims.get('aud')}] does not match the expected audience.",
        )
    if float(claims.get("exp", 0)) < call.world.seconds():
        return _no("invalid_grant", "ID Token issued at is stale to sign-in.")
    return None


def _token(call: Call, name: str, provider: Mapping[str, Any], claims: Json) -> Response:
    seen = {f"assertion.{claim}": value for claim, value in claims.items()}
    try:
        mapped = {
            key: compiled(expression)(seen)
            for key, expression in provider["attributeMapping"].items()
        }
    except ConditionError as error:
        return _no("invalid_request", f"Error in the attribute mapping: {error}")
    condition = str(provider.get("attributeCondition", ""))
    try:
        admitted = not condition or compiled(condition)({**seen, **mapped}) is True
    except ConditionError:
        admitted = False
    if not admitted:
        return _no(
            "unauthorized_client", "The given credential is rejected by the attribute condition."
        )
    pool = name.partition("/providers/")[0]
    principal = f"principal://iam.googleapis.com/{pool}/subject/{mapped['google.subject']}"
    attributes = {k: v for k, v in mapped.items() if k.startswith("attribute.")}
    call.world.objects.put(META, f"federated/{principal}", {"pool": pool, **attributes})
    return Response(
        status=200,
        body={
            "access_token": identity.token_for(principal),
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_type": "Bearer",
            "expires_in": identity.LIFETIME,
        },
    )


def _claims(jwt: str) -> Json | None:
    parts = jwt.split(".")
    try:
        payload = parts[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _no(error: str, description: str) -> Response:
    return Response(status=400, body={"error": error, "error_description": description})


def _checked(kind: str, verb: str, handler: Handler) -> Handler:
    """The handler behind its permission, which is named for the kind and the verb.

    Source: https://cloud.google.com/iam/docs/roles-permissions/iam (not opened), of which the
    role table has roles/iam.workloadIdentityPoolAdmin
    """

    def answer(call: Call) -> Any:
        call.require(f"iam.googleapis.com/{kind}.{'update' if verb == 'patch' else verb}")
        return handler(call)

    return answer


_POOLS: Final = "projects.locations.workloadIdentityPools"
HANDLERS: Final[Mapping[str, Handler]] = {
    **{
        f"{place}.{verb}": _checked(kind, verb, handler)
        for place, kind, key in (
            (_POOLS, "workloadIdentityPools", "workloadIdentityPools"),
            (f"{_POOLS}.providers", "workloadIdentityPoolProviders", "providers"),
        )
        for verb, handler in (
            ("create", _made),
            ("get", generic.get),
            ("patch", _patched),
            ("delete", _state("DELETED")),
            ("undelete", _state("ACTIVE")),
            ("list", _listed(key)),
        )
    },
    f"{_POOLS}.operations.get": _polled,
    f"{_POOLS}.providers.operations.get": _polled,
}
"""The methods of pools and providers that the generic service does not answer as the cloud does."""
