"""Real definitions: none fails, and no call in their text is missed."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import yaml

from wfprov.analysis.calls import Known
from wfprov.analysis.interpret import analyse
from wfprov.core.span import Source
from wfprov.language.parser import parse

OUTBOUND = re.compile(
    r"(http\.|googleapis\.|gke\.|sys\.log$|events\.|experimental\.|shell\.|gcloud)"
)
IN_EXPRESSION = re.compile(r"\b(googleapis(?:\.\w+)+)\s*\(")


def written_calls(text: str) -> Counter[str]:
    """The outbound calls that a plain walk over the YAML finds, an alias counted once."""
    found: Counter[str] = Counter()
    seen: set[int] = set()
    stack: list[Any] = [yaml.load(text, yaml.CBaseLoader)]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            if "${" in node:
                found.update(IN_EXPRESSION.findall(node))
            continue
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, dict):
            name = node.get("call")
            if isinstance(name, str) and OUTBOUND.match(name.strip()):
                found[name.strip()] += 1
            stack.extend(node)
        stack.extend(node.values() if isinstance(node, dict) else node)
    return found


def test_every_call_of_a_real_definition_is_a_site_with_an_id_of_its_own(corpus):
    for real in corpus:
        text = real.path.read_text(encoding="utf-8")
        definition = parse(Source(real.id, text)).value
        if definition is None:
            continue
        analysis = analyse(definition, Known(project="acme", region="europe-west1"))
        ids = [site.id for site in analysis.sites]
        assert len(set(ids)) == len(ids), real.id
        assert all(site.calls for site in analysis.sites if site.reachable), real.id
        if real.is_yaml:
            lost = written_calls(text) - Counter(site.function for site in analysis.sites)
            assert not lost, real.id


def test_a_real_definition_is_followed_to_its_end(corpus):
    for real in corpus:
        definition = parse(Source(real.id, real.path.read_text(encoding="utf-8"))).value
        if definition is not None:
            rules = {d.rule.slug for d in analyse(definition, Known()).diagnostics}
            assert "analysis-limit" not in rules, real.id
