"""The reader on real definitions."""

from __future__ import annotations

from written import line_and_column, place

from wfprov.core.span import Source
from wfprov.language.parser import parse
from wfprov.language.validate import validate

# Definitions that their authors cannot have deployed: steps that do not exist, variables of a
# caller, parts of the language that there are none of, more than the service takes.
NOT_DEPLOYABLE = (
    "thtcsec__GCP-Serverless-SOAR/",
    "ognjhunt__BlueprintPipeline/workflows__source-orchestrator.yaml",
    "GoogleCloudPlatform__workflows-demos/syntax-cheat-sheet__workflow.yaml",
)


def read(definition):
    return parse(Source(definition.id, definition.path.read_text(encoding="utf-8")))


def test_every_definition_has_a_tree_with_steps(corpus):
    for real in corpus:
        tree = read(real).value
        assert tree is not None, real.id
        assert any(p.steps for p in tree.procedures.values()), real.id


def test_no_definition_that_can_be_deployed_has_an_error(corpus):
    wrong = []
    for real in corpus:
        if not real.is_yaml or real.id.startswith(NOT_DEPLOYABLE):
            continue
        checked = read(real)
        assert checked.value is not None
        wrong += [
            (real.id, line_and_column(place(d)), d.message)
            for d in (*checked.diagnostics, *validate(checked.value))
            if d.is_error
        ]
    assert wrong == []


def test_what_is_not_yaml_is_explained_at_the_line_where_reading_stops(corpus):
    import yaml

    broken = [real for real in corpus if not real.is_yaml]
    for real in broken:
        text = real.path.read_text(encoding="utf-8")
        try:
            list(yaml.parse(text, Loader=yaml.SafeLoader))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            assert mark is not None
        explained = [
            d
            for d in read(real).diagnostics
            if d.rule.slug in ("colon-in-unquoted-expression", "invalid-yaml")
        ]
        assert line_and_column(place(explained[0]))[0] == mark.line + 1, real.id


def test_what_is_not_yaml_is_read_to_its_end(corpus):
    for real in corpus:
        if not real.is_yaml:
            slugs = {d.rule.slug for d in read(real).diagnostics}
            assert "invalid-yaml" not in slugs, real.id
