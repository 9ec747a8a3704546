"""An audit as SARIF 2.1.0, for code scanning.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html (not opened; the
output is validated against the standard's own schema)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from wfprov import __version__
from wfprov.audit.model import Finding
from wfprov.audit.report import Report, Suppression
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.rule import Confidence, Rule, Severity
from wfprov.core.span import Span
from wfprov.render.place import Places

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_PRECISION: Final = {
    Confidence.HIGH: "very-high",
    Confidence.MEDIUM: "medium",
    Confidence.LOW: "low",
}
_SCORES: Final = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.NOTE: "2.0"}
"""What GitHub calls security-severity: high from 7.0, medium from 4.0, low below.

Source: https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
(not opened)
"""


def sarif(report: Report) -> dict[str, object]:
    """One run with every finding, those that are suppressed marked as such."""
    places = Places()
    results = [_result(f, None, places) for f in report.findings]
    results += [_result(f, why, places) for f, why in report.suppressed]
    results += [_comment(d, places) for d in report.diagnostics]
    rules = _rules(
        [f.rule for f in report.findings]
        + [f.rule for f, _ in report.suppressed]
        + [d.rule for d in report.diagnostics]
    )
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    for result in results:
        result["ruleIndex"] = index[result["ruleId"]]
    notes: list[dict[str, object]] = [
        {"level": "note", "message": {"text": f"not looked at: {what} ({why})"}}
        for what, why in report.not_looked
    ]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "wfprov", "semanticVersion": __version__, "rules": rules}
                },
                "columnKind": "unicodeCodePoints",
                "automationDetails": {"id": f"wfprov audit/{report.title}/"},
                "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
                "results": results,
            }
        ],
    }


def _rules(rules: Iterable[Rule]) -> list[dict[str, object]]:
    by_slug = {rule.slug: rule for rule in rules}
    return [
        {
            "id": slug,
            "name": "".join(word.capitalize() for word in slug.split("-")),
            "shortDescription": {"text": rule.summary},
            "fullDescription": {"text": rule.docs},
            "help": {
                "text": _help(rule),
                "markdown": _help(rule),
            },
            "defaultConfiguration": {"level": str(rule.severity)},
            "properties": {
                "tags": ["security", "iam"],
                "security-severity": _SCORES[rule.severity],
            },
        }
        for slug, rule in sorted(by_slug.items())
    ]


def _help(rule: Rule) -> str:
    return f"{rule.docs}\n\nSource: {rule.source}" if rule.source else rule.docs


def _result(finding: Finding, why: Suppression | None, places: Places) -> dict[str, object]:
    lines = [finding.message, *finding.reasons]
    lines += [f"{fix.text}: {fix.command}" if fix.command else fix.text for fix in finding.fixes]
    location: dict[str, object] = {
        "logicalLocations": [{"fullyQualifiedName": finding.on, "kind": "resource"}]
    }
    if finding.at is not None:
        location |= _physical(finding.at, places)
    result: dict[str, object] = {
        "ruleId": finding.rule.slug,
        "level": str(finding.rule.severity),
        "message": {"text": "\n".join(lines)},
        "locations": [location],
        "partialFingerprints": {"wfprov/v1": finding.fingerprint},
        "properties": {
            "precision": _PRECISION[finding.confidence],
            "identity": finding.identity,
            "role": finding.role,
            "workflows": list(finding.workflows),
        },
    }
    related = [
        {"id": number, "message": {"text": text}, **_physical(span, places)}
        for number, (span, text) in enumerate(finding.related, 1)
    ]
    if related:
        result["relatedLocations"] = related
    result["suppressions"] = (
        []
        if why is None
        else [{"kind": why.kind, "status": "accepted", "justification": why.reason}]
    )
    return result


def _comment(diagnostic: Diagnostic, places: Places) -> dict[str, object]:
    at = diagnostic.at
    assert isinstance(at, Span), "a comment has a place"
    return {
        "ruleId": diagnostic.rule.slug,
        "level": str(diagnostic.severity),
        "message": {"text": f"{diagnostic.message}\n{diagnostic.help}".strip()},
        "locations": [_physical(at, places)],
        "suppressions": [],
    }


def _physical(span: Span, places: Places) -> dict[str, object]:
    """The place in a file; a definition that is only in the cloud has its name instead."""
    name = span.source.name
    start, end = places.start(span), places.end(span)
    if name.startswith("//"):
        return {"logicalLocations": [{"fullyQualifiedName": name, "kind": "resource"}]}
    region = {
        "startLine": start[0],
        "startColumn": start[1],
        "endLine": end[0],
        "endColumn": end[1],
    }
    return {
        "physicalLocation": {"artifactLocation": {"uri": quote(name)}, "region": region},
    }
