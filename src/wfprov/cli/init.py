"""`wfprov init`: the files of a new stack, from a starter."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wfprov.cli.output import Output


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        epilog="Examples:\n\n"
        "  `wfprov init`  the order-intake starter, here\n\n"
        "  `wfprov init billing --template cloud-run-oidc`\n\n"
        "  `wfprov init --list`"
    )(init)


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to write; made when it is not there.")
    ] = Path(),
    *,
    template: Annotated[
        str | None, typer.Option("--template", "-t", metavar="NAME", help="The starter.")
    ] = None,
    list_templates: Annotated[
        bool, typer.Option("--list", help="Name the starters and what each shows.")
    ] = False,
) -> int:
    """Write wfprov.yaml, environments/ and workflows/ from a starter; never over a file.

    Editors with the YAML language server complete and check the configuration by schemas/.
    """
    from wfprov.app.init import init as write_stack
    from wfprov.app.init import templates

    output = Output.of_process()
    if list_templates:
        found = templates()
        wide = max(len(starter.name) for starter in found)
        for starter in found:
            output.result(f"{starter.name:<{wide}}  {starter.summary}")
        return 0
    result = write_stack(directory, template)
    for path in result.written:
        output.result(f"  + {path}")
    here = "" if directory == Path() else f"cd {directory} && "
    output.message(f"From the starter {result.template}. Next:  {here}wfprov plan -e local")
    return 0
