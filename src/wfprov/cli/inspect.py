"""`wfprov inspect`: every outbound call, who signs it, what it needs, which grant answers it."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from wfprov.cli import options
from wfprov.cli.output import Output
from wfprov.cli.selection import selected


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        epilog="Examples:\n\n"
        "  `wfprov inspect order.yaml --project acme --region europe-west1`\n\n"
        "  `wfprov inspect -e prod --format json | jq '.workflows[].grants'`"
    )(inspect)


def inspect(
    paths: options.Paths = None,
    *,
    env: options.Environment = None,
    config: options.Config = None,
    project: options.Project = None,
    region: options.Region = None,
    output_format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="What to print.")
    ] = "text",
) -> int:
    """List every outbound call, what it needs and which grant answers it; needs no cloud.

    Exit code 0 whenever the definitions could be read, open questions included; 1 when a finding
    is an error (the JSON is printed all the same).
    """
    from wfprov.app.inspect import inspect_stack
    from wfprov.app.load import load
    from wfprov.app.suppress import heeded
    from wfprov.app.wiring import facts
    from wfprov.core.diagnostic import in_order
    from wfprov.render.json import inspect_document
    from wfprov.render.text import inspection, report

    output = Output.of_process()
    loaded = load(selected(paths, env, config, project, region))
    inspected = heeded(inspect_stack(loaded, facts()))
    if output_format == "json":
        output.result(json.dumps(inspect_document(inspected), indent=2, ensure_ascii=False))
        if loaded.diagnostics:
            output.message(report(loaded.diagnostics, style=output.style, width=output.width))
    else:
        found = in_order([*loaded.diagnostics, *(d for one in inspected for d in one.diagnostics)])
        if found:
            output.result(report(found, style=output.style, width=output.width) + "\n")
        output.result(inspection(inspected, style=output.style, width=output.width))
    found_errors = any(d.is_error for one in inspected for d in one.diagnostics)
    return 0 if loaded.ok and not found_errors else 1
