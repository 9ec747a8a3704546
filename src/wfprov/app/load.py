"""Reads the configuration and the definitions that a command is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from wfprov.app.terraform import Expansion
from wfprov.core.diagnostic import Diagnostic, in_order
from wfprov.core.errors import InputError
from wfprov.core.span import Source, Span
from wfprov.desired.config import Overrides, decode
from wfprov.desired.model import Stack
from wfprov.desired.rules_config import NO_SUCH_SOURCE
from wfprov.desired.triggers import names_zone, wrong_zones
from wfprov.store import files
from wfprov.store.zones import time_zones

_OF_SOURCES: Final = (NO_SUCH_SOURCE,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the command line names. `bare`: no wfprov.yaml is looked for."""

    paths: tuple[str, ...] = ()
    environment: str | None = None
    config: str | None = None
    bare: bool = False
    project: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The stack, the text of each workflow by name, and what was wrong with the files."""

    stack: Stack
    sources: Mapping[str, Source]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not any(d.is_error for d in self.diagnostics)


def load(selection: Selection) -> Loaded:
    """The stack that the selection stands for, with every definition read.

    Raises:
        InputError: there is nothing to read.
    """
    config_path = None if selection.bare else files.configuration(selection.config)
    if config_path is None and not selection.paths:
        raise InputError(
            "no definition is named, and there is no wfprov.yaml here",
            help="name a definition or a folder, or write a configuration: wfprov init",
        )
    diagnostics: list[Diagnostic] = []
    decoded = decode(
        _read(config_path, diagnostics),
        _read(_environment_path(selection, config_path), diagnostics),
        environment_name=selection.environment or "",
        overrides=Overrides(project=selection.project, region=selection.region),
        sources=files.Folder(config_path),
        paths=files.definitions(selection.paths),
    )
    assert decoded.value is not None, "decode always makes a stack, if an empty one"
    for found in decoded.diagnostics:
        if found.is_error and isinstance(found.at, Span) and found.at.source.name.startswith("--"):
            raise InputError(f"{found.at.source.name}: {found.message}", help=found.help)
    diagnostics += decoded.diagnostics
    expansion = Expansion()
    for workflow in decoded.value.workflows:
        source = _read(workflow.source_path, diagnostics)
        if source is not None:
            expansion.add(workflow, source)
    stack = replace(decoded.value, workflows=expansion.settled(selection.paths))
    diagnostics += expansion.diagnostics
    if any(names_zone(workflow) for workflow in stack.workflows):
        known = time_zones()
        diagnostics += (d for w in stack.workflows for d in wrong_zones(w, known))
    return Loaded(stack=stack, sources=expansion.sources, diagnostics=in_order(diagnostics))


def stack_of(selection: Selection) -> Stack:
    """The stack and where it is, whatever became of its definitions since.

    Raises:
        InputError: the environment has no file, or the configuration has an error: where a plan is
            carried out is never guessed.
    """
    config_path = files.configuration(selection.config)
    found: list[Diagnostic] = []
    decoded = decode(
        _read(config_path, found),
        _read(_environment_path(selection, config_path), found),
        environment_name=selection.environment or "",
        overrides=Overrides(project=selection.project, region=selection.region),
        sources=files.Folder(config_path),
    )
    wrong = [d for d in (*found, *decoded.diagnostics) if d.is_error and d.rule not in _OF_SOURCES]
    if wrong:
        raise InputError(
            f"the configuration has errors, the first: {wrong[0].message}",
            help="wfprov check shows where",
        )
    assert decoded.value is not None, "decode always makes a stack, if an empty one"
    return decoded.value


def fleet_of(selection: Selection) -> Stack:
    """Where whole projects are looked at: what the environment says, or the cloud.

    Raises:
        InputError: the environment has no file, or the configuration has an error.
    """
    if selection.environment is None and files.configuration(selection.config) is None:
        return Stack(name="", project=selection.project, region=selection.region)
    return stack_of(selection)


def _environment_path(selection: Selection, config_path: str | None) -> str | None:
    if selection.environment is None:
        return None
    return files.environment(selection.environment, config_path)


def _read(path: str | None, diagnostics: list[Diagnostic]) -> Source | None:
    if path is None:
        return None
    read = files.read(path)
    diagnostics += read.diagnostics
    return read.value
