"""Cloud Asset v1: the search for grants across all policies of a project.

Its names are those of assets, which differ from full resource names for some kinds.

Sources: https://cloud.google.com/asset-inventory/docs/searching-iam-policies (2026-11-23),
https://cloud.google.com/asset-inventory/docs/asset-names (excerpt only, 2026-11-23)
"""

import re
from typing import Final

from wfprov.emulator import generic
from wfprov.emulator.errors import invalid
from wfprov.emulator.exchange import Json
from wfprov.emulator.objects import POLICIES
from wfprov.emulator.service import Call, Service

_QUERY: Final = re.compile(r'\s*(?:policy\s*:\s*"?([^"\s]+)"?)?\s*')


def _search(call: Call) -> Json:
    """Policies in the scope with a binding that names the asked text; only those bindings."""
    text = call.query.get("query", "")
    found = _QUERY.fullmatch(text)
    if found is None:
        raise invalid(f"The query '{text[:80]}' is not understood; use policy:EMAIL.")
    wanted = found[1] or ""
    results: list[Json] = []
    for name in call.world.objects.names(POLICIES):
        if call.world.project_of(name) != call.project:
            continue
        policy = call.world.objects.peek(POLICIES, name) or {}
        bindings = [
            binding
            for binding in policy["bindings"]
            if any(wanted in member for member in binding["members"])
        ]
        if bindings:
            results.append(
                {
                    "resource": _asset_name(call, name),
                    "project": f"projects/{call.world.project_number(call.project)}",
                    "policy": {"bindings": bindings},
                }
            )
    names = tuple(result["resource"] for result in results)
    page, token = generic.paged(call, tuple(sorted(names)))
    answer: Json = {"results": [r for r in results if r["resource"] in page]} if page else {}
    if token:
        answer["nextPageToken"] = token
    return answer


def _asset_name(call: Call, name: str) -> str:
    """The name of an asset: buckets without a project, secrets under the project's number."""
    service, _, path = name.removeprefix("//").partition("/")
    parts = path.split("/")
    if service == "storage.googleapis.com" and parts[:3] == ["projects", "_", "buckets"]:
        return f"//{service}/{'/'.join(parts[3:])}"
    if service == "secretmanager.googleapis.com":
        parts[1] = call.world.project_number(parts[1])
    return f"//{service}/{'/'.join(parts)}"


SERVICE: Final = Service(api="cloudasset", handlers={"v1": {"searchAllIamPolicies": _search}})
