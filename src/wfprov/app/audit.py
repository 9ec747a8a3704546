"""Live access against what the definitions need, for a stack or for whole projects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final, Literal

from wfprov.app.deployed import Deployed, deployed_in
from wfprov.app.holdings import Holdings, find
from wfprov.app.inspect import inspect
from wfprov.app.inventory import Gathering, Unseen
from wfprov.app.load import Loaded
from wfprov.app.sights import Sights
from wfprov.app.suppress import Baseline, reported
from wfprov.app.used import Reading
from wfprov.app.wiring import ControlPlane, facts
from wfprov.audit.model import Estate, Held, Subject
from wfprov.audit.registry import RULES, findings
from wfprov.audit.report import Report
from wfprov.audit.survey import PUBLIC, canonical
from wfprov.catalog.target import SERVICE_AGENT, WORKFLOW_IDENTITY
from wfprov.core.address import ResourceName, is_pattern, project_name, segment_after
from wfprov.core.errors import NotFoundError, RefusedError
from wfprov.core.policy import canonical_member
from wfprov.core.ports import Cloud
from wfprov.core.span import Source, Span
from wfprov.desired.accesses import access_to
from wfprov.desired.model import Existing, Inspected, Stack, WorkflowSpec
from wfprov.desired.names import NUMBER, identity_email, member_of, service_agent_email
from wfprov.plan.live import numbered
from wfprov.resources.workflow import Workflow

PARALLEL: Final = 10


def audit_stack(
    loaded: Loaded,
    control: ControlPlane,
    *,
    today: date,
    baseline: Baseline | None = None,
    parallel: int = PARALLEL,
) -> Report:
    """Audits the workflows of a stack, and those that run beside them unconfigured.

    Raises:
        CloudError: no answer, or no credentials; what is refused is named in the result.
    """
    stack = loaded.stack
    projects = tuple(dict.fromkeys(w.project for w in stack.workflows if w.project))
    with Gathering(control.reader, parallel) as gathering:
        numbers = numbers_of(projects, control.reader)
        known = replace(
            loaded,
            stack=replace(
                stack,
                workflows=tuple(
                    replace(w, project_number=w.project_number or numbers.get(w.project or ""))
                    for w in stack.workflows
                ),
            ),
        )
        regions = {w.region for w in stack.workflows if w.region}
        live = deployed_in(projects, gathering, regions)
        sights = Sights(gathering)
        inspected = sights.inspected(known, facts())
        subjects = [
            *configured(inspected, live, known.stack, gathering, sights),
            *_others(live, known.stack, numbers, sights),
        ]
        name = f"{stack.name}{f' ({stack.environment})' if stack.environment else ''}"
        return _audited(
            name,
            projects=projects,
            subjects=subjects,
            gathering=gathering,
            control=control,
            stack=stack,
            today=today,
            baseline=baseline,
        )


def audit_fleet(
    stack: Stack,
    projects: Iterable[str],
    control: ControlPlane,
    *,
    today: date,
    baseline: Baseline | None = None,
    parallel: int = PARALLEL,
) -> Report:
    """Audits every workflow of whole projects, whose definitions are read from the cloud.

    Raises:
        CloudError: no answer, or no credentials; what is refused is named in the result.
    """
    asked = tuple(dict.fromkeys(projects))
    with Gathering(control.reader, parallel) as gathering:
        numbers = numbers_of(asked, control.reader)
        live = deployed_in(asked, gathering, ())
        others = _others(live, stack, numbers, Sights(gathering))
        subjects = [replace(s, foreign=False) for s in others]
        title = f"fleet of {len(asked)} project{'s' if len(asked) != 1 else ''}"
        return _audited(
            title,
            projects=asked,
            subjects=subjects,
            gathering=gathering,
            control=control,
            stack=stack,
            today=today,
            baseline=baseline,
            fleet=True,
        )


def _audited(
    title: str,
    *,
    projects: tuple[str, ...],
    subjects: list[Subject],
    gathering: Gathering,
    control: ControlPlane,
    stack: Stack,
    today: date,
    baseline: Baseline | None,
    fleet: bool = False,
) -> Report:
    members = {m for s in subjects for m in (s.member, s.agent, s.compute) if m}
    members |= {
        member_of(g.principal, s.inspected.workflow)
        for s in subjects
        for g in s.inspected.grants
        if g.principal not in {WORKFLOW_IDENTITY, SERVICE_AGENT}
    }
    holdings = find(
        control.reader,
        sorted(members),
        projects,
        facts(),
        parallel=gathering.parallel,
        also=called(subjects),
    )
    estate = _estate(subjects, holdings, projects, gathering, stack, fleet=fleet)
    sources = [t.source for s in subjects for t in (s.inspected, s.deployed) if t is not None]
    judged = frozenset(rule.slug for rule in RULES)
    found = reported(findings(estate), sources, judged, today, baseline)
    unseen = sorted({*gathering.unseen, *holdings.not_looked})
    return Report(
        title=title,
        projects=projects,
        workflows=len([s for s in subjects if not s.foreign]),
        identities=len({s.member for s in subjects if not s.foreign}),
        policies=len(estate.policies),
        searched=holdings.searched,
        findings=found.findings,
        suppressed=found.suppressed,
        diagnostics=found.diagnostics,
        gone=found.gone,
        not_looked=tuple((u.what, u.why) for u in unseen),
        with_usage=estate.usage is not None,
    )


def _estate(
    subjects: Iterable[Subject],
    holdings: Holdings,
    projects: tuple[str, ...],
    gathering: Gathering,
    stack: Stack,
    *,
    fleet: bool,
) -> Estate:
    policies = {
        ResourceName(holdings.accesses[a].subject): holdings.accesses[a].members(body)
        for a, body in holdings.bodies.items()
    }
    audited = {s.member for s in subjects if not s.foreign}
    names = {m.key.role for ms in policies.values() for m in ms if m.member in PUBLIC}
    names |= {m.key.role for ms in policies.values() for m in ms if m.member.startswith("group:")}
    names |= {h.membership.key.role for h in holdings.found}
    reading = Reading(gathering, facts())
    roles = reading.roles(names)
    estate = Estate(
        facts=facts(),
        subjects=tuple(subjects),
        policies=policies,
        roles=roles,
        unread={u.what: u.why for u in holdings.not_looked if u.what.startswith("//")},
        absent=frozenset(holdings.absent),
        above=holdings.above,
        keys=reading.keys(sorted(m for m in audited if m.startswith("serviceAccount:"))),
        usage=reading.usage(projects),
        policy=stack.policy,
        fleet=fleet,
    )
    held = tuple(
        Held(
            on=canonical(h.on),
            membership=h.membership,
            permissions=estate.permissions(h.membership.key.role),
            fresh=h.fresh,
        )
        for h in holdings.found
        if not h.membership.member.startswith("deleted:")
    )
    return replace(estate, held=held)


def called(subjects: Iterable[Subject]) -> tuple[ResourceName, ...]:
    """The resources whose policies the calls go by, as far as their names are known."""
    found: dict[ResourceName, None] = {}
    for subject in subjects:
        for text in (subject.inspected, subject.deployed):
            for grant in text.grants if text is not None else ():
                for requirement in grant.because:
                    project = segment_after(requirement.need.on, "projects")
                    if project and project not in {"-", "_"} and not is_pattern(project):
                        found[project_name(project)] = None
                    found[canonical(requirement.need.on)] = None
                found[canonical(grant.on)] = None
    return tuple(n for n in found if not is_pattern(n) and access_to(n, facts()) is not None)


def configured(
    inspected: Iterable[Inspected],
    live: Mapping[str, Deployed],
    stack: Stack,
    gathering: Gathering,
    sights: Sights,
) -> Iterable[Subject]:
    """The stack's workflows with the accounts that they run as, live where they are deployed."""
    for one in inspected:
        spec = one.workflow
        name = f"projects/{spec.project}/locations/{spec.region}/workflows/{spec.name}"
        found = live.get(name)
        agent = member_of(SERVICE_AGENT, spec)
        subject = Subject(
            inspected=one,
            member=canonical_member(f"serviceAccount:{identity_email(spec)}"),
            agent="" if NUMBER.search(agent) else agent,
            compute=_compute(spec.project_number),
        )
        if found is None:
            gathering.unseen.append(
                Unseen(f"workflow {spec.name}", "it is not deployed: `wfprov plan` shows its needs")
            )
            yield replace(subject, live=False)
            continue
        account = found.workflow.service_account or _compute(spec.project_number)
        deployed = None
        if found.workflow.source.text != one.contents:
            gathering.unseen.append(
                Unseen(
                    f"revision {found.workflow.last_revision} of {spec.name}",
                    f"it is not what {spec.source_path} says: what it needs still counts",
                )
            )
            deployed = _inspected(found, spec, stack, sights)
        yield replace(
            subject,
            member=canonical_member(f"serviceAccount:{account.removeprefix('serviceAccount:')}"),
            deployed=deployed,
        )


