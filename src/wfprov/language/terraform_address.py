"""The addresses and relative names that references to resources of Terraform stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from wfprov.language.rendering import Fragment, Lookup, lookup, rendered
from wfprov.language.terraform_functions import UNKNOWN, Unknown
from wfprov.language.tokens import HOLE

Lacks: TypeAlias = Callable[[str, str, str], bool]
"""Whether a resource, by type and label, is certainly without an attribute."""

# https://registry.terraform.io/providers/hashicorp/google/latest/docs (not opened)
FUNCTIONS: Final[Mapping[str, tuple[Literal["1", "2"], str]]] = {
    "google_cloudfunctions_function": ("1", "https_trigger_url"),
    "google_cloudfunctions2_function": ("2", "url"),
}
"""The resources that are functions: of which generation, and which attribute is the address."""
_SERVICES: Final = ("google_cloud_run_v2_service", "google_cloud_run_service", *FUNCTIONS)
_INDEX: Final = r"\[\s*(?P<index>\d+|\"[^\"$]*\"|[A-Za-z_][\w.]*)\s*\]"
FUNCTION: Final = re.compile(
    rf"\b(?P<name>(?:data\.)?(?P<kind>google_cloudfunctions2?_function)\.[\w-]+(?:{_INDEX})?)"
)
"""A function as an expression names it."""
_ATTRIBUTE: Final = re.compile(
    rf"(?P<owner>(?:data\.)?(?P<kind>[a-z0-9]+_\w+))\.(?P<label>[\w-]+)(?:{_INDEX})?\.(?P<name>.+)"
)
_URL: Final = re.compile(
    r"uri|urls\[0\]|url|https_trigger_url"
    r"|status(?:\[0\]|\.0)\.url|service_config(?:\[0\]|\.0)\.uri"
)
_OWN: Final = re.compile(
    r"data\.(?:google_project\.(?P<label>[\w-]+)\.(?P<project>number|project_id|id)"
    r"|google_client_config\.[\w-]+\.(?P<config>project|region))"
)
_PLACE: Final = ("location", "region", "zone")
_HOLE: Final = re.compile(HOLE)
NUMBER_OF: Final = "number_of."
"""How the hole begins that stands for the number of a project, whose id follows."""
PROVIDED: Final = "wfprov.provider.project"
"""The reference under which a module's values hold the project that its provider names."""

_EMAIL: Final = "{account_id}@{project}.iam.gserviceaccount.com"
_TRANSFER: Final = "projects/{project}/locations/{location}/transferConfigs/{transfer_config_id}"

NAMES: Final[Mapping[tuple[str, str], str]] = {
    ("google_bigquery_data_transfer_config", "id"): _TRANSFER,
    ("google_bigquery_data_transfer_config", "name"): _TRANSFER,
    ("google_bigquery_dataset", "id"): "projects/{project}/datasets/{dataset_id}",
    ("google_cloud_run_v2_job", "id"): "projects/{project}/locations/{location}/jobs/{name}",
    ("google_cloud_run_v2_service", "id"): (
        "projects/{project}/locations/{location}/services/{name}"
    ),
    ("google_cloud_tasks_queue", "id"): "projects/{project}/locations/{location}/queues/{name}",
    ("google_container_cluster", "id"): "projects/{project}/locations/{location}/clusters/{name}",
    ("google_dataform_repository", "id"): (
        "projects/{project}/locations/{region}/repositories/{name}"
    ),
    ("google_document_ai_processor", "id"): (
        "projects/{project}/locations/{location}/processors/{name}"
    ),
    ("google_firestore_database", "id"): "projects/{project}/databases/{name}",
    ("google_pubsub_topic", "id"): "projects/{project}/topics/{name}",
    ("google_secret_manager_secret", "id"): "projects/{project}/secrets/{secret_id}",
    ("google_secret_manager_secret", "name"): "projects/{project}/secrets/{secret_id}",
    ("google_service_account", "email"): _EMAIL,
    ("google_service_account", "id"): f"projects/{{project}}/serviceAccounts/{_EMAIL}",
    ("google_service_account", "name"): f"projects/{{project}}/serviceAccounts/{_EMAIL}",
    ("google_storage_bucket", "url"): "gs://{name}",
    ("google_vertex_ai_endpoint", "id"): (
        "projects/{project}/locations/{location}/endpoints/{name}"
    ),
    ("google_workflows_workflow", "id"): "projects/{project}/locations/{region}/workflows/{name}",
}
"""What an attribute of a resource is made of, by its type and the attribute."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the workflow is deployed, as far as anything but the module tells.

    `provider` is the project that the module's provider names, of resources that write none.
    """

    project: str | None = None
    project_number: str | None = None
    region: str | None = None
    provider: str | None = None


def known(values: Mapping[str, object], place: Place) -> Lookup:
    """References as a template finds them: in the values, else what the resource's type tells."""
    found = lookup(values)
    provider = found(PROVIDED)
    if isinstance(provider, str):
        place = replace(place, provider=provider)

    def lacks(owner: str, label: str, name: str) -> bool:
        held = found(f"{owner}.{label}")
        if isinstance(held, Unknown):  # of what is not seen, the provider's project is presumed
            return owner == "data.google_project"
        return isinstance(held, Mapping) and name not in held

    return lambda reference: followed(reference, found, place, lacks)


