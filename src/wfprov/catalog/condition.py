"""Decides, for one request, the conditions under which a method needs more permissions.

    form      := condition ["??" path]
    condition := "set" path+ | "unset" path | "true" path | "eq" path value+ | "prefix" path text
               | "mention" text | "unless" path value | "own-image" path | "maybe" | "never"

A path is `body.x.y[].z` or `query.x`. With `??`, "no" becomes undecided when that path is set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wfprov.analysis.domain import Abstract, Const, Text, Unknown
from wfprov.catalog import value
from wfprov.catalog.request import Request

PUBLIC_IMAGES = (
    "debian-cloud", "ubuntu-os-cloud", "centos-cloud", "cos-cloud", "rocky-linux-cloud",
    "windows-cloud", "rhel-cloud", "suse-cloud", "fedora-coreos-cloud", "opensuse-cloud",
    "ubuntu-os-pro-cloud", "rhel-sap-cloud", "suse-sap-cloud", "windows-sql-cloud",
    "deeplearning-platform-release", "ml-images", "almalinux-cloud",
)  # fmt: skip
"""Projects whose images anybody may use.

Source: https://docs.cloud.google.com/compute/docs/images/os-details (2026-11-23)
"""


def decided(form: str, request: Request) -> bool | None:
    """Whether the condition holds for the request; None when the definition does not tell."""
    form, _, doubt = form.partition(" ?? ")
    outcome = _decided(form, request)
    if outcome is False and doubt and any_of(value.is_set, request.values(doubt)) is not False:
        return None
    return outcome


def _decided(form: str, request: Request) -> bool | None:
    word, *rest = form.split(" ")
    match word:
        case "never":
            return False
        case "set":
            found = [any_of(value.is_set, request.values(path)) for path in rest]
            return True if True in found else None if None in found else False
        case "unset":
            outcome = any_of(value.is_set, request.values(rest[0]))
            return None if outcome is None else not outcome
        case "true":
            return any_of(lambda v: _equals(v, ("true",)), request.values(rest[0]))
        case "eq":
            return any_of(lambda v: _equals(v, tuple(rest[1:])), request.values(rest[0]))
        case "prefix":
            return any_of(lambda v: _begins(v, rest[1]), request.values(rest[0]))
        case "unless":
            outcome = any_of(lambda v: _equals(v, tuple(rest[1:])), request.values(rest[0]))
            return False if outcome else None
        case "own-image":
            return any_of(_is_own_image, request.values(rest[0]))
        case "mention":
            words = [text for given in request.call.args.values() for text in value.texts(given)]
            if any(rest[0] in text for text in words):
                return True
            whole = all(value.is_whole(given) for given in request.call.args.values())
            return False if whole and request.call.open_args is None else None
        case _:
            return None


def any_of(test: Callable[[Abstract], bool | None], values: Iterable[Abstract]) -> bool | None:
    """Whether any value passes: True over None over False."""
    outcome: bool | None = False
    for given in values:
        found = test(given)
        if found:
            return True
        if found is None:
            outcome = None
    return outcome


def _equals(given: Abstract, wanted: tuple[str, ...]) -> bool | None:
    match given:
        case Const(None):
            return "" in wanted
        case Const(bool() as flag):
            return str(flag).lower() in wanted
        case Const(known):
            return str(known) in wanted
        case Unknown() | Text():
            return None
        case _:
            return False


def _begins(given: Abstract, prefix: str) -> bool | None:
    match given:
        case Const(str() as text):
            return text.startswith(prefix)
        case Text(parts) if isinstance(parts[0], str) and len(parts[0]) >= len(prefix):
            return parts[0].startswith(prefix)
        case Unknown() | Text():
            return None
        case _:
            return False


def _is_own_image(given: Abstract) -> bool | None:
    match given:
        case Const(str() as text):
            return not any(f"projects/{project}/" in text for project in PUBLIC_IMAGES)
        case Text():
            text = str(given)
            return False if any(f"projects/{p}/" in text for p in PUBLIC_IMAGES) else None
        case Unknown():
            return None
        case _:
            return False
