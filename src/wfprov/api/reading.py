"""Reads the JSON documents, which the contract fixes, into the values of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wfprov.api.values import (
    Auth,
    Change,
    Condition,
    Finding,
    Grant,
    Location,
    Need,
    OpenQuestion,
    Question,
    Site,
    Target,
    WorkflowAccess,
)

Json = Mapping[str, Any]


def workflow(body: Json) -> WorkflowAccess:
    """One workflow of the `inspect` document."""
    return WorkflowAccess(
        name=body["name"],
        source=body["source"],
        ok=body["ok"],
        findings=tuple(map(finding, body["diagnostics"])),
        sites=tuple(map(_site, body["sites"])),
        grants=tuple(map(_grant, body["grants"])),
        apis=tuple(body["apis"]),
    )


def finding(body: Json) -> Finding:
    """A finding, about a place or a live thing."""
    at = body["location"]
    return Finding(
        rule=body["rule"],
        severity=body["severity"],
        confidence=body["confidence"],
        message=body["message"],
        help=body["help"],
        location=_location(at) if "file" in at else None,
        resource=at.get("resource"),
    )


def change(body: Json) -> Change:
    """One change of the plan's document."""
    names = ("address", "kind", "action", "before", "after")
    return Change(**{name: body[name] for name in names})


def open_question(body: Json) -> OpenQuestion:
    """One question of the plan's document."""
    return OpenQuestion(**{name: body[name] for name in OpenQuestion.__dataclass_fields__})


def _location(body: Json) -> Location:
    start, end = body["start"], body["end"]
    return Location(
        file=body["file"],
        line=start["line"],
        column=start["column"],
        end_line=end["line"],
        end_column=end["column"],
    )


def _site(body: Json) -> Site:
    return Site(
        id=body["id"],
        call=body["call"],
        reachable=body["reachable"],
        location=_location(body["location"]),
        targets=tuple(map(_target, body["targets"])),
    )


def _target(body: Json) -> Target:
    auth, question = body["auth"], body["question"]
    names = ("kind", "method", "api_method", "url", "resource", "principal", "confidence")
    return Target(
        **{name: body[name] for name in names},
        auth=auth and Auth(**{**auth, "scopes": tuple(auth["scopes"])}),
        via=tuple(body["via"]),
        needs=tuple(Need(**need) for need in body["needs"]),
        question=question and _question(question),
    )


def _question(body: Json) -> Question:
    named = {name: body[name] for name in ("hole", "message", "answer")}
    return Question(origin=body["from"], **named)


def _grant(body: Json) -> Grant:
    custom, condition = body["custom_role"], body["condition"]
    return Grant(
        principal=body["principal"],
        role=body["role"],
        permissions=_texts(body["permissions"]),
        custom_role=custom and f"projects/{custom['project']}/roles/{custom['id']}",
        on=body["on"],
        condition=condition and Condition(**condition),
        because=tuple(body["because"]),
        excess=body["excess"],
        inert=body["inert"],
    )


def _texts(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
