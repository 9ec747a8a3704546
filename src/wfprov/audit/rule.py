"""What a rule of the audit is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from wfprov.audit.model import Finding
from wfprov.audit.survey import Survey
from wfprov.core.rule import Rule

Look: TypeAlias = Callable[[Survey], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRule:
    """A rule with the function that finds what breaks it."""

    rule: Rule
    look: Look
