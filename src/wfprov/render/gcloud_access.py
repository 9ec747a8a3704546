"""Which gcloud command grants one member one role, by the type of what is granted on.

What is not here has no such command, or one that guesses (functions), or one without
`--condition` (queues, topics, subscriptions, jobs of Cloud Run): a policy with somebody's condition
is only safe in the hands of who reads it as version 3, so those are written over REST.

Source: the help of each command in Google Cloud CLI 528.0.0 (2026-11-23)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Binder:
    """An `add-iam-policy-binding`: the group of commands, and templates over ids by collection.

    All know conditions, and ask for `--condition=None` where none is meant.
    """

    group: tuple[str, ...]
    name: str
    flags: Mapping[str, str]


_PROJECT: Final = {"project": "{projects}"}
_LOCATED: Final = {**_PROJECT, "location": "{locations}"}
_REGION: Final = {**_PROJECT, "region": "{locations}"}

BINDERS: Final[Mapping[str, Binder]] = {
    "artifactregistry.googleapis.com/projects/locations/repositories": Binder(
        ("artifacts", "repositories"), "{repositories}", _LOCATED
    ),
    "bigtable.googleapis.com/projects/instances": Binder(
        ("bigtable", "instances"), "{instances}", _PROJECT
    ),
    "cloudkms.googleapis.com/projects/locations/keyRings": Binder(
        ("kms", "keyrings"), "{keyRings}", _LOCATED
    ),
    "cloudkms.googleapis.com/projects/locations/keyRings/cryptoKeys": Binder(
        ("kms", "keys"), "{cryptoKeys}", {**_LOCATED, "keyring": "{keyRings}"}
    ),
    "cloudresourcemanager.googleapis.com/projects": Binder(("projects",), "{projects}", {}),
    "iam.googleapis.com/projects/serviceAccounts": Binder(
        ("iam", "service-accounts"), "{serviceAccounts}", {}
    ),
    "run.googleapis.com/projects/locations/services": Binder(
        ("run", "services"), "{services}", _REGION
    ),
    "secretmanager.googleapis.com/projects/locations/secrets": Binder(
        ("secrets",), "{secrets}", _LOCATED
    ),
    "secretmanager.googleapis.com/projects/secrets": Binder(("secrets",), "{secrets}", _PROJECT),
    "spanner.googleapis.com/projects/instances": Binder(
        ("spanner", "instances"), "{instances}", _PROJECT
    ),
    "spanner.googleapis.com/projects/instances/databases": Binder(
        ("spanner", "databases"), "{databases}", {**_PROJECT, "instance": "{instances}"}
    ),
    "storage.googleapis.com/projects/buckets": Binder(("storage", "buckets"), "gs://{buckets}", {}),
}


def binder(name: str) -> Binder | None:
    """The command for what a full resource name names, filled in; None: there is none."""
    service, _, path = name.removeprefix("//").partition("/")
    parts = path.split("/")
    found = BINDERS.get(f"{service}/{'/'.join(parts[::2])}")
    if found is None or len(parts) % 2:
        return None
    ids = dict(zip(parts[::2], parts[1::2], strict=True))
    return Binder(
        found.group,
        found.name.format_map(ids),
        {flag: value.format_map(ids) for flag, value in found.flags.items()},
    )
