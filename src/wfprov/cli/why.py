"""`wfprov why`: the chain from a step to its live grant, and what a refusal means."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wfprov.cli import options
from wfprov.cli.calls import watched
from wfprov.cli.output import Output
from wfprov.cli.selection import selected
from wfprov.core.errors import InputError

if TYPE_CHECKING:
    from wfprov.app.load import Loaded, Selection
    from wfprov.app.why import Chains

FAILED = 1
LONGEST = 65_536
"""How much of a refusal is read from standard input, in characters."""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        epilog="Examples:\n\n"
        "  `wfprov why main.charge_card -e prod`\n\n"
        "  `wfprov why roles/run.invoker on orders -e prod`\n\n"
        "  `wfprov why run.routes.invoke --in order.yaml --project acme --offline`\n\n"
        "  `wfprov why -e prod --denied \"Permission 'run.routes.invoke' denied on ...\"`\n\n"
        "  `gcloud workflows executions describe ... | wfprov why -e prod --denied -`"
    )(why)


def why(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WHAT",
            help="A step, role, permission, resource or identity; `ROLE on RESOURCE` for one "
            "grant, FILE:LINE for a place.",
            show_default=False,
        ),
    ] = None,
    *,
    denied: Annotated[
        str | None,
        typer.Option(
            "--denied",
            metavar="TEXT",
            help="A 403 as it was reported; `-` reads it from standard input.",
        ),
    ] = None,
    paths: Annotated[
        list[str] | None,
        typer.Option(
            "--in",
            metavar="PATH",
            help="Definitions or folders, where no wfprov.yaml names them.",
            show_default=False,
        ),
    ] = None,
    env: options.Environment = None,
    config: options.Config = None,
    project: options.Project = None,
    region: options.Region = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not look whether the grants are there.")
    ] = False,
    output_format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="What to print.")
    ] = "text",
    parallelism: options.Parallelism = 10,
    impersonate: options.Impersonate = None,
    billing_project: options.BillingProject = None,
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
) -> int:
    """Explain why a call has its grant, whether it is there, and what a 403 means.

    Changes nothing. Exit code 3 for a name that matches nothing.
    """
    from wfprov.app.load import load
    from wfprov.app.why import NO_PROJECT, OFFLINE, chains_live, chains_offline
    from wfprov.app.wiring import control_plane

    output = Output.of_process()
    text = _refusal(denied) if denied is not None else ""
    if bool(what) == bool(text):
        raise InputError(
            "say what to explain: one of a name and --denied",
            help="wfprov why main.charge_card, or wfprov why --denied TEXT",
        )
    selection = selected(paths, env, config, project, region)
    loaded = load(selection)
    if not loaded.ok:
        from wfprov.render.text import report

        output.message(report(loaded.diagnostics, style=output.style, width=output.width))
        return FAILED
    if offline or not any(w.project for w in loaded.stack.workflows):
        chains = chains_offline(loaded, OFFLINE if offline else NO_PROJECT)
    else:
        with (
            watched(
                output,
                command="why",
                impersonate=impersonate,
                billing_project=billing_project,
                verbose=verbose,
                quiet=quiet,
                parallel=parallelism,
            ) as reach,
            control_plane(loaded.stack, reach) as control,
        ):
            chains = chains_live(
                loaded, control, apply=_apply(selection, loaded), parallel=parallelism
            )
    as_json = output_format == "json"
    output.result(
        _refused(text, chains, output, as_json=as_json)
        if text
        else _explained(what or [], chains, output, as_json=as_json)
    )
    return 0


def _explained(what: list[str], chains: Chains, output: Output, *, as_json: bool) -> str:
    from wfprov.audit.question import asked
    from wfprov.render.why_json import why_document
    from wfprov.render.why_text import why_text

    found = asked(what, chains.calls)
    if found.kind is None:
        near = f"did you mean {' or '.join(found.near)}?" if found.near else ""
        raise InputError(
            f"no step, role, permission or resource here is called {' '.join(what)}",
            help=near or "`wfprov inspect` lists every call, need and grant",
        )
    if as_json:
        return json.dumps(why_document(found.calls, chains.ingress), indent=2, ensure_ascii=False)
    return why_text(found.calls, chains.ingress, style=output.style, width=output.width)


def _refused(text: str, chains: Chains, output: Output, *, as_json: bool) -> str:
    from wfprov.app.wiring import facts
    from wfprov.audit.denial import denial
    from wfprov.audit.question import refused
    from wfprov.render.why_json import refusal_document
    from wfprov.render.why_text import refusal_text

    found = refused(denial(text), chains.calls, facts())
    if as_json:
        document = refusal_document(found, chains.ingress)
        return json.dumps(document, indent=2, ensure_ascii=False)
    return refusal_text(found, chains.ingress, style=output.style, width=output.width)


def _refusal(given: str) -> str:
    text = sys.stdin.read(LONGEST) if given == "-" else given
    if not text.strip():
        raise InputError("--denied is empty", help="paste the message of the 403")
    return text


def _apply(selection: Selection, loaded: Loaded) -> str:
    """The command that makes the grants, with what this one was told."""
    words = ["wfprov", "apply"]
    for path in selection.paths:
        words += ["--path", path]
    for option, value in (
        ("-e", selection.environment),
        ("--config", selection.config),
        ("--project", selection.project),
        ("--region", selection.region),
    ):
        words += [option, value] if value else []
    assert loaded.stack.workflows, "there is something to apply"
    return shlex.join(words)
