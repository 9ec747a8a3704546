"""`wfprov bootstrap`: makes an environment ready, with an account that may deploy to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from wfprov.cli import options
from wfprov.cli.calls import watched
from wfprov.cli.execution import approved
from wfprov.cli.output import Output
from wfprov.cli.plan import show
from wfprov.cli.selection import selected
from wfprov.core.errors import InputError

if TYPE_CHECKING:
    from wfprov.app.bootstrap import Ready
    from wfprov.apply.outcome import Event, Observer
    from wfprov.plan.bootstrap import Wishes


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        epilog="Examples:\n\n"
        "  `wfprov bootstrap -e prod --plan-only`  what it would make\n\n"
        "  `wfprov bootstrap -e prod --github acme/orders`  for GitHub Actions, from main\n\n"
        "  `wfprov bootstrap -e prod --gitlab acme/orders --branch release`\n\n"
        "  `wfprov bootstrap -e prod --cloud-build`"
    )(bootstrap)


def bootstrap(
    *,
    env: options.Environment = None,
    config: options.Config = None,
    project: options.Project = None,
    region: options.Region = None,
    deployer: Annotated[
        str | None,
        typer.Option(
            "--deployer", metavar="NAME", help="The account's name, if not STACK-ENV-deployer."
        ),
    ] = None,
    github: Annotated[
        str | None,
        typer.Option("--github", metavar="OWNER/REPO", help="Let its GitHub Actions deploy."),
    ] = None,
    gitlab: Annotated[
        str | None,
        typer.Option("--gitlab", metavar="GROUP/PROJECT", help="Let its GitLab pipelines deploy."),
    ] = None,
    gitlab_url: Annotated[
        str | None,
        typer.Option("--gitlab-url", metavar="URL", help="The GitLab, if not https://gitlab.com."),
    ] = None,
    repository_id: Annotated[
        str | None,
        typer.Option(
            "--repository-id", metavar="NUMBER", help="The repository's number: no name to steal."
        ),
    ] = None,
    branch: Annotated[
        str, typer.Option("--branch", metavar="NAME", help="The branch that deploys; * for any.")
    ] = "main",
    cloud_build: Annotated[
        bool, typer.Option("--cloud-build", help="Let triggers of Cloud Build deploy.")
    ] = False,
    allow_destroy: Annotated[
        bool,
        typer.Option("--allow-destroy", help="Let the deployer remove what the stack owns, too."),
    ] = False,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Show what it would make, and make nothing.")
    ] = False,
    auto_approve: options.AutoApprove = False,
    no_preflight: options.NoPreflight = False,
    parallelism: options.Parallelism = 10,
    wait: options.Wait = 300,
    events: options.Events = None,
    impersonate: options.Impersonate = None,
    billing_project: options.BillingProject = None,
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
) -> int:
    """Make an environment ready: APIs, service agents, accounts, and one that deploys.

    The deployer can do what plans of this stack ask for and nothing else. What is there already is
    kept; run it again when definitions ask for more.
    """
    from wfprov.app.bootstrap import make
    from wfprov.app.load import load
    from wfprov.app.plan import ERROR
    from wfprov.app.preflight import must_be_allowed
    from wfprov.app.wiring import control_plane
    from wfprov.apply.outcome import Planned
    from wfprov.gcp.clock import SystemClock

    output = Output.of_process()
    wishes = _wishes(
        deployer=deployer,
        github=github,
        gitlab=gitlab,
        gitlab_url=gitlab_url,
        repository_id=repository_id,
        branch=branch,
        cloud_build=cloud_build,
        allow_destroy=allow_destroy,
    )
    loaded = load(selected(None, env, config, project, region))
    with (
        watched(
            output,
            verbose=verbose,
            quiet=quiet,
            parallel=parallelism,
            command="bootstrap",
            events=events,
            wait=wait,
            impersonate=impersonate,
            billing_project=billing_project,
        ) as reach,
        control_plane(loaded.stack, reach) as control,
    ):
        ready = make(
            loaded,
            control,
            SystemClock().now,
            wishes,
            asks=not no_preflight,
            parallel=parallelism,
        )
        planned = ready.planned
        reach.on_event(Planned(planned.plan))
        show(planned, output)
        if not planned.ok:
            return ERROR
        code, done = 0, [not planned.plan.due]
        if planned.plan.due and not plan_only:
            must_be_allowed(planned.plan.preflight)
            code = approved(
                planned,
                control,
                replace(reach, on_event=_noticing(reach.on_event, done)),
                output,
                question="" if auto_approve else "Make all of this?",
                again="wfprov bootstrap" + (f" -e {env}" if env else ""),
            )
    if done[-1]:
        _tell(ready, wishes, env or "", output)
    return code


def _noticing(observe: Observer, done: list[bool]) -> Observer:
    """An observer that also takes down whether everything was done."""
    from wfprov.apply.outcome import Finished

    def noticed(event: Event) -> None:
        observe(event)
        if isinstance(event, Finished):
            done.append(event.report.ok)

    return noticed


def _wishes(
    *,
    deployer: str | None,
    github: str | None,
    gitlab: str | None,
    gitlab_url: str | None,
    repository_id: str | None,
    branch: str,
    cloud_build: bool,
    allow_destroy: bool,
) -> Wishes:
    """What is asked for, by the options.

    Raises:
        InputError: one of them names nothing that can be, or two contradict each other.
    """
    from wfprov.desired.federation import Pipeline
    from wfprov.plan.bootstrap import Wishes

    if repository_id and github and gitlab:
        raise InputError(
            "--repository-id is of one repository, and two are named",
            help="run bootstrap once for each",
        )
    if gitlab_url and not gitlab:
        raise InputError("--gitlab-url without --gitlab", help="name the GROUP/PROJECT")
    number = repository_id or ""
    pipelines = []
    if github:
        pipelines.append(
            Pipeline(host="github", repository=github, branch=branch, repository_id=number)
        )
    if gitlab:
        pipelines.append(
            Pipeline(
                host="gitlab",
                repository=gitlab,
                branch=branch,
                repository_id=number,
                issuer=gitlab_url or "",
            )
        )
    if deployer is not None and not deployer[:1].isalpha():
        raise InputError(
            f"{deployer!r} is no name of a service account", help="begin with a letter"
        )
    return Wishes(
        deployer=deployer or "",
        pipelines=tuple(pipeline.checked() for pipeline in pipelines),
        cloud_build=cloud_build,
        may_remove=allow_destroy,
    )


def _tell(ready: Ready, wishes: Wishes, environment: str, output: Output) -> None:
    from wfprov.render.bootstrap_text import snippets

    text = snippets(
        ready.providers,
        deployer=ready.made.deployer,
        number=ready.number,
        environment=environment,
        branch=next((p.branch for p in wishes.pipelines), "main"),
        cloud_build=wishes.cloud_build,
        style=output.style,
    )
    where = f" -e {environment}" if environment else ""
    output.result(
        f"\nThe deployer is {ready.made.deployer}. As it:\n"
        f"  wfprov plan{where} --impersonate-service-account {ready.made.deployer}"
    )
    if text:
        output.result("\n" + text)
