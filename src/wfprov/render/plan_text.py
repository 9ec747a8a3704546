"""A plan for people: what changes, why, and what stays."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from wfprov.core.address import Address
from wfprov.core.credential import masked
from wfprov.core.ownership import account_email
from wfprov.core.policy import BindingKey, Membership
from wfprov.core.resource import Contents, Resource
from wfprov.desired.graph import Because, Blocked
from wfprov.plan.change import (
    AccessChange,
    Action,
    Change,
    Create,
    Delete,
    Drift,
    Mode,
    NoOp,
    Plan,
    Replace,
    Update,
    action_of,
    address_of,
)
from wfprov.plan.stages import revokes_of
from wfprov.render.deployer_text import deployer_lines, deployer_words
from wfprov.render.division_text import division_text
from wfprov.render.names import counted, short_name
from wfprov.render.snippet import WIDTH
from wfprov.render.style import PLAIN, Style, padded, safe, safe_lines
from wfprov.render.variables import shown_variable
from wfprov.resources.custom_role import ProjectRole
from wfprov.resources.workflow import APPLIED_LABEL, Workflow

_SIGNS: Final = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("-/+", "red"),
    Action.DELETE: ("-", "red"),
    Action.INHERITED: ("<=", "dim"),
}
_KINDS: Final = {"iam_policy": "policy of", "bigquery_dataset": "access to"}
_ORDER: Final = (
    *("api_service", "service_agent", "service_account", "custom_role"),
    *("workload_identity_pool", "workload_identity_provider"),
    *("iam_policy", "bigquery_dataset", "workflow"),
)
"""Kinds in the order in which they are made."""
_MOST_SOURCE_LINES: Final = 40
_MOST_MEMBERS: Final = 8
_HIDDEN_FIELDS: Final = frozenset(
    {
        "pool_id",
        "provider_id",
        "role_id",
        "project",
        "region",
        "workflow_id",
        "account_id",
        "stack",
        "last_revision",
        "system_labels",
    }
)


def plan_text(plan: Plan, style: Style = PLAIN, width: int = WIDTH) -> str:
    """Every change with its reason, what is open, what was left alone, and the counts."""
    blocks = [*_changes(plan, style, width)]
    if plan.drift:
        blocks += _drift(plan, style, width)
    if plan.blocked:
        blocks.append("\n".join(_blocked(plan.blocked, style, width)))
    if plan.preflight is not None:
        blocks.append("\n".join(deployer_lines(plan.preflight, plan.project, style, width)))
    # The roles of a deployer are shown whole above: a sentence of thirty permissions adds nothing.
    added = () if plan.mode is Mode.BOOTSTRAP else tuple(_added(plan, width))
    if added:
        blocks.append("\n".join(added))
    return "\n\n".join(
        [_head(plan, style, width), *filter(None, blocks), _summary(plan, style, width)]
    )


def thing(address: Address, project: str = "") -> str:
    """What an address is, in words: `policy of service orders`."""
    words = short_name(address.name, project or None)
    if address.kind == "api_service":
        words = words.replace("service ", "API ", 1)
    return safe(f"{_KINDS[address.kind]} {words}" if address.kind in _KINDS else words)


def clock_time(seconds: float) -> str:
    """Seconds since 1970 as `2026-11-23 21:40 UTC`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _head(plan: Plan, style: Style, width: int) -> str:
    where = f" in {plan.environment}" if plan.environment else ""
    what = "Bootstrap of stack" if plan.mode is Mode.BOOTSTRAP else "Stack"
    words = style.paint(f"{what} {plan.stack}{where}", "bold")
    tail = f" on {plan.project}" if plan.project else ""
    against = "  against an empty project: nothing was read" if plan.offline else ""
    head = f"{words}{tail}{style.paint(against, 'dim')}"
    return head if plan.division is None else f"{head}\n{division_text(plan.division, width)}"


