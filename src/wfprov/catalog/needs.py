"""What a reached method asks of its caller, with the resources of this call filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from wfprov.analysis.domain import Const, Unknown, shown
from wfprov.catalog import acting, bigquery, compute, value
from wfprov.catalog.buckets import buckets
from wfprov.catalog.condition import decided
from wfprov.catalog.methods import Reached
from wfprov.catalog.request import Request
from wfprov.catalog.resource import filled, project_of, project_resource
from wfprov.catalog.target import Need, Tier
from wfprov.core.address import Permission, ResourceName
from wfprov.core.facts import Facts, MethodId, MethodNeeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a method call needs; `known` is False when nobody knows.

    `scope` is a narrow one that suffices; `doubt` is what the request does not tell, in words.
    """

    resource: ResourceName | None
    needs: tuple[Need, ...]
    known: bool
    note: str = ""
    scope: str = ""
    doubt: str = ""


def asked(reached: Reached, request: Request, facts: Facts) -> Asked:
    """The needs of a call of a method, in the order of the catalog."""
    row = facts.needs(reached.id)
    if row is None:
        return Asked(resource=None, needs=(), known=False)
    resource = _resource(row, reached, request)
    if row.gap:
        return Asked(resource=resource, needs=(), known=False, note=row.note)
    found = (
        *_own(row, reached, request, resource),
        *_polling(_waiting(row, reached, facts), request, resource),
        *acting.needs(row, reached, request),
        *bigquery.data_needs(reached, request),
    )
    seen: dict[tuple[str, str], Need] = {}
    for need in found:
        key = (need.permission, need.on)
        if key not in seen or (seen[key].when is not None and need.when is None):
            seen[key] = need
    return Asked(
        resource=resource,
        needs=tuple(seen.values()),
        known=True,
        note=row.note,
        scope=row.scope or "",
        doubt=bigquery.doubt(reached, request),
    )


def _resource(row: MethodNeeds, reached: Reached, request: Request) -> ResourceName:
    if not row.on:
        project = reached.parts.id_of("projects", "project") or request.place.project
        return project_resource(f"//x/projects/{project}", request.place)
    return _filled(row.on, reached, request)


PUBLISHER_MODEL = (
    "//aiplatform.googleapis.com/projects/{project}/locations/{location}"
    "/publishers/{publisher}/models/{model}"
)


def _filled(template: str, reached: Reached, request: Request) -> ResourceName:
    if reached.id.api == "aiplatform" and "publishers" in reached.parts.collected:
        # The connector's `endpoints.` methods take a publisher's model in place of an endpoint.
        # https://docs.cloud.google.com/vertex-ai/generative-ai/docs/access-control (2026-11-23)
        template = PUBLISHER_MODEL
    more = {
        path: text
        for path in re.findall(r"\{((?:body|query)\.[^{}]+)\}", template)
        for given in request.values(path.replace("[]", "[]."))
        if (text := shown(given)) is not None
    }
    told = (*reached.parts.named, *reached.parts.collected)
    for collection, name in re.findall(r"([^/{}]+)/\{(\w+)\}", template):
        if request.is_http and name not in told and collection not in told:
            for given in request.values(f"query.{name}"):
                text = shown(given)
                if text is not None:
                    more[name] = text
    if reached.id.api == "storage" and "name" in reached.parts.named:
        more["object"] = reached.parts.named.get("object", reached.parts.named["name"])
    name = filled(template, reached.parts, request.place, more)
    if name.startswith("//workflowexecutions.googleapis.com/"):
        # The workflow belongs to the Workflows API; executions are its children.
        # https://docs.cloud.google.com/asset-inventory/docs/asset-names (2026-11-23)
        name = ResourceName(name.replace("//workflowexecutions.", "//workflows.", 1))
    return name


