"""Every kind of managed thing, found by listing this package."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

import wfprov.resources
from wfprov.core.resource import Managed


class RegistryError(AssertionError):
    """A module without a kind, or two modules with one: our bug."""


@cache
def kinds() -> Mapping[str, type[Managed]]:
    """The classes by kind, `workflow`, in order of their modules' names.

    Raises:
        RegistryError: when a module has no RESOURCE, or a kind is taken twice.
    """
    return MappingProxyType(collected(_modules()))


def collected(found: Mapping[str, object]) -> dict[str, type[Managed]]:
    """The classes by kind, from what each module calls RESOURCE."""
    known: dict[str, type[Managed]] = {}
    for module, resource in found.items():
        if not (isinstance(resource, type) and issubclass(resource, Managed)):
            raise RegistryError(f"{module} has no RESOURCE")
        if resource.kind in known:
            raise RegistryError(f"{module}: the kind {resource.kind} is taken")
        known[resource.kind] = resource
    return known


def _modules() -> dict[str, object]:
    package = wfprov.resources
    names = sorted(m.name for m in iter_modules(package.__path__) if m.name != "registry")
    return {n: getattr(import_module(f"{package.__name__}.{n}"), "RESOURCE", None) for n in names}
