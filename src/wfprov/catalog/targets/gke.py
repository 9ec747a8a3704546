"""The `gke.` connector: requests to the Kubernetes API of a cluster with the workflow's account.

GKE has a permission for each kind of object and verb, `container.pods.list`, others for what lies
below an object, `container.pods.getLogs`, and one kind for all custom resources; the lowest
resource that takes them is the project. RBAC inside the cluster can stand in for them.
Source: https://docs.cloud.google.com/workflows/docs/access-kubernetes-api (2026-11-23)
Source: https://docs.cloud.google.com/kubernetes-engine/docs/how-to/iam (2026-11-23)
Source: https://docs.cloud.google.com/kubernetes-engine/docs/reference/api-permissions (2026-11-28)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.methods import Reached
from wfprov.catalog.needs import asked
from wfprov.catalog.question import ask
from wfprov.catalog.request import Request
from wfprov.catalog.resource import Parts, project_of, project_resource
from wfprov.catalog.target import Kind, Need, Question, TargetUse, Tier
from wfprov.catalog.url import has_hole, masked
from wfprov.catalog.use import certainty, plain, project_hidden
from wfprov.core.address import Permission, RoleName
from wfprov.core.facts import Facts, MethodId

SOURCE = "https://docs.cloud.google.com/kubernetes-engine/docs/how-to/iam"
VERBS = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
CUSTOM = "thirdPartyObjects"
BUILT_IN = ("cloud.google.com", "networking.gke.io")
NAMESPACE_DEPTH = 2

OF_SUBRESOURCE: Final[Mapping[str, str]] = {
    "log": "getLogs",
    "exec": "exec",
    "attach": "attach",
    "portforward": "portForward",
    "eviction": "evict",
    "proxy": "proxy",
    "finalize": "finalize",
    "approval": "approve",
    "token": "createToken",
    "rollback": "rollback",
}
"""The last word of the permission for what lies below an object, whatever the HTTP method.

The names are those of the role table; that `pods/log` is `getLogs` and `exec` is `exec` is what
clusters say when they refuse (not opened at Google).
"""
BY_METHOD: Final[Mapping[str, str]] = {"status": "Status", "scale": "Scale"}
"""What lies below an object and is read by `getStatus`, written by `updateStatus`."""


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
    doubt = doubt or project_hidden(request, needs)
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
    method = (request.text("method") or "{method}").upper()
    parts = [part for part in mask.text.partition("?")[0].strip("/").split("/") if part]
    found = None if "{" in method else _permission(parts, method, facts)
    if found is not None:
        need = replace(
            base,
            permission=found,
            tier=Tier.MAP,
            policy_on=project_resource(base.on, request.place),
            role=RoleName("roles/container.developer"),
            source=SOURCE,
        )
        return (need,), None
    shown = request.text("method") or "{method}"
    return (), ask(
        request,
        f"the permission of {shown} {request.text('path') or 'on an unknown path'} is not known",
        "{permissions: [container.KIND.VERB]}",
    )


def _permission(parts: list[str], method: str, facts: Facts) -> Permission | None:
    """The permission of a request by the segments of its path; None when no role holds one.

    `api/v1/namespaces/{ns}/pods/{name}/log`, `apis/batch/v1/namespaces/{ns}/cronjobs`
    """
    group, rest = _inside(parts)
    if not rest or any(has_hole(part) for part in (group, rest[0], *rest[2:3])):
        return None
    kind = _kind(group, rest[0], facts)
    below = rest[2] if len(rest) > 2 else ""  # noqa: PLR2004  kind, name, what lies below
    if below in BY_METHOD:
        verb = {"GET": "get", "PUT": "update", "PATCH": "update"}.get(method, "")
        verb = verb and verb + BY_METHOD[below]
    elif below:
        verb = OF_SUBRESOURCE.get(below, "")
    else:
        verb = VERBS.get(method, "get" if len(rest) > 1 else "list")
    permission = Permission(f"container.{kind}.{verb}")
    return permission if kind and verb and facts.exists(permission) else None


def _inside(parts: list[str]) -> tuple[str, list[str]]:
    """The API group, and the path below its version and namespace: kind, name, what lies below."""
    if parts[:1] == ["api"]:
        group, rest = "", parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 1:
        group, rest = parts[1], parts[3:]
    else:
        return "", []
    of_namespace = rest[NAMESPACE_DEPTH : NAMESPACE_DEPTH + 1]
    if (
        rest[:1] == ["namespaces"]
        and of_namespace
        and of_namespace[0] not in ("status", "finalize")
    ):
        rest = rest[NAMESPACE_DEPTH:]
    return group, rest


def _kind(group: str, plural: str, facts: Facts) -> str:
    """The word of permissions for a kind of object: paths have `cronjobs`, permissions `cronJobs`.

    Empty for a kind of Kubernetes itself that no permission names.
    """
    if "." in group and not group.endswith(".k8s.io") and group not in BUILT_IN:
        return CUSTOM
    words = {
        p.split(".")[1] for role in facts.roles_of("container") for p in role.permissions
        if p.startswith("container.")
    }  # fmt: skip
    return next((word for word in sorted(words) if word.lower() == plural), "")


TARGET: Final = TargetKind(kind=Kind.GKE, recognise=recognise)
