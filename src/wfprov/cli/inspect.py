"""`wfprov inspect`: every outbound call, who signs it, what it needs, which grant answers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wfprov.cli import options
from wfprov.cli.output import Output
from wfprov.cli.selection import selected

if TYPE_CHECKING:
    from wfprov.desired.model import Inspected


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        epilog="Examples:\n\n"
        "  `wfprov inspect order.yaml --project acme --region europe-west1`\n\n"
        "  `wfprov inspect -e prod --format html > access.html`  a page to look at and search\n\n"
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
        Literal["text", "json", "mermaid", "html"],
        typer.Option(
            "--format", help="What to print; mermaid: a picture that GitHub draws; html: a page."
        ),
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
    from wfprov.render.json import inspect_document, pieces_of
    from wfprov.render.text import inspection, report

    output = Output.of_process()
    loaded = load(selected(paths, env, config, project, region))
    inspected = heeded(inspect_stack(loaded, facts()))
    found = in_order([*loaded.diagnostics, *(d for one in inspected for d in one.diagnostics)])
    match output_format:
        case "json":
            output.pieces(pieces_of(inspect_document(inspected)))
            found = loaded.diagnostics  # those of the definitions are in the document
        case "mermaid" | "html":
            output.result(_pictured(inspected, output_format))
        case "text":
            if found:
                output.result(report(found, style=output.style, width=output.width) + "\n")
            output.result(inspection(inspected, style=output.style, width=output.width))
    if found and output_format != "text":
        output.message(report(found, style=output.style, width=output.width))
    found_errors = any(d.is_error for one in inspected for d in one.diagnostics)
    return 0 if loaded.ok and not found_errors else 1


def _pictured(inspected: Sequence[Inspected], output_format: Literal["mermaid", "html"]) -> str:
    from wfprov.render.graph import graph

    if output_format == "mermaid":
        from wfprov.render.mermaid import mermaid

        return mermaid(graph(inspected))
    from wfprov import __version__
    from wfprov.render.html import page

    return page(graph(inspected), __version__)
