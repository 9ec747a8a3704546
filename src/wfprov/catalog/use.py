"""Builds the TargetUse of a call: the parts that every kind of target fills alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from wfprov.catalog import acting, question, value
from wfprov.catalog.kind import Sighting
from wfprov.catalog.methods import Reached
from wfprov.catalog.needs import Asked, asked, scopes_suffice
from wfprov.catalog.request import Request
from wfprov.catalog.resource import OWN_PROJECT, Parts, project_of
from wfprov.catalog.rules import NARROW_SCOPE, UNKNOWN_METHOD, UNSIGNED_GOOGLE_API
from wfprov.catalog.target import Certainty, Kind, Need, Question, TargetUse, Tier
from wfprov.core.address import Permission, ResourceName, is_pattern, project_name
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.facts import Facts, MethodId
from wfprov.core.span import Span

_PLACEHOLDER = re.compile(r"<[^>{}]+>|\[[^\]{}]+\]|[^{}]*[A-Z][^{}]*")
"""What stands in samples where a project's id is to be written: an id has lower-case letters only.

Source: https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects (not opened)
"""


def certainty(*texts: str | None) -> Certainty:
    """Exact when none of the texts has a hole, pattern otherwise."""
    patterns = any(text is not None and is_pattern(text) for text in texts)
    return Certainty.PATTERN if patterns else Certainty.EXACT


def plain(request: Request, kind: Kind) -> TargetUse:
    """A target of that kind with the request's method, address and signature."""
    return TargetUse(
        kind=kind,
        method=request.verb,
        url=request.address,
        auth=request.auth,
        confidence=certainty(request.address),
    )


def of_method(sighting: Sighting, kind: Kind) -> TargetUse:
    """The target that a reached method makes: resource, needs, and the question if one is open."""
    request, facts = sighting.request, sighting.facts
    told = told_permissions(request)
    reached = _chosen(sighting)
    if reached is None:
        hidden = _hidden(sighting, kind)
        return hidden if told is None else with_told(hidden, request, facts, told)
    wanted = asked(reached, request, facts)
    known = wanted.known and (reached.method is not None or bool(wanted.needs) or wanted.note != "")
    needs = wanted.needs if _is_signed_for_google(request) else ()
    resource = wanted.resource
    doubt = None
    if not known:
        doubt = question.ask(
            request,
            f"which permissions {reached.id} needs is not known; "
            f"write those that Google's page of the method names",
            "{permissions: [PERMISSION]}",
        )
    elif _is_signed_for_google(request):
        doubt = _open(request, needs) or _held_by_none(request, needs, facts)
        if doubt is None and wanted.doubt:
            doubt = question.ask(
                request, wanted.doubt, '{permissions: ["PERMISSION on //FULL/RESOURCE/NAME"]}'
            )
    project = request.place.project if resource is None else project_of(resource, request.place)
    use = replace(
        plain(request, kind),
        method=request.verb or (reached.method.verb if reached.method is not None else None),
        api_method=str(reached.id),
        resource=resource,
        needs=needs,
        confidence=Certainty.PATTERN
        if _PLACEHOLDER.fullmatch(project)
        else certainty(request.address, resource),
        question=doubt,
        apis=((reached.service, project),),
        diagnostics=tuple(_findings(sighting, reached, wanted)),
        note=wanted.note,
    )
    if presumed := _presumed_project(request):
        use = replace(
            use,
            confidence=Certainty.PATTERN,
            note="; ".join(part for part in (presumed, wanted.note) if part),
        )
    return use if told is None else with_told(use, request, facts, told)


def _is_signed_for_google(request: Request) -> bool:
    return not request.is_http or request.is_signed


def _presumed_project(request: Request) -> str:
    """The remark that a template's variable is taken for the configured project, or nothing."""
    for given in request.call.args.values():
        for text in value.texts(given):
            if found := OWN_PROJECT.search(text):
                return f"{question.origin(found[0][1:-1])} is presumed to be the workflow's project"
    return ""


