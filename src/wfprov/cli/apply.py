"""`wfprov apply`: carries out a saved plan, or plans, asks and applies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wfprov.cli import options
from wfprov.cli.calls import watched
from wfprov.cli.execution import INTERRUPTED, approved, carried_out
from wfprov.cli.output import Output
from wfprov.cli.plan import show
from wfprov.cli.selection import asked, selected
from wfprov.cli.sharding import shard_of, share
from wfprov.core.errors import InputError

if TYPE_CHECKING:
    from wfprov.app.load import Selection
    from wfprov.app.plan import Asked
    from wfprov.app.wiring import Reach
    from wfprov.plan.shard import Shard


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        epilog="Examples:\n\n"
        "  `wfprov apply plan.json`  exactly what was reviewed, or a refusal\n\n"
        "  `wfprov apply -e dev`  plan, ask, apply\n\n"
        "  `wfprov apply -e dev --auto-approve`  in a pipeline"
    )(apply)


def apply(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PLANFILE",
            help="A plan that `wfprov plan -o` saved; with --merge, files of events.",
            show_default=False,
        ),
    ] = None,
    *,
    paths: Annotated[
        list[str] | None,
        typer.Option("--path", metavar="PATH", help="A definition or a folder; no saved plan."),
    ] = None,
    env: options.Environment = None,
    config: options.Config = None,
    project: options.Project = None,
    region: options.Region = None,
    only: options.Only = None,
    prune: options.Prune = False,
    auto_approve: options.AutoApprove = False,
    shard: options.ShardOption = None,
    merge: Annotated[
        bool,
        typer.Option(
            "--merge", help="Apply nothing: one report of the files that --events of shards wrote."
        ),
    ] = False,
    no_preflight: options.NoPreflight = False,
    parallelism: options.Parallelism = 10,
    wait: options.Wait = 300,
    events: options.Events = None,
    impersonate: options.Impersonate = None,
    billing_project: options.BillingProject = None,
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
) -> int:
    """Carry out a saved plan, or make one, ask, and carry it out.

    Whatever happens, what was done is reported; running again finishes it.
    """
    output = Output.of_process()
    if merge:
        return _report(files or [], output)
    if files is not None and len(files) > 1:
        raise InputError(
            "one plan is applied at a time",
            help="the plans of shards become one by: wfprov plan --merge",
        )
    plan_file = files[0] if files else None
    selection = selected(paths, env, config, project, region)
    with watched(
        output,
        verbose=verbose,
        quiet=quiet,
        parallel=parallelism,
        command="apply",
        impersonate=impersonate,
        billing_project=billing_project,
        events=events,
        wait=wait,
    ) as reach:
        if plan_file is not None:
            if plan_file.suffix in {".yaml", ".yml"}:
                raise InputError(
                    f"{plan_file} is a definition, not a saved plan",
                    help=f"wfprov apply --path {plan_file}, or first wfprov plan -o plan.json",
                )
            if only or prune or paths:
                raise InputError(
                    f"{plan_file} says already what is done",
                    help="plan again with --only, --prune or the paths, and apply that",
                )
            return _saved(
                plan_file,
                selection,
                output,
                reach,
                preflight=not no_preflight,
                shard=shard_of(shard),
            )
        want = asked(
            selection,
            only=only,
            prune=prune,
            preflight=not no_preflight,
            shard=shard_of(shard),
        )
        return _direct(selection, want, output, reach, ask=not auto_approve)


def _report(files: list[Path], output: Output) -> int:
    from wfprov.render.runs_text import Runs, runs_text
    from wfprov.store.event_file import load_events

    if not files:
        raise InputError(
            "there is nothing to report", help="name the files that --events of each shard wrote"
        )
    runs = Runs.of({str(path): load_events(path) for path in files})
    output.result(runs_text(runs, output.style))
    return INTERRUPTED if runs.interrupted and not runs.ok else 0 if runs.ok else 1


def _saved(
    plan_file: Path,
    selection: Selection,
    output: Output,
    reach: Reach,
    *,
    preflight: bool,
    shard: Shard | None,
) -> int:
    from wfprov.app.apply import resumed, saved
    from wfprov.app.preflight import must_be_allowed, of_saved
    from wfprov.app.wiring import control_plane
    from wfprov.apply.outcome import Planned
    from wfprov.gcp.clock import SystemClock
    from wfprov.render.deployer_text import deployer_lines
    from wfprov.render.division_text import division_text

    plan, stack = saved(plan_file, selection)
    plan = share(plan, plan_file, shard)
    if plan.division is not None:
        output.result(division_text(plan.division, output.width))
    with control_plane(stack, reach) as control:
        live = resumed(plan, control, SystemClock(), reach.parallel)
        reach.on_event(Planned(plan))
        if live is None:
            output.result("Nothing left to do: all of this plan has been carried out.")
            return 0
        if preflight:
            said = of_saved(plan, control.reader, parallel=reach.parallel)
            if not said.ok:
                lines = deployer_lines(said, plan.project, output.style, output.width)
                output.result("\n".join(lines))
            must_be_allowed(said)
        again = f"wfprov apply {plan_file}" + (f" --shard {shard}" if shard else "")
        return carried_out(plan, live, control, reach, output, again=again)


def _direct(selection: Selection, want: Asked, output: Output, reach: Reach, *, ask: bool) -> int:
    from wfprov.app.load import load
    from wfprov.app.plan import make_live, make_offline
    from wfprov.app.preflight import must_be_allowed
    from wfprov.app.wiring import control_plane
    from wfprov.apply.outcome import Planned
    from wfprov.gcp.clock import SystemClock
    from wfprov.plan.change import Mode

    loaded = load(selection)
    early = make_offline(loaded, SystemClock().now, want.only, want.shard)
    if not early.ok:
        show(early, output)
        return early.exit_code()
    with control_plane(loaded.stack, reach) as control:
        planned = make_live(
            loaded,
            control,
            SystemClock().now,
            asked=want,
            parallel=reach.parallel,
        )
        reach.on_event(Planned(planned.plan))
        show(planned, output)
        if not planned.may_apply or not planned.plan.due:
            return planned.exit_code()
        must_be_allowed(planned.plan.preflight)
        again = "wfprov apply" + (f" -e {selection.environment}" if selection.environment else "")
        again += " --prune" if want.mode is Mode.PRUNE else ""
        again += f" --shard {want.shard}" if want.shard else ""
        again += "".join(f" --only {name}" for name in want.only)
        again += "".join(f" --path {path}" for path in selection.paths)
        return approved(
            planned,
            control,
            reach,
            output,
            question="Apply this plan?" if ask else "",
            again=again,
        )
