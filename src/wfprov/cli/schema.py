"""`wfprov schema`: the JSON Schemas of what wfprov reads and prints."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from wfprov.cli.output import Output
from wfprov.core.errors import InputError


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        epilog="Examples:\n\n"
        "  `wfprov schema config > wfprov.schema.json`\n\n"
        "  `wfprov inspect order.yaml --format json` is valid by `wfprov schema inspect`"
    )(schema)


def schema(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="config, environment, events, inspect, plan or audit."),
    ],
) -> int:
    """Print the JSON Schema of a file or of an output."""
    from wfprov.render.schemas import SCHEMAS

    if name not in SCHEMAS:
        raise InputError(f"there is no schema {name!r}", help=f"there are {', '.join(SCHEMAS)}")
    Output.of_process().result(json.dumps(SCHEMAS[name](), indent=2))
    return 0
