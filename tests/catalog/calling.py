"""Calls as the analysis hands them over, written as plain values; `{x}` in a text is a hole."""

from __future__ import annotations

import re
from functools import cache

from wfprov.analysis.calls import OutboundCall
from wfprov.analysis.domain import Abstract, Const, Hole, ListOf, MapOf, Text, Unknown
from wfprov.catalog.match import match
from wfprov.catalog.target import Answer, Place, TargetUse
from wfprov.core.facts import Facts
from wfprov.core.span import Source, Span
from wfprov.iam.build import RoleOptions, grants
from wfprov.iam.grant import Grant
from wfprov.iam.requirement import Requirement
from wfprov.store.facts import open_facts

AT = Span(Source("w.yaml", "main:\n"), 0, 4)
PLACE = Place(
    project="acme", project_number="493817260155", region="europe-west1", workflow="order-intake"
)


@cache
def facts() -> Facts:
    return open_facts()


def value(plain: object) -> Abstract:
    match plain:
        case str():
            pieces = [p for p in re.split(r"(\{[^{}]*\})", plain) if p]
            parts = tuple(Hole(p[1:-1]) if re.fullmatch(r"\{[^{}]*\}", p) else p for p in pieces)
            if not any(isinstance(p, Hole) for p in parts):
                return Const(plain)
            if len(parts) == 1 and isinstance(parts[0], Hole):
                return Unknown(parts[0])
            return Text(parts)
        case dict():
            return MapOf(tuple((str(k), value(v)) for k, v in plain.items()))
        case list():
            return ListOf(tuple(value(v) for v in plain))
        case _:
            return Const(plain)


def call(function: str, *, via: tuple[str, ...] = (), site: str = "main.step", **args: object):
    return OutboundCall(
        site=site,
        via=via,
        function=function,
        args={name: value(given) for name, given in args.items()},
        span=AT,
    )


def place(**answers: object) -> Place:
    """The usual place with an answer for main.step: `place(iap={"resource": ...})`."""
    ((kind, given),) = answers.items()
    told = {"main.step": Answer(key="main.step", kind=kind, value=given, at=AT)}
    return Place(
        project=PLACE.project,
        project_number=PLACE.project_number,
        region=PLACE.region,
        workflow=PLACE.workflow,
        answers=told,
    )


def target(function: str, at: Place = PLACE, **args: object) -> TargetUse:
    (use,) = match(call(function, **args), at, facts())
    return use


def asked(use: TargetUse) -> dict[str, str]:
    """Permission to resource."""
    return {need.permission: need.on for need in use.needs}


def requirements(*uses: TargetUse) -> list[Requirement]:
    return [
        Requirement(principal=n.principal or use.principal, need=n, site=f"main.s{i}", at=AT)
        for i, use in enumerate(uses)
        for n in use.needs
    ]


def granted(*uses: TargetUse, options: RoleOptions | None = None) -> tuple[Grant, ...]:
    return grants(requirements(*uses), facts(), options or RoleOptions())


OIDC = {"type": "OIDC"}
OAUTH2 = {"type": "OAuth2"}
