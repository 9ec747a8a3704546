"""`wfprov catalog`: what is known of methods, permissions and roles, and their renewal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from wfprov.cli import options
from wfprov.cli.output import Output
from wfprov.cli.selection import selected

app = typer.Typer(no_args_is_help=True, help="What is known of methods, permissions and roles.")

Format = Annotated[Literal["text", "json"], typer.Option("--format", help="What to print.")]


@app.command(
    name="info",
    epilog="Examples:\n\n  `wfprov catalog info`\n\n  `wfprov catalog info --format json`",
)
def show_info(*, output_format: Format = "text") -> int:
    """Print how many roles, permissions and methods the catalog holds, and how old it is."""
    from wfprov.app.catalog import info
    from wfprov.cli.catalog_text import as_json, info_text
    from wfprov.store.facts import open_facts

    found = info(open_facts())
    Output.of_process().result(as_json(found) if output_format == "json" else info_text(found))
    return 0


@app.command(
    name="lookup",
    epilog="Examples:\n\n"
    "  `wfprov catalog lookup googleapis.pubsub.v1.projects.topics.publish`\n\n"
    "  `wfprov catalog lookup run.jobs.run`\n\n"
    "  `wfprov catalog lookup roles/run.invoker`\n\n"
    "  `wfprov catalog lookup oidc-over-http`  the rule of a finding",
)
def show(
    name: Annotated[str, typer.Argument(metavar="METHOD|PERMISSION|ROLE|RULE")],
    *,
    output_format: Format = "text",
) -> int:
    """Explain a method, permission, role or rule: what it needs, who grants it, from which page."""
    from wfprov.app.catalog import lookup
    from wfprov.app.rulebook import rule_named
    from wfprov.cli.catalog_text import as_json, facts_lines, rule_text
    from wfprov.store.facts import open_facts

    rule = rule_named(name)
    if rule is not None:
        Output.of_process().result(as_json(rule) if output_format == "json" else rule_text(rule))
        return 0
    found = lookup(name, open_facts())
    text = as_json(found) if output_format == "json" else "\n".join(facts_lines(found))
    Output.of_process().result(text)
    return 0


@app.command(
    epilog="Examples:\n\n"
    "  `wfprov catalog refresh`  with application default credentials\n\n"
    "  `wfprov catalog refresh --forget`  back to the roles that come with wfprov"
)
def refresh(
    *,
    env: options.Environment = None,
    config: options.Config = None,
    forget_them: Annotated[
        bool, typer.Option("--forget", help="Delete the renewed roles instead.")
    ] = False,
    impersonate: options.Impersonate = None,
    billing_project: options.BillingProject = None,
    output_format: Format = "text",
) -> int:
    """Read the predefined roles from the live IAM API, into .wfprov/roles.sqlite.

    What methods need can not be read live: that table comes with wfprov.
    """
    from wfprov.app.catalog import forget, renew
    from wfprov.app.load import stack_of
    from wfprov.app.wiring import Reach, control_plane
    from wfprov.cli.catalog_text import FEW, as_json, renewal_lines
    from wfprov.desired.model import Stack
    from wfprov.store.facts import open_facts

    output = Output.of_process()
    if forget_them:
        was = forget()
        output.result("the roles that come with wfprov are in use" + ("" if was else " already"))
        return 0
    # Only an environment names a control plane; without one it is Google's.
    stack = stack_of(selected(None, env, config, None, None)) if env else Stack(name="catalog")
    reach = Reach(impersonate=impersonate or "", billing_project=billing_project or "")
    with control_plane(stack, reach) as plane:
        today = datetime.now(UTC).date().isoformat()
        renewed = renew(plane.reader, open_facts(), date=today)
    output.result(
        as_json(renewed) if output_format == "json" else "\n".join(renewal_lines(renewed))
    )
    if renewed.lost:
        output.error(
            f"stale catalog: no role holds {', '.join(renewed.lost[:FEW])} any more",
            help_text="look for a newer wfprov; plans that need them will ask",
        )
    return 0
