"""The emulator's own facts: names exist, services are whole, the state keeps its word."""

from contextlib import suppress

import pytest

from wfprov.emulator import permissions, registry
from wfprov.emulator.discovery import Discovery
from wfprov.emulator.objects import RESOURCES, Objects
from wfprov.emulator.roles import RoleTable, packaged_table

DISCOVERY = Discovery()


@pytest.fixture(scope="module")
def roles():
    if not packaged_table().exists():
        pytest.skip("the table of roles was not built")
    table = RoleTable()
    yield table
    table.close()


def rows():
    return sorted(permissions._ROWS.items())


def test_every_permission_of_the_table_exists(roles):
    missing = [p for _, needed in rows() for p in needed if not roles.exists(p)]
    assert missing == []


def test_every_method_of_the_table_exists():
    known = set()
    for api in {key.split()[0] for key, _ in rows()}:
        for version in DISCOVERY.versions[api]:
            for method in DISCOVERY.document(api, version).methods:
                known.add(f"{api} {permissions.short_name(api, method)}")
    assert [key for key, _ in rows() if key not in known] == []


def test_every_handler_is_of_a_method_that_exists():
    for api, service in registry.load().items():
        for version, handlers in service.handlers.items():
            versions = DISCOVERY.versions[api] if version == "*" else (version,)
            known = {m for v in versions for m in DISCOVERY.document(api, v).methods}
            assert [name for name in handlers if f"{api}.{name}" not in known] == []


def test_owner_holds_what_owners_hold(roles):
    assert roles.holds("roles/owner", "resourcemanager.projects.setIamPolicy")
    assert not roles.holds("roles/viewer", "resourcemanager.projects.setIamPolicy")
    assert not roles.holds("roles/nothing", "run.services.get")
    assert not roles.holds("roles/owner", "run.services.fly")


def test_failed_transaction_leaves_nothing_behind():
    objects = Objects()
    with objects.transaction():
        objects.put(RESOURCES, "//h/a/1", {"x": 1})
    with suppress(ZeroDivisionError), objects.transaction():
        objects.put(RESOURCES, "//h/a/1", {"x": 2})
        objects.put(RESOURCES, "//h/a/2", {})
        raise ZeroDivisionError
    with objects.transaction():
        assert objects.get(RESOURCES, "//h/a/1") == {"x": 1}
        assert objects.children("//h/a") == ("//h/a/1",)


def test_what_is_read_cannot_change_the_state():
    objects = Objects()
    with objects.transaction():
        objects.put(RESOURCES, "//h/a/1", {"x": [1]})
        objects.get(RESOURCES, "//h/a/1")["x"].append(2)
        assert objects.get(RESOURCES, "//h/a/1") == {"x": [1]}


def test_state_is_the_same_after_a_restart(tmp_path):
    path = tmp_path / "state.sqlite"
    first = Objects(path)
    with first.transaction():
        first.put(RESOURCES, "//h/a/1", {"x": 1})
        first.put(RESOURCES, "//h/a/2", {"x": 2})
        number = first.next_number()
    with first.transaction():
        first.drop(RESOURCES, "//h/a/2")
    first.close()
    second = Objects(path)
    with second.transaction():
        assert second.children("//h/a") == ("//h/a/1",)
        assert second.get(RESOURCES, "//h/a/1") == {"x": 1}
        assert second.next_number() == number + 1
    second.close()
