"""What is live against what is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from wfprov.app.inspect import inspect_stack
from wfprov.app.load import Loaded
from wfprov.app.wiring import ControlPlane, facts
from wfprov.core.checked import Checked
from wfprov.core.diagnostic import Diagnostic, in_order
from wfprov.core.errors import NotFoundError, RefusedError
from wfprov.core.ports import Cloud
from wfprov.desired.build import build
from wfprov.desired.graph import Desired
from wfprov.desired.model import Existing, Inspected, Stack
from wfprov.plan.build import plan_live, plan_offline
from wfprov.plan.change import Mode, Plan
from wfprov.plan.live import NOTHING, Live, numbered

ERROR: Final = 1
DUE: Final = 2
BLOCKED: Final = 4


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
        return DUE if detailed and self.plan.due else 0


def make_offline(loaded: Loaded, now: Callable[[], float]) -> Planned:
    """What the stack would make in an empty project."""
    inspected = inspect_stack(loaded, facts())
    desired, found = _desired(loaded.stack, inspected)
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
    mode: Mode = Mode.APPLY,
    parallel: int,
) -> Planned:
    """What makes the live state the wanted one.

    Raises:
        CloudError: what the control plane refused.
    """
    numbered = replace(loaded, stack=_numbered(loaded.stack, control.reader))
    inspected = inspect_stack(numbered, facts())
    desired, found = _desired(numbered.stack, inspected)
    stood_in = _stand_ins(control, numbered.stack, desired)
    checked, live = plan_live(
        desired, control.reader, facts(), created=now(), mode=mode, parallel=parallel
    )
    findings = _all(numbered, inspected, found, checked.diagnostics)
    return Planned(
        plan=_with_errors(checked, findings),
        live=live,
        inspected=inspected,
        diagnostics=findings,
        stood_in=stood_in,
    )


def _with_errors(checked: Checked[Plan], findings: tuple[Diagnostic, ...]) -> Plan:
    """The plan with everything that stands in its way, what is wrong with definitions included."""
    assert checked.value is not None, "a plan is made whatever is found"
    return replace(checked.value, errors=tuple(d.message for d in findings if d.is_error))


def _desired(
    stack: Stack, inspected: tuple[Inspected, ...]
) -> tuple[Desired, tuple[Diagnostic, ...]]:
    built = build(stack, inspected, facts())
    assert built.value is not None, "what is wanted is built whatever is found"
    return built.value, built.diagnostics


def _all(
    loaded: Loaded, inspected: tuple[Inspected, ...], *more: tuple[Diagnostic, ...]
) -> tuple[Diagnostic, ...]:
    of_definitions = (d for one in inspected for d in one.diagnostics)
    return in_order([*loaded.diagnostics, *of_definitions, *(d for some in more for d in some)])


def _numbered(stack: Stack, cloud: Cloud) -> Stack:
    """The stack with its projects' numbers: a deterministic run.app address holds one."""
    projects = {w.project: w.project_number for w in stack.workflows if w.project}
    numbers = {p: known or _number(cloud, p) for p, known in projects.items()}
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
    return control.rehearsal.stand_in(
        [*(access.subject for access in desired.accesses), *accounts], stack.project or ""
    )
