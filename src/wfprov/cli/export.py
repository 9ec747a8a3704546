"""`wfprov export`: the desired state for those who apply with another engine."""

from __future__ import annotations

from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Annotated

import typer

from wfprov.cli import options
from wfprov.cli.output import Output
from wfprov.cli.selection import selected

if TYPE_CHECKING:
    from wfprov.app.export import Exported

app = typer.Typer(
    no_args_is_help=True,
    help="Write the desired state for another engine; needs no cloud.",
    rich_markup_mode="markdown",
)
Force = Annotated[bool, typer.Option("--force", help="Write over files with another text.")]


@app.command(
    epilog="Examples:\n\n"
    "  `wfprov export terraform -e prod -o infra/`  a folder for `terraform init`\n\n"
    "  `wfprov export terraform -e prod -o infra/ --imports`  taking over what is live\n\n"
    "  `wfprov export terraform order.yaml --project acme --region europe-west1`  to the screen"
)
def terraform(
    paths: options.Paths = None,
    *,
    env: options.Environment = None,
    config: options.Config = None,
    project: options.Project = None,
    region: options.Region = None,
    only: options.Only = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write files here.")
    ] = None,
    imports: Annotated[
        bool, typer.Option("--imports", help="Also import blocks, for a stack that is live.")
    ] = False,
    force: Force = False,
) -> int:
    """Write a Terraform module for the google provider.

    Grants are single members (`_iam_member`), never whole bindings or policies. Exit code 1 when
    a finding is an error, 4 when a question is open: then nothing is written.
    """
    from wfprov.app.export import export_terraform

    exported = export_terraform(
        selected(paths, env, config, project, region),
        time,
        only=tuple(only or ()),
        imports=imports,
        inline=out is None,
    )
    output = Output.of_process()
    if _told(exported, output) and out is not None:
        _write(exported, out, output, force=force)
        output.message(f"Next:  cd {out} && terraform init && terraform plan")
    elif exported.files:
        output.result("\n".join(exported.files[name] for name in sorted(exported.files)[::-1]))
    return exported.planned.exit_code()


@app.command(
    epilog="Examples:\n\n"
    "  `wfprov export gcloud -e prod -o apply.sh`  then `bash apply.sh`\n\n"
    "  `wfprov export gcloud -e prod | bash`  when you have read it"
)
def gcloud(
    paths: options.Paths = None,
    *,
    env: options.Environment = None,
    config: options.Config = None,
    project: options.Project = None,
    region: options.Region = None,
    only: options.Only = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the script here.")
    ] = None,
    force: Force = False,
) -> int:
    """Write a shell script of gcloud commands that may be run again.

    Where gcloud has no command that adds one member, the script uses curl and jq. Exit code 1 when
    a finding is an error, 4 when a question is open: then nothing is written.
    """
    from dataclasses import replace

    from wfprov.app.export import export_gcloud

    exported = export_gcloud(
        selected(paths, env, config, project, region), time, only=tuple(only or ())
    )
    output = Output.of_process()
    if not _told(exported, output):
        return exported.planned.exit_code()
    (script,) = exported.files.values()
    if out is None:
        output.result(script)
    else:
        _write(replace(exported, files={out.name: script}), out.parent, output, force=force)
        output.message(f"Read it, then:  bash {out}")
    return 0


def _told(exported: Exported, output: Output) -> bool:
    """Says what was found; whether there is something to write."""
    from wfprov.render.plan_text import plan_text
    from wfprov.render.text import report

    found = (*exported.planned.diagnostics, *exported.left)
    if found:
        output.message(report(found, style=output.style, width=output.width))
    if not exported.files:
        if exported.planned.ok:
            output.message(plan_text(exported.planned.plan, style=output.style, width=output.width))
        output.error("nothing was exported: the plan is not one that could be applied")
    return bool(exported.files)


def _write(exported: Exported, folder: Path, output: Output, *, force: bool) -> None:
    from wfprov.store.written import write_files

    for path in write_files(folder, exported.files, over=force):
        output.result(f"  + {path}")
