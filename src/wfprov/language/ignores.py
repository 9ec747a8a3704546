"""Comments that ask for a finding not to be shown, with the reason and until when.

```
comment = "# wfprov: ignore[" slug { "," slug } "]" { key "=" value }
key     = "reason" (text in quotes, required) | "until" (a day, 2027-01-01)
```

Behind a line it is about that line; on a line of its own about the next one and all that is
indented below it; before everything else about the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from wfprov.core.span import Source, Span
from wfprov.language.findings import Findings
from wfprov.language.nodes import MappingNode, Node, ScalarNode
from wfprov.language.yaml import read

_COMMENT: Final = re.compile(r"(?m)(?:^|(?<=[ \t]))#[ \t]*wfprov:[ \t]*ignore\b([^\r\n]*)")
_RULES: Final = re.compile(r"\s*\[([^\]\r\n]*)\]")
_REASON: Final = re.compile(r"\breason\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_UNTIL: Final = re.compile(r"\buntil\s*=\s*(\S+)")
_MOST: Final = 1000
"""Comments that are looked at in one text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """One comment. `until` is None without a day, `wrong` says what is wrong with its form.

    `covers` are the places that it is about; `whole` is set where that is the whole text.
    """

    at: Span
    slugs: tuple[str, ...]
    covers: Span
    reason: str = ""
    until: date | None = None
    wrong: str = ""
    whole: bool = False

    def is_about(self, place: Span) -> bool:
        """Whether it is about a place."""
        if place.source is not self.covers.source:
            return False
        return self.whole or self.covers.start <= place.start < max(self.covers.end, 1)


def ignores(source: Source) -> tuple[Ignore, ...]:
    """The comments of a text, in order; those in strings are none."""
    found = [m for _, m in zip(range(_MOST), _COMMENT.finditer(source.text), strict=False)]
    if not found:
        return ()
    scalars = sorted(_scalars(read(Findings(source), template=True)))
    return tuple(_ignore(source, m) for m in found if not _inside(m.start(), scalars))


def _ignore(source: Source, found: re.Match[str]) -> Ignore:
    text = source.text
    at = Span(source, found.start(), found.end())
    tail = found[1]
    rules = _RULES.match(tail)
    slugs = tuple(s.strip() for s in rules[1].split(",") if s.strip()) if rules else ()
    reason = _REASON.search(tail)
    until = _UNTIL.search(_REASON.sub("", tail))
    day, wrong = None, ""
    if until is not None:
        try:
            day = date.fromisoformat(until[1])
        except ValueError:
            wrong = f"{until[1]} is no day: write until=2027-01-31"
    if not slugs:
        wrong = "no rule is named: write ignore[RULE]"
    said = ((reason[1] or reason[2] or "") if reason else "").strip()
    if not wrong and not said:
        wrong = 'there is no reason: write reason="..."'
    line = text.rfind("\n", 0, found.start()) + 1
    alone = not text[line : found.start()].strip()
    whole = alone and not any(
        row.strip() and not row.lstrip().startswith("#") for row in text[:line].splitlines()
    )
    end = _end_of_line(text, found.end())
    covers = _below(source, end) if alone else Span(source, line, end)
    return Ignore(
        at=at, slugs=slugs, covers=covers, reason=said, until=day, wrong=wrong, whole=whole
    )


def _below(source: Source, start: int) -> Span:
    """The next line with something on it, and all lines that are indented deeper."""
    text = source.text
    first: int | None = None
    depth = 0
    end = position = min(start + 1, len(text))
    for row in text[position:].splitlines(keepends=True):
        bare = row.strip()
        if bare and not bare.startswith("#"):
            indent = len(row) - len(row.lstrip())
            if first is None:
                first, depth = position, indent
            elif indent <= depth:
                break
        position += len(row)
        if bare:
            end = position
    return Span(source, first if first is not None else end, end)


def _end_of_line(text: str, start: int) -> int:
    found = text.find("\n", start)
    return len(text) if found < 0 else found


def _scalars(root: Node | None) -> Iterator[tuple[int, int]]:
    """Where the scalars begin and end; an alias is its anchor's node, and is walked once."""
    seen: set[int] = set()
    rest: list[Node] = [] if root is None else [root]
    while rest:
        node = rest.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, ScalarNode):
            yield node.start, node.end
        elif isinstance(node, MappingNode):
            rest += [n for entry in node.entries for n in entry]
        else:
            rest += node.items


def _inside(offset: int, scalars: list[tuple[int, int]]) -> bool:
    return any(start <= offset < end for start, end in scalars)
