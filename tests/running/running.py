"""Runs planned workflows, and runs them again with one grant less."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from concrete import RaisedError
from internet import Internet, Sent
from steered import Anything, Replayed, SteeredExecution, Steering, Wandering

from wfprov.app.apply import carry_out
from wfprov.app.inspect import CALL_LOG_SITE
from wfprov.app.load import Loaded
from wfprov.app.plan import Planned, make_live
from wfprov.app.rehearsal import rehearsal
from wfprov.app.why import chains_offline
from wfprov.app.wiring import ControlPlane, Reach, facts
from wfprov.audit.denial import denial
from wfprov.audit.question import refused
from wfprov.audit.survey import canonical
from wfprov.audit.why import Called
from wfprov.core.policy import BindingKey, Membership
from wfprov.core.resource import Access
from wfprov.desired.graph import Because
from wfprov.desired.model import Inspected, Stack, WorkflowSpec
from wfprov.emulator.admin import answer as admin
from wfprov.emulator.objects import RESOURCES
from wfprov.gcp.clock import SystemClock, SystemDice
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.language.parser import parse
from wfprov.plan.change import AccessChange

EXECUTIONS = 40
WANDERINGS = 600
"""Executions that go anywhere, where some call was not come by; the same ones each time."""

CALL_LOG = (-1, -1)
"""The place of what no call asks for: Workflows itself logs calls, as the workflow's account."""

IDLE = 8


@dataclass
class Run:
    """Executions of one workflow and every request that they made."""

    sent: list[Sent] = field(default_factory=list)
    ways: list[list[int]] = field(default_factory=list)
    not_run: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def places(self) -> set[tuple[int, int]]:
        return {one.place for one in self.sent} | set(self.not_run)


@dataclass
class Removed:
    """A grant that was taken away, and the first call that was refused then, if any."""

    access: Access
    membership: Membership
    refused: Sent | None
    sites: tuple[str, ...]
    named: bool