def _others(
    live: Mapping[str, Deployed],
    stack: Stack,
    numbers: Mapping[str, str],
    sights: Sights,
) -> Iterable[Subject]:
    """The deployed workflows that the stack does not name."""
    own = {(w.project, w.region, w.name) for w in stack.workflows}
    for found in live.values():
        workflow = found.workflow
        if (workflow.project, workflow.region, workflow.workflow_id) in own:
            continue
        number = numbers.get(workflow.project)
        email = workflow.service_account or _compute(number).partition(":")[2]
        spec = WorkflowSpec(
            name=workflow.workflow_id,
            source_path=found.name,
            project=workflow.project,
            project_number=number,
            region=workflow.region,
            service_account=Existing(email),
        )
        agent = service_agent_email(workflow.project, number)
        yield Subject(
            inspected=_inspected(found, spec, stack, sights),
            member=canonical_member(f"serviceAccount:{email}"),
            agent=f"serviceAccount:{agent}" if number else "",
            compute=_compute(number),
            configured=False,
            foreign=bool(workflow.owner) and workflow.owner != stack.mark,
        )


def _inspected(found: Deployed, spec: WorkflowSpec, stack: Stack, sights: Sights) -> Inspected:
    """What the deployed text calls and needs, what only the cloud tells included."""
    first = _read(found, spec, stack, sights)
    return _read(found, spec, stack, sights) if sights.look([first]) else first


