"""`wfprov plan`: the live state against the desired one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wfprov.cli import options
from wfprov.cli.calls import watched
from wfprov.cli.output import Output
from wfprov.cli.selection import asked, selected
from wfprov.cli.sharding import shard_of
from wfprov.core.errors import InputError, WfprovError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from wfprov.app.load import Loaded, Selection
    from wfprov.app.plan import Asked, Planned
    from wfprov.app.wiring import Reach


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        epilog="Examples:\n\n"
        "  `wfprov plan -e prod -o plan.json`  then `wfprov apply plan.json`\n\n"
        "  `wfprov plan order.yaml --project acme --region europe-west1 --offline`\n\n"
        "  `wfprov plan -e prod --detailed-exitcode`  2 when changes are due\n\n"
        "  `wfprov plan -e prod --refresh-only`  what others changed since the last apply\n\n"
        "  `wfprov plan -e prod --only order-intake`  one workflow and its access\n\n"
        "  `wfprov plan -e prod --shard 2/5 -o plan-2.json`  in each job of a matrix\n\n"
        "  `wfprov plan --merge plan-*.json -o plan.json`  the shards as one plan\n\n"
        "  `wfprov plan -e prod --new-access --base origin/main`  what a pull request adds"
    )(plan)


def plan(
    paths: options.Paths = None,
    *,
    env: options.Environment = None,
    config: options.Config = None,
    project: options.Project = None,
    region: options.Region = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Save the plan for apply.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Assume an empty project; read nothing.")
    ] = False,
    only: options.Only = None,
    prune: options.Prune = False,
    refresh_only: options.RefreshOnly = False,
    destroy: options.Destroy = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="End with 2 when changes are due.")
    ] = False,
    output_format: Annotated[
        Literal["text", "json", "markdown"],
        typer.Option("--format", help="What to print; markdown: a comment for a pull request."),
    ] = "text",
    shard: options.ShardOption = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Each PATH is a shard's saved plan: make one of them.")
    ] = False,
    new_access: Annotated[
        bool,
        typer.Option("--new-access", help="Only the access that a change adds; asks no cloud."),
    ] = False,
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="REF", help="With --new-access: the revision to compare."),
    ] = None,
    no_preflight: options.NoPreflight = False,
    parallelism: options.Parallelism = 10,
    events: options.Events = None,
    impersonate: options.Impersonate = None,
    billing_project: options.BillingProject = None,
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
) -> int:
    """Show what would change, and why; change nothing.

    Exit code 1 when a finding is an error, 4 when a question is open or a grant is forbidden.
    """
    from time import time

    from wfprov.app.load import load
    from wfprov.app.plan import make_offline

    output = Output.of_process()
    if merge:
        return _merge(paths or [], out, output, as_json=output_format == "json")
    selection = selected(paths, env, config, project, region)
    if new_access or base is not None:
        if not new_access or base is None:
            raise InputError(
                "--new-access and --base REF go together",
                help="for example: wfprov plan --new-access --base origin/main",
            )
        return _gate(selection, base, output, output_format)
    want = asked(
        selection,
        only=only,
        prune=prune,
        refresh_only=refresh_only,
        destroy=destroy,
        preflight=not no_preflight,
        shard=shard_of(shard),
    )
    if offline and (prune or refresh_only or destroy):
        raise InputError(
            "an offline plan knows of nothing that is live: nothing can have changed or be removed",
            help="leave out --offline",
        )
    loaded = load(selection)
    if offline:
        planned = make_offline(loaded, time, want.only, want.shard)
    else:
        watching = watched(
            output,
            verbose=verbose,
            quiet=quiet,
            parallel=parallelism,
            command="plan",
            impersonate=impersonate,
            billing_project=billing_project,
            events=events,
        )
        planned = _live(loaded, want, watching)
    if output_format == "markdown":
        from wfprov.render.markdown import plan_markdown

        output.result(plan_markdown(planned.plan, planned.diagnostics))
    else:
        show(planned, output, as_json=output_format == "json")
    if out is not None:
        _save(planned, out, output)
    return planned.exit_code(detailed=detailed_exitcode)


def _merge(paths: list[str], out: Path | None, output: Output, *, as_json: bool) -> int:
    from wfprov.app.merge import merge

    planned = merge(paths)
    show(planned, output, as_json=as_json)
    if out is not None:
        _save(planned, out, output)
    return planned.exit_code()


def _gate(selection: Selection, base: str, output: Output, output_format: str) -> int:
    """Prints the access that a change adds; 4 when something of it does not pass."""
    from wfprov.app.gate import gate
    from wfprov.app.wiring import facts
    from wfprov.render.gate_text import gate_document, gate_text
    from wfprov.render.text import report

    found = gate(selection, base, facts())
    if output_format == "markdown":
        from wfprov.render.markdown import gate_markdown

        output.result(gate_markdown(found))
        return found.exit_code
    errors = [d for d in found.diagnostics if d.is_error]
    if errors:
        output.message(report(errors, style=output.style, width=output.width))
    if output_format == "json":
        output.result(json.dumps(gate_document(found), indent=2, ensure_ascii=False))
    else:
        output.result(gate_text(found, output.style))
    return found.exit_code


def _live(loaded: Loaded, want: Asked, watching: AbstractContextManager[Reach]) -> Planned:
    """The plan against what is live.

    What is wrong with the files is told whether or not the cloud can be reached.
    """
    from wfprov.app.plan import make_live, make_offline
    from wfprov.app.wiring import control_plane
    from wfprov.apply.outcome import Planned as Made
    from wfprov.gcp.clock import SystemClock
    from wfprov.plan.change import Mode

    now = SystemClock().now
    try:
        with watching as reach, control_plane(loaded.stack, reach) as control:
            planned = make_live(loaded, control, now, asked=want, parallel=reach.parallel)
            reach.on_event(Made(planned.plan))
            return planned
    except WfprovError:
        if (
            want.mode is Mode.DESTROY
            or (early := make_offline(loaded, now, want.only, want.shard)).ok
        ):
            raise
        return early


def show(planned: Planned, output: Output, *, as_json: bool = False) -> None:
    """Prints the findings and the plan."""
    from wfprov.plan.document import document
    from wfprov.render.plan_text import plan_text
    from wfprov.render.text import report

    if planned.diagnostics:
        text = report(planned.diagnostics, style=output.style, width=output.width)
        (output.message if as_json else output.result)(text + "\n")
    if as_json:
        output.result(json.dumps(document(planned.plan), indent=2, ensure_ascii=False))
        return
    output.result(plan_text(planned.plan, style=output.style, width=output.width))
    if planned.stood_in:
        output.message(
            "The embedded control plane made stand-ins for what is called: "
            + ", ".join(name.rpartition("/")[2] for name in planned.stood_in)
        )


def _save(planned: Planned, out: Path, output: Output) -> None:
    from wfprov.render.plan_text import clock_time
    from wfprov.store.plan_file import save_plan

    save_plan(planned.plan, out)
    if planned.may_apply:
        until = clock_time(planned.plan.expires)
        output.message(f"Saved to {out}, good until {until}. Apply:  wfprov apply {out}")
    else:
        output.message(f"Saved to {out}; it cannot be applied as it is.")
