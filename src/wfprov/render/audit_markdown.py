"""An audit as Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfprov.audit.model import Finding
from wfprov.audit.report import Report
from wfprov.core.rule import Confidence, Severity
from wfprov.render.audit_text import summary
from wfprov.render.markdown import LONGEST, code, plain
from wfprov.render.names import short_name
from wfprov.render.place import Places
from wfprov.render.style import safe

_ROOM: Final = 1_000
_SIGNS: Final = {Severity.ERROR: "🔴", Severity.WARNING: "🟡", Severity.NOTE: "🔵"}


def audit_markdown(report: Report) -> str:
    """The report below `LONGEST` characters; what does not fit is counted."""
    places = Places()
    head = f"### wfprov audit: {plain(report.title)}\n\n{plain(summary(report))}\n"
    tail = _not_looked(report)
    if len(tail) > LONGEST // 4:
        tail = f"\n{len(report.not_looked)} things were not looked at; `wfprov audit` lists them.\n"
    parts = [head]
    length = len(head) + len(tail) + _ROOM
    for number, finding in enumerate(report.findings):
        part = "\n".join(_finding(finding, report, places))
        if length + len(part) > LONGEST:
            left = len(report.findings) - number
            parts.append(f"\n**{left} more findings do not fit here**: run `wfprov audit`.\n")
            break
        parts.append(part)
        length += len(part)
    return "".join([*parts, tail])


def _finding(finding: Finding, report: Report, places: Places) -> Iterator[str]:
    sign = _SIGNS[finding.rule.severity]
    project = report.projects[0] if len(report.projects) == 1 else ""
    yield (
        f"\n<details><summary>{sign} <b>{finding.rule.slug}</b>: {_html(finding.message)}"
        "</summary>\n"
    )
    what = f"{finding.role} on {short_name(finding.on, project)}".removeprefix(" on ")
    yield f"- {code(what)}" + (f" to {code(finding.identity)}" if finding.identity else "")
    for reason in (*finding.reasons, *filter(None, [finding.used])):
        yield f"- {plain(reason)}"
    for place in [p for p in finding.places if p.end > p.start][:5]:
        yield f"- at {code(f'{place.source.name}:{places.short(place)}')}"
    if finding.confidence is not Confidence.HIGH:
        yield f"- {finding.confidence} confidence"
    for fix in finding.fixes:
        yield f"- **fix**: {plain(fix.text)}"
        if fix.command:
            yield f"  ```sh\n  {safe(fix.command).replace('```', '')}\n  ```"
    yield "\n</details>\n"


def _not_looked(report: Report) -> str:
    if not report.not_looked:
        return ""
    rows = [f"- {plain(what)}: {plain(why)}" for what, why in report.not_looked]
    listed = "\n".join(rows)
    return f"\n<details><summary>Not looked at</summary>\n\n{listed}\n\n</details>\n"


def _html(text: str) -> str:
    return safe(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
