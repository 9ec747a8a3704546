"""The `gke.` connector: requests to the Kubernetes API of a cluster with the workflow's account.

GKE has a permission for each kind of object and verb, `container.pods.list`; the lowest resource
that takes them is the project. RBAC inside the cluster can stand in for them.
Source: https://docs.cloud.google.com/workflows/docs/access-kubernetes-api (2026-11-23)
Source: https://docs.cloud.google.com/kubernetes-engine/docs/how-to/iam (2026-11-23)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.methods import Reached
from wfprov.catalog.needs import asked
from wfprov.catalog.question import ask
from wfprov.catalog.request import Request
from wfprov.catalog.resource import Parts, project_of, project_resource
from wfprov.catalog.target import Kind, Need, Question, TargetUse, Tier
from wfprov.catalog.url import has_hole, is_hole, masked
from wfprov.catalog.use import certainty, plain
from wfprov.core.address import Permission, RoleName
from wfprov.core.facts import Facts, MethodId

SOURCE = "https://docs.cloud.google.com/kubernetes-engine/docs/how-to/iam"
VERBS = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
NAMESPACE_DEPTH = 2


def recognise(sighting: Sighting) -> TargetUse | None:
    """A call of `gke.request`, `gke.create_job`, `gke.await_job` or `gke.delete_job`."""
    request = sighting.request
    if not request.function.startswith("gke."):
        return None
    names = {name: text for name in request.call.args if (text := request.text(name))}
    reached = Reached(
        id=MethodId("container", "", request.function),
        method=None,
        parts=Parts(named=names),
        service="container.googleapis.com",
    )
    wanted = asked(reached, request, sighting.facts)
    resource = wanted.resource
    needs, doubt = wanted.needs, None
    if not wanted.known:
        doubt = ask(
            request,
            f"what {request.function} needs is not known",
            "{permissions: [PERMISSION]}",
        )
    elif request.function == "gke.request":
        more, doubt = _of_request(request, wanted.needs[0], sighting.facts)
        needs = (*needs, *more)
    project = request.place.project if resource is None else project_of(resource, request.place)
    return replace(
        plain(request, Kind.GKE),
        method=_verb(request) if request.function == "gke.request" else None,
        api_method=request.function,
        resource=resource,
        needs=needs,
        question=doubt,
        confidence=certainty(resource, request.text("path")),
        apis=((reached.service, project),),
        note=wanted.note,
    )


def _verb(request: Request) -> str | None:
    return request.text("method")


def _of_request(
    request: Request, base: Need, facts: Facts
) -> tuple[tuple[Need, ...], Question | None]:
    """The permission of one Kubernetes request, from its path and method."""
    mask = masked(request.text("path") or "{path}")
    method = request.text("method") or "{method}"
    parts = [part for part in mask.text.partition("?")[0].strip("/").split("/") if part]
    kind, named = _kind(parts)
    verb = VERBS.get(method.upper(), "get" if named else "list")
    permission = Permission(f"container.{kind}.{verb}")
    if kind and not has_hole(kind) and "{" not in method and facts.exists(permission):
        need = replace(
            base,
            permission=permission,
            tier=Tier.MAP,
            policy_on=project_resource(base.on, request.place),
            role=RoleName("roles/container.developer"),
            source=SOURCE,
        )
        return (need,), None
    return (), ask(
        request,
        f"the permission of {method} {request.text('path') or 'on an unknown path'} is not known",
        "{permissions: [container.KIND.VERB]}",
    )


def _kind(parts: list[str]) -> tuple[str, bool]:
    """The kind of object and whether one object is named.

    `/api/v1/namespaces/{ns}/pods/{name}` and `/apis/batch/v1/namespaces/{ns}/jobs`
    """
    rest = parts[2:] if parts[:1] == ["api"] else parts[3:] if parts[:1] == ["apis"] else []
    if len(rest) > NAMESPACE_DEPTH and rest[0] == "namespaces":
        rest = rest[NAMESPACE_DEPTH:]
    if not rest or is_hole(rest[0]):
        return "", False
    return rest[0], len(rest) > 1


TARGET: Final = TargetKind(kind=Kind.GKE, recognise=recognise)
