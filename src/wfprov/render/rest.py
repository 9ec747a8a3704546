"""A request to a discovery API as verb, address and body, for those who send it by themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from wfprov.core.facts import Facts, MethodId
from wfprov.core.resource import Call


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `path` has no leading slash, `body` is JSON or empty."""

    api: str
    host: str
    verb: str
    path: str
    body: str = ""


def request_of(call: Call, facts: Facts) -> Request:
    """The request of a call to a discovery API; its path parameters are filled in and escaped."""
    api, _, version = call.client.partition(":")
    method = facts.method(MethodId(api, version, call.method))
    assert method is not None, f"{call} has a row among the facts"
    sent = dict(call.request)
    body = sent.pop("body", None)
    resource = sent.pop("resource", None) if "{resource}" not in method.path else None
    if isinstance(resource, str):
        path = _whole(method.path, resource)
    else:
        path = method.path
        for name in (*method.params, *sent):
            for hole in (f"{{{name}}}", f"{{{_flat(name)}}}"):
                if hole in path and name in call.request:
                    path = path.replace(hole, quote(str(call.request[name]), safe=""))
                    sent.pop(name, None)
    assert "{" not in path, f"{call}: {path} is not filled in"
    query = f"?{urlencode(sorted((k, str(v)) for k, v in sent.items()))}" if sent else ""
    return Request(
        api=api,
        host=call.host or method.service,
        verb=method.verb,
        path=path + query,
        body=json.dumps(body, sort_keys=True) if isinstance(body, Mapping) else "",
    )


def _whole(template: str, resource: str) -> str:
    """`v2/projects/{projectsId}/jobs/{jobsId}:getIamPolicy` with the path of one job."""
    suffix = template.rpartition("}")[2]
    if template.count("{") == 1:
        head = template.partition("{")[0]
        if head.count("/") == 1:  # any path below the version, as in `v1/{v1Id}:getIamPolicy`
            return head + quote(resource, safe="/") + suffix
    prefix = template.split("/")[: -len(resource.split("/"))]
    return "/".join([*prefix, quote(resource, safe="/")]) + suffix


def _flat(name: str) -> str:
    """`datasetId` as it stands in a flat path, `datasetsId`."""
    return f"{name.removesuffix('Id')}sId"
