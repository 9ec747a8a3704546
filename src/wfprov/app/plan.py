"""What is live against what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from typing import Final

from wfprov.app.elsewhere import with_grants_elsewhere
from wfprov.app.grantable import doubts
from wfprov.app.inspect import Observed, inspect_stack
from wfprov.app.inventory import Gathering
from wfprov.app.load import Loaded
from wfprov.app.preflight import preflight
from wfprov.app.sights import Sights, requests
from wfprov.app.suppress import heeded
from wfprov.app.unmade import ROUNDS, unmade
from wfprov.app.wiring import ControlPlane, facts
from wfprov.core.address import ResourceName, project_name, segment_after
from wfprov.core.checked import Checked
from wfprov.core.crew import Crew
from wfprov.core.diagnostic import Diagnostic, in_order
from wfprov.core.errors import InputError, NotFoundError, RefusedError, ServiceDisabledError
from wfprov.core.ports import Cloud
from wfprov.core.span import Span
from wfprov.desired.build import build
from wfprov.desired.graph import Desired
from wfprov.desired.model import Existing, Inspected, Shared, Stack, WorkflowSpec
from wfprov.desired.names import identity_email
from wfprov.plan.build import plan, plan_offline
from wfprov.plan.change import Mode, Plan
from wfprov.plan.division import Division
from wfprov.plan.live import NOTHING, Live, numbered, project_call, read_live
from wfprov.plan.shard import Shard, workflows_of

ERROR: Final = 1
DUE: Final = 2
BLOCKED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a plan is asked for: what it is made for, and of which workflows; none: of all.

    `pinned`: the command line says where, over what the files say, so nothing has moved.
    `preflight`: whether the deployer is asked about; `shard`: of which part of the workflows.
    """

    mode: Mode = Mode.APPLY
    only: tuple[str, ...] = ()
    pinned: bool = False
    preflight: bool = True
    shard: Shard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, what it was made from, and everything that was found on the way.

    `stood_in` are the resources that the embedded control plane had to invent.
    """

    plan: Plan
    live: Live
    inspected: tuple[Inspected, ...]
    diagnostics: tuple[Diagnostic, ...]
    stood_in: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not any(d.is_error for d in self.diagnostics)

    @property
    def may_apply(self) -> bool:
        """Whether nothing stands in its way."""
        return self.ok and self.plan.applyable

    def exit_code(self, *, detailed: bool = False) -> int:
        """1 before 4 before 2, and 2 only when asked for; else 0."""
        if not self.ok:
            return ERROR
        if self.plan.blocked:
            return BLOCKED
        due = self.plan.drift if self.plan.mode is Mode.REFRESH else self.plan.due
        return DUE if detailed and due else 0


def make_offline(
    loaded: Loaded,
    now: Callable[[], float],
    only: tuple[str, ...] = (),
    shard: Shard | None = None,
) -> Planned:
    """What the stack would make in an empty project."""
    loaded = part(loaded, only)
    inspected = heeded(inspect_stack(loaded, facts()))
    desired, found = _desired(loaded.stack, inspected)
    division = None
    if shard is not None:
        loaded, inspected, division = _sharded(loaded, inspected, desired, shard)
        desired, found = _desired(loaded.stack, inspected)
    made = _offline(loaded, inspected, desired, found, now)
    return replace(made, plan=replace(made.plan, division=division))


def _sharded(
    loaded: Loaded, inspected: tuple[Inspected, ...], desired: Desired, shard: Shard
) -> tuple[Loaded, tuple[Inspected, ...], Division]:
    """What was loaded and found of the shard's workflows.

    What is wrong with the others is theirs to tell, but for the first shard: it tells it all.
    """
    mine, division = workflows_of(desired, shard)
    rest = _only(loaded, mine)
    if shard.index == 1:
        rest = replace(rest, diagnostics=loaded.diagnostics)
    return rest, tuple(one for one in inspected if one.workflow.name in mine), division


def _offline(
    loaded: Loaded,
    inspected: tuple[Inspected, ...],
    desired: Desired,
    found: tuple[Diagnostic, ...],
    now: Callable[[], float],
) -> Planned:
    checked = plan_offline(desired, facts(), created=now())
    findings = _all(loaded, inspected, found, checked.diagnostics)
    return Planned(
        plan=_with_errors(checked, findings),
        live=NOTHING,
        inspected=inspected,
        diagnostics=findings,
    )


def make_live(
    loaded: Loaded,
    control: ControlPlane,
    now: Callable[[], float],
    *,
    asked: Asked | None = None,
    parallel: int,
) -> Planned:
    """What makes the live state the wanted one.

    With an error in the definitions or the configuration little is read, and the plan is the
    offline one.

    Raises:
        InputError: there is no workflow of a name that is asked for.
        CloudError: what the control plane refused.
    """
    asked = asked or Asked()
    mode = asked.mode
    loaded = part(loaded, asked.only)
    numbered, inspected, observed = _looked(loaded, control.reader, parallel)
    desired, found = _desired(numbered.stack, inspected)
    wrong = any(d.is_error for d in _all(numbered, inspected, found))
    if wrong and mode is not Mode.DESTROY:
        return _offline(numbered, inspected, desired, found, now)
    ids: Mapping[str, str] | None = None
    if desired.foreign_numbers:
        ids = _ids(desired.foreign_numbers, control.reader)
        desired, found = _desired(numbered.stack, inspected, ids)
    division = None
    if asked.shard is not None:
        numbered, inspected, division = _sharded(numbered, inspected, desired, asked.shard)
        desired, found = _desired(numbered.stack, inspected, ids)
    desired = replace(desired, everywhere=mode is not Mode.PART and not asked.pinned)
    stood_in = _stand_ins(control, numbered.stack, desired)
    live = read_live(desired, control.reader, parallel=parallel)
    for _ in range(ROUNDS):
        more = unmade(inspected, live) - observed.unmade
        if not more or mode is Mode.DESTROY:
            break
        observed = replace(observed, unmade=observed.unmade | more)
        inspected = heeded(inspect_stack(numbered, facts(), observed))
        desired, found = _desired(numbered.stack, inspected, ids)
        desired = replace(desired, everywhere=mode is not Mode.PART and not asked.pinned)
        live = read_live(desired, control.reader, parallel=parallel)
    if mode is not Mode.PART:
        desired, live = with_grants_elsewhere(
            desired, live, control.reader, facts(), parallel=parallel
        )
    checked = plan(desired, live, facts(), created=now(), mode=mode)
    assert checked.value is not None, "a plan is made whatever is found"
    refused = tuple(doubts(checked.value.changes, control.reader))
    findings = _all(numbered, inspected, found, checked.diagnostics, refused)
    if mode is Mode.DESTROY:  # what is wrong with a definition keeps nobody from removing it
        findings = in_order(checked.diagnostics)
    made = replace(_with_errors(checked, findings), division=division)
    if lifted := sorted(observed.unmade):
        made = replace(made, notes=(*made.notes, *map(_of_unmade, lifted)))
    if asked.preflight and made.applyable:
        said = preflight(made.due, control.reader, facts(), parallel=parallel)
        made = replace(made, preflight=said if made.due else None)
    return Planned(
        plan=made,
        live=live,
        inspected=inspected,
        diagnostics=findings,
        stood_in=stood_in,
    )


def desired_state(
    loaded: Loaded, control: ControlPlane, *, parallel: int
) -> tuple[Desired, tuple[Inspected, ...], tuple[Diagnostic, ...], tuple[str, ...]]:
    """What the stack should be, with the numbers and ids of projects as the cloud tells them.

    With what was inspected, every finding, and the resources that were invented on the way.

    Raises:
        CloudError: what the control plane refused.
    """
    numbered, inspected, observed = _looked(loaded, control.reader, parallel)
    desired, found = _desired(numbered.stack, inspected)
    if desired.foreign_numbers:
        ids = _ids(desired.foreign_numbers, control.reader)
        desired, found = _desired(numbered.stack, inspected, ids)
    desired = replace(desired, asked=requests(observed))
    stood_in = _stand_ins(control, numbered.stack, desired)
    return desired, inspected, _all(numbered, inspected, found), stood_in


def _looked(
    loaded: Loaded, cloud: Cloud, parallel: int
) -> tuple[Loaded, tuple[Inspected, ...], Observed]:
    """What was loaded, with its projects' numbers, what it calls, and what was seen for that."""
    numbered = replace(loaded, stack=_numbered(loaded.stack, cloud, parallel=parallel))
    with Gathering(cloud, parallel) as gathering:
        sights = Sights(gathering)
        return numbered, heeded(sights.inspected(numbered, facts())), sights.observed