def _changes(plan: Plan, style: Style, width: int) -> Iterator[str]:
    apis = [c for c in plan.changes if isinstance(c, Create) and c.after.kind == "api_service"]
    if len(apis) > 1:
        names = sorted(address_of(c).name.rpartition("/")[2] for c in apis)
        sign = style.paint("+", "green")
        listed = textwrap.wrap(", ".join(names), width - 6)
        yield "\n".join([f"  {sign} {len(apis)} APIs enabled", *(f"      {row}" for row in listed)])
    for change in sorted(plan.changes, key=_kind_order):
        if action_of(change) is not Action.NO_OP and not (change in apis and len(apis) > 1):
            yield "\n".join(_change(change, plan, style, width))


def _kind_order(change: Change) -> int:
    kind = address_of(change).kind
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _change(change: Change, plan: Plan, style: Style, width: int) -> Iterator[str]:
    sign, colour = _SIGNS[action_of(change)]
    name = style.paint(thing(address_of(change), plan.project), "bold")
    revision = ""
    if isinstance(change, Update) and change.before.revision:
        revision = style.paint(f"   revision {safe(change.before.revision)} -> new", "dim")
    moved = ""
    if isinstance(change, Delete) and change.moved_to:
        old, new = (_place(scope, plan) for scope in (change.before.scope, change.moved_to))
        moved = f" in {old}: it moves to {new}"
    yield f"  {style.paint(sign, colour)} {name}{revision}{moved}"
    match change:
        case Create(after=after):
            yield from _fields({}, _shown(after), style)
        case Update(before=before, after=after):
            yield from _update(before, after, style)
        case Replace(before=before, after=after, reason=reason):
            yield f"      must be made anew: {safe(reason)}"
            yield from _update(before, after, style)
        case Delete() | NoOp():
            return
        case AccessChange():
            yield from _access(change, plan, style, width)


def _place(scope: str, plan: Plan) -> str:
    """A region, with its project where that is not the plan's: `us-east1 of acme-old`."""
    _, project, _, region = scope.split("/")
    return region if project == plan.project else f"{region} of {project}"


def _shown(resource: Resource) -> Mapping[str, object]:
    if resource.kind == "service_agent":
        return {}
    shown = {k: v for k, v in resource.wire().items() if k not in _HIDDEN_FIELDS}
    if isinstance(resource, Workflow):
        if resource.env:
            shown["env"] = {k: shown_variable(k, v) for k, v in resource.env.items()}
        shown["labels"] = {k: v for k, v in resource.labels.items() if k != APPLIED_LABEL}
    return shown


def _update(before: Resource, after: Resource, style: Style) -> Iterator[str]:
    yield from _fields(_shown(before), _shown(after), style)
    old, new = getattr(before, "source", None), getattr(after, "source", None)
    if isinstance(old, Contents) and isinstance(new, Contents) and old != new:
        yield from _source(old, new, style)


def _fields(
    before: Mapping[str, object], after: Mapping[str, object], style: Style
) -> Iterator[str]:
    changed = [k for k in sorted({*before, *after}) if before.get(k) != after.get(k)]
    wide = max((len(k) for k in changed), default=0)
    for key in changed:
        was, now = before.get(key), after.get(key)
        name = padded(key, wide)
        if isinstance(now, Mapping) and now.keys() == {"digest", "lines"}:
            lines = counted(int(now["lines"]), "line")
            yield f"      {name}  {lines}{_digest(now, style)}"
        elif isinstance(was or now, Mapping):
            yield from _map(name, was, now, style)
        elif key not in before and isinstance(now, list):
            hang = " " * (wide + 8)
            yield from _wrapped(f"{name}  {_value(now)}", WIDTH, indent="      ", hang=hang)
        elif key not in before:
            yield f"      {name}  {_value(now)}"
        else:
            yield f"      {name}  {_value(was)} -> {_value(now)}"


def _map(name: str, was: object, now: object, style: Style) -> Iterator[str]:
    old = was if isinstance(was, Mapping) else {}
    new = now if isinstance(now, Mapping) else {}
    for key in sorted({*old, *new}):
        if old.get(key) == new.get(key):
            continue
        if key not in old:
            yield f"      {name}  {style.paint('+', 'green')} {safe(key)}: {_value(new[key])}"
        elif key not in new:
            yield f"      {name}  {style.paint('-', 'red')} {safe(key)}: {_value(old[key])}"
        else:
            yield f"      {name}  {safe(key)}: {_value(old[key])} -> {_value(new[key])}"


