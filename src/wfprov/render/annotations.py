"""An audit as the annotations of a GitHub workflow run.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
(not opened)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.report import Report
from wfprov.core.rule import Severity
from wfprov.core.span import Span
from wfprov.render.audit_text import summary
from wfprov.render.place import Places

_COMMANDS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "notice",
}


def github_annotations(report: Report) -> str:
    """A line for each finding that stands, then the summary."""
    return "\n".join([*_lines(report), summary(report)])


def _lines(report: Report) -> Iterator[str]:
    places = Places()
    for finding in report.findings:
        fixes = [f"{f.text}: {f.command}" if f.command else f.text for f in finding.fixes]
        where = f"{finding.role} on {finding.on}".removeprefix(" on ")
        text = "\n".join([finding.message, where, *finding.reasons, *fixes])
        yield _line(finding.rule.severity, finding.rule.slug, text, finding.at, places)
    for d in report.diagnostics:
        at = d.at if isinstance(d.at, Span) else None
        yield _line(d.severity, d.rule.slug, f"{d.message}\n{d.help}", at, places)


def _line(severity: Severity, slug: str, text: str, at: Span | None, places: Places) -> str:
    properties = {"title": f"wfprov {slug}"}
    if at is not None and not at.source.name.startswith("//"):
        line, column = places.start(at)
        properties |= {"file": at.source.name, "line": str(line), "col": str(column)}
    shown = ",".join(f"{k}={_property(v)}" for k, v in properties.items())
    return f"::{_COMMANDS[severity]} {shown}::{_data(text)}"


def _data(text: str) -> str:
    """The text with what ends a command escaped: a definition must not write commands."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
