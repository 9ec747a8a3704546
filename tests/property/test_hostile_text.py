"""Whatever a file holds, it is read, checked and its template rendered, soon and without a crash.

`make fuzz` takes many more texts all the way to grants.
"""

from __future__ import annotations

import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from wfprov.core.span import Source, Span
from wfprov.language.deployment import deployment
from wfprov.language.parser import parse
from wfprov.language.rendering import lookup, rendered
from wfprov.language.terraform import Module, Place
from wfprov.language.validate import validate

TEMPLATES = sorted((Path(__file__).parents[2] / "templates").rglob("workflow.yaml"))
TEXTS = [path.read_text(encoding="utf-8") for path in TEMPLATES]
SECONDS = 5
VALUES = lookup({"x": "value", "l": ["a", "b"], "on": True, "var": {"x": 1}})

PIECES = st.sampled_from(
    ["${x}", "$${x}", "${var.x}", "%{ if on }", "%{ else }", "%{ endif ~}", "%{ for i in l ~}",
     "${i}", "%{ endfor }", "%{~ if what }", "%{", "${", "}", "~}", "\n", "- a:\n", "    return: ",
     "  ", '"', "'", "#", ": ", "&a ", "*a", "%%{", "$$", "{", "[", "é"]
)  # fmt: skip
TERRAFORM = st.sampled_from(
    ['resource "google_workflows_workflow" "w" {\n', "}", "{", "source_contents = ", "<<-EOT\n",
     "  EOT\n", "name = ", '"', '"a"', "${", "}", "\n", "- a: {return: 1}\n", "locals {\n",
     "a = local.b\n", "b = local.a\n", "${local.a}", "file(", "templatefile(", ")", ",", "[", "]",
     "# ", "/*", "*/", "region = var.region\n", "google_cloud_run_v2_service.x.uri"]
)  # fmt: skip


@st.composite
def changed(draw: st.DrawFn) -> str:
    """A real definition, cut off somewhere, with some pieces put in."""
    text = draw(st.sampled_from(TEXTS))
    text = text[: draw(st.integers(0, len(text)))]
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(PIECES) + text[at + draw(st.integers(0, 3)) :]
    return text


def check(text: str, name: str) -> None:
    source = Source(name, text)
    start = time.perf_counter()
    for values in (None, VALUES):
        checked = parse(source, "auto", values)
        found = list(checked.diagnostics)
        if checked.value is not None:
            found += validate(checked.value)
        for finding in found:
            assert isinstance(finding.at, Span)
            assert finding.at.source is source
            assert 0 <= finding.at.start <= finding.at.end <= len(text)
    for place in deployment(source, "auto", VALUES).unfilled:
        assert 0 <= place.start <= place.end <= len(text)
    assert time.perf_counter() - start < SECONDS


@settings(deadline=None, max_examples=300)
@given(changed())
def test_a_changed_definition_is_read_soon_and_its_findings_are_in_it(text):
    check(text, "a.yaml")


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_template_is_read_soon_and_its_findings_are_in_it(text):
    check(text, "a.tftpl")


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_rendering_twice_changes_nothing_more(text):
    once = rendered(text, VALUES, "terraform")
    if "~" not in text:  # what is stripped may bring two pieces together
        assert rendered(once.text, lookup({}), "terraform").text == once.text
    starts = [start for start, _, _ in once.stretches]
    assert starts == sorted(starts)


@settings(deadline=None, max_examples=300)
@given(st.lists(TERRAFORM, max_size=60).map("".join))
def test_any_terraform_file_gives_workflows_with_places_in_it(text):
    source = Source("main.tf", text)
    module = Module([source], {})
    for workflow in module.workflows(source, Place()):
        module.values(workflow)
        assert source.text[workflow.at.start : workflow.at.end].startswith("resource")
        if workflow.heredoc is not None:
            assert len(workflow.heredoc.text) <= len(text)
            parse(workflow.heredoc, "terraform", VALUES)
