"""Leaves out what a comment in a definition or a baseline accepts, and says what became of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from wfprov.app.rulebook import SLUGS
from wfprov.audit.model import Finding
from wfprov.audit.report import Suppression
from wfprov.core.diagnostic import Diagnostic, in_order
from wfprov.core.span import Source, Span
from wfprov.language.ignore_rules import EXPIRED, MALFORMED, SYNTAX, UNKNOWN, UNUSED
from wfprov.language.ignores import Ignore, ignores


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


def without_ignored(
    diagnostics: Iterable[Diagnostic],
    sources: Iterable[Source],
    judged: frozenset[str],
    today: date,
) -> tuple[tuple[Diagnostic, ...], int]:
    """The diagnostics that no comment accepts, with those about comments; how many one does."""
    comments = _read(sources, today)
    standing: list[Diagnostic] = []
    ignored = 0
    for diagnostic in diagnostics:
        places = [diagnostic.at] if isinstance(diagnostic.at, Span) else []
        if comments.accepting(diagnostic.rule.slug, places) is None:
            standing.append(diagnostic)
        else:
            ignored += 1
    return in_order([*standing, *comments.found, *comments.unused(judged)]), ignored


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
                if slug not in SLUGS:
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
