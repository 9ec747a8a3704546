"""The addresses that Cloud Run gives to services.

Source: https://docs.cloud.google.com/run/docs/triggering/https-request (2026-11-23)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from wfprov.catalog.request import Request
from wfprov.catalog.target import Place
from wfprov.catalog.url import MASK, Url, has_hole, parsed
from wfprov.core.address import ResourceName, segment_after
from wfprov.language.terraform_address import NUMBER_OF

REGION_CODES: Final = {
    # The two letters at the end of a hash-based address, seen in public services of each region.
    # https://github.com/imjasonh/gcping (2026-11-23)
    "an": "asia-northeast1",
    "as": "asia-southeast1",
    "de": "asia-east1",
    "df": "asia-east2",
    "dt": "asia-northeast2",
    "du": "asia-northeast3",
    "el": "asia-south1",
    "em": "asia-south2",
    "et": "asia-southeast2",
    "ew": "europe-west1",
    "ey": "europe-west3",
    "ez": "europe-west4",
    "km": "australia-southeast2",
    "lm": "europe-central2",
    "lz": "europe-north1",
    "nn": "northamerica-northeast1",
    "nw": "europe-west2",
    "oa": "europe-west6",
    "rj": "southamerica-east1",
    "ts": "australia-southeast1",
    "uc": "us-central1",
    "ue": "us-east1",
    "uk": "us-east4",
    "uw": "us-west1",
    "wl": "us-west2",
}

ADDRESS_OF: Final = "url:"
"""How the hole begins that stands for the whole address of a resource, whose name follows."""

NAME = rf"[a-z0-9{MASK}](?:[a-z0-9{MASK}-]*[a-z0-9{MASK}])?"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunService:
    """A service as its address tells; `exact` when the address names all of it."""

    name: ResourceName
    project: str
    exact: bool


def service_at(url: Url, place: Place) -> RunService | None:
    """The service at a run.app address, or None when the address is none.

    `[TAG---]SERVICE-PROJECT_NUMBER.REGION.run.app` names everything. A hash address,
    `[TAG---]SERVICE-HASH-RR.a.run.app`, names no project: the workflow's own is presumed.
    """
    host = url.host
    if host is None and (name := _of_result(url, "//run.googleapis.com/")):
        project = segment_after(name, "projects") or place.project
        return RunService(name=ResourceName(name), project=project, exact="{" not in name)
    if host is None or not host.endswith(".run.app"):
        return None
    label, _, zone = host.removesuffix(".run.app").rpartition(".")
    label = label.rpartition("---")[2]
    if not label:
        return None
    if zone != "a" and (found := re.fullmatch(rf"({NAME})-(\d+|[{MASK}])", label)):
        number = url.show(found[2])
        project = place.project if number in {place.project_number, "{project_number}"} else number
        if number.startswith("{" + NUMBER_OF):
            project = number[1:-1].removeprefix(NUMBER_OF)
        return _service(url.show(found[1]), project, url.show(zone), exact=not has_hole(host))
    if zone == "a" and (found := re.fullmatch(rf"({NAME})-([a-z0-9{MASK}]+)-([a-z]{{2}})", label)):
        region = REGION_CODES.get(found[3], "{region:" + found[3] + "}")
        return _service(url.show(found[1]), place.project, region, exact=False)
    region = REGION_CODES.get(label[-2:], place.region) if zone == "a" else url.show(zone)
    name = url.show(label) if has_hole(label) else "{service:" + url.show(label) + "}"
    return _service(name, place.project, region, exact=False)


def _of_result(url: Url, service: str) -> str | None:
    """The resource whose address another call answered, when it is one of that service."""
    hole = url.mask.show(url.mask.text[:1])
    name = hole[1:-1].removeprefix(ADDRESS_OF)
    return name if hole.startswith("{" + ADDRESS_OF) and name.startswith(service) else None


def audience_service(request: Request) -> RunService | None:
    """The service that an OIDC audience names, where the address does not."""
    auth = request.auth
    if auth is None or auth.type != "OIDC" or auth.audience is None:
        return None
    url = parsed(auth.audience)
    return None if url is None else service_at(url, request.place)


def first_generation(url: Url) -> bool:
    """Whether an answer of the API of the 1st generation gave the address."""
    return url.host is None and _of_result(url, "//cloudfunctions.googleapis.com/") is not None


def function_at(url: Url) -> tuple[str, str, str] | None:
    """Project, region and name of the function at a cloudfunctions.net address, or None.

    `https://REGION-PROJECT_ID.cloudfunctions.net/NAME`
    Source: https://docs.cloud.google.com/workflows/docs/authenticate-from-workflow (2026-11-23)
    """
    host = url.host
    if host is None and (given := _of_result(url, "//cloudfunctions.googleapis.com/")):
        told = [segment_after(given, part) or "" for part in ("projects", "locations", "functions")]
        return told[0], told[1], told[2]
    if host is None or not host.endswith(".cloudfunctions.net"):
        return None
    label = host.removesuffix(".cloudfunctions.net")
    found = re.fullmatch(rf"([a-z]+-[a-z]+\d+|[{MASK}])-(.+)", label)
    name = url.path.strip("/").partition("/")[0]
    if found is None:
        return None
    return url.show(found[2]), url.show(found[1]), url.show(name) if name else "{function}"


def function_name(project: str, region: str, name: str) -> ResourceName:
    """`//cloudfunctions.googleapis.com/projects/{project}/locations/{region}/functions/{name}`."""
    return ResourceName(
        f"//cloudfunctions.googleapis.com/projects/{project}/locations/{region}/functions/{name}"
    )


def _service(name: str, project: str, region: str, *, exact: bool) -> RunService:
    return RunService(
        name=run_service(project, region, name), project=project, exact=exact and "{" not in region
    )


def run_service(project: str, region: str, name: str) -> ResourceName:
    """`//run.googleapis.com/projects/{project}/locations/{region}/services/{name}`."""
    return ResourceName(
        f"//run.googleapis.com/projects/{project}/locations/{region}/services/{name}"
    )


def service_beneath(function: str) -> ResourceName:
    """The Cloud Run service beneath a function of the 2nd generation, by the function's full name.

    It is named like the function, in what Cloud Run accepts as a name.
    Source: https://github.com/firebase/firebase-tools/pull/5690 (not opened)
    """
    project, region, name = (
        segment_after(function, part) or "" for part in ("projects", "locations", "functions")
    )
    return run_service(project, region, name if "{" in name else name.lower().replace("_", "-"))
