"""Target kinds: each module of `catalog.targets` brings one, tried in the contract's order."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Final

from wfprov.catalog import targets
from wfprov.catalog.kind import TargetKind
from wfprov.catalog.target import Kind

ORDER: Final = (
    Kind.CALLBACK,
    Kind.WORKFLOW,
    Kind.LOGGING,
    Kind.GKE,
    Kind.PRIVATE_ENDPOINT,
    Kind.IAP,
    Kind.CLOUD_RUN_JOB,
    Kind.WORKSPACE_API,
    Kind.GOOGLE_API,
    Kind.CLOUD_FUNCTION,
    Kind.API_GATEWAY,
    Kind.CLOUD_RUN_SERVICE,
    Kind.EXTERNAL,
    Kind.UNKNOWN,
)
"""The first that recognises a call has it; the last recognises every call."""


@cache
def kinds() -> Mapping[Kind, TargetKind]:
    """Every kind, in the order in which they are tried.

    Raises:
        AssertionError: a kind is missing, or two modules bring the same.
    """
    found: dict[Kind, TargetKind] = {}
    for info in pkgutil.iter_modules(targets.__path__):
        module = importlib.import_module(f"{targets.__name__}.{info.name}")
        target: TargetKind = module.TARGET
        assert target.kind not in found, f"two modules recognise {target.kind}"
        found[target.kind] = target
    missing = set(Kind) - found.keys()
    assert not missing, f"nothing recognises {', '.join(sorted(missing))}"
    assert set(ORDER) == set(Kind), "the order names every kind"
    return {kind: found[kind] for kind in ORDER}