def _chosen(sighting: Sighting) -> Reached | None:
    id_ = told_method(sighting.request)
    if id_ is not None:
        for reached in sighting.reached:
            if reached.id == id_:
                return reached
        method = sighting.facts.method(id_)
        service = sighting.facts.service(id_.api) or f"{id_.api}.googleapis.com"
        return Reached(id=id_, method=method, parts=Parts(), service=service)
    return sighting.one


def _hidden(sighting: Sighting, kind: Kind) -> TargetUse:
    """A Google API whose method the definition does not tell."""
    request = sighting.request
    holes = question.holes_in(request.address or "")
    options = ", ".join(str(reached.id) for reached in sighting.reached[:4])
    message = (
        f"which method this calls is not known: it may be {options}"
        if options
        else f"no method of {request.url.shown_host if request.url else 'the API'} fits the address"
    )
    verb_hidden = request.is_http and request.verb is None
    if verb_hidden:
        message = "which method this calls is not known, because its HTTP method is not"
    unknown = (
        ()
        if sighting.reached or holes or verb_hidden
        else (
            Diagnostic(
                rule=UNKNOWN_METHOD,
                message=message,
                at=request.call.place_of("url"),
                help="compare it with the method's reference page",
            ),
        )
    )
    signed = _is_signed_for_google(request)
    return replace(
        plain(request, kind),
        confidence=Certainty.PATTERN,
        question=question.ask(
            request, message, "{api_method: API.VERSION.RESOURCE.METHOD}", *holes[:1]
        )
        if signed
        else None,
        apis=tuple({(reached.service, request.place.project) for reached in sighting.reached}),
        diagnostics=(*unknown, *_unsigned(request)),
    )


def _open(request: Request, needs: Iterable[Need]) -> Question | None:
    """The question that a known method leaves open: a permission by guess, a project by hole."""
    guessed = sorted({n.permission for n in needs if n.tier is Tier.DERIVED})
    if guessed:
        return question.ask(
            request,
            f"{', '.join(guessed)}: guessed from the method's name; no page was found that says so",
            "{permissions: [" + ", ".join(guessed) + "]}",
        )
    for need in needs:
        if hidden := project_hidden(request, (need,)):
            return hidden
        if need.permission.startswith("iam.serviceAccounts."):
            for hole in question.holes_in(need.on):
                return question.ask_value(
                    request,
                    f"the service account that is acted as comes from {question.origin(hole)}"
                    + acting.doubt(hole, request.place),
                    hole,
                    "{permissions: [" + f'"{need.permission} on {_ACCOUNT}"' + "]}",
                )
    return None


def project_hidden(request: Request, needs: Iterable[Need]) -> Question | None:
    """The question in which project a need stands, when a hole hides that."""
    for need in needs:
        for hole in question.holes_in(need.project):
            return question.ask_value(
                request,
                f"the project of {need.on} comes from {question.origin(hole)}",
                hole,
                "{permissions: [" + f'"{need.permission} on //FULL/RESOURCE/NAME"' + "]}",
            )
        if _PLACEHOLDER.fullmatch(need.project):
            return question.ask(
                request,
                f"the project of {need.on} is {need.project}, which no project can be called: "
                "which one is meant?",
                "{permissions: [" + f'"{need.permission} on //FULL/RESOURCE/NAME"' + "]}",
            )
    return None


def _held_by_none(request: Request, needs: Iterable[Need], facts: Facts) -> Question | None:
    """The question about permissions that no role of a renewed catalog holds any more."""
    lost = sorted({n.permission for n in needs if not facts.exists(n.permission)})
    if not lost:
        return None
    return question.ask(
        request,
        f"no predefined role holds {', '.join(lost)}: the method needs something else by now; "
        "write what its page names",
        "{permissions: [PERMISSION]}",
    )


_ACCOUNT = "//iam.googleapis.com/projects/-/serviceAccounts/EMAIL"


def told_method(request: Request) -> MethodId | None:
    """The method that the user named for the site, or None."""
    answer = request.answer
    if answer is None or answer.kind != "api_method" or not isinstance(answer.value, str):
        return None
    api, _, rest = answer.value.removeprefix("googleapis.").partition(".")
    version, _, name = rest.partition(".")
    return MethodId(api, version, name)


