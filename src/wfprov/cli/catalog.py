"""`wfprov catalog`: what is known of methods, permissions and roles, and their renewal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer

from wfprov.app.catalog import (
    Info,
    MethodFacts,
    PermissionFacts,
    Renewed,
    RoleFacts,
    forget,
    info,
    lookup,
    renew,
)
from wfprov.app.load import stack_of
from wfprov.app.rulebook import rule_named
from wfprov.app.wiring import Reach, control_plane
from wfprov.cli import options
from wfprov.cli.output import Output
from wfprov.cli.selection import selected
from wfprov.core.rule import Rule
from wfprov.desired.model import Stack
from wfprov.store.facts import open_facts

app = typer.Typer(no_args_is_help=True, help="What is known of methods, permissions and roles.")

Format = Annotated[Literal["text", "json"], typer.Option("--format", help="What to print.")]
FEW = 5
STALE_DAYS = 180
"""Google adds roles every week; after half a year a renewal is worth its minute."""


@app.command(
    name="info",
    epilog="Examples:\n\n  `wfprov catalog info`\n\n  `wfprov catalog info --format json`",
)
def show_info(*, output_format: Format = "text") -> int:
    """Print how many roles, permissions and methods the catalog holds, and how old it is."""
    found = info(open_facts())
    Output.of_process().result(_json(found) if output_format == "json" else _info(found))
    return 0


@app.command(
    name="lookup",
    epilog="Examples:\n\n"
    "  `wfprov catalog lookup googleapis.pubsub.v1.projects.topics.publish`\n\n"
    "  `wfprov catalog lookup run.jobs.run`\n\n"
    "  `wfprov catalog lookup roles/run.invoker`\n\n"
    "  `wfprov catalog lookup oidc-over-http`  the rule of a finding",
)
def show(
    name: Annotated[str, typer.Argument(metavar="METHOD|PERMISSION|ROLE|RULE")],
    *,
    output_format: Format = "text",
) -> int:
    """Explain a method, permission, role or rule: what it needs, who grants it, from which page."""
    rule = rule_named(name)
    if rule is not None:
        Output.of_process().result(_json(rule) if output_format == "json" else _rule(rule))
        return 0
    found = lookup(name, open_facts())
    text = _json(found) if output_format == "json" else "\n".join(_lines(found))
    Output.of_process().result(text)
    return 0


@app.command(
    epilog="Examples:\n\n"
    "  `wfprov catalog refresh`  with application default credentials\n\n"
    "  `wfprov catalog refresh --forget`  back to the roles that come with wfprov"
)
def refresh(
    *,
    env: options.Environment = None,
    config: options.Config = None,
    forget_them: Annotated[
        bool, typer.Option("--forget", help="Delete the renewed roles instead.")
    ] = False,
    impersonate: options.Impersonate = None,
    billing_project: options.BillingProject = None,
    output_format: Format = "text",
) -> int:
    """Read the predefined roles from the live IAM API, into .wfprov/roles.sqlite.

    What methods need can not be read live: that table comes with wfprov.
    """
    output = Output.of_process()
    if forget_them:
        was = forget()
        output.result("the roles that come with wfprov are in use" + ("" if was else " already"))
        return 0
    # Only an environment names a control plane; without one it is Google's.
    stack = stack_of(selected(None, env, config, None, None)) if env else Stack(name="catalog")
    reach = Reach(impersonate=impersonate or "", billing_project=billing_project or "")
    with control_plane(stack, reach) as plane:
        today = datetime.now(UTC).date().isoformat()
        renewed = renew(plane.reader, open_facts(), date=today)
    output.result(_json(renewed) if output_format == "json" else "\n".join(_renewal(renewed)))
    if renewed.lost:
        output.error(
            f"stale catalog: no role holds {', '.join(renewed.lost[:FEW])} any more",
            help_text="look for a newer wfprov; plans that need them will ask",
        )
    return 0


def _info(found: Info) -> str:
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


def _lines(found: MethodFacts | PermissionFacts | RoleFacts) -> Iterator[str]:
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


def _rule(rule: Rule) -> str:
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


def _renewal(found: Renewed) -> Iterator[str]:
    yield f"{found.roles:,} roles in {found.path}"
    for word, names in (("new", found.new), ("gone", found.gone), ("changed", found.changed)):
        if names:
            shown = ", ".join(names[:FEW])
            yield f"  {len(names):,} {word}: {shown}" + (", ..." if len(names) > FEW else "")
    if not (found.new or found.gone or found.changed):
        yield "  nothing changed"


def _json(found: Any) -> str:
    return json.dumps({"format": 1, **asdict(found)}, indent=2, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)
