"""Makes an environment ready for its stack, and plans the account that deploys it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from wfprov.app.grantable import doubts
from wfprov.app.load import Loaded
from wfprov.app.plan import Planned, desired_state
from wfprov.app.preflight import preflight
from wfprov.app.wiring import ControlPlane, facts
from wfprov.core.diagnostic import in_order
from wfprov.core.errors import InputError, ServiceDisabledError
from wfprov.plan.bootstrap import Bootstrap, Wishes, bootstrap, loosened, without_absent
from wfprov.plan.build import plan, plan_offline
from wfprov.plan.change import Mode
from wfprov.plan.live import read_live
from wfprov.resources.workload_identity_provider import WorkloadIdentityProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The plan of a bootstrap, and what a pipeline must know when it is carried out.

    `number` is that of the project in which the deployer is.
    """

    planned: Planned
    made: Bootstrap
    number: str

    @property
    def providers(self) -> tuple[WorkloadIdentityProvider, ...]:
        """The providers that take the pipelines' tokens."""
        resources = self.made.desired.resources
        return tuple(r for r in resources if isinstance(r, WorkloadIdentityProvider))


def make(
    loaded: Loaded,
    control: ControlPlane,
    now: Callable[[], float],
    wishes: Wishes,
    *,
    asks: bool = True,
    parallel: int,
) -> Ready:
    """What makes the environment ready, against what is live; `asks`: whether one may make it.

    Raises:
        InputError: there is no project, or its API for projects is off.
        CloudError: what the control plane refused.
    """
    project = loaded.stack.project or next((w.project for w in loaded.stack.workflows), None)
    if project is None:
        raise InputError(
            "nothing says in which project the deployer is to be made",
            help="write `project:` into the environment, or give --project",
        )
    try:
        return _made(loaded, control, now, wishes, asks=asks, parallel=parallel)
    except ServiceDisabledError as error:
        if "cloudresourcemanager" not in error.message:
            raise
        raise InputError(
            f"the Resource Manager API is off in {project}, and nothing can be read without it",
            help=f"gcloud services enable cloudresourcemanager.googleapis.com --project {project}",
        ) from error


def _made(
    loaded: Loaded,
    control: ControlPlane,
    now: Callable[[], float],
    wishes: Wishes,
    *,
    asks: bool = True,
    parallel: int,
) -> Ready:
    stack, inspected, found, stood_in = desired_state(loaded, control, parallel=parallel)
    whole = plan_offline(stack, facts(), created=now()).value
    assert whole is not None, "a plan is made whatever is found"
    wanted = bootstrap(stack, whole, facts(), wishes)
    live = read_live(wanted.desired, control.reader, parallel=parallel)
    wanted, missing = without_absent(wanted, live)
    checked = plan(wanted.desired, live, facts(), created=now(), mode=Mode.BOOTSTRAP)
    assert checked.value is not None, "a plan is made whatever is found"
    findings = in_order(
        [
            *found,
            *missing,
            *checked.diagnostics,
            *loosened(wanted.desired, live),
            *doubts(checked.value.changes, control.reader),
        ]
    )
    made = replace(checked.value, errors=tuple(d.message for d in findings if d.is_error))
    if asks and made.applyable and made.due:
        said = preflight(made.due, control.reader, facts(), parallel=parallel)
        made = replace(made, preflight=said)
    open_ones = len({b.site for b in stack.blocked})
    notes = list(wanted.notes)
    if open_ones:
        notes.append(
            f"{open_ones} calls are open questions (see `wfprov plan`): what they need is not in "
            "the deployer's role; run bootstrap again when they are answered."
        )
    planned = Planned(
        plan=replace(made, notes=(*made.notes, *notes)),
        live=live,
        inspected=inspected,
        diagnostics=findings,
        stood_in=stood_in,
    )
    number = live.numbers.get(wanted.desired.project, "")
    return Ready(planned=planned, made=wanted, number=number)