def told_permissions(request: Request) -> tuple[str, ...] | None:
    """The permissions that the user wrote for the site, or None."""
    answer = request.answer
    if answer is None or answer.kind != "permissions":
        return None
    return (answer.value,) if isinstance(answer.value, str) else tuple(answer.value)


def with_told(use: TargetUse, request: Request, facts: Facts, told: tuple[str, ...]) -> TargetUse:
    """The target with the needs that the user wrote in place of those that were open.

    `PERMISSION`, or `PERMISSION on //FULL/RESOURCE/NAME`; what the catalog knows of other
    permissions stays, what it guessed goes.
    """
    needs: dict[Permission, Need] = {}
    for line in told:
        permission, _, on = line.partition(" on ")
        own = next((n for n in use.needs if n.permission == permission.strip()), None)
        name = own.on if own is not None else project_name(request.place.project)
        resource = ResourceName(on.strip()) if on.strip() else name
        told_need = Need(
            permission=Permission(permission.strip()),
            on=resource,
            tier=Tier.CURATED,
            source="wfprov.yaml",
            project=project_of(resource, request.place),
        )
        if own is not None:
            told_need = replace(told_need, principal=own.principal, role=own.role)
        needs[told_need.permission] = told_need
    kept = tuple(n for n in use.needs if n.permission not in needs and n.tier is not Tier.DERIVED)
    wrong = sorted(permission for permission in needs if not facts.exists(permission))
    doubt = _open(request, (*kept, *needs.values()))
    if wrong:
        doubt = question.ask(
            request,
            f"no predefined role holds {', '.join(wrong)}: is the name right?",
            "{permissions: [PERMISSION]}",
        )
    first = next(iter(needs.values()))
    return replace(
        use,
        needs=(*kept, *(need for need in needs.values() if need.permission not in wrong)),
        resource=use.resource or first.on,
        question=doubt,
    )


def _findings(sighting: Sighting, reached: Reached, wanted: Asked) -> Iterator[Diagnostic]:
    request = sighting.request
    if reached.method is None and not wanted.known:
        yield Diagnostic(
            rule=UNKNOWN_METHOD,
            message=f"there is no method {reached.id}",
            at=request.call.span,
            help=_meant(sighting.facts.methods_like(reached.id)),
        )
    auth, method = request.auth, reached.method
    if (
        auth is not None
        and auth.type == "OAuth2"
        and method is not None
        and (request.is_http or _asks_for_scopes(request))
        and not scopes_suffice(auth.scopes, method.scopes)
    ):
        yield Diagnostic(
            rule=NARROW_SCOPE,
            message=f"{reached.id} takes none of {', '.join(auth.scopes)}",
            at=_place_of_scopes(request),
            help=f"ask for {_sufficient(method.scopes, wanted)}",
        )
    yield from _unsigned(request)


def _place_of_scopes(request: Request) -> Span:
    block = "auth" if request.is_http else "connector_params"
    scope = f"{block}.scope"
    return request.call.place_of(scope if scope in request.call.places else f"{block}.scopes")


def _meant(names: tuple[str, ...]) -> str:
    """What to do about a connector that does not exist."""
    if not names:
        return "compare it with the connector's reference page"
    return "did you mean " + " or ".join(f"googleapis.{name}" for name in names) + "?"


def _asks_for_scopes(request: Request) -> bool:
    """Whether a connector call names scopes; those that it is given otherwise always suffice.

    Source: https://docs.cloud.google.com/workflows/docs/reference/googleapis (2026-11-23)
    """
    scopes = value.at(request.call.arg("connector_params"), "scopes")
    return any(value.is_set(given) for given in scopes)


def _sufficient(accepted: tuple[str, ...], wanted: Asked) -> str:
    """The scope that the researched row names as the least, where the method accepts it."""
    return wanted.scope if wanted.scope in accepted else accepted[0]


def _unsigned(request: Request) -> Iterator[Diagnostic]:
    if request.is_http and request.auth is None and request.auth_hole is None:
        with_key = request.url is not None and any(key == "key" for key, _ in request.url.query)
        if not with_key:
            yield Diagnostic(
                rule=UNSIGNED_GOOGLE_API,
                message="nothing signs this request to a Google API",
                at=request.call.place_of("url"),
                help="write `auth: {type: OAuth2}`",
            )
