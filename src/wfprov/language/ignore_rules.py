"""What can be wrong with a comment that ignores a finding."""

from __future__ import annotations

from typing import Final

from wfprov.core.rule import Rule, Severity

SYNTAX: Final = '`# wfprov: ignore[RULE] reason="..." until=2027-01-01`'
MALFORMED: Final = Rule(
    slug="malformed-ignore",
    severity=Severity.ERROR,
    summary="A comment that ignores nothing, because of its form",
    docs=f"A finding is ignored by a comment {SYNTAX}. The rule and the reason are required, the "
    "day is not. Without them nothing is ignored.",
)
EXPIRED: Final = Rule(
    slug="expired-ignore",
    severity=Severity.WARNING,
    summary="A comment whose day has passed",
    docs="What was to be accepted until a day is reported again from the day after it. Mend the "
    "cause, or set another day.",
)
UNUSED: Final = Rule(
    slug="unused-ignore",
    severity=Severity.WARNING,
    summary="A comment that ignores nothing any more",
    docs="No finding of the rule is at the place that the comment is about. It would hide the next "
    "one, so it should go.",
)
UNKNOWN: Final = Rule(
    slug="unknown-ignored-rule",
    severity=Severity.WARNING,
    summary="A comment that names a rule which does not exist",
    docs="The names of rules are in brackets at the head of each finding.",
)
RULES: Final = (MALFORMED, EXPIRED, UNUSED, UNKNOWN)
