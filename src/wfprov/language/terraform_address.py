"""The addresses that references to resources of Terraform stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from wfprov.language.rendering import Fragment, Lookup, lookup, rendered
from wfprov.language.terraform_functions import UNKNOWN, Unknown

# https://registry.terraform.io/providers/hashicorp/google/latest/docs (not opened)
FUNCTIONS: Final[Mapping[str, tuple[Literal["1", "2"], str]]] = {
    "google_cloudfunctions_function": ("1", "https_trigger_url"),
    "google_cloudfunctions2_function": ("2", "url"),
}
"""The resources that are functions: of which generation, and which attribute is the address."""
_ADDRESS: Final = re.compile(
    r"(?P<data>(?:data\.)?)(?P<kind>google_cloud(?:_run_v2_service|_run_service|functions2?_function))"
    r"\.(?P<label>[\w-]+)(?:\[(?P<index>[^\]]*)\])?"
    r"\.(?P<attribute>uri|urls\[0\]|url|https_trigger_url"
    r"|status(?:\[0\]|\.0)\.url|service_config(?:\[0\]|\.0)\.uri)"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the workflow is deployed, as far as anything but the module tells."""

    project: str | None = None
    project_number: str | None = None
    region: str | None = None


def known(values: Mapping[str, object], place: Place) -> Lookup:
    """References as a template finds them: in the values, else the address of a resource."""
    found = lookup(values)

    def value(reference: str) -> object:
        given = found(reference)
        if not isinstance(given, Unknown):
            return given
        made = address(reference, place, lambda *_: False)
        return made if isinstance(made, Unknown) else settled(reference, made, found)

    return value


def settled(reference: str, address: Fragment, found: Lookup) -> Fragment:
    """The address with what is known of it filled in: of one instance where an index names it.

    Source: https://developer.hashicorp.com/terraform/language/meta-arguments/for_each (not opened)
    """
    made = rendered(address.template, found, "terraform").text
    parts = _ADDRESS.fullmatch(reference)
    index = None if parts is None else parts["index"]
    if parts is None or index is None:
        return Fragment(made)
    key = index.strip().strip('"')
    each: dict[str, object] = {}
    if index.strip().startswith('"'):
        each["key"] = key
        of = found(f"{parts['data']}{parts['kind']}.{parts['label']}.for_each")
        if isinstance(of, Mapping) and key in of:
            each["value"] = of[key]
        elif isinstance(of, list | tuple):
            each["value"] = key
    count = {"index": int(key)} if key.isdecimal() else {}
    return Fragment(rendered(made, lookup({"each": each, "count": count}), "terraform").text)


def address(
    reference: str, place: Place, lacks: Callable[[str, str, str], bool]
) -> Fragment | Unknown:
    """The address of a Cloud Run service or a function that a reference stands for.

    Of its addresses the one that tells project, region and name, the latter still to be filled in:
    that of a service is as good as the other one that it has. It is presumed to be in the
    workflow's own project, and where the resource certainly `lacks` a region, in its region.

    Source: https://cloud.google.com/run/docs/triggering/https-request (not opened)
    """
    found = _ADDRESS.fullmatch(reference)
    if found is None:
        return UNKNOWN
    kind, label, attribute = found["kind"], found["label"], found["attribute"]
    owner = found["data"] + kind
    name = f"${{{owner}.{label}.name}}"
    key = "region" if kind == "google_cloudfunctions_function" else "location"
    where = f"${{{owner}.{label}.{key}}}"
    if lacks(owner, label, key):
        where = place.region or "${wfprov.region}"
    if attribute == "https_trigger_url" or (attribute == "url" and kind in FUNCTIONS):
        project = place.project or "${wfprov.project}"
        return Fragment(f"https://{where}-{project}.cloudfunctions.net/{name}")
    number = place.project_number or "${wfprov.project_number}"
    return Fragment(f"https://{name}-{number}.{where}.run.app")
