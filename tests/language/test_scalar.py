"""Places inside scalars."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written import source

from wfprov.core.span import Source
from wfprov.language.ast import Expression, FunctionCall, Name
from wfprov.language.findings import Findings
from wfprov.language.nodes import MappingNode, ScalarNode, SequenceNode
from wfprov.language.parser import parse
from wfprov.language.references import own_values, parts, scalars
from wfprov.language.scalar import positions
from wfprov.language.yaml import read

STYLES = {
    "plain": "- s:\n    return: ${alpha + text.split(beta, gamma)}\n",
    "plain over lines": "- s:\n    return: ${alpha +\n      text.split(beta,\n\n      gamma)}\n",
    "single": "- s:\n    return: '${alpha + text.split(beta, gamma)}'\n",
    "single with quotes": "- s:\n    return: '${\"it''s\" + alpha + text.split(beta, gamma)}'\n",
    "single over lines": "- s:\n    return: '${alpha +\n      text.split(beta,\n      gamma)}'\n",
    "double": '- s:\n    return: "${alpha + text.split(beta, gamma)}"\n',
    "double with escapes":
        '- s:\n    return: "${\\"\\u00e4\\x41\\" + alpha + text.split(beta, gamma)}"\n',
    "double over lines":
        '- s:\n    return: "${alpha + \\\n      text.split(beta,\n      gamma)}"\n',
    "literal": "- s:\n    return: |\n      ${alpha +\n      text.split(beta,\n        gamma)}\n",
    "literal stripped": "- s:\n    return: |-\n        ${alpha + text.split(beta, gamma)}\n",
    "folded": "- s:\n    return: >\n      ${alpha +\n      text.split(beta,\n\n      gamma)}\n",
    "folded, indented":
        "- s:\n    return: >-\n      ${alpha +\n         text.split(beta,\n      gamma)}\n",
    "windows":
        "- s:\r\n    return: |\r\n      ${alpha +\r\n      text.split(beta,\r\n"
        "      gamma)}\r\n",
    "json": '[{"s": {"return": "${\\"a\\\\n\\" + alpha + text.split(beta, gamma)}"}}]',
    "json with an emoji":
        '[{"s": {"return": "${\\"\\ud83d\\ude00\\" + alpha + text.split(beta, gamma)}"}}]',
}  # fmt: skip


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES)
def test_names_inside_an_expression_keep_their_exact_place(text):
    definition = parse(Source("a.yaml", text)).value
    assert definition is not None
    assert definition.main is not None
    found = set()
    for value in own_values(definition.main.steps[0]):
        for leaf in scalars(value):
            assert isinstance(leaf, Expression), leaf
            assert leaf.span.text.startswith("${")
            assert leaf.span.text.endswith("}")
            for part in parts(leaf.expr):
                if isinstance(part, Name):
                    assert part.span.text == part.name
                    found.add(part.name)
                if isinstance(part, FunctionCall):
                    assert part.function_span.text == "text.split"
                    assert part.span.text.endswith(")")
    assert found == {"alpha", "beta", "gamma"}


TEXTS = st.text(alphabet="ab '\"\\\n\té😀#:", max_size=40)


@given(TEXTS, st.sampled_from(["'", '"', "|", ">", None]), st.booleans())
def test_every_character_but_spaces_stands_where_it_is_said_to_stand(text, style, narrow):
    import yaml

    written = yaml.dump({"key": text}, default_style=style, allow_unicode=narrow, width=20)
    findings = Findings(source(written))
    root = read(findings)
    assert isinstance(root, MappingNode)
    node = root.entries[0][1]
    assert isinstance(node, ScalarNode)
    places = positions(findings.source.text, node)
    assert len(places) == len(node.text) + 1
    assert list(places) == sorted(places)
    for character, at in zip(node.text, places, strict=False):
        if character.isascii() and character.isalpha():
            assert findings.source.text[at] == character


@given(st.text(max_size=80))
def test_places_never_leave_the_source(text):
    findings = Findings(Source("a", text))
    waiting = [read(findings)]
    while waiting:
        match waiting.pop():
            case ScalarNode() as node:
                places = positions(text, node)
                assert len(places) == len(node.text) + 1
                assert all(0 <= at <= len(text) for at in places)
            case SequenceNode(items):
                waiting += items
            case MappingNode(entries):
                waiting += [part for entry in entries for part in entry]
            case None:
                pass
