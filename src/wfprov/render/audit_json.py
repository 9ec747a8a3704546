"""An audit as the JSON document of `wfprov schema audit`."""

from __future__ import annotations

from typing import Final

from wfprov.audit.model import Finding
from wfprov.audit.report import Report, Suppression
from wfprov.core.span import Span
from wfprov.render.place import Places

FORMAT: Final = "1.0"


def audit_json(report: Report) -> dict[str, object]:
    """The report as plain values, in a stable order."""
    places = Places()
    return {
        "format_version": FORMAT,
        "title": report.title,
        "projects": list(report.projects),
        "counts": {
            "workflows": report.workflows,
            "identities": report.identities,
            "policies": report.policies,
        },
        "asset_search": list(report.searched),
        "usage": report.with_usage,
        "findings": [_finding(f, None, places) for f in report.findings]
        + [_finding(f, why, places) for f, why in report.suppressed],
        "comments": [
            {
                "rule": d.rule.slug,
                "severity": str(d.severity),
                "message": d.message,
                "help": d.help,
                "location": _place(d.at, places) if isinstance(d.at, Span) else None,
            }
            for d in report.diagnostics
        ],
        "baseline_gone": report.gone,
        "not_looked": [{"what": what, "why": why} for what, why in report.not_looked],
    }


def _finding(finding: Finding, why: Suppression | None, places: Places) -> dict[str, object]:
    return {
        "rule": finding.rule.slug,
        "severity": str(finding.rule.severity),
        "confidence": str(finding.confidence),
        "fingerprint": finding.fingerprint,
        "message": finding.message,
        "workflows": list(finding.workflows),
        "identity": finding.identity or None,
        "role": finding.role or None,
        "on": finding.on,
        "reasons": list(finding.reasons),
        "used": finding.used or None,
        "fixes": [{"text": f.text, "command": f.command or None} for f in finding.fixes],
        "location": None if finding.at is None else _place(finding.at, places),
        "related": [
            {"location": _place(span, places), "message": text} for span, text in finding.related
        ],
        "suppressed": None
        if why is None
        else {
            "by": "comment" if why.kind == "inSource" else "baseline",
            "reason": why.reason,
            "location": None if why.at is None else _place(why.at, places),
        },
    }


def _place(span: Span, places: Places) -> dict[str, object]:
    start, end = places.start(span), places.end(span)
    return {
        "file": span.source.name,
        "start": {"line": start[0], "column": start[1]},
        "end": {"line": end[0], "column": end[1]},
    }
