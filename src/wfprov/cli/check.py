"""`wfprov check`: what is wrong with the definitions and the configuration."""

from __future__ import annotations

import typer

from wfprov.cli import options
from wfprov.cli.output import Output
from wfprov.cli.selection import selected


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        epilog="Examples:\n\n"
        "  `wfprov check`  what wfprov.yaml names\n\n"
        "  `wfprov check workflows/ --project acme --region europe-west1`\n\n"
        "  `cat order.yaml | wfprov check -`"
    )(check)


def check(
    paths: options.Paths = None,
    *,
    env: options.Environment = None,
    config: options.Config = None,
    project: options.Project = None,
    region: options.Region = None,
    quiet: options.Quiet = False,
) -> int:
    """Find what is wrong with definitions and configuration; needs no cloud.

    Exit code 1 when a finding is an error.
    """
    from wfprov.app.check import check as check_files
    from wfprov.render.text import report

    output = Output.of_process()
    checked = check_files(selected(paths, env, config, project, region))
    if checked.diagnostics:
        output.result(report(checked.diagnostics, style=output.style, width=output.width))
    if not quiet:
        output.message(checked.summary)
    return 0 if checked.ok else 1
