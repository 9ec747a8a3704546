"""`wfprov diff`: what one environment has that the other lacks."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from wfprov.cli import options
from wfprov.cli.output import Output
from wfprov.cli.selection import selected

DUE = 2


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        epilog="Examples:\n\n"
        "  `wfprov diff dev prod`\n\n"
        "  `wfprov diff staging prod --format json | jq '.only_left[].what'`\n\n"
        "  `wfprov diff staging prod --detailed-exitcode || echo they differ`"
    )(diff)


def diff(
    left: Annotated[str, typer.Argument(metavar="ENV", help="An environment.")],
    right: Annotated[str, typer.Argument(metavar="ENV", help="Another one.")],
    *,
    config: options.Config = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="End with 2 when the two differ.")
    ] = False,
    output_format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="What to print.")
    ] = "text",
) -> int:
    """Show the access, APIs and settings of one environment that the other lacks; needs no cloud.

    Names are compared without the environments' own projects and regions: the same bucket
    PROJECT-uploads in both is no difference. Values of environment variables are never shown.
    """
    from wfprov.app.diff import compare
    from wfprov.app.wiring import facts
    from wfprov.render.diff_text import difference_document, difference_text
    from wfprov.render.text import report

    output = Output.of_process()
    compared = compare(left, right, selected(None, None, config, None, None), facts())
    found = compared.difference
    if output_format == "json":
        output.result(json.dumps(difference_document(found, left, right), indent=2))
    else:
        output.result(difference_text(found, left, right, output.style))
    if compared.diagnostics:
        output.message(report(compared.diagnostics, style=output.style, width=output.width))
    if not compared.ok:
        return 1
    return DUE if detailed_exitcode and found.due else 0
