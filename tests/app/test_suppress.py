"""Comments in definitions that accept findings: what they hide, and what they may not."""

from __future__ import annotations

from datetime import date

import pytest

from wfprov.app.inspect import inspect_stack
from wfprov.app.load import Selection, load
from wfprov.app.suppress import heeded
from wfprov.store.facts import open_facts

TODAY = date(2026, 11, 24)
CALL = """\
    - {name}:
        call: http.get
        args: {{url: "http://a.a.run.app/x", auth: {{type: OIDC}}}}{tail}
"""


def found(folder, comment="", tail="", more=""):
    steps = f"    {comment}\n" if comment else ""
    text = f"main:\n  steps:\n{steps}{CALL.format(name='a', tail=tail)}{more}"
    (folder / "w.yaml").write_text(text)
    selection = Selection(
        paths=(str(folder / "w.yaml"),), project="acme-shop", region="europe-west1"
    )
    (one,) = heeded(inspect_stack(load(selection), open_facts()), TODAY)
    return [d.rule.slug for d in one.diagnostics], one.ignored


def test_a_finding_is_told_without_a_comment(tmp_path):
    assert found(tmp_path) == (["oidc-over-http"], 0)


@pytest.mark.parametrize("day", ["", " until=2026-11-24"])
def test_one_accepts_what_stands_below_it_until_its_day(tmp_path, day):
    comment = f'# wfprov: ignore[oidc-over-http] reason="a test host"{day}'
    assert found(tmp_path, comment) == ([], 1)
    assert found(tmp_path, tail=f"  {comment}") == ([], 1)


def test_it_does_not_reach_the_next_step(tmp_path):
    comment = '# wfprov: ignore[oidc-over-http] reason="a test host"'
    more = CALL.format(name="b", tail="")
    assert found(tmp_path, comment, more=more) == (["oidc-over-http"], 1)


def test_after_its_day_both_are_told(tmp_path):
    comment = '# wfprov: ignore[oidc-over-http] reason="x" until=2026-11-23'
    assert found(tmp_path, comment) == (["expired-ignore", "oidc-over-http"], 0)


def test_what_the_service_refuses_is_not_to_be_ignored(tmp_path):
    comment = '# wfprov: ignore[undefined-step] reason="x"\n    - c: {next: nowhere}'
    slugs, ignored = found(tmp_path, comment)
    assert "undefined-step" in slugs
    assert "unknown-ignored-rule" in slugs
    assert ignored == 0


def test_one_for_a_rule_of_the_audit_is_left_to_the_audit(tmp_path):
    comment = '# wfprov: ignore[excess-grant] reason="x"'
    assert found(tmp_path, comment) == (["oidc-over-http"], 0)


def test_one_that_hides_nothing_is_told(tmp_path):
    comment = '# wfprov: ignore[unreachable-step] reason="x"'
    assert found(tmp_path, comment) == (["unused-ignore", "oidc-over-http"], 0)
