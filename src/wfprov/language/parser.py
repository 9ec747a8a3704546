"""Reads a definition's text into its tree.

```
definition = steps                              (form A: main without parameters)
           | { name: procedure }                (form B: main and subworkflows)
procedure  = [ "params:" [ name | { name: default } ] ] "steps:" steps
```

Source: https://cloud.google.com/workflows/docs/reference/syntax (not opened)
"""

from __future__ import annotations

from wfprov.core.checked import Checked
from wfprov.core.span import Source, Span
from wfprov.language import yaml
from wfprov.language.ast import Definition, Param, Procedure, Step
from wfprov.language.findings import Findings
from wfprov.language.limits import MAX_READ, MAX_SOURCE_BYTES
from wfprov.language.nodes import MappingNode, Node, ScalarNode, SequenceNode
from wfprov.language.relocation import relocated, relocated_finding
from wfprov.language.rendering import Lookup, lookup, rendered
from wfprov.language.rules import MISSING_KEY, SEVERAL_KEYS, UNKNOWN_KEY, WRONG_TYPE
from wfprov.language.rules_text import DEFINITION_TOO_LARGE, EMPTY_DEFINITION, FRAGMENT
from wfprov.language.shape import Shape
from wfprov.language.steps import STEP_KEYS, StepReader
from wfprov.language.templating import Templating, kind_of
from wfprov.language.values import ValueReader

_PROCEDURE_KEYS = ("params", "steps")


def parse(
    source: Source,
    templating: Templating = "auto",
    values: Lookup | None = None,
) -> Checked[Definition]:
    """The tree of a definition, as far as it could be read, and all that is wrong with its form.

    There is always a tree but for a text that is not read at all (far too large, or empty).
    `values` fills in a template, whose other holes stay; all places are those of the source.
    """
    findings = Findings(source)
    if _too_large(findings):
        return Checked(None, findings.sorted())
    kind = kind_of(source, templating)
    if kind is None or (values is None and kind == "terraform" and "%{" not in source.text):
        return _parsed(findings, template=kind is not None)
    rendering = rendered(source.text, values or lookup({}), kind, choices_as_holes=True)
    if rendering.text == source.text:
        return _parsed(findings, template=True)
    made = Findings(Source(source.name, rendering.text))
    _too_large(made)  # what is deployed counts, not the template
    parsed = _parsed(made, template=True)
    return Checked(
        None if parsed.value is None else relocated(parsed.value, rendering, source),
        tuple(relocated_finding(found, rendering, source) for found in parsed.diagnostics),
    )


def _parsed(findings: Findings, *, template: bool) -> Checked[Definition]:
    source = findings.source
    root = yaml.read(findings, template=template)
    if root is None or (type(root) is ScalarNode and root.value is None):
        findings.add(
            EMPTY_DEFINITION,
            Span(source, 0, 0),
            "The definition is empty.",
            help="Write at least 'main:' with a list of 'steps:'.",
        )
        return Checked(None, findings.sorted())
    reader = _Reader(ValueReader(findings, template=template))
    definition = Definition(source, reader.procedures(root), template)
    return Checked(definition, findings.sorted())


def _too_large(findings: Findings) -> bool:
    """Whether the text is not read at all; reports also what is only too large to deploy."""
    text = findings.source.text
    if len(text) <= MAX_SOURCE_BYTES // 4:
        return False
    text = text.strip()  # what stands around an excerpt is blank
    size = len(text.encode("utf-8", "replace")) if len(text) <= MAX_READ else len(text)
    if size <= MAX_SOURCE_BYTES:
        return False
    findings.add(
        DEFINITION_TOO_LARGE,
        Span(findings.source, 0, 0),
        f"The definition has {size:,} bytes; the service takes {MAX_SOURCE_BYTES:,}.",
        help="Move subworkflows into workflows of their own.",
    )
    return len(text) > MAX_READ


