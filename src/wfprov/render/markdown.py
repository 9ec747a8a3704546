"""Markdown for comments on pull requests: what it escapes, and how it stays short enough."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from wfprov.core.diagnostic import Diagnostic
from wfprov.desired.new_access import Gate, Judged
from wfprov.plan.change import Plan
from wfprov.render.names import counted, short_name
from wfprov.render.place import Places
from wfprov.render.plan_text import plan_text
from wfprov.render.style import safe
from wfprov.render.text import report

LONGEST: Final = 65_536
"""Characters that a comment on GitHub may have.

Source: https://github.com/orgs/community/discussions/41331 (not opened)
"""
_DETAILS: Final = 60_000
_TABLE: Final = 30_000
_WIDTH: Final = 100
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|~!&])")
_REFERENCE: Final = re.compile(r"([@#])")
_RUN: Final = re.compile(r"`{9,}")
_LIST: Final = 12_000
_CODE: Final = 300


def plain(text: str) -> str:
    """Text that Markdown shows as it is, mentions of people and tags of HTML included.

    A backslash does not stop a mention, which is looked for in what Markdown gives: a space of no
    width does.
    """
    shown = _SPECIAL.sub(r"\\\1", safe(text).replace("\n", " "))
    return _REFERENCE.sub(r"\1&#8203;", shown)


def code(text: str) -> str:
    """Text in a fixed font that also stands in the cell of a table; what is too long is cut.

    It is cut here, for a piece of the result would be no code, but Markdown.
    """
    short = text if len(text) <= _CODE else f"{text[:_CODE]}…"
    shown = safe(short).replace("\n", " ").replace("`", "'").replace("|", "¦")
    return f"`{shown}`" if shown.strip() else ""


def fenced(text: str, language: str = "") -> str:
    """A block of code which nothing in the text can end."""
    text = _RUN.sub("`" * 8 + "…", text)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def folded(summary: str, body: str) -> str:
    """A part that is closed at first; `summary` is Markdown-free text."""
    shown = safe(summary).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<details><summary>{shown}</summary>\n\n{body}\n\n</details>"


def cut(text: str, most: int, command: str) -> str:
    """As many whole lines as fit; then how many do not, and the command that shows them."""
    if len(text) <= most:
        return text
    lines = text.splitlines()
    kept: list[str] = []
    room = most - 200
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    left = counted(len(lines) - len(kept), "more line")
    return "\n".join([*kept, f"... {left}: {command} shows all"])


def marker(what: str, stack: str, environment: str) -> str:
    """The hidden first line by which a comment is found again to be updated in its place."""
    name = re.sub(r"[^\w.:/-]", "", f"{what}:{stack}:{environment}")
    return f"<!-- wfprov:{name} -->"


def plan_markdown(plan: Plan, diagnostics: Iterable[Diagnostic] = ()) -> str:
    """A plan below `LONGEST` characters: its summary, what is open, and all else folded."""
    text = plan_text(plan, width=_WIDTH)
    blocks = text.split("\n\n")
    command = f"wfprov plan -e {plan.environment}" if plan.environment else "wfprov plan"
    found = report(list(diagnostics), width=_WIDTH)
    parts = [
        marker("plan", plan.stack, plan.environment),
        f"### wfprov plan: {plain(blocks[0][:500])}",
        *(f"**{plain(line)}**" for line in blocks[-1].splitlines()[:3]),
    ]
    if found:
        parts.append(folded("Findings", fenced(cut(found, _DETAILS // 4, command))))
    if plan.blocked:
        parts.append(_open(plan))
    room = max(0, LONGEST - sum(map(len, parts)) - 2_000)
    body = "\n\n".join(blocks[1:-1])
    if body:
        shown = cut(body, min(_DETAILS, room), command)
        parts.append(folded("All changes, each with the line that asks for it", fenced(shown)))
    return "\n\n".join(parts) + "\n"


def _open(plan: Plan) -> str:
    listed = _listed([(one.site, one.message) for one in plan.blocked])
    return f"**{counted(len(plan.blocked), 'thing')} must be answered before apply:**\n\n{listed}"


def _listed(some: Sequence[tuple[str, str]]) -> str:
    """The first of some sites with what is said of each, and how many more there are."""
    rows: list[str] = []
    room = _LIST
    for site, message in some[:20]:
        row = f"- {code(site)}: {plain(message[:500])}"
        room -= len(row)
        if room < 0:
            break
        rows.append(row)
    if len(some) > len(rows):
        rows.append(f"- and {len(some) - len(rows)} more")
    return "\n".join(rows)


def gate_markdown(gate: Gate) -> str:
    """The access that a change adds, below `LONGEST` characters: what does not pass first."""
    places = Places()
    parts = [
        marker("new-access", gate.stack, gate.environment),
        f"### wfprov: access that this change adds to {plain(gate.stack)}"
        + (f" in {plain(gate.environment)}" if gate.environment else ""),
        f"**{plain(verdict(gate))}**",
    ]
    rows = sorted(gate.judged, key=lambda one: one.passes)
    if rows:
        table = ["| | role | on | who | asked for by |", "| --- | --- | --- | --- | --- |"]
        room = _TABLE
        for number, one in enumerate(rows):
            row = _row(one, places)
            room -= len(row)
            if room < 0:
                table.append(f"| | and {len(rows) - number} more | | | |")
                break
            table.append(row)
        parts.append("\n".join(table))
    if gate.questions:
        asked = [
            (site.id, question.message) for one in gate.head for site, question in one.questions
        ]
        parts.append(f"Not known yet, so it can not pass:\n\n{_listed(asked)}")
    errors = [d for d in gate.diagnostics if d.is_error]
    if errors:
        text = cut(report(errors, width=_WIDTH), _DETAILS // 4, "wfprov check")
        parts.append(folded("Errors", fenced(text)))
    return "\n\n".join(parts) + "\n"


def _row(one: Judged, places: Places) -> str:
    grant = one.added.grant
    custom = grant.custom_role
    role = f"custom: {', '.join(custom.permissions)}" if custom else grant.role_name
    wide = f" ({plain(grant.breadth)})" if grant.breadth else ""
    sign = "✅" if one.passes else "⛔"
    who = one.added.member.partition(":")[2]
    lines = ", ".join(code(line) for line in list(asking(one, places))[:3])
    cells = (sign, code(role), code(short_name(grant.on)) + wide, code(who), lines)
    return f"| {' | '.join(cells)} |"


def asking(one: Judged, places: Places) -> Iterator[str]:
    """`main.charge orders.yaml:12` for each place that asks for added access."""
    yield from dict.fromkeys(
        f"{why.site} {why.at.source.name}:{places.start(why.at)[0]}" for why in one.added.because
    )


def verdict(gate: Gate) -> str:
    """In a sentence: how much access is new and how much of it does not pass."""
    if not gate.judged and not gate.questions:
        return f"This change adds no access, compared with {gate.base}."
    new = counted(len(gate.judged), "new grant")
    refused = len(gate.refused)
    words = f"{new} against {gate.base}"
    if refused:
        words += f", {refused} not allowed by its policy.new_access"
    elif gate.judged:
        words += ", all allowed by its policy.new_access"
    if gate.questions:
        words += f"; {counted(gate.questions, 'question')} open"
    return words + "."
