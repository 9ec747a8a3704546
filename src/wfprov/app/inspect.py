"""What a definition calls, needs and is granted: from text to grants, with nothing of the cloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Final

from wfprov.analysis.calls import Known
from wfprov.analysis.interpret import analyse
from wfprov.analysis.platform import of_template
from wfprov.app.doubtful import doubts, replaced, widened
from wfprov.app.load import Loaded
from wfprov.catalog.match import match
from wfprov.catalog.results import KnownResults
from wfprov.catalog.target import (
    WORKFLOW_IDENTITY,
    Need,
    Place,
    SeenFunction,
    SeenServices,
    SeenTemplate,
    TargetUse,
    Tier,
)
from wfprov.core.address import Permission, ResourceName, RoleName, project_name
from wfprov.core.diagnostic import Diagnostic, in_order
from wfprov.core.facts import Facts
from wfprov.core.rule import Rule, Severity
from wfprov.core.span import Source, Span
from wfprov.desired import triggers
from wfprov.desired.model import AccessPolicy, Inspected, SiteUse, WorkflowSpec
from wfprov.iam.build import RoleOptions, grants
from wfprov.iam.requirement import Requirement
from wfprov.language import terraform
from wfprov.language.ast import Definition
from wfprov.language.deployment import deployment
from wfprov.language.parser import parse
from wfprov.language.rendering import Lookup
from wfprov.language.validate import validate

UNUSED_ANSWER: Final = Rule(
    slug="unused-answer",
    severity=Severity.WARNING,
    summary="An answer that no call site asks for",
    docs="An answer's key is the id of a call site, `main.step`, or `site@via` for one way of "
    "reaching it. This one names no site of the definition, so it changes nothing.",
)
RULES: Final = (UNUSED_ANSWER,)

CALL_LOG_SITE: Final = "call_log_level"
"""What stands for a site where the configuration, and no call, asks for a permission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was seen of the cloud that no definition tells.

    `unmade` are resources that are not there, since a workflow makes them; `functions` and
    `templates` are those that were looked up, by their full names; `services` what the services of
    a place say, by `projects/p/locations/r`.
    """

    unmade: frozenset[ResourceName] = frozenset()
    functions: Mapping[ResourceName, SeenFunction] = field(default_factory=dict)
    templates: Mapping[ResourceName, SeenTemplate] = field(default_factory=dict)
    services: Mapping[str, SeenServices] = field(default_factory=dict)


UNSEEN: Final = Observed()
"""Nothing was looked at: what `inspect` and every offline command know."""


def inspect(
    workflow: WorkflowSpec,
    source: Source,
    facts: Facts,
    access: AccessPolicy,
    owner: str = "",
    *,
    observed: Observed = UNSEEN,
) -> Inspected:
    """Everything that can be known of one definition from its text and its configuration.

    `observed` is what the cloud told besides.
    """
    values = _template_values(workflow)
    parsed = parse(source, workflow.templating, values)
    diagnostics = list(parsed.diagnostics)
    uses: tuple[SiteUse, ...] = ()
    if parsed.value is not None:
        diagnostics += validate(parsed.value)
        uses = tuple(_site_uses(parsed.value, workflow, facts, observed, diagnostics))
        diagnostics += _unused_answers(workflow, uses)
    requirements = (
        *_requirements(uses),
        *_of_call_log(workflow, source),
        *triggers.requirements(workflow),
    )
    made = deployment(source, workflow.templating, values)
    unmade = observed.unmade
    options = RoleOptions(
        custom_roles=access.custom_roles,
        custom_role_threshold=access.custom_role_threshold,
        prefer_roles=access.prefer_roles,
        owner=owner,
    )
    # A custom role goes with the stack, and what is granted to Google's agents stays.
    lasting = [r for r in requirements if triggers.is_agent(r.principal)]
    chosen = (
        *grants([r for r in requirements if r not in lasting], facts, options, unmade),
        *grants(lasting, facts, replace(options, custom_roles="never"), unmade),
    )
    diagnostics += doubts(requirements, chosen, facts)
    diagnostics += replaced(requirements, chosen)
    asked = {use.site.id for use in uses if any(target.question for target in use.targets)}
    diagnostics += widened(requirements, asked, facts)
    return Inspected(
        workflow=workflow,
        source=source,
        contents=made.text,
        unfilled=(*made.unfilled, *(place for _, place in workflow.open_env.values())),
        sites=uses,
        grants=chosen,
        apis=_apis(workflow, uses),
        diagnostics=in_order(diagnostics),
    )


def inspect_stack(
    loaded: Loaded, facts: Facts, observed: Observed = UNSEEN
) -> tuple[Inspected, ...]:
    """Every workflow of a stack, in its order; `observed` as in `inspect`."""
    return tuple(
        inspect(
            workflow,
            loaded.sources[workflow.name],
            facts,
            loaded.stack.policy,
            loaded.stack.mark,
            observed=observed,
        )
        for workflow in loaded.stack.workflows
        if workflow.name in loaded.sources
    )


def place_of(workflow: WorkflowSpec, observed: Observed = UNSEEN) -> Place:
    """Where the workflow runs, as the catalog wants it."""
    unknown = Place()
    return Place(
        project=workflow.project or unknown.project,
        project_number=workflow.project_number,
        region=workflow.region or unknown.region,
        workflow=workflow.name,
        answers=workflow.answers,
        functions={**observed.functions, **_defined(workflow, observed)},
        templates=observed.templates,
        services=observed.services.get(f"projects/{workflow.project}/locations/{workflow.region}"),
    )


def _defined(workflow: WorkflowSpec, observed: Observed) -> Mapping[ResourceName, SeenFunction]:
    """The functions that a Terraform module defines, those left out that were seen themselves."""
    return {
        name: SeenFunction(generation=generation, by="as Terraform says")
        for name, generation in workflow.functions.items()
        if name not in observed.functions or not observed.functions[name].generation
    }


def _template_values(workflow: WorkflowSpec) -> Lookup:
    """What fills in a template: the configured values, and where the workflow is deployed.

    Source: https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values
    (2026-11-23)
    """
    place = terraform.Place(workflow.project, workflow.project_number, workflow.region)
    of_cloud_build = {
        "PROJECT_ID": workflow.project,
        "PROJECT_NUMBER": workflow.project_number,
    }
    known = {name: value for name, value in of_cloud_build.items() if value is not None}
    return terraform.known({**known, **workflow.template_values}, place)


def _site_uses(
    definition: Definition,
    workflow: WorkflowSpec,
    facts: Facts,
    observed: Observed,
    diagnostics: list[Diagnostic],
) -> Iterator[SiteUse]:
    place = place_of(workflow, observed)
    analysis = analyse(
        definition,
        Known(
            project=workflow.project,
            project_number=workflow.project_number,
            region=workflow.region,
            workflow=workflow.name,
            env=workflow.env,
            open_env={name: of_template(text) for name, (text, _) in workflow.open_env.items()},
            arguments=workflow.arguments,
            env_is_whole=workflow.at is not None,
        ),
        KnownResults(facts, place),
    )
    diagnostics += analysis.diagnostics
    for site in analysis.sites:
        targets: dict[object, TargetUse] = {}
        for call in site.calls:
            for target in match(call, place, facts):
                targets.setdefault((target.url, target.auth, target.api_method, target.via), target)
                diagnostics += target.diagnostics
        yield SiteUse(site=site, targets=tuple(targets.values()))


def _requirements(uses: Iterable[SiteUse]) -> Iterator[Requirement]:
    for use in uses:
        for target in use.targets:
            for need in target.needs:
                if need.tier is not Tier.DERIVED:
                    yield Requirement(
                        principal=need.principal or target.principal,
                        need=need,
                        site=use.site.id,
                        at=use.site.span,
                    )


def _of_call_log(workflow: WorkflowSpec, source: Source) -> Iterator[Requirement]:
    """Call logging writes with the workflow's account.

    Source: https://cloud.google.com/workflows/docs/authentication (2026-11-23)
    """
    if workflow.call_log_level in {"LOG_ALL_CALLS", "LOG_ERRORS_ONLY"}:
        yield Requirement(
            principal=WORKFLOW_IDENTITY,
            need=Need(
                permission=Permission("logging.logEntries.create"),
                on=project_name(place_of(workflow).project),
                tier=Tier.CURATED,
                role=RoleName("roles/logging.logWriter"),
                source="https://cloud.google.com/workflows/docs/authentication",
            ),
            site=CALL_LOG_SITE,
            at=workflow.at or Span(source, 0, 0),
        )


def _apis(workflow: WorkflowSpec, uses: Iterable[SiteUse]) -> tuple[tuple[str, str], ...]:
    project = place_of(workflow).project
    wanted = {("workflows.googleapis.com", project)}
    wanted |= {(service, project) for service in triggers.apis(workflow)}
    for use in uses:
        for target in use.targets:
            wanted.update(target.apis)
    return tuple(sorted(wanted))


def _unused_answers(workflow: WorkflowSpec, uses: tuple[SiteUse, ...]) -> Iterator[Diagnostic]:
    ids = {use.site.id for use in uses}
    ways = {
        f"{use.site.id}@{caller}" for use in uses for call in use.site.calls for caller in call.via
    }
    for key, answer in workflow.answers.items():
        if key in ids or key in ways:
            continue
        near = get_close_matches(key, sorted(ids | ways), n=1)
        yield Diagnostic(
            rule=UNUSED_ANSWER,
            message=f"no call site is called {key}",
            at=answer.at,
            help=f"did you mean {near[0]}?"
            if near
            else f"the sites are {', '.join(sorted(ids)) or 'none'}",
        )