def part(loaded: Loaded, only: tuple[str, ...]) -> Loaded:
    """What was loaded of the workflows of some names; of all when none is given.

    Raises:
        InputError: there is no workflow of a name, or one of the others has the same account.
    """
    if not only:
        return loaded
    known = {w.name: w for w in loaded.stack.workflows}
    unknown = sorted(set(only) - known.keys())
    if unknown:
        near = get_close_matches(unknown[0], known, n=3)
        raise InputError(
            f"there is no workflow {unknown[0]} in this stack",
            help=f"did you mean {' or '.join(near)}?" if near else f"there are {_listed(known)}",
        )
    chosen = tuple(w for w in loaded.stack.workflows if w.name in only)
    for one in chosen:
        for other in loaded.stack.workflows:
            if other.name not in only and _one_account(one, other):
                raise InputError(
                    f"{one.name} and {other.name} would both run as {identity_email(one)}",
                    help="rename one, or let them share: `service_account: {shared: NAME}`",
                )
    return _only(loaded, only)


def _only(loaded: Loaded, names: Container[str]) -> Loaded:
    chosen = tuple(w for w in loaded.stack.workflows if w.name in names)
    own = {w.source_path for w in chosen}
    others = {w.source_path for w in loaded.stack.workflows} - own
    found = tuple(
        d for d in loaded.diagnostics if not (isinstance(d.at, Span) and d.at.source.name in others)
    )
    return replace(loaded, stack=replace(loaded.stack, workflows=chosen), diagnostics=found)