def _digest(source: Mapping[str, object], style: Style) -> str:
    return style.paint(f"  {str(source['digest'])[:15]}", "dim")


def _value(value: object) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, list):
        return ", ".join(_value(v) for v in value)
    return safe(str(value))


def _source(old: Contents, new: Contents, style: Style) -> Iterator[str]:
    rows = [
        row
        for row in difflib.unified_diff(
            masked(old.text).splitlines(), masked(new.text).splitlines(), lineterm="", n=1
        )
        if not row.startswith(("---", "+++"))
    ]
    for row in rows[:_MOST_SOURCE_LINES]:
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(row[:1])
        yield f"        {style.paint(safe(row), colour) if colour else safe(row)}"
    if len(rows) > _MOST_SOURCE_LINES:
        yield f"        ... {len(rows) - _MOST_SOURCE_LINES} more lines of the diff"


def _access(change: AccessChange, plan: Plan, style: Style, width: int) -> Iterator[str]:
    keys = {m.key for m in (*change.add, *change.remove, *change.inherited)}
    for key in sorted(keys, key=BindingKey.sort_key):
        condition = f"  if {safe(key.condition.expression)}" if key.condition else ""
        yield f"      {safe(key.role)}{style.paint(condition, 'dim')}"
        yield from _members(change, key, plan, style, width)
    others = {m.key for m in change.before} - keys
    if others:
        words = f"{counted(len(others), 'other binding')} not touched"
        yield f"      {style.paint(words, 'dim')}"


def _members(
    change: AccessChange, key: BindingKey, plan: Plan, style: Style, width: int
) -> Iterator[str]:
    stay = sorted(
        (m for m in change.before - change.remove if m.key == key), key=Membership.sort_key
    )
    for m in stay[:_MOST_MEMBERS]:
        whose = "" if m.member in plan.owned else style.paint("  (not ours, stays)", "dim")
        yield f"        = {safe(m.member)}{whose}"
    if len(stay) > _MOST_MEMBERS:
        yield f"        = {len(stay) - _MOST_MEMBERS} more members stay"
    for m in sorted(change.remove, key=Membership.sort_key):
        if m.key == key:
            yield f"        {style.paint('-', 'red')} {safe(m.member)}"
    for m in sorted(change.add, key=Membership.sort_key):
        if m.key == key:
            yield f"        {style.paint('+', 'green')} {safe(m.member)}"
            yield from _because(change.because.get(m, ()), style, width)
    for m in sorted(change.inherited, key=Membership.sort_key):
        if m.key == key:
            above = safe(short_name(change.inherited[m]))
            yield f"        {style.paint('<=', 'dim')} {safe(m.member)}  has it by {above}"
            yield from _because(change.because.get(m, ()), style, width)


def _because(reasons: Iterable[Because], style: Style, width: int) -> Iterator[str]:
    for why in reasons:
        when = f"  when {why.when}" if why.when else ""
        when += f"  ({why.breadth})" if why.breadth else ""
        words = f"because {why.site}  {why.file}:{why.line}{when}"
        for line in _wrapped(words, width, indent=" " * 12, hang=" " * 14):
            yield style.paint(line, "dim")


def _drift(plan: Plan, style: Style, width: int) -> Iterator[str]:
    """What others changed, apart from what no definition asks for: two blocks at most."""
    mends = "" if plan.mode is Mode.REFRESH else "; this plan puts it back"
    heads = {
        True: f"Changed by others since the last apply{mends}:",
        False: "Live, but not asked for by any definition (left alone; --prune removes it):",
    }
    for mended, head in heads.items():
        rows = [d for d in plan.drift if d.mended is mended]
        if rows:
            lines = [line for one in rows for line in _drifted(one, plan, width)]
            yield "\n".join([style.paint(head, "bold"), *lines])


def _drifted(one: Drift, plan: Plan, width: int) -> Iterator[str]:
    yield from _wrapped(
        f"{thing(one.address, plan.project)}: {one.message}", width, indent="  ", hang="    "
    )
    for m in sorted(one.memberships, key=Membership.sort_key):
        yield from _wrapped(f"{m.member}  {m.key.role}", width, indent="    ", hang="      ")


