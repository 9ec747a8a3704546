"""Options that several commands share, worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Paths: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH",
        help="Definitions or folders; `-` is standard input. Without any: what wfprov.yaml names.",
        show_default=False,
    ),
]
Environment: TypeAlias = Annotated[
    str | None,
    typer.Option("--env", "-e", metavar="ENV", help="An environment: environments/ENV.yaml."),
]
Config: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="The configuration, if not ./wfprov.yaml."),
]
Project: TypeAlias = Annotated[
    str | None, typer.Option("--project", metavar="ID", help="The project, over the environment's.")
]
Region: TypeAlias = Annotated[
    str | None,
    typer.Option("--region", metavar="REGION", help="The region, over the environment's."),
]
Verbose: TypeAlias = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print each API call, and the count at the end.")
]
Quiet: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, only results and errors.")
]
Parallelism: TypeAlias = Annotated[
    int,
    typer.Option("--parallelism", min=1, max=64, metavar="N", help="Requests at the same time."),
]
Impersonate: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--impersonate-service-account",
        metavar="EMAIL",
        help="Reach the cloud as this service account; a chain with commas, the last is become.",
        show_default=False,
    ),
]
BillingProject: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--billing-project",
        metavar="ID",
        help="Count quota in this project (else GOOGLE_CLOUD_QUOTA_PROJECT).",
        show_default=False,
    ),
]
AutoApprove: TypeAlias = Annotated[
    bool, typer.Option("--auto-approve", help="Do not ask before the first change.")
]
Prune: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--prune", help="Remove what the stack owns and no definition asks for, grants too."
    ),
]
Only: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="WF",
        help="This workflow and what it needs, nothing else; may be repeated. Removes nothing.",
        show_default=False,
    ),
]
NoPreflight: TypeAlias = Annotated[
    bool,
    typer.Option("--no-preflight", help="Do not ask first whether the deployer may do all of it."),
]
ShardOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Part I of N, by policies that are not shared. Default: the variables of a Cloud Run "
        "job, GitLab or CircleCI, or WFPROV_SHARD.",
        show_default=False,
    ),
]
RefreshOnly: TypeAlias = Annotated[
    bool,
    typer.Option("--refresh-only", help="Show what was changed by others since the last apply."),
]
Destroy: TypeAlias = Annotated[
    bool, typer.Option("--destroy", help="Plan the removal of all that the stack owns.")
]
Events: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--events", metavar="FILE", help="Write what happens as NDJSON, line by line as it happens."
    ),
]
Wait: TypeAlias = Annotated[
    int,
    typer.Option(
        "--wait",
        min=0,
        max=3600,
        metavar="SECONDS",
        help="How long to wait for what was just made to be seen everywhere; 0: not at all.",
    ),
]
