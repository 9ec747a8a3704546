"""The emulated services, found by listing their package."""

import pkgutil
from importlib import import_module

from wfprov.emulator import services as package
from wfprov.emulator.service import Service


def load() -> dict[str, Service]:
    """All services by API.

    Raises:
        LookupError: a module without SERVICE, or two for one API.
    """
    found: dict[str, Service] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{info.name}")
        service = getattr(module, "SERVICE", None)
        if not isinstance(service, Service):
            raise LookupError(f"{module.__name__} has no SERVICE")  # noqa: TRY004
        if service.api in found:
            raise LookupError(f"two services for {service.api}")
        found[service.api] = service
    return found
