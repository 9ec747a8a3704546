"""What calls of Google's APIs return, where the answer's address or name follows from the call.

An answer has other fields too, so each map is open: what is not said here is a hole named for the
call. The address of a Cloud Run service or function holds a hash that nobody can foretell; it
stands as one hole named for its resource, `{url://run.googleapis.com/projects/p/...}`, from which
`wfprov.catalog.run_app` reads the target.

Source: https://docs.cloud.google.com/compute/docs/reference/rest/v1/zoneOperations (not opened)
Source: https://docs.cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
(not opened)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Final

from wfprov.analysis.calls import OutboundCall
from wfprov.analysis.domain import Abstract, Const, Hole, ListOf, MapOf, Text, Unknown, alternatives
from wfprov.analysis.lattice import below, join_all
from wfprov.analysis.strings import text_of
from wfprov.catalog import value
from wfprov.catalog.kind import sighted
from wfprov.catalog.methods import Reached
from wfprov.catalog.request import Request, read
from wfprov.catalog.resource import filled
from wfprov.catalog.run_app import ADDRESS_OF, service_beneath
from wfprov.catalog.target import Place
from wfprov.catalog.url import FIRST, MACHINE, is_hole, masked
from wfprov.core.facts import Facts

APIS: Final = frozenset(
    {
        "aiplatform", "batch", "bigquerydatatransfer", "cloudfunctions", "cloudresourcemanager",
        "cloudscheduler", "cloudtasks", "compute", "dataform", "run", "secretmanager", "storage",
        "workflowexecutions",
    }
)  # fmt: skip
"""The APIs of whose answers something is known here."""

NAMED: Final = frozenset(
    {
        "aiplatform", "batch", "bigquerydatatransfer", "cloudscheduler", "cloudtasks", "dataform",
        "secretmanager", "workflowexecutions",
    }
)  # fmt: skip
"""APIs whose resources name themselves: `create` at a parent gives a child of that parent.

Source: https://google.aip.dev/133 (not opened)
"""

OPERATED: Final = frozenset(
    {
        ("cloudfunctions", "v2"), ("documentai", "v1"), ("documentai", "v1beta3"), ("run", "v2"),
        ("workflows", "v1"),
    }
)  # fmt: skip
"""APIs whose operations are named `projects/{p}/locations/{l}/operations/{id}`.

A connector waits for the operation and gives its response; a request gives the operation.
Source: https://docs.cloud.google.com/run/docs/reference/rest/v2/projects.locations.operations
(not opened)
"""

WAYS: Final = 8
"""How many alternatives of the arguments are followed."""

RUN_SERVICE: Final = "//run.googleapis.com/projects/{project}/locations/{location}/services/{name}"
FUNCTION: Final = (
    "//cloudfunctions.googleapis.com/projects/{project}/locations/{location}/functions/{name}"
)

ADDRESSES: Final[Mapping[tuple[str, str], tuple[str, tuple[str, ...], str]]] = {
    ("run", "v1"): (RUN_SERVICE, ("status.url", "status.address.url"), "items"),
    ("run", "v2"): (RUN_SERVICE, ("uri",), "services"),
    ("cloudfunctions", "v1"): (FUNCTION, ("httpsTrigger.url",), "functions"),
    ("cloudfunctions", "v2"): (FUNCTION, ("serviceConfig.uri", "url"), "functions"),
}
"""By API and version: the resource, the fields of it that hold its address, the field of a list.

