"""What must hold after a run that met faults, read from the control plane's own state."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from scene import Scene, Stage
from stack import ACCOUNTS, AGENT, NUMBER, PROJECT

from wfprov.apply.outcome import Report, State
from wfprov.core.errors import UnfinishedError
from wfprov.core.policy import Membership
from wfprov.emulator.objects import META, POLICIES, RESOURCES
from wfprov.plan.change import (
    AccessChange,
    Create,
    Delete,
    Mode,
    Plan,
    Replace,
    Update,
    address_of,
)
from wfprov.plan.live import Live, read_live
from wfprov.plan.stages import Part, Step, grants_of, revokes_of
from wfprov.plan.stale import looked_at
from wfprov.resources.service_agent import DOMAINS, ServiceAgent

DATASET = f"//bigquery.googleapis.com/projects/{PROJECT}/datasets/sales"
OURS = (
    *(f"{name}@{PROJECT}.iam.gserviceaccount.com" for name in ACCOUNTS),
    AGENT,
    "@gcp-sa-",
    "/workloadIdentityPools/orders-shop-github/",
)
THEIRS = re.compile(r"/ops($|[-_])")
"""The things of others that are like the stack's."""


class WrongError(AssertionError):
    """Something that must never happen did."""


def ours(member: str) -> bool:
    """Whether a member is an account of the stack or of its bootstrap, deleted or not."""
    return any(email in member for email in OURS)


def foreign(stage: Stage) -> dict[str, Any]:
    """Everything in every policy that is not the stack's, in its order, and what others have made.

    The policy of an account goes with the account when the stack is destroyed.
    """
    objects = stage.plane.world.objects
    found: dict[str, Any] = {
        name: objects.peek(RESOURCES, name)
        for name in objects.names(RESOURCES)
        if THEIRS.search(name)
    }
    for name in objects.names(POLICIES):
        if name == DATASET or (stage.playing.mode is Mode.DESTROY and ours(name)):
            continue
        policy = deepcopy(objects.peek(POLICIES, name) or {})
        bindings = []
        for binding in policy.get("bindings", ()):
            kept = [m for m in binding["members"] if not ours(m)]
            if kept:
                bindings.append({**binding, "members": kept})
        if bindings or policy.get("auditConfigs"):
            found[f"policy of {name}"] = (bindings, policy.get("auditConfigs"))
    dataset = objects.peek(RESOURCES, DATASET) or {}
    found[DATASET] = [e for e in dataset.get("access", ()) if not ours(str(e))]
    return found


def granted(stage: Stage) -> set[tuple[str, str, str, str]]:
    """Every grant of the stack's accounts: resource, role, condition, member."""
    objects = stage.plane.world.objects
    return {
        (name, b["role"], str(sorted((b.get("condition") or {}).items())), m)
        for name in objects.names(POLICIES)
        for b in (objects.peek(POLICIES, name) or {}).get("bindings", ())
        for m in b["members"]
        if ours(m) and not m.startswith("deleted:")
    }


def shown(stage: Stage, plan: Plan) -> set[tuple[str, str, str, str]]:
    """Every grant that a plan showed as one that it adds."""
    found = set()
    for change in plan.changes:
        if isinstance(change, AccessChange):
            host, _, path = change.access.subject.removeprefix("//").partition("/")
            name = stage.plane.world.full_name(host.partition(".")[0], path)
            found |= {
                (
                    name,
                    m.key.role,
                    str(sorted((m.key.condition.body() if m.key.condition else {}).items())),
                    m.member,
                )
                for m in change.add
            }
    return found


