"""An audit for people: the worst first, each with its grant, its reason and its fix."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from wfprov.audit.model import Finding
from wfprov.audit.report import Report
from wfprov.core.rule import Confidence, Severity
from wfprov.core.span import Span
from wfprov.render.names import counted, short_name
from wfprov.render.place import Places
from wfprov.render.snippet import WIDTH, snippet
from wfprov.render.style import PLAIN, Style, safe

_LABEL: Final = 8
_MOST_RELATED: Final = 3
_PLURAL: Final = {
    Severity.ERROR: ("error", "errors"),
    Severity.WARNING: ("warning", "warnings"),
    Severity.NOTE: ("note", "notes"),
}


def audit_text(report: Report, style: Style = PLAIN, width: int = WIDTH) -> str:
    """The report as text, without a last line break."""
    places = Places()
    blocks = [_title(report, style, width)]
    blocks += ["\n".join(_finding(f, places, report, style, width)) for f in report.findings]
    blocks += [snippet(d, places, style, width) for d in report.diagnostics]
    if report.suppressed:
        blocks.append("\n".join(_suppressed(report, places, style, width)))
    if report.not_looked:
        blocks.append("\n".join(_not_looked(report, style, width)))
    blocks.append(summary(report, style))
    return "\n\n".join(blocks)


def summary(report: Report, style: Style = PLAIN) -> str:
    """One line: `Audit: 2 errors, 1 warning; 1 suppressed; 3 things not looked at.`."""
    parts = [
        style.severity(severity, counted(n, *_PLURAL[severity]))
        for severity in Severity
        if (n := report.count(severity))
    ]
    text = ", ".join(parts) or "nothing found in what was looked at"
    if report.suppressed:
        text += f"; {len(report.suppressed)} suppressed"
    if report.not_looked:
        text += f"; {counted(len(report.not_looked), 'thing')} not looked at"
    if report.gone:
        entries = counted(report.gone, "entry", "entries")
        text += f"\nThe baseline has {entries} that match nothing any more: write it again."
    return f"Audit: {text}."


def _title(report: Report, style: Style, width: int) -> str:
    counts = ", ".join(
        (
            counted(report.workflows, "workflow"),
            counted(report.identities, "identity", "identities"),
            counted(report.policies, "policy", "policies") + " read",
        )
    )
    how = (
        f"Cloud Asset search over {', '.join(report.searched)}"
        if report.searched
        else "no Cloud Asset search: policies read one by one"
    )
    use = "with 90 days of use" if report.with_usage else "without Google's record of use"
    name = style.paint(safe(f"{report.title} in {', '.join(report.projects)}"), "bold")
    rows = _rows(f"{counts}; {how}; {use}", width - 2)
    return "\n".join([name, *(f"  {row}" for row in rows)])


def _finding(
    finding: Finding, places: Places, report: Report, style: Style, width: int
) -> Iterator[str]:
    rule = finding.rule
    head = f"{rule.severity}[{rule.slug}]"
    rows = _rows(f"{head}: {safe(finding.message)}", width)
    yield style.severity(rule.severity, head) + style.paint(rows[0][len(head) :], "bold")
    for row in rows[1:]:
        yield style.paint(f"  {row}", "bold")
    project = report.projects[0] if len(report.projects) == 1 else ""
    if finding.role:
        yield from _wrapped("grant", f"{finding.role} on {short_name(finding.on, project)}", width)
    else:
        yield from _wrapped("on", short_name(finding.on, project), width)
    if finding.identity:
        yield from _wrapped("to" if finding.role else "who", finding.identity, width)
    for number, reason in enumerate(finding.reasons):
        yield from _wrapped("why" if not number else "", reason, width)
    if finding.used:
        yield from _wrapped("used", finding.used, width)
    shown = [p for p in finding.places if p.end > p.start]
    for number, place in enumerate(shown[:_MOST_RELATED]):
        yield from _wrapped("at" if not number else "", _where(place, places), width)
    if len(shown) > _MOST_RELATED:
        yield from _wrapped("", f"and {counted(len(shown) - _MOST_RELATED, 'more place')}", width)
    for number, fix in enumerate(finding.fixes, 1):
        mark = f"{number}. " if len(finding.fixes) > 1 else ""
        yield from _wrapped("fix" if number == 1 else "", f"{mark}{fix.text}", width)
        for row in command_rows(fix.command, width - _LABEL - 4):
            yield f"  {' ' * _LABEL}  {style.paint(safe(row), 'cyan')}"
    if finding.confidence is not Confidence.HIGH:
        yield from _wrapped("sure", f"{finding.confidence} confidence", width)


def _where(place: Span, places: Places) -> str:
    return f"{place.source.name}:{places.short(place)}"


def _suppressed(report: Report, places: Places, style: Style, width: int) -> Iterator[str]:
    yield style.paint("Suppressed", "bold")
    for finding, why in report.suppressed:
        where = f" ({_where(why.at, places)})" if why.at is not None else ""
        yield from _wrapped("-", f"{finding.rule.slug}: {finding.message}", width, 1)
        yield from _wrapped("", f"{why.reason}{where}", width, 1)


def _not_looked(report: Report, style: Style, width: int) -> Iterator[str]:
    yield style.paint("Not looked at: nothing here is known to be in order", "bold")
    by_why = sorted((why, what) for what, why in report.not_looked)
    for why, group in groupby(by_why, lambda pair: pair[0]):
        yield from _wrapped("-", ", ".join(short_name(what) for _, what in group), width, 1)
        yield from _wrapped("", why, width, 1)


def _wrapped(label: str, text: str, width: int, indent: int = _LABEL) -> Iterator[str]:
    margin = f"  {label:<{indent}}  "
    for number, row in enumerate(_rows(safe(text), width - len(margin))):
        yield (" " * len(margin) if number else margin) + row


def command_rows(command: str, width: int) -> Iterator[str]:
    """A command in lines of a width that a shell reads as one, broken between its words only."""
    row = ""
    for word in map(shlex.quote, shlex.split(command)):
        if row and len(row) + len(word) + 3 > width:
            yield f"{row} \\"
            row = "  "
        row = f"{row}{' ' if row.strip() else ''}{word}"
    if row:
        yield row


def _rows(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 30), break_long_words=False, break_on_hyphens=False) or [
        ""
    ]