Source: the `status.url`, `uri`, `httpsTrigger.url` and `serviceConfig.uri` of the discovery
documents of run and cloudfunctions, https://run.googleapis.com/$discovery/rest?version=v2
(not opened)
"""


class KnownResults:
    """The shapes of results, as far as the catalog can tell them: a port of the analysis."""

    def __init__(self, facts: Facts, place: Place) -> None:
        self._facts = facts
        self._place = place

    def result(self, function: str, args: Mapping[str, Abstract], hole: Hole) -> Abstract | None:
        """What a call returns, or None when nothing is known of it."""
        if not _may_be_known(function, args):
            return None
        made: list[Abstract] = []
        for given in _ways(args):
            one = self._one(function, given, hole)
            if one is None:
                return None
            made.append(one)
        return join_all(made) if 0 < len(made) <= WAYS else None

    def _one(self, function: str, args: Mapping[str, Abstract], hole: Hole) -> Abstract | None:
        if hole.at is None:
            return None
        call = OutboundCall(site="", via=(), function=function, args=args, span=hole.at)
        request = read(call, self._place)
        one = sighted(request, self._facts).one
        if one is None:
            return None
        if not request.is_http:
            return _answer(one, request, hole)
        body = _answer(one, request, below(hole, "body"))
        return None if body is None else _open({"body": body}, hole)


def _may_be_known(function: str, args: Mapping[str, Abstract]) -> bool:
    """Whether a look at the routes is worth its time."""
    if function.startswith("googleapis."):
        return function.split(".", 2)[1] in APIS
    if not function.startswith("http."):
        return False
    return any("googleapis.com" in text for text in value.texts(args.get("url")))


def _ways(args: Mapping[str, Abstract]) -> Iterator[Mapping[str, Abstract]]:
    """The arguments without alternatives, one more than are followed when there are too many."""
    names = [name for name in args if name not in {"body", "auth", "headers"}]
    choices = (tuple(alternatives(args[name])) for name in names)
    for chosen in islice(product(*choices), WAYS + 1):
        yield {**args, **dict(zip(names, chosen, strict=True))}


def _answer(one: Reached, request: Request, hole: Hole) -> Abstract | None:
    api, version, name = one.id
    resource, _, verb = name.rpartition(".")
    if api == "compute":
        return _of_compute(one, request, verb, hole)
    if (api, version) in ADDRESSES and resource.endswith((".services", ".functions")):
        return _of_address(one, request, verb, hole)
    if api == "storage" and resource == "objects":
        return _of_object(one, verb, hole)
    if api == "cloudresourcemanager" and name == "projects.get":
        return _of_project(one, request, version, hole)
    if one.method is None:
        return None
    if api in NAMED and verb == "create" and not one.method.long_running:
        return _of_child(request, resource.rpartition(".")[2], hole)
    if (api, version) in OPERATED and one.method.long_running and request.is_http:
        return _of_operation(request, hole)
    return None


def _of_compute(one: Reached, request: Request, verb: str, hole: Hole) -> Abstract | None:
    """A resource, a list of resources, or the operation that a change starts, with their links.

    A virtual machine has its addresses, too.

    `https://www.googleapis.com/compute/v1/projects/{p}/zones/{z}/instances/{name}`
    """
    if one.method is None:
        return None
    version, _, template = one.method.path.removeprefix("compute/").partition("/")
    path = [_filled_in(part, one, request) for part in template.split("/")]
    base = f"https://www.googleapis.com/compute/{version}/"
    if "/operations/" in template:
        link = base + "/".join(path[: path.index("operations") + 2])
        return _open(
            {"selfLink": _text(link, hole), "name": _text(link.split("/")[-1], hole)}, hole
        )
    if one.method.long_running:
        of_place = path[2:3] in (["zones"], ["regions"])
        scope = "/".join(path[:4] if of_place else [*path[:2], "global"])
        return _open_link(f"{base}{scope}/operations", hole)
    if verb == "get":
        link = base + "/".join(path)
        made: dict[str, Abstract] = {
            "selfLink": _text(link, hole),
            "name": _text(path[-1], hole),
        }
        if path[-2:-1] == ["instances"]:
            made |= _interfaces("//compute.googleapis.com/" + "/".join(path), hole)
        return _open(made, hole)
    if verb == "list" and one.method.verb == "GET":
        item = Hole(f"{hole.name}.items[]", hole.at)
        return _open({"items": ListOf((), _open_link(base + "/".join(path), item))}, hole)
    return None


def _interfaces(instance: str, hole: Hole) -> Mapping[str, Abstract]:
    """The addresses of a virtual machine, each a hole named for it."""
    address = Text((Hole(f"{MACHINE}{instance}", hole.at),))
    of_interface = Hole(f"{hole.name}.networkInterfaces[]", hole.at)
    of_access = Hole(f"{of_interface.name}.accessConfigs[]", hole.at)
    outside = ListOf((), _open({"natIP": address}, of_access))
    interface = _open({"networkIP": address, "accessConfigs": outside}, of_interface)
    return {"networkInterfaces": ListOf((), interface)}


def _open_link(collection: str, hole: Hole) -> Abstract:
    """A thing in a collection: its name is not known, its link ends in it."""
    name = below(hole, "name")
    return _open(
        {"selfLink": _text(f"{collection}/{name}", hole), "name": Text((name,))},
        hole,
    )


def _filled_in(part: str, one: Reached, request: Request) -> str:
    variable = re.fullmatch(r"\{\+?(\w+)\}", part)
    if variable is None:
        return part
    place = request.place
    given = one.parts.named.get(variable[1], part)
    if variable[1] == "project" and given in {place.project_number, "{project_number}", part}:
        # A link names the project by its id, whichever the request named it by.
        return place.project
    return given.rsplit("/", 1)[-1]


def _of_address(one: Reached, request: Request, verb: str, hole: Hole) -> Abstract | None:
    template, fields, listed = ADDRESSES[one.id.api, one.id.version]
    if verb == "get":
        name = filled(_variables(template, one), one.parts, request.place, {})
        return _addressed(name, fields, one, hole)
    if verb != "list":
        return None
    item = Hole(f"{hole.name}.{listed}[]", hole.at)
    nameless = template.removesuffix("{name}")
    name = filled(f"{nameless}{{x}}", one.parts, request.place, {"x": str(below(item, "name"))})
    return _open({listed: ListOf((), _addressed(name, fields, one, item))}, hole)


def _variables(template: str, one: Reached) -> str:
    """The template, its last variable named as the path of an HTTP request names it."""
    collection = template.split("/")[-2]
    of_http = f"{collection}Id"
    name = of_http if of_http in one.parts.named else f"{collection}_id"
    return template.replace("{name}", f"{{{name}}}")


def _addressed(name: str, fields: tuple[str, ...], one: Reached, hole: Hole) -> Abstract:
    if one.id.api == "cloudfunctions" and one.id.version == "v2":
        # What answers is the service beneath, whichever of its addresses is called.
        name = service_beneath(name)
    address = Text((Hole(f"{ADDRESS_OF}{name}", hole.at),))
    made: dict[str, Abstract] = {}
    for field in fields:
        head, _, rest = field.partition(".")
        if not rest:
            made[head] = address
            continue
        inner: Abstract = address
        keys = rest.split(".")
        for depth in range(len(keys) - 1, -1, -1):
            at = Hole(".".join((hole.name, head, *keys[:depth])), hole.at)
            inner = _open({keys[depth]: inner}, at)
        old = made.get(head)
        made[head] = inner if old is None else _both(old, inner)
    return _open(made, hole)


def _both(one: Abstract, other: Abstract) -> Abstract:
    assert isinstance(one, MapOf)
    assert isinstance(other, MapOf)
    return MapOf((*one.entries, *other.entries), one.rest)


def _of_object(one: Reached, verb: str, hole: Hole) -> Abstract | None:
    """An object names its bucket, and links to itself and to its content.

    Source: https://docs.cloud.google.com/storage/docs/json_api/v1/objects (not opened)
    """
    bucket = one.parts.named.get("bucket") or one.parts.collected.get("b")
    if bucket is None or verb not in {"get", "insert", "list"}:
        return None
    held = _text(bucket, hole)

    def linked(at: Hole) -> Abstract:
        path = f"storage/v1/b/{bucket}/o/{below(at, 'name')}"
        media = f"https://storage.googleapis.com/download/{path}?alt=media"
        links = {"selfLink": f"https://www.googleapis.com/{path}", "mediaLink": media}
        return _open({"bucket": held, **{key: _text(link, at) for key, link in links.items()}}, at)

    if verb != "list":
        return linked(hole)
    item = Hole(f"{hole.name}.items[]", hole.at)
    return _open({"items": ListOf((), linked(item))}, hole)


def _of_project(one: Reached, request: Request, version: str, hole: Hole) -> Abstract | None:
    """The workflow's own project: its id and number.

    Source: https://docs.cloud.google.com/resource-manager/reference/rest/v3/projects (not opened)
    """
    place = request.place
    given = one.parts.id_of("projects", "projectId")
    if given not in {place.project, place.project_number}:
        return None
    number = place.project_number or "{project_number}"
    field = {"projectNumber": number} if version == "v1" else {"name": f"projects/{number}"}
    known = {**field, "projectId": place.project}
    return _open({key: _text(text, hole) for key, text in known.items()}, hole)


def _of_child(request: Request, collection: str, hole: Hole) -> Abstract | None:
    """What is made below a parent, `{parent}/{collection}/{name}`."""
    parent = request.text("parent")
    if request.is_http:
        path = _relative(request)
        if path is None or not path.endswith(f"/{collection}"):
            return None
        parent = path.removesuffix(f"/{collection}")
    elif not parent or is_hole(masked(parent).text[0]):
        return None
    name = f"{parent.rstrip('/')}/{collection}/{below(hole, 'name')}"
    return _open({"name": _text(name, hole)}, hole)


def _of_operation(request: Request, hole: Hole) -> Abstract | None:
    """The operation that a request starts, in the location of what it is about."""
    path = (_relative(request) or "").split("/")
    if path[::2][:2] != ["projects", "locations"]:
        return None
    name = f"{'/'.join(path[:4])}/operations/{below(hole, 'name')}"
    return _open({"name": _text(name, hole)}, hole)


def _relative(request: Request) -> str | None:
    """The relative name in an address, `projects/p/locations/l/x`; None without a version."""
    if request.url is None:
        return None
    found = re.fullmatch(r"/v\d\w*/(.+)", request.url.path)
    return None if found is None else request.url.show(found[1])


def _open(known: Mapping[str, Abstract], hole: Hole) -> MapOf:
    """A map of which some entries are known."""
    return MapOf(tuple(known.items()), Unknown(below(hole, "*")))


def _text(text: str, hole: Hole) -> Const | Text:
    """A text in which holes are written `{name}`, as a value."""
    mask = masked(text)
    parts = (
        Hole(mask.holes[ord(piece) - FIRST][1:-1], hole.at) if is_hole(piece) else piece
        for piece in re.split(r"([\U000f0000-\U000ffffd])", mask.text)
        if piece
    )
    return text_of(parts)