def _own(
    row: MethodNeeds, reached: Reached, request: Request, resource: ResourceName
) -> Iterator[Need]:
    left_out: set[Permission] = set()
    conditional: list[Need] = []
    for condition in row.conditional:
        outcome = decided(condition.form, request)
        if outcome is False:
            continue
        if outcome:
            left_out |= set(condition.instead_of)
        when = None if outcome else condition.text
        for permission in condition.permissions:
            if reached.id.api != "storage" and permission.startswith("storage.objects."):
                named = buckets(condition.text, permission, request)
                conditional += (_of_bucket(row, permission, b, request, when) for b in named)
                if named:
                    continue
            on = _filled(condition.on, reached, request) if condition.on else resource
            for part in compute.used(permission, reached, request) or (None,):
                need = _need(row, permission, part or on, request, when=when)
                if part is not None:
                    need = replace(need, policy_on=None, role=compute.role_of(permission))
                conditional.append(need)
    for permission in row.permissions:
        if permission not in left_out:
            template = row.on_by.get(permission)
            on = resource if template is None else _filled(template, reached, request)
            yield _need(row, permission, on, request)
    yield from conditional


def _of_bucket(
    row: MethodNeeds, permission: Permission, on: ResourceName, request: Request, when: str | None
) -> Need:
    """What a method of another API asks for on a bucket that the request names."""
    project = request.place.project
    return Need(
        permission=permission, on=on, tier=Tier(row.tier), when=when, source=row.source,
        project=project,
    )  # fmt: skip


def _need(
    row: MethodNeeds,
    permission: Permission,
    on: ResourceName,
    request: Request,
    *,
    when: str | None = None,
) -> Need:
    whole = row.project_only and permission not in row.on_by
    return Need(
        permission=permission,
        on=on,
        tier=Tier(row.tier),
        when=when,
        policy_on=project_resource(on, request.place) if whole else None,
        role=row.role,
        source=row.source,
        project=project_of(on, request.place),
    )


def _waiting(row: MethodNeeds, reached: Reached, facts: Facts) -> MethodNeeds:
    """The row with what reading the operation asks for, where only the API's own row says so.

    Cloud SQL checks `cloudsql.instances.get` for `operations.get`, on the instance it is about.
    Operations of Compute Engine lie in a zone, a region or neither, as what they change does.
    Source: https://docs.cloud.google.com/sql/docs/sqlserver/audit-logging (2026-11-23)
    """
    method, id_ = reached.method, reached.id
    if row.polling or method is None or not method.long_running or "perations." in id_.name:
        return row
    name = "operations.get"
    if id_.api == "compute":
        kind = next((k for k in ("zone", "region") if k in method.params), "global")
        name = f"{kind}Operations.get"
    reading = facts.needs(MethodId(id_.api, id_.version, name))
    if reading is None or reading.tier != "curated":
        return row
    return replace(row, polling=reading.permissions)


def _polling(row: MethodNeeds, request: Request, resource: ResourceName) -> Iterator[Need]:
    """What a connector asks for while it waits; a plain HTTP request does not wait.

    Source: https://docs.cloud.google.com/workflows/docs/connectors (2026-11-23)
    """
    if request.is_http or not row.polling:
        return
    outcomes = set()
    given = request.call.arg("connector_params")
    for skip in value.at(given, "skip_polling"):
        outcomes.add(None if isinstance(skip, Unknown) else skip == Const(True))  # noqa: FBT003
    if outcomes == {True}:
        return
    when = None if outcomes == {False} else "connector_params.skip_polling is not true"
    project = project_resource(resource, request.place)
    for permission in row.polling:
        on_project = row.poll_project or "perations." in permission
        yield Need(
            permission=permission,
            on=project if on_project else resource,
            tier=Tier(row.tier),
            when=when,
            policy_on=project if on_project or row.project_only else None,
            role=row.role,
            source=row.source,
            project=project_of(resource, request.place),
        )


def scopes_suffice(
    given: tuple[str, ...], accepted: Mapping[str, object] | tuple[str, ...]
) -> bool:
    """Whether any of the token's scopes is one that the method accepts; true when none is listed.

    A scope with a hole may be any.
    """
    return not accepted or any("{" in scope or scope in accepted for scope in given)
