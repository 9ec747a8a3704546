"""`wfprov catalog`: explains, suggests, and renews roles from a live IAM API."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typer.main import get_command

from wfprov.app.catalog import forget, info, lookup, renew
from wfprov.cli.catalog import app
from wfprov.core.address import Permission, RoleName
from wfprov.core.errors import InputError
from wfprov.core.facts import Role
from wfprov.store.facts import OVERLAY, open_facts
from wfprov.store.roles import open_roles, write_roles


@pytest.fixture
def catalog(tmp_path, monkeypatch, capsys):
    """Runs `wfprov catalog ARGUMENTS` in a folder of its own; what it printed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "local.yaml").write_text(
        "endpoint: embedded\nproject: acme-test\nregion: europe-west1\n", encoding="utf-8"
    )
    (tmp_path / "wfprov.yaml").write_text(
        "version: 1\nstack: orders\nworkflows: {a: {source: a.yaml}}\n", encoding="utf-8"
    )

    def run(*arguments: str) -> str:
        get_command(app).main(list(arguments), standalone_mode=False)
        return capsys.readouterr().out

    return run


def test_info_tells_the_tiers_and_the_age_of_the_roles(catalog):
    told = json.loads(catalog("info", "--format", "json"))
    assert told["tiers"]["curated"] >= 970
    assert told["read_twice"] >= 40
    assert told["live"] == ""
    assert told["date"] == "2026-08-22"
    assert "2,387 roles" in catalog("info")


def test_a_method_is_explained_with_permission_scope_role_and_page(catalog):
    text = catalog("lookup", "googleapis.compute.v1.instances.stop")
    assert "compute.instances.stop\n    on //compute.googleapis.com/projects/PROJECT/zones" in text
    assert "roles/compute.instanceAdmin.v1, which holds 59 more" in text
    assert "polls with compute.zoneOperations.get, unless skip_polling" in text
    assert "source: https://" in text


def test_what_a_method_needs_only_sometimes_is_explained_with_its_condition(catalog):
    text = catalog("lookup", "run.v2.projects.locations.jobs.run")
    assert "run.jobs.runWithOverrides when body.overrides is set" in text


def test_a_permission_is_explained_with_the_roles_that_hold_it_least_excess_first(catalog):
    told = json.loads(catalog("lookup", "pubsub.topics.publish", "--format", "json"))
    assert told["types"] == ["pubsub.googleapis.com/projects/topics"]
    assert told["choices"][0] == {"role": "roles/pubsub.publisher", "on": "", "excess": 0}
    excess = [choice["excess"] for choice in told["choices"]]
    assert excess == sorted(excess)


def test_a_role_that_is_never_granted_says_so(catalog):
    assert "never granted" in catalog("lookup", "roles/editor")
    assert "never granted" not in catalog("lookup", "roles/run.invoker")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("pubsub.v1.projects.topic.publish", "pubsub.v1.projects.topics.publish"),
        ("run.job.run", "run.jobs.run"),
        ("roles/run.invokr", "roles/run.invoker"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_one_that_was_meant(wrong, right):
    with pytest.raises(InputError) as refused:
        lookup(wrong, open_facts(None))
    assert right in refused.value.help


def test_a_renewal_from_the_embedded_control_plane_changes_no_role(catalog):
    text = catalog("refresh", "-e", "local")
    assert "2,387 roles in .wfprov/roles.sqlite" in text
    assert "nothing changed" in text
    facts, own = open_facts(), open_facts(None)
    assert facts.roles is not facts.embedded
    assert info(facts).live
    for name in ("roles/run.invoker", "roles/compute.viewer"):
        assert facts.role(RoleName(name)) == own.role(RoleName(name))
    assert facts.effective("pubsub.googleapis.com/projects/topics") == own.effective(
        "pubsub.googleapis.com/projects/topics"
    )
    catalog("refresh", "--forget")
    assert not OVERLAY.exists()


class Answering:
    """A control plane that lists the roles it was made with."""

    def __init__(self, roles: list[Role]) -> None:
        self.roles = roles

    def send(self, call):
        assert call.method == "roles.list"
        assert call.request["view"] == "FULL"
        return {
            "roles": [
                {"name": r.name, "title": r.title, "stage": r.stage}
                | ({"includedPermissions": sorted(r.permissions)} if r.permissions else {})
                for r in self.roles
            ]
        }


def test_a_renewal_tells_new_gone_and_changed_roles_and_what_no_role_holds_any_more(tmp_path):
    facts = open_facts(None)
    roles = [facts.role(name) for name in facts.roles.names()]
    publish = Permission("pubsub.topics.publish")
    live = [
        replace(r, permissions=r.permissions - {publish})
        for r in roles
        if r.name != "roles/run.invoker"
    ]
    extra = replace(roles[0], name=RoleName("roles/run.brandNew"))
    path = tmp_path / "roles.sqlite"
    renewed = renew(Answering([*live, extra]), facts, date="2026-11-23", path=path)
    assert renewed.new == ("roles/run.brandNew",)
    assert renewed.gone == ("roles/run.invoker",)
    assert "roles/pubsub.publisher" in renewed.changed
    assert renewed.lost == (publish,)
    after = open_facts(path)
    assert not after.exists(publish)
    assert after.role(RoleName("roles/run.brandNew"))
    assert forget(path)
    assert not forget(path)


def test_an_answer_without_roles_changes_nothing(tmp_path):
    path = tmp_path / "roles.sqlite"
    bare = [Role(name=RoleName("roles/x.y"), title="", stage="GA", permissions=frozenset())]
    for answer in ([], bare):
        with pytest.raises(InputError, match="nothing was changed"):
            renew(Answering(answer), open_facts(None), date="2026-11-23", path=path)
    assert not path.exists()


def test_a_file_that_holds_no_roles_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "roles.sqlite"
    path.write_bytes(b"SQLite format 3\0 and then nothing of the kind" * 40)
    with pytest.raises(InputError) as refused:
        open_facts(path)
    assert "wfprov catalog refresh" in refused.value.help


def test_roles_that_are_written_are_read_back_and_a_former_file_is_replaced(tmp_path):
    path = tmp_path / "deep" / "roles.sqlite"
    role = Role(
        name=RoleName("roles/x.y"),
        title="X",
        stage="BETA",
        permissions=frozenset({Permission("x.b.get"), Permission("x.a.get")}),
    )
    write_roles(path, [replace(role, title="old")], "2026-11-22")
    write_roles(path, [role], "2026-11-23")
    table = open_roles(path)
    assert table is not None
    assert table.roles_with(Permission("x.a.get")) == (role,)
    assert table.date() == "2026-11-23"
    assert [f.name for f in path.parent.iterdir()] == ["roles.sqlite"]
