"""Reads wfprov.yaml and an environment file into one stack, every error at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from wfprov.core.checked import Checked
from wfprov.core.diagnostic import Diagnostic, Related, in_order
from wfprov.core.span import Source, Span
from wfprov.desired.layer import CONFIG_KEYS, ENVIRONMENT_KEYS, Layer, WorkflowLayer, top
from wfprov.desired.model import Dedicated, Stack, WorkflowSpec
from wfprov.desired.overlay import access_policy, layer_over, over
from wfprov.desired.paths import is_glob, workflow_names
from wfprov.desired.reader import Fields, Reader, Text, nearest
from wfprov.desired.rules_config import (
    BAD_CONFIG_VALUE,
    MISSING_CONFIG_KEY,
    NO_CONFIG_VERSION,
    NO_SUCH_SOURCE,
    REPEATED_SOURCE,
    REPEATED_WORKFLOW,
    RULES,
    UNKNOWN_WORKFLOW,
)
from wfprov.desired.shapes import MAX_ENV_VARS, PROJECT, PROJECT_HINT, REGION, REGION_HINT
from wfprov.language.findings import Findings
from wfprov.language.nodes import ScalarNode
from wfprov.language.rules_text import INVALID_YAML
from wfprov.language.yaml import read

__all__ = ["RULES", "Overrides", "Sources", "decode", "from_paths"]

VERSION: Final = 1
DEFAULT_STACK: Final = "default"
"""The name of a stack that no wfprov.yaml names."""


class Sources(Protocol):
    """The files that a configuration can name."""

    def matching(self, pattern: str) -> tuple[str, ...]:
        """The files that a path or glob of the configuration stands for, sorted; () for none.

        They come as a user would write them in the working folder.
        """

    def identity(self, path: str) -> str:
        """The same text for every name of one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the command line says above all files."""

    project: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class _Draft:
    """A workflow before the stack's values are added."""

    name: str
    path: str
    layer: WorkflowLayer
    source_at: Span


def decode(
    config: Source | None,
    environment: Source | None,
    *,
    environment_name: str = "",
    overrides: Overrides,
    sources: Sources,
    paths: Sequence[str] = (),
) -> Checked[Stack]:
    """The stack that the files describe, the environment laid over wfprov.yaml.

    `paths`, when given, are the only workflows of the stack: a path that the configuration names
    keeps what is said of it there, another is a workflow named for its file. Without `paths` it is
    every workflow of the configuration, in its order.
    """
    diagnostics: list[Diagnostic] = []
    lower = _read_file(config, CONFIG_KEYS, "wfprov.yaml", diagnostics)
    upper = _read_file(
        environment, ENVIRONMENT_KEYS, f"environment `{environment_name}`", diagnostics
    )
    broken = lower is None or upper is None
    lower, upper = lower or Layer(), upper or Layer()
    layer = layer_over(upper, lower)
    flags = _flags(overrides, diagnostics)
    moved = flags.project is not None and flags.project != layer.project
    stack = Stack(
        name=layer.stack.value if layer.stack else DEFAULT_STACK,
        environment=environment_name,
        project=flags.project or layer.project,
        project_number=None if moved else layer.project_number,
        region=flags.region or layer.region,
        endpoint=layer.endpoint or "cloud",
        endpoints=layer.endpoints,
        universe_domain=layer.universe_domain or "googleapis.com",
        policy=access_policy(layer.policy),
    )
    if config is not None and layer.stack is None:
        diagnostics += _no_stack(config, lower, diagnostics)
    drafts = [] if broken else _drafts(lower, upper, sources, diagnostics)
    specs = tuple(_spec(draft, stack) for draft in _distinct(drafts, sources, diagnostics))
    if paths:
        specs = _selected(specs, paths, stack, sources)
    return Checked(replace(stack, workflows=specs), in_order(diagnostics))


def from_paths(
    paths: Sequence[str], *, project: str | None, region: str | None, sources: Sources
) -> Checked[Stack]:
    """The stack of some definitions without a configuration."""
    overrides = Overrides(project=project, region=region)
    return decode(None, None, overrides=overrides, sources=sources, paths=paths)


