"""Rules: what a finding can be about, declared by the layer that finds it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is when the finding is true."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Confidence(StrEnum):
    """How sure it is that the finding is true."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A kind of finding. The slug names the problem, never the remedy, and is never reused.

    `docs` is Markdown: why it is a problem, with an example; `source` is the page that says so.
    """

    slug: str
    severity: Severity
    summary: str
    docs: str = ""
    source: str = ""
