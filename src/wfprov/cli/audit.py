"""`wfprov audit`: live access against what the definitions need."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wfprov.cli import options
from wfprov.cli.calls import watched
from wfprov.cli.output import Output
from wfprov.cli.selection import selected
from wfprov.core.errors import InputError
from wfprov.core.rule import Severity

if TYPE_CHECKING:
    from wfprov.app.suppress import Baseline
    from wfprov.audit.report import Report

BLOCKED = 4
FAILED = 1


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        epilog="Examples:\n\n"
        "  `wfprov audit -e prod`\n\n"
        "  `wfprov audit -e prod --format sarif > audit.sarif`  for code scanning\n\n"
        "  `wfprov audit -e prod --fail-on warning --baseline accepted.json`\n\n"
        "  `wfprov audit --fleet --project acme-prod --project acme-dev`  with no configuration"
    )(audit)


def audit(
    paths: options.Paths = None,
    *,
    env: options.Environment = None,
    config: options.Config = None,
    project: Annotated[
        list[str] | None,
        typer.Option(
            "--project", metavar="ID", help="The project; with --fleet, several times if need be."
        ),
    ] = None,
    region: options.Region = None,
    fleet: Annotated[
        bool,
        typer.Option("--fleet", help="Every workflow of whole projects, read from the cloud."),
    ] = False,
    output_format: Annotated[
        Literal["text", "json", "sarif", "markdown", "github"],
        typer.Option("--format", help="What to print; github: annotations of a workflow run."),
    ] = "text",
    fail_on: Annotated[
        Literal["error", "warning", "note"] | None,
        typer.Option(
            "--fail-on", metavar="SEVERITY", help="End with 4 for error, warning or note and worse."
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", help="Leave out what this file accepts."),
    ] = None,
    write_baseline: Annotated[
        Path | None,
        typer.Option("--write-baseline", metavar="FILE", help="Accept all that is found today."),
    ] = None,
    parallelism: options.Parallelism = 10,
    impersonate: options.Impersonate = None,
    billing_project: options.BillingProject = None,
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
) -> int:
    """Find access that is missing, in excess or given to the wrong identity; change nothing.

    Exit code 4 when a finding is at or above `--fail-on`.
    """
    from wfprov.app.audit import audit_fleet, audit_stack
    from wfprov.app.load import fleet_of, load
    from wfprov.app.suppress import Baseline
    from wfprov.app.wiring import control_plane

    output = Output.of_process()
    accepted: Baseline | None = None
    if baseline is not None:
        from wfprov.store.baseline import read_baseline

        accepted = Baseline(str(baseline), read_baseline(baseline))
    today = datetime.now(tz=UTC).date()
    first = project[0] if project else None
    with watched(
        output,
        command="audit",
        impersonate=impersonate,
        billing_project=billing_project,
        verbose=verbose,
        quiet=quiet,
        parallel=parallelism,
    ) as reach:
        if fleet:
            if paths:
                raise InputError(
                    "--fleet reads definitions from the cloud", help="leave the paths out"
                )
            stack = fleet_of(selected(None, env, config, first, region))
            projects = project or ([stack.project] if stack.project else [])
            if not projects:
                raise InputError("--fleet wants a project", help="give --project, or -e ENV")
            with control_plane(stack, reach) as control:
                report = audit_fleet(
                    stack,
                    projects,
                    control,
                    today=today,
                    baseline=accepted,
                    parallel=parallelism,
                )
        else:
            if len(project or ()) > 1:
                raise InputError("several projects are for --fleet", help="add --fleet")
            loaded = load(selected(paths, env, config, first, region))
            if not loaded.ok:
                from wfprov.render.text import report as findings_text

                output.message(
                    findings_text(loaded.diagnostics, style=output.style, width=output.width)
                )
                return FAILED
            with control_plane(loaded.stack, reach) as control:
                report = audit_stack(
                    loaded, control, today=today, baseline=accepted, parallel=parallelism
                )
    output.result(_shown(report, output, output_format))
    if output_format != "text":
        from wfprov.render.audit_text import summary

        output.message(summary(report))
    if write_baseline is not None:
        _accept(report, write_baseline, output)
    failed = fail_on is not None and report.reaches(Severity(fail_on))
    return BLOCKED if failed else 0


def _shown(report: Report, output: Output, output_format: str) -> str:
    match output_format:
        case "json":
            from wfprov.render.audit_json import audit_json

            return json.dumps(audit_json(report), indent=2, ensure_ascii=False)
        case "sarif":
            from wfprov.render.sarif import sarif

            return json.dumps(sarif(report), indent=2, ensure_ascii=False)
        case "markdown":
            from wfprov.render.audit_markdown import audit_markdown

            return audit_markdown(report)
        case "github":
            from wfprov.render.annotations import github_annotations

            return github_annotations(report)
        case _:
            from wfprov.render.audit_text import audit_text

            return audit_text(report, style=output.style, width=output.width)


def _accept(report: Report, path: Path, output: Output) -> None:
    """Writes the baseline: what was found, and what the old one still accepts."""
    from wfprov.store.baseline import write_baseline

    old = [finding for finding, why in report.suppressed if why.kind == "external"]
    found = {finding.fingerprint: finding.message for finding in (*report.findings, *old)}
    write_baseline(path, found)
    output.message(f"Accepted {len(found)} findings in {path}; the next audit: --baseline {path}")