class Proof:
    """One workflow on the embedded control plane."""

    def __init__(self, loaded: Loaded, control: ControlPlane, argument: Any = None) -> None:
        self.loaded = loaded
        self.argument = argument
        self.control = control
        self.clock = SystemClock()
        assert control.rehearsal is not None
        self.emulator = control.rehearsal.emulator
        self.chains: tuple[Called, ...] | None = None
        self.lifted = False

    def plan(self) -> Planned:
        """The plan, as it stands before anything is carried out."""
        return make_live(self.loaded, self.control, self.clock.now, parallel=2)

    def carry_out(self, planned: Planned) -> None:
        """Applies a plan that nothing stands in the way of."""
        assert planned.may_apply, planned.plan.blocked
        self.lifted = any("is not there yet" in note for note in planned.plan.notes)
        report = carry_out(
            planned.plan,
            planned.live,
            self.control,
            clock=self.clock,
            dice=SystemDice(),
            reach=Reach(parallel=2),
        )
        assert report.ok, [str(o.error) for o in report.failed]

    def run(self, inspected: Inspected, email: str, ways: Sequence[Sequence[int]] = ()) -> Run:
        """Executes it until every call was come by or no more are found, or the given ways again.

        The ways taken least often come first. While calls are left, ways that found something are
        begun again and left at a random place.
        """
        workflow = inspected.workflow
        parsed = parse(inspected.source, templating=templating(workflow.templating))
        assert parsed.value is not None
        run = Run()
        number = self.emulator.plane.world.project_number(workflow.project or "")
        internet = Internet(
            self.emulator,
            email,
            {"project": workflow.project or "", "region": workflow.region or "",
             "location": workflow.region or ""},
            network_of(workflow),
        )  # fmt: skip
        environment = {
            "GOOGLE_CLOUD_PROJECT_ID": workflow.project or "",
            "GOOGLE_CLOUD_PROJECT_NUMBER": number,
            "GOOGLE_CLOUD_LOCATION": workflow.region or "",
            "GOOGLE_CLOUD_WORKFLOW_ID": workflow.name,
            "GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME": email,
            "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID": "6f2f8f38",
            "GOOGLE_CLOUD_WORKFLOW_REVISION_ID": "000001-a4d",
            **workflow.env,
        }
        argument = Anything("args") if workflow.arguments is None else workflow.arguments
        argument = argument if self.argument is None else self.argument
        wanted = called(inspected)
        if workflow.call_log_level in ("LOG_ALL_CALLS", "LOG_ERRORS_ONLY"):
            with suppress(RaisedError):
                internet.logged(CALL_LOG)
        steering, idle, dice = Steering(), 0, Random(0)
        try:
            for turn in range(len(ways) or EXECUTIONS + WANDERINGS):
                before = run.places
                if not ways and idle >= IDLE:
                    if before >= wanted:
                        break
                    steering = Wandering(dice.choice(run.ways), dice)
                one = SteeredExecution(
                    parsed.value,
                    environment,
                    Replayed(ways[turn]) if ways else steering,
                    internet.call,
                    internet.spell,
                )
                with self.emulator.plane.world.objects.undone():
                    one.run(argument)
                run.sent += internet.sent
                internet.sent = []
                run.not_run |= internet.not_run
                if run.places > before or turn == 0:
                    run.ways.append(one.ways)
                    idle = idle if isinstance(steering, Wandering) else 0
                else:
                    idle += 1
        finally:
            internet.close()
        return run

    def explains(self, removed: Removed) -> bool:
        """Whether `why --denied` names the grant that was taken away, from the refusal's text.

        It is asked with nothing live, so of what the workflow makes itself it names the call: the
        plan granted that higher up.
        """
        assert removed.refused is not None
        if self.chains is None:
            self.chains = chains_offline(replace(self.loaded, stack=self.numbered())).calls
        text = json.dumps({"error": removed.refused.error})
        found = refused(denial(text), self.chains, facts())
        if self.lifted:
            return bool(found.calls)
        wanted = (canonical(removed.access.subject), removed.membership.key)
        return wanted in {
            (canonical(r.grant.on), BindingKey(r.grant.role_name, r.grant.condition))
            for called in found.calls
            for r in called.reasons
            if r.grant is not None
        }

    def numbered(self) -> Stack:
        """The stack with the numbers of its projects, as they are read live."""
        number = self.emulator.plane.world.project_number
        workflows = self.loaded.stack.workflows
        return replace(
            self.loaded.stack,
            workflows=tuple(replace(w, project_number=number(w.project or "")) for w in workflows),
        )

    def account(self, inspected: Inspected) -> str:
        """The account that the deployed workflow runs as."""
        workflow = inspected.workflow
        name = f"projects/{workflow.project}/locations/{workflow.region}/workflows/{workflow.name}"
        kept = self.emulator.plane.world.objects.get(
            RESOURCES, f"//workflows.googleapis.com/{name}"
        )
        assert kept is not None, "it was applied"
        return str(kept["serviceAccount"]).rpartition("/")[2]

    def agent(self, inspected: Inspected) -> str:
        """The Workflows service agent, which makes the calls into private networks."""
        number = self.emulator.plane.world.project_number(inspected.workflow.project or "")
        return f"serviceAccount:service-{number}@gcp-sa-workflows.iam.gserviceaccount.com"

    def without_each(
        self, planned: Planned, inspected: Inspected, email: str, run: Run
    ) -> Iterator[Removed]:
        """Takes each membership away, runs again, and puts it back."""
        for change in planned.plan.changes:
            if not isinstance(change, AccessChange):
                continue
            for membership in sorted(change.add, key=Membership.sort_key):
                if membership.member not in (f"serviceAccount:{email}", self.agent(inspected)):
                    continue
                self.change(change.access, remove=[membership])
                again = self.run(inspected, email, run.ways)
                self.change(change.access, add=[membership])
                refused = next((one for one in again.sent if one.refused), None)
                because = change.because.get(membership, ())
                sites = tuple(sorted({b.site for b in because}))
                yield Removed(
                    change.access,
                    membership,
                    refused,
                    sites,
                    refused is not None and self.names(inspected, refused, because),
                )

    def change(self, access: Access, **how: Any) -> None:
        """As the owner, over the real API."""
        body = self.control.cloud.send(access.read())
        self.control.cloud.send(access.write(access.changed(body, **how)))

    def names(self, inspected: Inspected, refused: Sent, because: Sequence[Because]) -> bool:
        """Whether the plan names the refused permission for the call that was refused."""
        ids = {CALL_LOG_SITE} if refused.place == CALL_LOG else set()
        ids |= {
            use.site.id
            for use in inspected.sites
            if (use.site.span.start, use.site.span.end) == refused.place
        }
        # The cloud spells iam.serviceaccounts.actAs with a small a.
        return any(
            b.site in ids and refused.permission.lower() in {p.lower() for p in b.permissions}
            for b in because
        )


def called(inspected: Inspected) -> set[tuple[int, int]]:
    """The places of the calls that can be come by and reach something."""
    return {
        (use.site.span.start, use.site.span.end)
        for use in inspected.sites
        if use.site.reachable and use.targets and not use.site.function.startswith("events.")
    }


def network_of(workflow: WorkflowSpec) -> str | None:
    """The project of the network that the configuration says a private endpoint is in."""
    told = (a.value for a in workflow.answers.values() if a.kind == "private")
    return next((str(value).split("/")[1] for value in told), None)


def templating(wanted: str) -> Any:
    return "terraform" if wanted == "cloudbuild" else wanted


@contextmanager
def plane(loaded: Loaded, folder: Path) -> Iterator[ControlPlane]:
    """An embedded control plane for the project of a stack."""
    with (
        rehearsal(loaded.stack, folder / "plane.sqlite") as running,
        GoogleCloud(running.session) as cloud,
    ):
        running.emulator.plane.world.settings.update({"operationPolls": 1})
        yield ControlPlane(cloud=cloud, reader=cloud, rehearsal=running)


def guard(control: ControlPlane, host: str, resource: str) -> None:
    """Puts IAP before a host."""
    assert control.rehearsal is not None
    plane_ = control.rehearsal.emulator.plane
    hosts = {**plane_.world.settings.iap_hosts, host: resource}
    admin(plane_, "PATCH", "emulator/v1/settings", {}, {"iapHosts": hosts})
