"""Every starter, from `init` to a plan with nothing left to do, on the embedded control plane."""

from __future__ import annotations

from pathlib import Path

import pytest

TEMPLATES = sorted(
    p.name for p in (Path(__file__).parents[2] / "templates").iterdir() if p.is_dir()
)


def test_there_is_a_starter_for_each_way_to_sign():
    assert {
        "cloud-run-oidc",
        "google-api-oauth2",
        "connectors",
        "iap-endpoint",
        "external-api-secret",
    } <= set(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_starter_is_written_planned_applied_and_leaves_nothing_to_do(session, template):
    assert session.wfprov("init", "--template", template).code == 0
    assert session.wfprov("check", "-e", "local").code == 0
    planned = session.wfprov("plan", "-e", "local", "--detailed-exitcode")
    assert planned.code == 2, planned.out + planned.err
    applied = session.wfprov("apply", "-e", "local", "--auto-approve")
    assert applied.code == 0, applied.out + applied.err
    again = session.wfprov("plan", "-e", "local", "--detailed-exitcode")
    assert again.code == 0, again.out
    assert session.wfprov("destroy", "-e", "local", "--auto-approve").code == 0


def test_init_never_writes_over_a_file(session):
    session.write("wfprov.yaml", "mine\n")
    ended = session.wfprov("init")
    assert ended.code == 3
    assert "wfprov.yaml" in ended.err
    assert (session.folder / "wfprov.yaml").read_text() == "mine\n"
    assert not (session.folder / "workflows").exists()


def test_an_unknown_template_is_told_the_near_one(session):
    ended = session.wfprov("init", "--template", "cloud-run")
    assert ended.code == 3
    assert "cloud-run-oidc" in ended.err


def test_list_names_every_starter(session):
    ended = session.wfprov("init", "--list")
    assert ended.code == 0
    assert all(template in ended.out for template in TEMPLATES)