def _wrapped(text: str, width: int, *, indent: str = "", hang: str = "  ") -> list[str]:
    """A text in lines; what is longer than a line stays whole, to be copied."""
    return textwrap.wrap(
        safe(text),
        width,
        initial_indent=indent,
        subsequent_indent=hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _blocked(blocked: Iterable[Blocked], style: Style, width: int) -> Iterator[str]:
    yield style.paint("Must be answered before anything is applied:", "bold", "yellow")
    for one in blocked:
        mark = style.paint("?", "bold", "yellow")
        yield f"{mark} {safe(f'{one.site}  {one.file}:{one.line}:{one.column}')}"
        yield from textwrap.wrap(
            safe(one.message),
            width,
            initial_indent="  ",
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        if one.answer:
            yield "  Write in wfprov.yaml:"
            yield from (f"      {line}" for line in safe_lines(one.answer.rstrip("\n")))


def _added(plan: Plan, width: int) -> Iterator[str]:
    """In a sentence for each identity: the access that the plan gives it, and what it takes."""
    gained: dict[str, list[str]] = {}
    lost: dict[str, list[str]] = {}
    made = {
        f"projects/{role.project}/roles/{role.role_id}": " and ".join(role.permissions)
        for change in plan.changes
        for role in (getattr(change, "after", None) or getattr(change, "resource", None),)
        if isinstance(role, ProjectRole)
    }
    for change in plan.changes:
        if isinstance(change, AccessChange):
            where = short_name(change.access.subject, plan.project or None)
            for kept, memberships in ((gained, change.add), (lost, revokes_of(change))):
                for m in sorted(memberships, key=Membership.sort_key):
                    role = made.get(m.key.role, m.key.role.removeprefix("roles/"))
                    kept.setdefault(m.member, []).append(f"{role} on {where}")
    for words, roles_of in (("adds", gained), ("removes", lost)):
        verb = "gets" if roles_of is gained else "loses"
        for member, roles in sorted(roles_of.items()):
            name = _known_as(member, plan)
            text = f"Access that this {words}: {name} {verb} {', '.join(roles)}."
            yield from _wrapped(text, width)


def _known_as(member: str, plan: Plan) -> str:
    """A member without its kind; an account of the plan's project by its name alone."""
    email = member.partition(":")[2]
    name = email.partition("@")[0]
    return name if account_email(plan.project, name) == email else email


def _summary(plan: Plan, style: Style, width: int) -> str:
    notes = [line for note in plan.notes for line in _wrapped(note, width)]
    actions = [action_of(change) for change in plan.changes]
    create, update = actions.count(Action.CREATE), actions.count(Action.UPDATE)
    replace, delete = actions.count(Action.REPLACE), actions.count(Action.DELETE)
    kept = actions.count(Action.NO_OP) + actions.count(Action.INHERITED)
    if plan.errors:
        words = f"Blocked by {counted(len(plan.errors), 'error')}: nothing can be applied."
        return "\n".join([style.paint(words, "bold", "red"), *notes])
    if plan.mode is Mode.REFRESH:
        moved = sum(d.mended for d in plan.drift)
        asked = f"{counted(moved, 'thing was', 'things were')} changed by others"
        words = f"{asked if moved else 'Nothing was changed by others'} since the last apply."
        return "\n".join([style.paint(words, "bold", *([] if moved else ["green"])), *notes])
    if not plan.due:
        words = f"Nothing to do: {counted(kept, 'thing is', 'things are')} as they should be."
        return "\n".join([style.paint(words, "bold", "green"), *notes])
    parts = [f"{create} to create", f"{update} to change", f"{delete} to remove"]
    if replace:
        parts.insert(2, f"{replace} to replace")
    rest = f", {kept} as they should be" if kept else ""
    foreign = sum(
        m.member not in plan.owned and not m.member.startswith("deleted:")
        for change in plan.changes
        if isinstance(change, AccessChange)
        for m in change.remove
    )
    words = f"Plan: {', '.join(parts)}{rest}. {counted(foreign, 'foreign member')} touched."
    words = f"{words} {deployer_words(plan.preflight)}".rstrip()
    return "\n".join([*(style.paint(line, "bold") for line in _wrapped(words, width)), *notes])
