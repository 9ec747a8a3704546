"""The `wfprov` command: its commands, and the one place where an end becomes an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from wfprov import __version__
from wfprov.cli import (
    apply,
    audit,
    bootstrap,
    catalog,
    check,
    destroy,
    diff,
    emulator,
    export,
    init,
    inspect,
    plan,
    schema,
    why,
)
from wfprov.cli.output import Output
from wfprov.core.errors import WfprovError

WRONG_USAGE = 3
INTERRUPTED = 130
# Typer carries Click inside since 0.26 and depended on it before: its one public usage error
# leads to the class in both.
UsageError: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "UsageError")

app = typer.Typer(
    name="wfprov",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `wfprov inspect FILE --project P --region R`, or `wfprov init`. "
    "Each command shows examples with `--help`.",
)
for command in (init, check, inspect, plan, apply, destroy, diff, audit, why, bootstrap, schema):
    command.register(app)
app.add_typer(export.app, name="export")
app.add_typer(emulator.app, name="emulator")
app.add_typer(catalog.app, name="catalog")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 (typer calls it so)
    if wanted:
        typer.echo(f"wfprov {__version__}")
        raise typer.Exit


@app.callback()
def wfprov(
    *,
    version: Annotated[
        bool | None,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = None,
) -> None:
    """Provision Google Cloud Workflows with exactly the access they need.

    wfprov reads workflow definitions, works out each outbound call, who signs it and which
    permission it needs, and plans and applies service accounts, IAM, APIs and the workflow.
    """


def run(arguments: Sequence[str]) -> int:
    """Runs one command; the exit code of the contract."""
    output = Output.of_process()
    try:
        result = app(list(arguments), prog_name="wfprov", standalone_mode=False)
    except UsageError as error:
        error.message = str(error.message).replace("Value error, ", "")  # typer's own words
        error.show()
        return WRONG_USAGE
    except (typer.Abort, KeyboardInterrupt):
        output.error("interrupted")
        return INTERRUPTED
    except WfprovError as error:
        output.error(error.message, help_text=error.help)
        return error.exit_code
    except BrokenPipeError:
        output.abandon()
        return 0
    except OSError as problem:
        output.abandon()
        output.error(f"cannot write: {problem.strerror or problem}")
        return 1
    return result if isinstance(result, int) else 0
