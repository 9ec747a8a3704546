"""Private endpoints: a Service Directory service that the Workflows service agent looks up.

The agent, not the workflow's account, needs roles/servicedirectory.viewer on the project of the
service and roles/servicedirectory.pscAuthorizedService on the project of its VPC network.
Source: https://docs.cloud.google.com/workflows/docs/invoke-private-endpoint-vpc (2026-11-23)
Source: https://docs.cloud.google.com/service-directory/docs/configuring-private-network-access
(2026-11-23)
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from wfprov.catalog.kind import Sighting, TargetKind
from wfprov.catalog.question import ask
from wfprov.catalog.request import Request
from wfprov.catalog.resource import project_of, with_project_id
from wfprov.catalog.target import (
    SERVICE_AGENT,
    WORKFLOW_IDENTITY,
    Kind,
    Need,
    TargetUse,
    Tier,
)
from wfprov.catalog.use import certainty, plain, project_hidden
from wfprov.core.address import Permission, ResourceName, RoleName, project_name

SOURCE = "https://docs.cloud.google.com/workflows/docs/invoke-private-endpoint-vpc"
CLIENT_ID = ".apps.googleusercontent.com"


def recognise(sighting: Sighting) -> TargetUse | None:
    """A request with `private_service_name`."""
    request = sighting.request
    if not request.is_http:
        return None
    told = request.answer is not None and request.answer.kind == "private"
    service = request.text("private_service_name")
    if service is None and not told:
        return None
    answer = request.answer.value if request.answer is not None and told else None
    if service is None and isinstance(answer, str):
        service = answer
    path = with_project_id((service or "{private_service_name}").split("/"), request.place)
    resource = ResourceName(f"//servicedirectory.googleapis.com/{'/'.join(path)}")
    project = project_of(resource, request.place)
    network = _project_in(answer) if isinstance(answer, str) else None
    lookup = _agent_need(
        "servicedirectory.services.resolve", "roles/servicedirectory.viewer", project
    )
    connect = _agent_need(
        "servicedirectory.networks.access",
        "roles/servicedirectory.pscAuthorizedService",
        network or "{network_project}",
    )
    doubt = None
    if network is None:
        doubt = ask(
            request,
            "the project of the VPC network behind the endpoint is not in the definition",
            "{private: projects/NETWORK_PROJECT/global/networks/NETWORK}",
            "network_project",
        )
    signer = _behind_iap(request)
    if signer:
        # One answer settles a site, so this one says both what is behind and where the network is.
        on = project_name(network or "NETWORK_PROJECT")
        doubt = ask(
            request,
            "the audience is an OAuth client id: name the IAP-secured resource behind the "
            "endpoint, and the project of its VPC network",
            f'{{permissions: ["{connect.permission} on {on}", "{signer[0].permission} on '
            '//iap.googleapis.com/projects/NUMBER/iap_web/..."]}',
            "iap_resource",
        )
    doubt = doubt or project_hidden(request, (lookup,))
    return replace(
        plain(request, Kind.PRIVATE_ENDPOINT),
        resource=resource,
        principal=SERVICE_AGENT,
        needs=(lookup, connect, *signer),
        question=doubt,
        confidence=certainty(request.address, resource, network or "{network_project}"),
        apis=(("servicedirectory.googleapis.com", project),),
    )


def _agent_need(permission: str, role: str, project: str) -> Need:
    return Need(
        permission=Permission(permission),
        on=project_name(project),
        tier=Tier.CURATED,
        policy_on=project_name(project),
        role=RoleName(role),
        source=SOURCE,
        project=project,
    )


def _behind_iap(request: Request) -> tuple[Need, ...]:
    """The need of the workflow's own account when the endpoint is secured by IAP."""
    auth = request.auth
    if auth is None or auth.type != "OIDC" or not (auth.audience or "").endswith(CLIENT_ID):
        return ()
    on = ResourceName("//iap.googleapis.com/projects/{iap_project}/iap_web/{iap_resource}")
    return (
        Need(
            permission=Permission("iap.webServiceVersions.accessViaIAP"),
            on=on,
            tier=Tier.CURATED,
            principal=WORKFLOW_IDENTITY,
            policy_on=on,
            role=RoleName("roles/iap.httpsResourceAccessor"),
            source="https://docs.cloud.google.com/iap/docs/managing-access",
            project="{iap_project}",
        ),
    )


def _project_in(name: str) -> str | None:
    found = re.match(r"(?://[^/]+/)?projects/([^/]+)", name)
    if found is not None:
        return found[1]
    return name if re.fullmatch(r"[a-z][a-z0-9.:-]+", name) else None


TARGET: Final = TargetKind(kind=Kind.PRIVATE_ENDPOINT, recognise=recognise, answers=("private",))
