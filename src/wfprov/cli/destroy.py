"""`wfprov destroy`: removes what a stack owns, nothing else."""

from __future__ import annotations

import typer

from wfprov.cli import options
from wfprov.cli.calls import watched
from wfprov.cli.execution import approved
from wfprov.cli.output import Output
from wfprov.cli.plan import show
from wfprov.cli.selection import asked, selected


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        epilog="Examples:\n\n"
        "  `wfprov destroy -e dev`\n\n"
        "  `wfprov plan -e dev --destroy` shows first what would go"
    )(destroy)


def destroy(
    *,
    env: options.Environment = None,
    config: options.Config = None,
    project: options.Project = None,
    region: options.Region = None,
    auto_approve: options.AutoApprove = False,
    no_preflight: options.NoPreflight = False,
    parallelism: options.Parallelism = 10,
    wait: options.Wait = 300,
    events: options.Events = None,
    impersonate: options.Impersonate = None,
    billing_project: options.BillingProject = None,
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
) -> int:
    """Remove the stack's workflows, their service accounts and their grants; ask first.

    APIs stay enabled, and nothing that somebody else made is touched.
    """
    from wfprov.app.load import load
    from wfprov.app.plan import ERROR, make_live
    from wfprov.app.preflight import must_be_allowed
    from wfprov.app.wiring import control_plane
    from wfprov.apply.outcome import Planned
    from wfprov.gcp.clock import SystemClock

    output = Output.of_process()
    selection = selected(None, env, config, project, region)
    want = asked(selection, destroy=True, preflight=not no_preflight)
    loaded = load(selection)
    with (
        watched(
            output,
            verbose=verbose,
            quiet=quiet,
            parallel=parallelism,
            command="destroy",
            impersonate=impersonate,
            billing_project=billing_project,
            events=events,
            wait=wait,
        ) as reach,
        control_plane(loaded.stack, reach) as control,
    ):
        planned = make_live(loaded, control, SystemClock().now, asked=want, parallel=parallelism)
        reach.on_event(Planned(planned.plan))
        show(planned, output)
        if not planned.ok:
            return ERROR
        if not planned.plan.due:
            return 0
        must_be_allowed(planned.plan.preflight)
        again = "wfprov destroy" + (f" -e {env}" if env else "")
        return approved(
            planned,
            control,
            reach,
            output,
            question="" if auto_approve else "Remove all of this?",
            again=again,
        )
