"""Everything that the guide to the Python API shows is so."""

from __future__ import annotations

import ast
import doctest
import re
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs/guides/python.md"


def test_the_examples_of_the_guide_are_true(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = GUIDE.read_text(encoding="utf-8")
    shown: list[str] = []
    examples = "\n".join(re.findall(r"^```pycon\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    case = doctest.DocTestParser().get_doctest(examples, {}, GUIDE.name, str(GUIDE), 0)
    outcome = doctest.DocTestRunner().run(case, out=shown.append)
    assert outcome.failed == 0, "".join(shown)
    assert outcome.attempted > 15


def test_the_programs_of_the_guide_use_what_there_is():
    from wfprov import api

    text = GUIDE.read_text(encoding="utf-8")
    for program in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for node in ast.walk(ast.parse(program)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                owner = {"wfprov": api, "plan": api.Plan, "report": api.Report, "step": api.Step}
                if node.value.id in owner:
                    assert hasattr(owner[node.value.id], node.attr), node.attr