class _Reader:
    def __init__(self, values: ValueReader) -> None:
        self._values = values
        self._findings = values.findings
        self._source = values.source
        self._steps = StepReader(values)
        self._shape = Shape(values.findings, template=values.template)

    def procedures(self, root: Node) -> dict[str, Procedure]:
        if type(root) is SequenceNode:
            span = Span(self._source, root.start, root.end)
            start = Span(self._source, root.start, root.start)
            return {
                "main": Procedure(
                    name="main",
                    name_span=start,
                    params=(),
                    steps=self._steps.steps(root),
                    span=span,
                )
            }
        if type(root) is not MappingNode:
            self._findings.add(
                WRONG_TYPE,
                self._span(root),
                "A definition is a list of steps, or a map with 'main'; this is a single text.",
                help="Neither JSON nor YAML knows such a comment; YAML's begin with '# '."
                if type(root) is ScalarNode and root.text.startswith(("//", "/*"))
                else "",
            )
            return {}
        found: dict[str, Procedure] = {}
        if root.get("main") is None and root.get("steps") is not None:
            self._findings.add(
                MISSING_KEY,
                self._span(root.entries[0][0]),
                "'steps' stands at the top, where the names of workflows stand.",
                help="Write 'main:' above and indent the rest.",
            )
            return {"main": self._procedure(root.entries[0][0], root, "main")}
        for key, value in root.entries:
            name = key.text if type(key) is ScalarNode else ""
            if name not in found:
                found[name] = self._procedure(key, value, name)
        if "main" not in found:
            self._findings.add(
                FRAGMENT if self._values.template else MISSING_KEY,
                self._span(root.entries[0][0]) if root.entries else self._span(root),
                "There is no 'main', the workflow that runs first.",
                help="Name it 'main', or put this file together with the one that has it.",
            )
        return found

    def _procedure(self, key: Node, node: Node, name: str) -> Procedure:
        params: tuple[Param, ...] = ()
        steps: tuple[Step, ...] = ()
        if type(node) is SequenceNode:
            self._findings.add(
                WRONG_TYPE,
                self._span(key),
                f"The steps of {name!r} stand directly below its name.",
                help="Write 'steps:' above the list.",
            )
            steps = self._steps.steps(node)
        elif type(node) is not MappingNode:
            self._findings.add(
                WRONG_TYPE,
                self._span(key),
                f"{name!r} is no workflow: it has no 'steps'.",
                help="At the top of a definition stand main and subworkflows only.",
            )
        else:
            for part, value in node.entries:
                word = part.text if type(part) is ScalarNode else ""
                if word == "params":
                    params = self._params(value)
                elif word == "steps":
                    steps = self._steps.steps(value)
                else:
                    self._findings.add(
                        UNKNOWN_KEY,
                        self._span(part),
                        f"{word!r} is no key of a workflow.",
                        help="Put the step in the list below 'steps:'."
                        if word in STEP_KEYS
                        else self._findings.nearest(word, _PROCEDURE_KEYS),
                    )
            if node.get("steps") is None:
                self._findings.add(
                    MISSING_KEY, self._span(key), f"'steps' is missing from {name!r}."
                )
        return Procedure(
            name=name,
            name_span=self._span(key),
            params=params,
            steps=steps,
            span=Span(self._source, key.start, max(key.end, node.end)),
        )

    def _params(self, node: Node) -> tuple[Param, ...]:
        if type(node) is SequenceNode:
            items = node.items
        elif type(node) is ScalarNode and node.value is None:
            items = []
        else:
            items = [node]
            self._findings.add(
                WRONG_TYPE,
                self._span(node),
                "'params' is a list of names.",
                help="Write params: [name].",
            )
        params: list[Param] = []
        for item in items:
            if type(item) is ScalarNode:
                name, _ = self._shape.variable(item, "params")
                params.append(Param(name or "", None, self._span(item)))
            elif type(item) is MappingNode and item.entries:
                if len(item.entries) > 1:
                    self._findings.add(
                        SEVERAL_KEYS,
                        self._span(item.entries[1][0]),
                        "A parameter with a default is a map with one key.",
                        help="Begin each parameter with '- '.",
                    )
                for key, value in item.entries:
                    if type(key) is ScalarNode:
                        name, _ = self._shape.variable(key, "params")
                        default = self._values.value(value)
                        params.append(Param(name or "", default, self._span(key)))
            else:
                self._findings.add(
                    WRONG_TYPE, self._span(item), "A parameter is a name, or 'name: default'."
                )
        return tuple(params)

    def _span(self, node: Node) -> Span:
        return Span(self._source, node.start, node.end)
