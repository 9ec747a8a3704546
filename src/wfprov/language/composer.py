"""Makes nodes of libyaml's events, within bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

import yaml as pyyaml

from wfprov.core.diagnostic import Related
from wfprov.core.span import Source, Span
from wfprov.language.ast import Primitive
from wfprov.language.findings import Findings
from wfprov.language.hiding import BREAK, has_hidden, shown_outside_holes, shown_signs
from wfprov.language.limits import MAX_ALIASED_NODES, MAX_DEPTH
from wfprov.language.nodes import MappingNode, Node, ScalarNode, SequenceNode, resolve
from wfprov.language.rules_text import (
    ALIAS_CYCLE,
    ALIASES_TOO_LARGE,
    COLON_IN_UNQUOTED_EXPRESSION,
    DUPLICATE_KEY,
    KEY_NOT_TEXT,
    NESTED_TOO_DEEP,
    SEVERAL_DOCUMENTS,
    UNKNOWN_ALIAS,
    UNQUOTED_EXPRESSION,
    YAML_MERGE_KEY,
    YAML_TAG,
)

LOADER: Final[type] = getattr(pyyaml, "CLoader", pyyaml.SafeLoader)

_CORE_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")
)
_PROPERTIES: Final = re.compile(r"(?:[&!][^\s,\[\]{}]*+(?:\s|#[^\n]*+)*+)*+")
_ABANDONED: Final = 1000


@dataclass(slots=True, eq=False)
class _Frame:
    """A list or map that is being read."""

    node: SequenceNode | MappingNode
    flow: bool
    size_before: int
    anchor: str | None
    height: int = 1
    key: Node | None = None
    keys: dict[str, ScalarNode] = field(default_factory=dict)
    merges: bool = False


class Composer:
    """Makes nodes of the events of one reading."""

    def __init__(self, source: Source, origin: int, *, hidden: bool, loader: type = LOADER) -> None:
        self.findings = Findings(source)
        self._hidden = hidden
        self._loader = loader
        self.origin = origin
        self.root: Node | None = None
        self.shown = False
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Node, int, int]] = {}
        self._size = 0
        self._skipped = 0
        self._too_deep = False
        self._too_large = False
        self._text = ""

    def compose(self, text: str) -> pyyaml.YAMLError | None:
        """Read all of it; the error, if it is not YAML, while `root` holds what came before."""
        self._text = text
        documents = 0
        error = None
        try:
            for event in pyyaml.parse(text, Loader=self._loader):
                first, last = event.start_mark, event.end_mark
                assert first is not None
                assert last is not None
                start, end = first.index, last.index
                if type(event) is pyyaml.ScalarEvent:
                    if not self._skipped:
                        self._scalar(event, start, end)
                elif isinstance(event, pyyaml.CollectionStartEvent):
                    if not self._open(event, start):
                        break
                elif isinstance(event, pyyaml.CollectionEndEvent):
                    self._close(end)
                elif type(event) is pyyaml.AliasEvent:
                    if not self._skipped:
                        self._alias(event.anchor or "", start, end)
                elif type(event) is pyyaml.DocumentStartEvent:
                    documents += 1
                    if documents > 1:
                        self._report_documents(start)
                        break
        except pyyaml.YAMLError as problem:
            error = problem
        while self._stack:
            self._end(self._stack.pop())
        return error

    def _scalar(self, event: pyyaml.ScalarEvent, start: int, end: int) -> None:
        value: str = event.value
        style: str = event.style or ""
        anchor = event.anchor
        tag = event.tag
        if anchor is not None or tag is not None:
            start = self._after_properties(start)
            end = max(start, end)  # where nothing follows, the event ends before the space
        origin = self.origin
        if style in "|>" and style:
            end = self._trimmed(start, end)
        if self._hidden and has_hidden(value):
            if not style:
                self._report_hidden(start, end, shown_outside_holes(value))
            value = shown_signs(value)
        resolved = resolve(value) if not style else value
        if tag is not None:
            resolved = self._tagged(tag, value, resolved, start, end)
        node = ScalarNode(resolved, value, start + origin, end + origin, style, anchor is not None)
        if anchor is not None:
            self._anchors[anchor] = (node, 1, 0)
        self._attach(node)

    def _open(self, event: pyyaml.CollectionStartEvent, start: int) -> bool:
        """Whether to go on reading."""
        if self._skipped:
            self._skipped += 1
            # The reader takes time in the square of the depth; nothing is kept from down here.
            return self._skipped < _ABANDONED
        anchor = event.anchor
        if anchor is not None or event.tag is not None:
            start = self._after_properties(start)
            self._tagged(event.tag, "", None, start, start)
        start += self.origin
        if len(self._stack) >= MAX_DEPTH:
            self._skipped = 1
            self._attach(ScalarNode(None, "", start, start, ""))
            self._report_depth(self.findings.span(start, start + 1))
            return True
        node: SequenceNode | MappingNode
        if isinstance(event, pyyaml.MappingStartEvent):
            node = MappingNode([], start, start, anchor is not None)
        else:
            node = SequenceNode([], start, start, anchor is not None)
        before = self._size
        self._attach(node)
        self._stack.append(_Frame(node, bool(event.flow_style), before, anchor))
        if anchor is not None:
            self._anchors[anchor] = (node, 0, 0)
        return True

    def _close(self, end: int) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        frame = self._stack.pop()
        if frame.flow:
            frame.node.end = end + self.origin
        self._end(frame)

    def _end(self, frame: _Frame) -> None:
        node = frame.node
        if type(node) is MappingNode:
            if frame.key is not None:
                place = frame.key.end
                node.entries.append((frame.key, ScalarNode(None, "", place, place, "")))
            if node.entries:
                node.end = max(node.end, node.entries[-1][1].end, node.entries[-1][0].end)
            if frame.merges:
                self._merge(node)
        elif type(node) is SequenceNode and node.items:
            node.end = max(node.end, node.items[-1].end)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (node, self._size - frame.size_before, frame.height)
        if self._stack:
            self._stack[-1].height = max(self._stack[-1].height, frame.height + 1)

    def _attach(self, node: Node) -> None:
        self._size += 1
        if not self._stack:
            self.root = node
            return
        frame = self._stack[-1]
        parent = frame.node
        if type(parent) is SequenceNode:
            parent.items.append(node)
        elif type(parent) is MappingNode:
            if frame.key is None:
                frame.key = node
                self._check_key(frame, node)
            else:
                parent.entries.append((frame.key, node))
                frame.key = None

    def _check_key(self, frame: _Frame, key: Node) -> None:
        if type(key) is not ScalarNode:
            self.findings.add(
                KEY_NOT_TEXT,
                self.findings.span(key.start, key.start + 1),
                "A list or a map stands where a key is expected.",
                help="Quote the key if it holds a placeholder in braces.",
            )
            return
        text = key.text
        if text == "<<" and not key.style:
            frame.merges = True
        elif text in frame.keys:
            first = frame.keys[text]
            self.findings.add(
                DUPLICATE_KEY,
                self.findings.span(key.start, key.end),
                f"The key {text!r} stands twice in this map.",
                help="Remove or rename one of the two.",
                related=(Related(self.findings.span(first.start, first.end), "first here"),),
            )
        else:
            frame.keys[text] = key

    def _alias(self, anchor: str, start: int, end: int) -> None:
        at = self.findings.span(start + self.origin, end + self.origin)
        node: Node
        node = nothing = ScalarNode(None, "", at.start, at.end, "")
        size = height = 0
        if anchor in self._anchors:
            node, size, height = self._anchors[anchor]
        if node is nothing:
            self.findings.add(
                UNKNOWN_ALIAS,
                at,
                f"There is no anchor &{anchor} before this alias.",
                help="Quote the value if the asterisk is part of it.",
            )
        elif any(frame.node is node for frame in self._stack):
            self.findings.add(
                ALIAS_CYCLE,
                at,
                f"The alias *{anchor} stands inside what it repeats, which never ends.",
            )
            node = nothing
        elif self._size + size > MAX_ALIASED_NODES:
            self._report_size(at)
            node = nothing
        elif len(self._stack) + height > MAX_DEPTH:
            self._report_depth(at)
            node = nothing
        elif self._stack:
            self._stack[-1].height = max(self._stack[-1].height, height + 1)
        self._size += size
        self._attach(node)

    def _merge(self, node: MappingNode) -> None:
        own = [e for e in node.entries if not _is_merge(e[0])]
        names = {key.text for key, _ in own if type(key) is ScalarNode}
        for key, value in node.entries:
            if not _is_merge(key):
                continue
            at = self.findings.span(key.start, key.end)
            self.findings.add(
                YAML_MERGE_KEY,
                at,
                "A merge key is not part of YAML 1.2, and Google does not document it.",
                help="Write the keys out.",
            )
            for merged in value.items if type(value) is SequenceNode else [value]:
                if type(merged) is not MappingNode:
                    continue
                for name, inner in merged.entries:
                    if type(name) is ScalarNode and name.text not in names:
                        names.add(name.text)
                        own.append((name, inner))
                        self._size += 1
                    if self._size > MAX_ALIASED_NODES:
                        break
        node.entries = own

    def _tagged(
        self, tag: str | None, text: str, resolved: Primitive, start: int, end: int
    ) -> Primitive:
        if tag is None:
            return resolved
        if tag in ("!", "tag:yaml.org,2002:str"):
            return text
        if tag not in _CORE_TAGS:
            origin = self.origin
            self.findings.add(
                YAML_TAG,
                self.findings.span(start + origin, end + origin),
                f"The tag {tag} means nothing in a workflow; it is ignored.",
                help="Remove the tag.",
            )
        return resolved

    def _after_properties(self, start: int) -> int:
        found = _PROPERTIES.match(self._text, start)
        return found.end() if found is not None else start

    def _trimmed(self, start: int, end: int) -> int:
        text = self._text
        while end > start and text[end - 1] in " \t\r\n":
            end -= 1
        return end

    def _report_hidden(self, start: int, end: int, value: str) -> None:
        in_flow = bool(self._stack) and self._stack[-1].flow
        for sign in BREAK.finditer(value):
            place = self.origin + start + sign.start()
            if sign.lastgroup == "colon":
                self.shown = True
                self.findings.add(
                    COLON_IN_UNQUOTED_EXPRESSION,
                    self.findings.span(place, place + 1),
                    "A colon and a space inside an unquoted ${...}: YAML takes what stands before "
                    "for a key, so the file is not valid YAML.",
                    help="Put the whole value in single quotes: '${...}'.",
                )
                return
            if sign.lastgroup == "comment" or (sign.lastgroup == "flow" and in_flow):
                self.shown = True
                self.findings.add(
                    UNQUOTED_EXPRESSION,
                    self.findings.span(self.origin + start, self.origin + end),
                    "An unquoted ${...} holds "
                    + (
                        "' #', which starts a comment"
                        if sign.lastgroup == "comment"
                        else f"{sign.group()!r}, which YAML takes for its own inside [ ] and {{ }}"
                    )
                    + ", so the file is not valid YAML.",
                    help="Put the whole value in single quotes: '${...}'.",
                )
                return

    def _report_size(self, at: Span) -> None:
        if self._too_large:
            return
        self._too_large = True
        self.findings.add(
            ALIASES_TOO_LARGE,
            at,
            f"Written out, the aliases make more than {MAX_ALIASED_NODES:,} values; this one and "
            "those after it that make too many are left out.",
        )

    def _report_depth(self, at: Span) -> None:
        if self._too_deep:
            return
        self._too_deep = True
        self.findings.add(
            NESTED_TOO_DEEP,
            at,
            f"More than {MAX_DEPTH} lists and maps stand inside each other; what lies deeper "
            "is not read.",
            help="Move the inner steps into a subworkflow.",
        )

    def _report_documents(self, start: int) -> None:
        start += self.origin
        self.findings.add(
            SEVERAL_DOCUMENTS,
            self.findings.span(start, start + 3),
            "A second YAML document begins here; a definition is one document, and what follows "
            "is not read.",
            help="Move it to a file of its own, or remove the line.",
        )


def _is_merge(key: Node) -> bool:
    return type(key) is ScalarNode and key.text == "<<" and not key.style
