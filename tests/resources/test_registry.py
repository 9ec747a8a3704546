"""The registry of kinds."""

import pytest

from wfprov.resources.api_service import ApiService
from wfprov.resources.registry import RegistryError, collected, kinds


def test_every_kind_is_found_under_its_own_name():
    assert {kind: found.kind for kind, found in kinds().items()} == {k: k for k in kinds()}
    assert {"workflow", "service_account", "iam_policy", "api_service"} <= kinds().keys()


def test_a_module_without_a_kind_is_refused():
    with pytest.raises(RegistryError, match="empty has no RESOURCE"):
        collected({"empty": None})


def test_a_kind_is_taken_once():
    with pytest.raises(RegistryError, match="second: the kind api_service is taken"):
        collected({"first": ApiService, "second": ApiService})