def _read_file(
    source: Source | None, keys: Sequence[str], what: str, diagnostics: list[Diagnostic]
) -> Layer | None:
    """What a file says; None when it is not YAML, for half of a file says something else."""
    if source is None:
        return Layer()
    findings = Findings(source)
    reader = Reader(findings)
    root = read(findings)
    if any(d.rule is INVALID_YAML for d in findings.sorted()):
        diagnostics += findings.sorted()
        return None
    layer = Layer()
    is_config = keys is CONFIG_KEYS
    if root is None:
        if is_config:
            start = Span(source, 0, 0)
            reader.missing(start, "the file is empty", "`wfprov init` writes one to start from")
    else:
        fields = reader.fields(root, what, keys)
        if is_config:
            _check_version(reader, fields)
            if "workflows" not in fields and not findings.sorted():
                reader.missing(
                    fields.at_start,
                    "there are no `workflows`",
                    "write workflows: {NAME: {source: PATH}}",
                )
        layer = top(reader, fields)
    diagnostics += findings.sorted()
    return layer


def _check_version(reader: Reader, fields: Fields) -> None:
    node = fields.node("version")
    if node is None:
        if len(fields):
            reader.reject(
                NO_CONFIG_VERSION, fields.at_start, "no `version`; read as 1", "write version: 1"
            )
    elif not isinstance(node, ScalarNode) or node.text != str(VERSION):
        reader.bad_value(
            node,
            "this wfprov reads version 1 of wfprov.yaml",
            "write version: 1, or install the wfprov that wrote the file",
        )


