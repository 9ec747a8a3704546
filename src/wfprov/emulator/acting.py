"""Methods that start something as a service account: the caller must be able to act as it.

Source: https://cloud.google.com/iam/docs/service-accounts-actas (not opened)
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from wfprov.emulator.service import Call

_WITH_DEFAULT: Final = frozenset(
    {
        "container.projects.locations.clusters.create",
        "container.projects.zones.clusters.create",
        "run.namespaces.jobs.create",
    }
)
"""Those that fall back on the Compute Engine default account when the body names none."""

_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "compute.instances.insert": ("serviceAccounts.*.email",),
    "container.projects.locations.clusters.create": (
        "cluster.nodeConfig.serviceAccount",
        "cluster.nodePools.*.config.serviceAccount",
    ),
    "container.projects.zones.clusters.create": (
        "cluster.nodeConfig.serviceAccount",
        "cluster.nodePools.*.config.serviceAccount",
    ),
    "run.namespaces.jobs.create": ("spec.template.spec.template.spec.serviceAccountName",),
}
"""Where a body names the account, by method; `*` stands for every item."""


def check(call: Call) -> None:
    """Refuses unless the caller may act as every account that the request names.

    Raises:
        ApiError: 403 without the permission, 400 for an account that does not exist.
    """
    method = call.match.method.id
    emails = {
        email
        for place in _PLACES.get(method, ())
        for email in _found(call.body, place.split("."))
        if email and email != "default"
    }
    if not emails and method in _WITH_DEFAULT:
        emails = {call.world.default_account(call.project)}
    for email in sorted(emails):
        call.act_as(email)


def _found(value: Any, place: list[str]) -> Iterator[str]:
    if not place:
        if isinstance(value, str):
            yield value
        return
    head, *rest = place
    if head == "*":
        for item in value if isinstance(value, list) else ():
            yield from _found(item, rest)
    elif isinstance(value, dict) and head in value:
        yield from _found(value[head], rest)