def followed(reference: str, written: Lookup, place: Place, lacks: Lacks) -> object:
    """What a reference stands for: what is `written` for it, else what the resource's type tells.

    A fragment where it is known in part.
    """

    def attribute(name: str) -> object:
        given = written(name)
        return _of_instance(name, written) if isinstance(given, Unknown) else given

    given = attribute(reference)
    if not isinstance(given, Unknown):
        return given
    made = _made_of(reference, attribute, place, lacks)
    return made if isinstance(made, Unknown) else _filled(made, attribute)


def _filled(value: Fragment, found: Lookup) -> str | Fragment:
    text = rendered(value.template, found, "terraform").text
    return Fragment(text) if "${" in text or "%{" in text else text


def _of_instance(reference: str, written: Lookup) -> object:
    """An attribute as the one has it that an index names of what `for_each` or `count` makes.

    Source: https://developer.hashicorp.com/terraform/language/meta-arguments/for_each (not opened)
    """
    parts = _ATTRIBUTE.fullmatch(reference)
    if parts is None or parts["index"] is None:
        return UNKNOWN
    resource, index = f"{parts['owner']}.{parts['label']}", parts["index"]
    value = written(f"{resource}.{parts['name']}")
    if not isinstance(value, Fragment):
        return value
    key: object = Fragment(f"${{{index}}}")
    each: dict[str, object] = {}
    if index.isdecimal():
        key = int(index)
    elif index.startswith('"'):
        key = index[1:-1]
        of = written(f"{resource}.for_each")
        if isinstance(of, Mapping) and key in of:
            each["value"] = of[key]
        elif isinstance(of, list | tuple):
            each["value"] = key
    return _filled(value, lookup({"each": {**each, "key": key}, "count": {"index": key}}))


def _made_of(reference: str, attribute: Lookup, place: Place, lacks: Lacks) -> Fragment | Unknown:
    """What a reference to a resource is made of: its address or its relative name.

    Of the addresses of a Cloud Run service or a function the one that tells project, region and
    name, the latter still to be filled in: that of a service is as good as the other one that it
    has. A resource is presumed to be in the provider's project where it writes none, which is the
    workflow's own unless the module says otherwise, and in its region where it certainly `lacks`
    one.

    Source: https://cloud.google.com/run/docs/triggering/https-request (not opened)
    Source: https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference
    (not opened)
    """
    if own := _OWN.fullmatch(reference):
        return _of_project(own, place, lacks)
    found = _ATTRIBUTE.fullmatch(reference)
    if found is None:
        return UNKNOWN
    kind, name = found["kind"], found["name"]
    template = NAMES.get((kind, name))
    if kind in _SERVICES and _URL.fullmatch(name):
        where = "{region}" if kind == "google_cloudfunctions_function" else "{location}"
        template = f"https://{{name}}-{{project_number}}.{where}.run.app"
        if kind in FUNCTIONS and name in ("url", "https_trigger_url"):
            template = f"https://{where}-{{project}}.cloudfunctions.net/{{name}}"
    if template is None:
        return UNKNOWN
    resource = f"{found['owner']}.{found['label']}"
    one = resource if found["index"] is None else f"{resource}[{found['index']}]"

    def part(named: re.Match[str]) -> str:
        """What is the workflow's own or, still to be filled in, the resource's."""
        key = named[1]
        if key in ("project", "project_number"):
            project = attribute(f"{one}.project")
            presumed = isinstance(project, Unknown)
            if key == "project_number" and not presumed:
                return _number(project, place) or f"${{{one}.{key}}}"
        else:
            presumed = key in _PLACE and lacks(found["owner"], found["label"], key)
        return _own(place, key) if presumed else f"${{{one}.{key}}}"

    return Fragment(re.sub(r"\{(\w+)\}", part, template))


def _own(place: Place, key: str) -> str:
    """The project, its number or the region of what writes none."""
    match key:
        case "project":
            return place.provider or place.project or "${wfprov.project}"
        case "project_number" if place.provider not in (None, place.project):
            return f"${{wfprov.{NUMBER_OF}{place.provider}}}"
        case "project_number":
            return place.project_number or "${wfprov.project_number}"
        case _:
            return place.region or "${wfprov.region}"


def _number(project: object, place: Place) -> str | None:
    """The number of the project that a resource writes; None when the project is known in part.

    Of another project than the workflow's a hole that names it, or the hole that it is.
    """
    text = project.template if isinstance(project, Fragment) else str(project)
    if text == (place.project or "${wfprov.project}"):
        return place.project_number or "${wfprov.project_number}"
    if text.isdecimal() or _HOLE.fullmatch(text):
        return text
    return None if isinstance(project, Fragment) else f"${{wfprov.{NUMBER_OF}{text}}}"


def _of_project(own: re.Match[str], place: Place, lacks: Lacks) -> Fragment | Unknown:
    """What the provider's own project and region are, `data.google_project.this.number`."""
    if own["config"] is not None:
        return Fragment(_own(place, own["config"]))
    if not lacks("data.google_project", own["label"], "project_id"):
        return UNKNOWN
    part = _own(place, "project_number" if own["project"] == "number" else "project")
    return Fragment(f"projects/{part}" if own["project"] == "id" else part)
