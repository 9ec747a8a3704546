"""All rules of all layers: what `ignore[...]` may name and the reference documents."""

from __future__ import annotations

from typing import Final

from wfprov.analysis import rules as of_analysis
from wfprov.app import doubtful, inspect
from wfprov.audit import registry as of_audit
from wfprov.catalog import call_rules as of_calls
from wfprov.catalog import rules as of_catalog
from wfprov.core.rule import Rule, Severity
from wfprov.desired import rules as of_desired
from wfprov.desired import rules_config as of_config
from wfprov.language import ignore_rules as of_ignores
from wfprov.language import rules as of_language
from wfprov.plan import rules as of_plan
from wfprov.store import files


def every_rule() -> tuple[Rule, ...]:
    """Every rule once, by slug."""
    modules = (
        files, of_language, of_analysis, of_catalog, of_calls, of_config, of_desired, of_plan,
        of_audit, inspect, doubtful, of_ignores,
    )  # fmt: skip
    found = {rule.slug: rule for module in modules for rule in module.RULES}
    return tuple(found[slug] for slug in sorted(found))


def rule_named(slug: str) -> Rule | None:
    """The rule of that slug."""
    return next((rule for rule in every_rule() if rule.slug == slug), None)


SLUGS: Final = frozenset(rule.slug for rule in every_rule())

FIRM: Final = frozenset(
    {rule.slug for rule in of_language.RULES if rule.severity is Severity.ERROR}
    | {rule.slug for rule in doubtful.RULES if rule.severity is Severity.ERROR}
)
"""What no comment leaves out: what the service refuses, and grants that are not proven."""
