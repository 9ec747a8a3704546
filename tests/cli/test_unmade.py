"""What a workflow makes itself is not there when its access is granted."""

from __future__ import annotations

import pytest

DATA = "googleapis.bigquery.v2"
MAKES = f"""\
- make:
    call: {DATA}.datasets.insert
    args: {{projectId: acme-shop, body: {{datasetReference: {{datasetId: scratch}}}}}}
"""
USES = f"""\
- use:
    call: {DATA}.tables.insert
    args: {{projectId: acme-shop, datasetId: scratch, body: {{tableReference: {{tableId: t}}}}}}
"""


@pytest.fixture
def scratch(deployed):
    """The stack with a workflow that uses a dataset which is not there."""

    def write(*parts: str):
        deployed.write("workflows/order-intake.yaml", "".join(parts))
        return deployed

    return write


def test_its_access_is_granted_on_what_it_lies_in_and_that_is_said(scratch):
    ended = scratch(MAKES, USES).wfprov("plan", "-e", "shop")
    assert ended.code == 0, ended.out
    assert "datasets/scratch is not there yet" in " ".join(ended.out.split())
    assert "policy of project acme-shop" in ended.out
    assert "all datasets of acme-shop" in ended.out
    assert "dataset scratch" not in ended.out
    applied = scratch(MAKES, USES).wfprov("apply", "-e", "shop", "--auto-approve")
    assert applied.code == 0, applied.err
    again = scratch(MAKES, USES).wfprov("plan", "-e", "shop", "--detailed-exitcode")
    assert again.code == 0, again.out


def test_what_no_workflow_makes_stays_an_error(scratch):
    ended = scratch(USES).wfprov("plan", "-e", "shop")
    assert ended.code == 1
    assert "missing-resource" in ended.out


def test_one_that_is_there_is_granted_on_itself(scratch, emulator):
    from wfprov.emulator import admin

    name = "//bigquery.googleapis.com/projects/acme-shop/datasets/scratch"
    sent = {"names": [name], "owner": "user:ana@example.com"}
    admin.answer(emulator.plane, "POST", "emulator/v1/resources", {}, sent)
    ended = scratch(MAKES, USES).wfprov("plan", "-e", "shop")
    assert ended.code == 0, ended.out
    assert "~ dataset scratch" in ended.out
    assert "not there yet" not in ended.out
