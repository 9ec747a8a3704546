"""Every kind of target has one module, with a case, a source and a docstring."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

from wfprov.catalog import registry, rules, targets
from wfprov.catalog.kind import TargetKind
from wfprov.catalog.target import Kind

MODULES = [info.name for info in pkgutil.iter_modules(targets.__path__)]


def test_every_kind_is_recognised_in_the_order_of_the_contract():
    order = list(registry.kinds())
    assert set(order) == set(Kind)
    assert order[:6] == [
        Kind.CALLBACK,
        Kind.WORKFLOW,
        Kind.LOGGING,
        Kind.GKE,
        Kind.PRIVATE_ENDPOINT,
        Kind.IAP,
    ]
    assert order[-1] is Kind.UNKNOWN


@pytest.mark.parametrize("name", MODULES)
def test_a_target_is_named_for_its_kind_and_carries_its_source(name):
    module = importlib.import_module(f"{targets.__name__}.{name}")
    assert isinstance(module.TARGET, TargetKind)
    assert module.TARGET.kind == name
    assert re.search(r"Source: https://\S+\s+\(\d{4}-\d\d-\d\d\)", module.__doc__)


def test_every_answer_belongs_to_one_kind():
    taken = [answer for kind in registry.kinds().values() for answer in kind.answers]
    assert len(taken) == len(set(taken))
    # `host` changes the request instead.
    assert set(taken) | {"host"} == {
        "external", "cloud_run", "cloud_run_job", "function", "iap", "private", "api_method",
        "permissions", "host", "workspace",
    }  # fmt: skip


def test_every_rule_has_docs_and_a_source():
    for rule in rules.RULES:
        assert rule.docs
        assert rule.source.startswith("https://")
