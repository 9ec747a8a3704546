"""Resources that are not there because the workflows themselves make them.

A grant can not stand in the policy of what does not exist yet, and is gone with what is made anew.
Such a resource's permissions are granted on what it lies in, as for a type without policies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wfprov.core.address import ResourceName
from wfprov.desired.model import Inspected
from wfprov.iam.scope import type_of
from wfprov.plan.live import Live

ROUNDS: Final = 3
"""How often it is looked what a resource lies in: a table, its dataset, the project."""


def unmade(inspected: Iterable[Inspected], live: Live) -> frozenset[ResourceName]:
    """The names of absent resources that a call of some workflow may make.

    It may when the workflow needs the permission to create resources of that collection,
    `bigquery.datasets.create` for a dataset.
    """
    makes = {
        need.permission
        for one in inspected
        for use in one.sites
        for target in use.targets
        for need in target.needs
    }
    return frozenset(
        ResourceName(address.name) for address in live.absent if _creation(address.name) in makes
    )


def _creation(name: str) -> str:
    """The permission to create what has that name: `secretmanager.secrets.create`."""
    service, _, collections = type_of(name).partition("/")
    return f"{service.partition('.')[0]}.{collections.rpartition('/')[2]}.create"