def _no_stack(config: Source, lower: Layer, so_far: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Not when what is there could not be read: that is said already."""
    if any(d.is_error and isinstance(d.at, Span) and d.at.source is config for d in so_far):
        return
    if lower.stack is None:
        yield Diagnostic(
            rule=MISSING_CONFIG_KEY,
            message="there is no `stack`: nothing would mark what belongs to it",
            at=Span(config, 0, 0),
            help="write stack: NAME",
        )


def _flags(overrides: Overrides, diagnostics: list[Diagnostic]) -> Overrides:
    """The flags that can be used; a text on the command line is a source of its own."""

    def checked(flag: str, value: str | None, shape: re.Pattern[str], hint: str) -> str | None:
        if value is None or shape.fullmatch(value):
            return value
        source = Source(flag, value)
        diagnostics.append(
            Diagnostic(
                rule=BAD_CONFIG_VALUE,
                message=f"`{value}` is not a {flag.removeprefix('--')}"
                + (" id" if flag == "--project" else ""),
                at=Span(source, 0, len(value)),
                help=hint,
            )
        )
        return None

    return Overrides(
        project=checked("--project", overrides.project, PROJECT, PROJECT_HINT),
        region=checked("--region", overrides.region, REGION, REGION_HINT),
    )


def _drafts(
    lower: Layer, upper: Layer, sources: Sources, diagnostics: list[Diagnostic]
) -> list[_Draft]:
    """One for each file that an entry with a source stands for.

    From below: the entry of the glob, the entry of the workflow's own name, then the same two of
    the environment.
    """
    drafts: list[_Draft] = []
    refining = {n: w for n, w in lower.workflows.items() if w.source is None}
    used: set[str] = set()
    for name in [*lower.workflows, *(n for n in upper.workflows if n not in lower.workflows)]:
        entries = [layer.workflows[name] for layer in (upper, lower) if name in layer.workflows]
        source = next((e.source for e in entries if e.source is not None), None)
        if source is None:
            continue
        used.add(name)
        files = sources.matching(source.value)
        if not files:
            diagnostics.append(_no_such(source, sources))
        names = workflow_names(files) if is_glob(source.value) else (name,) * len(files)
        for file_name, path in zip(names, files, strict=True):
            found = [lower.workflows.get(name), upper.workflows.get(name)]
            if file_name != name:
                found = [found[0], refining.get(file_name), found[1], _refining(upper, file_name)]
                used.add(file_name)
            drafts.append(_Draft(file_name, path, _stacked(found), source.at))
    diagnostics += _unused(lower, upper, used, [draft.name for draft in drafts])
    return drafts


def _refining(layer: Layer, name: str) -> WorkflowLayer | None:
    entry = layer.workflows.get(name)
    return entry if entry is not None and entry.source is None else None


def _stacked(layers: Iterable[WorkflowLayer | None]) -> WorkflowLayer:
    """The layers laid over each other, the lowest first."""
    lowest, *rest = [layer for layer in layers if layer is not None]
    for layer in rest:
        lowest = over(layer, lowest)
    return lowest


def _unused(
    lower: Layer, upper: Layer, used: set[str], names: Sequence[str]
) -> Iterator[Diagnostic]:
    for name, entry in lower.workflows.items():
        if name not in used:
            yield Diagnostic(
                rule=MISSING_CONFIG_KEY,
                message=f"the workflow `{name}` has no `source`",
                at=entry.at,
                help="write source: PATH; without one, an entry adds to a workflow that a glob "
                "makes" + (f" ({', '.join(names)})" if names else ""),
            )
    for name, entry in upper.workflows.items():
        if name not in used and name not in lower.workflows:
            yield Diagnostic(
                rule=UNKNOWN_WORKFLOW,
                message=f"wfprov.yaml has no workflow `{name}`",
                at=entry.at,
                help=nearest(name, names),
            )


def _no_such(source: Text, sources: Sources) -> Diagnostic:
    folder, slash, _ = source.value.rpartition("/")
    if is_glob(source.value):
        message = f"no file matches `{source.value}`"
    else:
        message = f"there is no file `{source.value}`"
    there = () if is_glob(folder) else sources.matching(f"{folder}{slash}*")
    files = [f for f in there if f.endswith((".yaml", ".yml", ".json", ".tftpl"))]
    return Diagnostic(
        rule=NO_SUCH_SOURCE,
        message=message,
        at=source.at,
        help=nearest(source.value, files)
        if files
        else "a source is relative to the folder of wfprov.yaml",
    )


def _distinct(
    drafts: Iterable[_Draft], sources: Sources, diagnostics: list[Diagnostic]
) -> Iterator[_Draft]:
    """Each name and each file once; the first stands."""
    by_name: dict[str, _Draft] = {}
    by_file: dict[str, _Draft] = {}
    for draft in drafts:
        file = sources.identity(draft.path)
        twin, same = by_name.get(draft.name), by_file.get(file)
        if same is not None:
            diagnostics.append(
                Diagnostic(
                    rule=REPEATED_SOURCE,
                    message=f"`{draft.path}` is the source of `{same.name}` already",
                    at=draft.source_at,
                    related=(Related(same.source_at, "it is named here first"),),
                    help="leave `source` out of an entry that adds to what a glob makes",
                )
            )
        elif twin is not None:
            diagnostics.append(
                Diagnostic(
                    rule=REPEATED_WORKFLOW,
                    message=f"`{draft.path}` and `{twin.path}` would both be `{draft.name}`",
                    at=draft.source_at,
                    related=(Related(twin.source_at, f"`{twin.path}` comes from here"),),
                    help="give one of them an entry with another name",
                )
            )
        else:
            by_name[draft.name] = by_file[file] = draft
            if len(draft.layer.env) > MAX_ENV_VARS:
                diagnostics.append(
                    Diagnostic(
                        rule=BAD_CONFIG_VALUE,
                        message=f"`{draft.name}` has {len(draft.layer.env)} environment variables; "
                        f"the service takes {MAX_ENV_VARS}",
                        at=draft.layer.at,
                        help="put what belongs together into one variable, as JSON",
                    )
                )
            yield draft


def _spec(draft: _Draft, stack: Stack) -> WorkflowSpec:
    layer = draft.layer
    project = layer.project or stack.project
    return WorkflowSpec(
        name=draft.name,
        source_path=draft.path,
        project=project,
        project_number=stack.project_number if project == stack.project else None,
        region=layer.region or stack.region,
        templating=layer.templating or "auto",
        service_account=layer.service_account or Dedicated(),
        env=layer.env,
        call_log_level=layer.call_log_level,
        execution_history_level=layer.execution_history_level,
        description=layer.description,
        labels=layer.labels,
        crypto_key=layer.crypto_key,
        deletion_protection=layer.deletion_protection,
        triggers=layer.triggers or (),
        arguments=layer.arguments,
        template_values=layer.template_values,
        answers=layer.answers,
        at=layer.at,
    )


def _selected(
    specs: Iterable[WorkflowSpec], paths: Sequence[str], stack: Stack, sources: Sources
) -> tuple[WorkflowSpec, ...]:
    configured: Mapping[str, WorkflowSpec] = {sources.identity(s.source_path): s for s in specs}
    unique = {sources.identity(path): path for path in reversed(paths)}
    ordered = dict(reversed(unique.items()))
    names = dict(zip(ordered, workflow_names(list(ordered.values())), strict=True))
    return tuple(
        replace(configured[file], source_path=path)
        if file in configured
        else WorkflowSpec(
            name=names[file],
            source_path=path,
            project=stack.project,
            project_number=stack.project_number,
            region=stack.region,
        )
        for file, path in ordered.items()
    )
