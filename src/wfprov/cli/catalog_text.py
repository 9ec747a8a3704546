"""What the catalog knows, in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any

from wfprov.app.catalog import Info, MethodFacts, PermissionFacts, Renewed, RoleFacts
from wfprov.core.rule import Rule

FEW = 5
"""How many names are shown of a longer list."""
STALE_DAYS = 180
"""Google adds roles every week; after half a year a renewal is worth its minute."""


def info_text(found: Info) -> str:
    """How much is known, and how old it is."""
    roles = f"{found.roles:,} roles with {found.permissions:,} permissions"
    day = found.live or found.date
    lines = [
        f"{roles}, of {day}" + (" (read live)" if found.live else " (as they come with wfprov)"),
        f"{sum(found.tiers.values()):,} methods: "
        + ", ".join(
            f"{found.tiers[t]:,} {t}" for t in ("curated", "map", "derived") if t in found.tiers
        ),
        f"{found.read_twice:,} of the curated were read a second time",
    ]
    age = (datetime.now(UTC).date() - datetime.fromisoformat(day).date()).days if day else 0
    if age > STALE_DAYS:
        lines.append(
            f"stale: the roles are {age} days old; renew them with `wfprov catalog refresh`"
        )
    return "\n".join(lines)


def facts_lines(found: MethodFacts | PermissionFacts | RoleFacts) -> Iterator[str]:
    """A method, a permission or a role, explained."""
    match found:
        case MethodFacts():
            yield from _method(found)
        case PermissionFacts():
            yield str(found.name)
            yield "  can be granted on: " + (", ".join(found.types) or "a project")
            yield "  roles that hold it, by what else they hold on a project:"
            for choice in found.choices:
                yield f"    {choice.excess:>5} more  {choice.role}"
            if found.more:
                yield f"    and {found.more} others"
            if not found.choices:
                yield "    none that may be granted: a custom role can hold it"
        case RoleFacts(role=role, grantable=grantable):
            yield f"{role.name}: {role.title} ({role.stage})"
            if not grantable:
                yield "  never granted: a basic, deprecated, legacy or service agent's role"
            yield f"  {len(role.permissions):,} permissions:"
            yield from (f"    {permission}" for permission in sorted(role.permissions))


def rule_text(rule: Rule) -> str:
    """The rule of a finding, explained."""
    parts = [f"{rule.slug} ({rule.severity})", rule.summary, rule.docs.strip()]
    return "\n\n".join([*parts, f"source: {rule.source}"] if rule.source else parts)


def _method(found: MethodFacts) -> Iterator[str]:
    yield f"{found.id}  ({found.service})"
    if found.path:
        yield f"  {found.verb} {found.path}"
    needs = found.needs
    if needs is None or needs.gap:
        yield "  what it needs is not known: write it in `answers: {SITE: {permissions: [...]}}`"
        return
    yield f"  tier {needs.tier}" + (f", read a second time on {needs.read}" if needs.read else "")
    if not needs.permissions:
        yield "  needs no permission"
    for placed in found.placed:
        yield f"  {', '.join(placed.permissions)}"
        yield f"    on {placed.scope.on}"
        for choice in placed.roles:
            yield f"    by {choice.role}, which holds {choice.excess} more that work there"
        if placed.uncovered:
            yield f"    no role may be granted for {', '.join(placed.uncovered)}"
    for condition in needs.conditional:
        yield f"  {', '.join(condition.permissions)} when {condition.text}"
    if needs.polling:
        yield f"  a connector polls with {', '.join(needs.polling)}, unless skip_polling"
    if needs.act_as is not None:
        yield f"  acts as the account at {', '.join(needs.act_as.paths)}: iam.serviceAccounts.actAs"
    if needs.note:
        yield f"  note: {needs.note}"
    if needs.source:
        yield f"  source: {needs.source}"


def renewal_lines(found: Renewed) -> Iterator[str]:
    """What a renewal of the roles has changed."""
    yield f"{found.roles:,} roles in {found.path}"
    for word, names in (("new", found.new), ("gone", found.gone), ("changed", found.changed)):
        if names:
            shown = ", ".join(names[:FEW])
            yield f"  {len(names):,} {word}: {shown}" + (", ..." if len(names) > FEW else "")
    if not (found.new or found.gone or found.changed):
        yield "  nothing changed"


def as_json(found: Any) -> str:
    """Any of these as JSON."""
    return json.dumps({"format": 1, **asdict(found)}, indent=2, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)
