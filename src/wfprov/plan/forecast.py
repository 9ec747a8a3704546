"""Google's limits, held against what would be there after a plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from wfprov.core.address import Address, project_name, segment_after
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.resource import Resource
from wfprov.plan import rules
from wfprov.plan.change import AccessChange, Change, Create, Delete, Update, address_of, calls_of
from wfprov.plan.live import Live
from wfprov.resources.custom_role import ProjectRole
from wfprov.resources.iam_policy import IamPolicy
from wfprov.resources.service_account import ServiceAccount
from wfprov.resources.workflow import Workflow

# https://docs.cloud.google.com/iam/quotas (2026-11-23): limits are fixed, quotas can be raised.
MEMBERS: Final = 1500
"""Principals in one policy; each counts as often as it appears."""

CONDITIONS: Final = 20
"""Bindings of one policy with the same role and principal, and different conditions."""

OPERATORS: Final = 12
"""Logic operators in one condition."""

ROLES: Final = 300
"""Custom roles in one project; deleted ones count until they are gone for good."""

ROLE_BYTES: Final = 64 * 1024
"""Title, description and names of permissions of one custom role."""

ACCOUNTS: Final = 100
"""Service accounts in one project; a quota."""

IAM_WRITES: Final = 600
"""Writes to the IAM API for one project in a minute; a quota."""

# https://cloud.google.com/workflows/quotas (2026-11-23)
WORKFLOWS: Final = 10_000
"""Workflows in one project; a quota."""

WORKFLOW_REQUESTS: Final = 1200
"""Requests to the Workflows API for one project and location in a minute; a quota."""

NEAR: Final = 0.9
"""The part of a limit from which on it is near."""

_COUNTED: Final[tuple[tuple[type[Resource], int, bool, str, str], ...]] = (
    (
        ServiceAccount,
        ACCOUNTS,
        False,
        "service accounts",
        "let them share accounts, `service_account: {shared: NAME}`, or raise the quota first",
    ),
    (
        ProjectRole,
        ROLES,
        True,
        "custom roles (deleted ones count until they are gone for good)",
        "write `policy: {custom_roles: never}`, or spread the workflows over projects",
    ),
    (
        Workflow,
        WORKFLOWS,
        False,
        "workflows",
        "spread them over projects, `project:` of a workflow, or raise the quota first",
    ),
)
"""Kind, limit, whether it is fixed, in words, and what to do."""

_READS: Final = ("get", "list", "test", "query")


def forecast(changes: Iterable[Change], live: Live) -> Iterator[Diagnostic]:
    """What would be refused, and what is near to that, of a plan's changes.

    A limit that cannot be changed is an error when it would be broken; a quota may have been
    raised, so it is a warning.
    """
    planned = tuple(changes)
    for change in planned:
        if isinstance(change, AccessChange) and change.add:
            yield from _policy(change)
        if isinstance(change, Create | Update) and isinstance(change.after, ProjectRole):
            yield from _role(change.after)
    yield from _counted(planned, live)
    yield from _paced(planned)


def _policy(change: AccessChange) -> Iterator[Diagnostic]:
    at = change.access.address
    if not isinstance(change.access, IamPolicy):
        return
    count = len(change.after)
    if count > MEMBERS:
        yield Diagnostic(
            rule=rules.LIMIT_BROKEN,
            message=f"the policy of {change.access.subject} would have {count:,} members, each "
            f"counted as often as it appears; {MEMBERS:,} is the most that a policy holds",
            at=at,
            help="let workflows share an account, `service_account: {shared: NAME}`, or grant a "
            "group once and put the accounts into it",
        )
    elif count >= MEMBERS * NEAR:
        yield Diagnostic(
            rule=rules.LIMIT_NEAR,
            message=f"the policy of {change.access.subject} would have {count:,} of at most "
            f"{MEMBERS:,} members",
            at=at,
            help="let workflows share an account, `service_account: {shared: NAME}`",
        )
    alike = Counter((m.key.role, m.member) for m in change.after if m.key.condition)
    added = {(m.key.role, m.member) for m in change.add}
    for (role, member), number in sorted(alike.items()):
        if number > CONDITIONS and (role, member) in added:
            yield Diagnostic(
                rule=rules.LIMIT_BROKEN,
                message=f"{member} would have {role} on {change.access.subject} under {number} "
                f"conditions; {CONDITIONS} is the most",
                at=at,
                help="let the workflow call fewer resources of that kind, or grant the role on the "
                "project without a condition by hand",
            )
    for key in sorted({m.key for m in change.add}, key=lambda k: k.sort_key()):
        expression = key.condition.expression if key.condition else ""
        if (number := expression.count("&&") + expression.count("||")) > OPERATORS:
            yield Diagnostic(
                rule=rules.LIMIT_BROKEN,
                message=f"the condition for {key.role} on {change.access.subject} has {number} "
                f"logic operators; {OPERATORS} is the most",
                at=at,
                help="let the workflow call fewer resources of that kind",
            )


def _role(role: ProjectRole) -> Iterator[Diagnostic]:
    size = sum(len(t.encode()) for t in (role.title, role.description, *role.permissions))
    if size > ROLE_BYTES:
        yield Diagnostic(
            rule=rules.LIMIT_BROKEN,
            message=f"the custom role {role.role_id} would take {size:,} bytes with its "
            f"permissions; {ROLE_BYTES:,} is the most",
            at=role.address,
            help="write `policy: {custom_roles: never}` to take predefined roles",
        )


def _counted(changes: tuple[Change, ...], live: Live) -> Iterator[Diagnostic]:
    """How many accounts, roles and workflows each project would have."""
    for kind, most, fixed, words, help_text in _COUNTED:
        there = Counter(_project(r.address) for r in live.resources.values() if _is(r, kind))
        made = Counter(_project(address_of(c)) for c in changes if _makes(c, kind))
        gone = Counter(
            _project(address_of(c))
            for c in changes
            if isinstance(c, Delete) and _is(c.before, kind) and not fixed
        )
        for project, new in sorted(made.items()):
            total = there[project] + new - gone[project]
            if total < most * NEAR:
                continue
            broken = total > most
            limit = f"{most:,} is the most" if fixed else f"the quota is {most:,} by default"
            yield Diagnostic(
                rule=rules.LIMIT_BROKEN if broken and fixed else rules.LIMIT_NEAR,
                message=f"{project} would have {total:,} {words}, {new:,} of them new; {limit}",
                at=Address("project", project_name(project)),
                help=help_text,
            )


def _paced(changes: tuple[Change, ...]) -> Iterator[Diagnostic]:
    """Quotas by the minute: an apply waits and tries again, so they only cost time."""
    writes: Counter[str] = Counter()
    requests: Counter[tuple[str, str]] = Counter()
    for change in changes:
        name = address_of(change).name
        project = segment_after(name, "projects") or ""
        for call in calls_of(change):
            if call.client.startswith(("iam:", "google.cloud.iam_admin")):
                method = call.method.rpartition(".")[2]
                # An account's policy is under `projects/-`: its project is in the e-mail address.
                home = project if project != "-" else name.rpartition("@")[2].partition(".")[0]
                writes[home] += not method.startswith(_READS)
            if call.client.startswith("google.cloud.workflows"):
                requests[project, segment_after(name, "locations") or ""] += 2  # and its outcome
    for project, number in sorted(writes.items()):
        if number > IAM_WRITES:
            yield _slow(
                project, f"{number:,} writes to the IAM API of {project}", number, IAM_WRITES
            )
    for (project, region), number in sorted(requests.items()):
        if number > WORKFLOW_REQUESTS:
            words = f"{number:,} requests to the Workflows API of {project} in {region}"
            yield _slow(project, words, number, WORKFLOW_REQUESTS)


def _slow(project: str, words: str, number: int, quota: int) -> Diagnostic:
    minutes = -(-number // quota)
    return Diagnostic(
        rule=rules.LIMIT_NEAR,
        message=f"the plan makes {words}; the quota is {quota:,} a minute by default, so an apply "
        f"takes at least {minutes} minutes",
        at=Address("project", project_name(project)),
        help="nothing needs to be done: what is refused for the quota is tried again; "
        "`--parallelism` below 10 avoids the refusals",
    )


def _project(address: Address) -> str:
    return segment_after(address.name, "projects") or ""


def _is(resource: Resource, kind: type[Resource]) -> bool:
    return isinstance(resource, kind)


def _makes(change: Change, kind: type[Resource]) -> bool:
    return isinstance(change, Create) and _is(change.after, kind)
