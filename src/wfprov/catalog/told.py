"""Findings about the user's answers, which Google's facts or the call itself contradict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from wfprov.catalog.kind import Sighting
from wfprov.catalog.methods import service_host
from wfprov.catalog.url import has_hole
from wfprov.catalog.use import told_method, told_permissions
from wfprov.core.address import Permission
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.facts import Facts
from wfprov.core.rule import Rule, Severity

UNKNOWN_PERMISSION: Final = Rule(
    slug="unknown-permission-in-answer",
    severity=Severity.ERROR,
    summary="An answer that names a permission which no role holds",
    docs="`permissions` of an answer are granted as they are written, so each has to be one that "
    "exists: `service.resource.verb`, as the reference page of the method names it.",
    source="https://docs.cloud.google.com/iam/docs/roles-permissions",
)
UNKNOWN_METHOD_TOLD: Final = Rule(
    slug="unknown-method-in-answer",
    severity=Severity.ERROR,
    summary="An answer that names an API method which does not exist",
    docs="`api_method` of an answer is a method by API, version and resource path: "
    "`compute.v1.instances.stop`.",
    source="https://docs.cloud.google.com/workflows/docs/reference/googleapis",
)
CONTRADICTING_METHOD: Final = Rule(
    slug="answer-contradicts-call",
    severity=Severity.ERROR,
    summary="An answer that the call itself contradicts",
    docs="`api_method` of an answer is for a call that does not tell its method. This call goes "
    "to another API, or with another HTTP method, than the one that the answer names. Nor is what "
    "answers at a Google API's own address a Cloud Run service, a function or an endpoint of IAP.",
)
NOT_AN_API: Final[Mapping[str, str]] = {
    "cloud_run": "a Cloud Run service",
    "function": "a function",
    "iap": "an endpoint behind IAP",
}
"""Answers that no address of a Google API can have, and what they say that the target is."""

RULES: Final = (UNKNOWN_PERMISSION, UNKNOWN_METHOD_TOLD, CONTRADICTING_METHOD)


def of_answer(sighting: Sighting) -> Iterator[Diagnostic]:
    """What is wrong with the answer for this call, at the answer's place in wfprov.yaml."""
    request, facts = sighting.request, sighting.facts
    answer = request.answer
    if answer is None:
        return
    for line in told_permissions(request) or ():
        permission = Permission(line.partition(" on ")[0].strip())
        if not facts.exists(permission):
            near = _near(permission, facts)
            yield Diagnostic(
                rule=UNKNOWN_PERMISSION,
                message=f"no role holds the permission {permission}",
                at=answer.at,
                help=f"did you mean {near}?" if near else "compare it with the method's page",
            )
    host = None if request.url is None else service_host(request.url, facts)
    if host is not None and answer.kind in NOT_AN_API:
        yield Diagnostic(
            rule=CONTRADICTING_METHOD,
            message=f"{host} is a Google API, not {NOT_AN_API[answer.kind]}",
            at=answer.at,
            help="remove the answer: the call tells its method",
        )
    told = told_method(request)
    if told is None:
        return
    method = facts.method(told)
    if method is None:
        if facts.needs(told) is None:
            names = facts.methods_like(told)
            yield Diagnostic(
                rule=UNKNOWN_METHOD_TOLD,
                message=f"there is no method {told}",
                at=answer.at,
                help=f"did you mean {' or '.join(names)}?"
                if names
                else "compare it with the API's reference page",
            )
        return
    named = host is not None and not has_hole(host)
    if named and host not in {method.service, "www.googleapis.com"}:
        yield Diagnostic(
            rule=CONTRADICTING_METHOD,
            message=f"the call goes to {host}, {told} is a method of {method.service}",
            at=answer.at,
            help=f"name a method of {host}",
        )
    elif request.verb is not None and request.verb != method.verb:
        yield Diagnostic(
            rule=CONTRADICTING_METHOD,
            message=f"the call is a {request.verb}, {told} is a {method.verb}",
            at=answer.at,
            help=f"name a method that is a {request.verb}",
        )


def _near(permission: str, facts: Facts) -> str:
    """The permission of the same service that is written most like it, or nothing."""
    service = permission.partition(".")[0]
    known = {p for role in facts.roles_of(service) for p in role.permissions}
    return next(iter(get_close_matches(permission, sorted(known), n=1)), "")
