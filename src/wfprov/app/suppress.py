"""Leaves out what a comment in a definition or a baseline accepts, and says what became of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Final

from wfprov.app.rulebook import FIRM, SLUGS
from wfprov.audit import registry as of_audit
from wfprov.audit.model import Finding
from wfprov.audit.report import Suppression
from wfprov.core.diagnostic import Diagnostic, in_order
from wfprov.core.span import Source, Span
from wfprov.desired.model import Inspected
from wfprov.language.ignore_rules import EXPIRED, MALFORMED, SYNTAX, UNKNOWN, UNUSED
from wfprov.language.ignores import Ignore, ignores

_HEEDED: Final = SLUGS - FIRM - {rule.slug for rule in of_audit.RULES}
"""The rules of definitions: a comment on one of the audit's is judged by the audit."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Findings that were accepted at once: the message of each by its fingerprint."""

    name: str
    entries: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The findings that stand, those that are suppressed, and what is wrong with the comments.

    `gone` counts the entries of the baseline that match nothing any more.
    """

    findings: tuple[Finding, ...]
    suppressed: tuple[tuple[Finding, Suppression], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    gone: int = 0


@dataclass(slots=True)
class _Comments:
    """The comments of all sources, and which of them were of use."""

    valid: list[Ignore]
    found: list[Diagnostic]
    used: set[tuple[int, int, str]] = field(default_factory=set)

    def accepting(self, slug: str, places: Sequence[Span]) -> Ignore | None:
        """The comment that is about the rule and one of the places."""
        for ignore in self.valid:
            if slug in ignore.slugs and any(ignore.is_about(place) for place in places):
                self.used.add((id(ignore.at.source), ignore.at.start, slug))
                return ignore
        return None

    def unused(self, judged: frozenset[str]) -> list[Diagnostic]:
        """The comments on rules that were judged and of which none was found."""
        return [
            Diagnostic(
                rule=UNUSED,
                message=f"nothing here breaks {slug}",
                at=ignore.at,
                help="delete the comment",
            )
            for ignore in self.valid
            for slug in ignore.slugs
            if slug in judged and (id(ignore.at.source), ignore.at.start, slug) not in self.used
        ]


def reported(
    findings: Iterable[Finding],
    sources: Iterable[Source],
    judged: frozenset[str],
    today: date,
    baseline: Baseline | None = None,
) -> Reported:
    """The findings of an audit as they are to be reported.

    `judged` are the slugs of the rules that were looked for: a comment on another is none of ours.
    """
    comments = _read(sources, today)
    standing: list[Finding] = []
    suppressed: list[tuple[Finding, Suppression]] = []
    matched: set[str] = set()
    for finding in findings:
        ignore = comments.accepting(finding.rule.slug, finding.places)
        if ignore is not None:
            suppressed.append((finding, Suppression("inSource", ignore.reason, ignore.at)))
        elif baseline is not None and finding.fingerprint in baseline.entries:
            matched.add(finding.fingerprint)
            suppressed.append((finding, Suppression("external", f"in {baseline.name}")))
        else:
            standing.append(finding)
    return Reported(
        findings=tuple(standing),
        suppressed=tuple(suppressed),
        diagnostics=in_order([*comments.found, *comments.unused(judged)]),
        gone=len(baseline.entries) - len(matched) if baseline is not None else 0,
    )


def heeded(inspected: Iterable[Inspected], today: date | None = None) -> tuple[Inspected, ...]:
    """What was found in definitions, without what comments in them accept until `today`.

    What the service refuses, and what keeps a plan from being right, is never left out.
    """
    day = today or datetime.now(tz=UTC).date()
    return tuple(_heeded(one, day) for one in inspected)


def _heeded(one: Inspected, today: date) -> Inspected:
    comments = _read([one.source], today)
    standing: list[Diagnostic] = []
    for diagnostic in one.diagnostics:
        slug = diagnostic.rule.slug
        places = [diagnostic.at] if isinstance(diagnostic.at, Span) else []
        if slug in FIRM or comments.accepting(slug, places) is None:
            standing.append(diagnostic)
    kept = in_order([*standing, *comments.found, *comments.unused(_HEEDED)])
    return replace(one, diagnostics=kept, ignored=len(one.diagnostics) - len(standing))


def _read(sources: Iterable[Source], today: date) -> _Comments:
    comments = _Comments([], [])
    for source in dict.fromkeys(sources):
        for ignore in ignores(source):
            problem = _problem(ignore, today)
            if problem is not None:
                comments.found.append(problem)
                continue
            comments.valid.append(ignore)
            for slug in ignore.slugs:
                if slug in FIRM:
                    comments.found.append(
                        Diagnostic(
                            rule=UNKNOWN,
                            message=f"{slug} is not to be ignored",
                            at=ignore.at,
                            help="nothing can be deployed before it is mended",
                        )
                    )
                elif slug not in SLUGS:
                    near = get_close_matches(slug, sorted(SLUGS), n=1)
                    comments.found.append(
                        Diagnostic(
                            rule=UNKNOWN,
                            message=f"there is no rule {slug}",
                            at=ignore.at,
                            help=f"did you mean {near[0]}?" if near else "delete the comment",
                        )
                    )
    return comments


def _problem(ignore: Ignore, today: date) -> Diagnostic | None:
    if ignore.wrong:
        return Diagnostic(
            rule=MALFORMED, message=ignore.wrong, at=ignore.at, help=f"the form is {SYNTAX}"
        )
    if ignore.until is not None and ignore.until < today:
        return Diagnostic(
            rule=EXPIRED,
            message=f"this was accepted until {ignore.until}: {ignore.reason}",
            at=ignore.at,
            help="mend the cause, or set another day",
        )
    return None
