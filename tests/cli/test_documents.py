"""Every JSON that a command prints is valid by the schema of its name."""

from __future__ import annotations

import json

import jsonschema
import pytest

BROKEN = "- a:\n    next: nowhere\n"
ASKING = "- a:\n    call: http.get\n    args: {url: https://a.example, auth: {type: OIDC}}\n"
MANY = """\
main:
  params: [args]
  steps:
    - each:
        for:
          value: name
          in: [a, b]
          steps:
            - call_it:
                call: reach
                args: {name: '${name}'}
    - dead:
        return: 1
    - never:
        call: http.get
        args: {url: https://x.example}
reach:
  params: [name]
  steps:
    - get:
        call: http.get
        args: {url: '${"https://" + name + ".example.com"}', headers: {Authorization: key}}
    - read:
        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
        args: {secret_id: '${name}', project_id: '${sys.get_env("GOOGLE_CLOUD_PROJECT_ID")}'}
    - restart:
        call: googleapis.sqladmin.v1.instances.restart
        args: {project: acme-shop, instance: ledger}
    - log:
        call: sys.log
        args: {text: done}
"""
PLACE = ("--project", "acme-shop", "--region", "europe-west1")


@pytest.fixture
def valid(session):
    """Holds a text against `wfprov schema NAME`; what it says."""

    def check(name: str, text: str) -> dict:
        schema = session.wfprov("schema", name).json
        document = json.loads(text)
        jsonschema.validate(document, schema, jsonschema.validators.validator_for(schema))
        return document

    return check


@pytest.mark.parametrize("definition", [BROKEN, ASKING, MANY, "", "main: 1\n"])
def test_inspect_whatever_it_reads(definition, session, valid):
    session.write("a.yaml", definition)
    for place in ((), PLACE):
        ended = session.wfprov("inspect", "a.yaml", *place, "--format", "json")
        assert ended.code in {0, 1}
        assert valid("inspect", ended.out)["workflows"]


@pytest.mark.parametrize("definition", [BROKEN, ASKING, MANY])
def test_an_offline_plan_whatever_stands_in_its_way(definition, session, valid):
    session.write("a.yaml", definition)
    ended = session.wfprov("plan", "a.yaml", *PLACE, "--offline", "--format", "json")
    assert ended.code in {0, 1, 4}
    assert valid("plan", ended.out)["offline"]


def test_a_stack_from_its_first_plan_to_its_end(deployed, valid):
    def planned(*more: str) -> dict:
        ended = deployed.wfprov("plan", "-e", "shop", "--format", "json", "--events", "e", *more)
        assert ended.code in {0, 1, 4}, ended.err
        return valid("plan", ended.out)

    assert planned()["changes"]
    assert planned("-o", "plan.json")["changes"]
    valid("plan", (deployed.folder / "plan.json").read_text())
    assert deployed.wfprov("apply", "plan.json", "--events", "events").code == 0
    audited = deployed.wfprov("audit", "-e", "shop", "--format", "json")
    assert valid("audit", audited.out)["counts"]["workflows"] == 1
    for mode in ((), ("--prune",), ("--refresh-only",), ("--destroy",), ("--only", "order-intake")):
        planned(*mode)
    deployed.write("workflows/order-intake.yaml", MANY)
    planned()
    assert deployed.wfprov("apply", "-e", "shop", "--auto-approve", "--events", "more").code in {
        0,
        1,
    }
    assert deployed.wfprov("destroy", "-e", "shop", "--auto-approve", "--events", "end").code == 0
    for name in ("e", "events", "more", "end"):
        lines = (deployed.folder / name).read_text().splitlines()
        assert lines
        for line in lines:
            valid("events", line)
