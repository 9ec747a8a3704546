"""`wfprov inspect` as a picture and as a page."""

from __future__ import annotations

import pytest

DEFINITION = """\
- note:
    call: googleapis.pubsub.v1.projects.topics.publish
    args: {topic: projects/acme-shop/topics/orders, body: {}}
"""
WHERE = ("--project", "acme-shop", "--region", "europe-west1")


@pytest.mark.parametrize(
    ("output_format", "begins"), [("html", "<!doctype html>"), ("mermaid", "flowchart LR")]
)
def test_a_picture_is_all_that_standard_output_holds(session, output_format, begins):
    session.write("order.yaml", DEFINITION)
    ended = session.wfprov("inspect", "order.yaml", *WHERE, "--format", output_format)
    assert ended.code == 0
    assert ended.out.startswith(begins)
    assert "topic orders" in ended.out
    assert ended.err == ""


@pytest.mark.parametrize("output_format", ["html", "mermaid"])
def test_findings_go_beside_the_picture(session, output_format):
    session.write("order.yaml", DEFINITION)
    session.write("wrong.yaml", "main:\n  steps:\n    - a: {assign: 3}\n")
    ended = session.wfprov("inspect", "order.yaml", "wrong.yaml", *WHERE, "--format", output_format)
    assert ended.code == 1
    assert "error[" in ended.err
    assert "wrong.yaml:3" in ended.err
    assert "error[" not in ended.out
    assert "topic orders" in ended.out