def _one_account(one: WorkflowSpec, other: WorkflowSpec) -> bool:
    """Whether two workflows have one account by the accident of their names."""
    choices = (one.service_account, other.service_account)
    if any(isinstance(choice, Existing) for choice in choices):
        return False
    if all(isinstance(choice, Shared) for choice in choices):
        return False
    return identity_email(one) == identity_email(other)


def _listed(names: Iterable[str], most: int = 10) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + more


def _ids(numbers: Iterable[str], cloud: Cloud) -> dict[str, str]:
    """The ids of projects by number, of those that may be read: a policy has one name."""
    found: dict[str, str] = {}
    for number in numbers:
        try:
            body = cloud.send(project_call(number))
        except (RefusedError, NotFoundError, ServiceDisabledError):
            continue
        found[number] = str(body.get("projectId", number))
    return found


def _with_errors(checked: Checked[Plan], findings: tuple[Diagnostic, ...]) -> Plan:
    """The plan with everything that stands in its way, what is wrong with definitions included."""
    assert checked.value is not None, "a plan is made whatever is found"
    return replace(checked.value, errors=tuple(d.message for d in findings if d.is_error))


def _desired(
    stack: Stack, inspected: tuple[Inspected, ...], ids: Mapping[str, str] | None = None
) -> tuple[Desired, tuple[Diagnostic, ...]]:
    built = build(stack, inspected, facts(), ids=ids)
    assert built.value is not None, "what is wanted is built whatever is found"
    return built.value, built.diagnostics


def _of_unmade(name: ResourceName) -> str:
    return (
        f"{name} is not there yet, and a workflow makes such things itself: what it needs on it is "
        "granted on what it lies in."
    )


def _all(
    loaded: Loaded, inspected: tuple[Inspected, ...], *more: tuple[Diagnostic, ...]
) -> tuple[Diagnostic, ...]:
    of_definitions = (d for one in inspected for d in one.diagnostics)
    return in_order([*loaded.diagnostics, *of_definitions, *(d for some in more for d in some)])


def _numbered(stack: Stack, cloud: Cloud, *, parallel: int) -> Stack:
    """The stack with its projects' numbers: a deterministic run.app address holds one."""
    projects = {w.project: w.project_number for w in stack.workflows if w.project}
    with Crew(parallel) as crew:
        asked = {p: crew.submit(partial(_number, cloud, p)) for p, n in projects.items() if not n}
        read = {project: future.result() for project, future in asked.items()}
    numbers = {**projects, **read}
    return replace(
        stack,
        workflows=tuple(
            replace(w, project_number=numbers[w.project]) if w.project else w
            for w in stack.workflows
        ),
    )


def _number(cloud: Cloud, project: str) -> str | None:
    try:
        return numbered(cloud, project)[1]
    except RefusedError:
        return None  # the name of the project is not known by number then: both names stay apart
    except NotFoundError as error:
        error.help = "check the project's id, or make the project first"
        raise


def _stand_ins(control: ControlPlane, stack: Stack, desired: Desired) -> tuple[str, ...]:
    if control.rehearsal is None:
        return ()
    accounts = [
        f"//iam.googleapis.com/projects/-/serviceAccounts/{w.service_account.email}"
        for w in stack.workflows
        if isinstance(w.service_account, Existing)
    ]
    # What a question is about is not made, or the next plan would take it for an answer.
    projects = (segment_after(access.subject, "projects") for access in desired.accesses)
    homes = {project_name(project) for project in projects if project and project != "_"}
    return control.rehearsal.stand_in([*desired.settled, *homes, *accounts], stack.project or "")
