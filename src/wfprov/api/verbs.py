"""What the Python API does; each verb imports what it needs when it is called."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike, fspath
from typing import TYPE_CHECKING, cast

from wfprov.api.values import Finding, Inspection, Plan, Report, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wfprov.app.load import Loaded
    from wfprov.app.plan import Asked, Planned
    from wfprov.core.diagnostic import Diagnostic
    from wfprov.desired.model import Stack

_TEXT = "workflow.yaml"


def inspect(
    *paths: str | PathLike[str],
    text: str | None = None,
    project: str | None = None,
    region: str | None = None,
    environment: str | None = None,
    config: str | PathLike[str] | None = None,
) -> Inspection:
    """What definitions call, what that needs, and the grants that answer it; needs no cloud.

    `paths` are definitions or folders; without any, what wfprov.yaml in the working folder names.
    `text` is a definition itself, in place of files: its workflow is called `workflow`.

    Raises:
        InputError: there is nothing to read.
    """
    from wfprov.app.inspect import inspect_stack
    from wfprov.app.suppress import heeded
    from wfprov.app.wiring import facts
    from wfprov.render.json import inspect_document

    loaded = _loaded(
        paths,
        text=text,
        project=project,
        region=region,
        environment=environment,
        config=config,
    )
    document = inspect_document(heeded(inspect_stack(loaded, facts())))
    return _inspection(document, loaded.diagnostics)


def check(
    *paths: str | PathLike[str],
    text: str | None = None,
    project: str | None = None,
    region: str | None = None,
    environment: str | None = None,
    config: str | PathLike[str] | None = None,
) -> tuple[Finding, ...]:
    """What is wrong with definitions and configuration; needs no cloud.

    Raises:
        InputError: there is nothing to read.
    """
    found = inspect(
        *paths, text=text, project=project, region=region, environment=environment, config=config
    )
    return (*found.findings, *(f for w in found.workflows for f in w.findings))


def make_plan(
    *paths: str | PathLike[str],
    project: str | None = None,
    region: str | None = None,
    environment: str | None = None,
    config: str | PathLike[str] | None = None,
    only: Iterable[str] = (),
    offline: bool = False,
    parallel: int = 10,
) -> Plan:
    """What makes the live state the wanted one; `offline`: what would be made in an empty project.

    Findings that are errors keep it from reading the cloud: the plan is then an offline one. `only`
    names workflows, all others are left alone.

    Raises:
        InputError: there is nothing to read, or no such workflow.
        CloudError: the control plane refused.
    """
    from wfprov.app.plan import make_live, make_offline
    from wfprov.app.wiring import Reach, control_plane
    from wfprov.gcp.clock import SystemClock

    loaded = _loaded(
        paths, text=None, project=project, region=region, environment=environment, config=config
    )
    named = tuple(only)
    now = SystemClock().now
    planned = make_offline(loaded, now, named)
    if planned.ok and not offline:
        with control_plane(loaded.stack, Reach(parallel=parallel)) as control:
            planned = make_live(
                loaded,
                control,
                now,
                asked=_asked(part=bool(named or paths), only=named, pinned=bool(project or region)),
                parallel=parallel,
            )
    return _plan(planned, loaded.stack)


def apply_plan(plan: Plan, *, parallel: int = 10) -> Report:
    """Carries a plan out, exactly as it was made, or refuses; asks nobody.

    What the plan rests on is read again first. A step that fails keeps those that need it from
    starting; the report says what was done and what was not, and planning again goes on from there.

    Raises:
        BlockedError: a question is open, a finding is an error, the plan is offline, or the
            deployer lacks a permission. Nothing was changed.
        StalePlanError: what it rests on has moved since, or it has expired. Nothing was changed.
        CloudError: the control plane refused before the first change.
    """
    from wfprov.app.apply import carry_out, resumed
    from wfprov.app.preflight import allowed
    from wfprov.app.wiring import Reach, control_plane
    from wfprov.core.errors import BlockedError
    from wfprov.gcp.clock import SystemClock, SystemDice

    made = cast("_Made", plan._made)  # noqa: SLF001 (the value's own secret)
    if not made.planned.may_apply:
        raise BlockedError(
            "the plan cannot be applied: something is open, wrong, or was never read",
            help="see its questions and findings, and `offline`",
        )
    reach = Reach(parallel=parallel)
    with control_plane(made.stack, reach) as control:
        live = resumed(made.planned.plan, control, SystemClock(), parallel)
        if live is None:
            return Report(steps=(), ok=True)
        allowed(made.planned.plan, control.reader, parallel=parallel)
        report = carry_out(
            made.planned.plan, live, control, clock=SystemClock(), dice=SystemDice(), reach=reach
        )
    steps = tuple(
        Step(
            address=outcome.step.id.address.name,
            part=outcome.step.id.part.value,
            state=outcome.state.value,
            seconds=outcome.seconds,
            notes=outcome.notes,
            error="" if outcome.error is None else outcome.error.message,
        )
        for outcome in report.outcomes
    )
    return Report(steps=steps, ok=report.ok)


@dataclass(frozen=True, slots=True)
class _Made:
    """What a plan carries for `apply_plan`."""

    planned: Planned
    stack: Stack


def _asked(*, part: bool, only: tuple[str, ...], pinned: bool) -> Asked:
    from wfprov.app.plan import Asked
    from wfprov.plan.change import Mode

    return Asked(mode=Mode.PART if part else Mode.APPLY, only=only, pinned=pinned)


def _loaded(
    paths: tuple[str | PathLike[str], ...],
    *,
    text: str | None,
    project: str | None,
    region: str | None,
    environment: str | None,
    config: str | PathLike[str] | None,
) -> Loaded:
    from wfprov.app.load import Loaded, Selection, load
    from wfprov.core.errors import InputError
    from wfprov.core.span import Source
    from wfprov.desired.model import Stack, WorkflowSpec
    from wfprov.desired.shapes import PROJECT, PROJECT_HINT, REGION, REGION_HINT

    if text is None:
        return load(
            Selection(
                paths=tuple(fspath(path) for path in paths),
                environment=environment,
                config=None if config is None else fspath(config),
                project=project,
                region=region,
            )
        )
    if paths or environment or config:
        raise InputError(
            "a text stands for itself: no path, environment or configuration goes with it",
            help="write the text to a file, and name that",
        )
    for value, shape, hint in ((project, PROJECT, PROJECT_HINT), (region, REGION, REGION_HINT)):
        if value is not None and not shape.fullmatch(value):
            raise InputError(f"{value!r} names no place", help=hint)
    spec = WorkflowSpec(name="workflow", source_path=_TEXT, project=project, region=region)
    stack = Stack(name="default", project=project, region=region, workflows=(spec,))
    return Loaded(stack=stack, sources={spec.name: Source(_TEXT, text)}, diagnostics=())


def _inspection(document: dict[str, object], found: Iterable[Diagnostic]) -> Inspection:
    from wfprov.api import reading

    workflows = cast("list[reading.Json]", document["workflows"])
    return Inspection(
        workflows=tuple(map(reading.workflow, workflows)),
        findings=_findings(found),
        document=document,
    )


def _findings(found: Iterable[Diagnostic]) -> tuple[Finding, ...]:
    from wfprov.api import reading
    from wfprov.render.json import diagnostic_document
    from wfprov.render.place import Places

    places = Places()
    return tuple(reading.finding(diagnostic_document(d, places)) for d in found)


def _plan(planned: Planned, stack: Stack) -> Plan:
    from wfprov.api import reading
    from wfprov.plan.document import document

    body = document(planned.plan)
    return Plan(
        stack=body["stack"],
        environment=body["environment"],
        project=body["project"],
        offline=body["offline"],
        applyable=planned.may_apply,
        changes=tuple(map(reading.change, body["changes"])),
        questions=tuple(map(reading.open_question, body["questions"])),
        findings=_findings(planned.diagnostics),
        notes=tuple(body["notes"]),
        deployer_permissions=tuple(body["deployer_permissions"]),
        document=body,
        _made=_Made(planned, stack),
    )