def _read(found: Deployed, spec: WorkflowSpec, stack: Stack, sights: Sights) -> Inspected:
    workflow: Workflow = found.workflow
    source = Source(f"//workflows.googleapis.com/{found.name}", workflow.source.text)
    return inspect(
        replace(
            spec,
            templating="none",
            env=dict(workflow.env),
            call_log_level=_level(workflow),
            at=Span(source, 0, 0),
        ),
        source,
        facts(),
        stack.policy,
        stack.mark,
        observed=sights.observed,
    )


def _level(workflow: Workflow) -> Literal["LOG_ALL_CALLS", "LOG_ERRORS_ONLY", "LOG_NONE"] | None:
    match workflow.call_log_level:
        case "LOG_ALL_CALLS" | "LOG_ERRORS_ONLY" | "LOG_NONE" as level:
            return level
        case _:
            return None


def _compute(number: str | None) -> str:
    return f"serviceAccount:{number}-compute@developer.gserviceaccount.com" if number else ""


def numbers_of(projects: Iterable[str], cloud: Cloud) -> dict[str, str]:
    """The numbers of the projects that may be read.

    Raises:
        NotFoundError: a project is not there.
    """
    found = {}
    for project in projects:
        try:
            found[project] = numbered(cloud, project)[1]
        except RefusedError:
            continue
        except NotFoundError as error:
            error.help = "check the project's id"
            raise
    return found