def judge(
    stage: Stage,
    plan: Plan,
    report: Report,
    cloud: object,
    *,
    alone: bool = True,
    answered: bool = False,
) -> None:
    """Checks that a report is true.

    `alone`: nobody else did the plan's steps; `answered`: no fault left a write without an answer,
    so that the report has to know of each step whether it was done, but for an operation that
    nobody could ask about any more.

    Raises:
        WrongError: a step that is reported done is not, or one that is reported undone is.
    """
    live = read_live(looked_at(plan), cloud, parallel=1)
    for outcome in report.outcomes:
        done = is_done(stage, outcome.step, live)
        idle = is_idle(outcome.step)
        told = f"{outcome.step.id}: {outcome.state}, {outcome.error}"
        if outcome.state is State.DONE and not done:
            raise WrongError(f"reported done, and is not: {told}")
        if outcome.state is State.NOT_STARTED and alone and done and not idle:
            raise WrongError(f"reported not started, and is done: {told}")
        if outcome.state is State.FAILED and alone and done and not _agent(outcome.step):
            raise WrongError(f"reported failed, and is done: {told}")
        running = isinstance(getattr(outcome.error, "cause", None), UnfinishedError)
        if outcome.state is State.UNKNOWN and answered and not running:
            raise WrongError(f"reported unknown, and every request was answered: {told}")


def _agent(step: Step) -> str:
    """The e-mail address of the service agent that a step asks for, empty where it asks for none.

    No method reads one: live, it is taken for made when a policy names it. The control plane knows.
    """
    after = step.change.after if isinstance(step.change, Create | Update) else None
    if not isinstance(after, ServiceAgent):
        return ""
    return f"service-{NUMBER}@{DOMAINS[after.service]}.iam.gserviceaccount.com"


def is_done(stage: Stage, step: Step, live: Live) -> bool:
    """Whether what a step is to do is so now."""
    if _agent(step):
        return stage.plane.world.objects.peek(META, f"agent/{_agent(step)}") is not None
    now = live.resources.get(address_of(step.change))
    match step.change, step.id.part:
        case AccessChange() as change, part:
            members = live.members(change.access)
            if part is Part.GRANT:
                add, remove = grants_of(change)
            else:
                add, remove = frozenset[Membership](), revokes_of(change)
            return add <= members and not remove & members
        case ((Create(after=after) | Update(after=after) | Replace(after=after)), Part.MAKE):
            return now == after
        case Delete(), Part.REMOVE:
            return now is None or now.gone
        case Replace(before=before, after=after), Part.REMOVE:
            made_anew = now == after and now.identity != before.identity
            return now is None or now.gone or made_anew
    raise AssertionError(step.id)


def is_idle(step: Step) -> bool:
    """Whether its effect comes about without it.

    A deleted account takes its grants along, and Google makes an agent when it needs one.
    """
    return step.id.part is Part.REVOKE or bool(_agent(step))


def settled(
    stage: Stage, scene: Scene, cloud: object, dice: object, before: dict[str, Any]
) -> Plan:
    """Applies again until it is done, and checks that nothing is left and nothing foreign is lost.

    Returns the plan that was made for it.
    """
    plan, live = stage.plan(scene, cloud, dice)
    report = stage.execute(plan, live, cloud, dice)
    if not report.ok:
        raise WrongError(f"the second run failed: {[str(o.error) for o in report.failed]}")
    judge(stage, plan, report, cloud)
    empty(stage, scene, cloud, dice)
    if foreign(stage) != before:
        raise WrongError(f"foreign content changed: {difference(before, foreign(stage))}")
    return plan


def empty(stage: Stage, scene: Scene, cloud: object, dice: object) -> None:
    """Checks that nothing is left to do."""
    left, _ = stage.plan(scene, cloud, dice)
    if left.due:
        raise WrongError(f"planning again is not empty: {[str(address_of(c)) for c in left.due]}")
    kept = {row for row in granted(stage) if AGENT in row[-1]}  # not the stack's: it stays
    if scene.name == "destroy" and granted(stage) - kept:
        raise WrongError(f"grants are left: {sorted(granted(stage) - kept)}")


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What differs, by resource."""
    return {
        k: (before.get(k), after.get(k)) for k in before | after if before.get(k) != after.get(k)
    }
