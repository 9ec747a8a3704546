"""The workflows of Terraform files, in place of the files that were named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from wfprov.analysis.domain import shown
from wfprov.analysis.platform import of_template
from wfprov.catalog.run_app import function_at, function_name
from wfprov.catalog.url import parsed
from wfprov.core.address import ResourceName
from wfprov.core.diagnostic import Diagnostic
from wfprov.core.errors import InputError
from wfprov.core.span import Source
from wfprov.desired.model import Existing, WorkflowSpec
from wfprov.language.rules_text import TERRAFORM_SOURCE
from wfprov.language.terraform import Module, Place, TerraformWorkflow
from wfprov.store import files


@dataclass(slots=True)
class Expansion:
    """Workflows with their texts; those of a Terraform file stand where the file stood."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    workflows: list[WorkflowSpec] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    _followed: set[str] = field(default_factory=set)

    def add(self, spec: WorkflowSpec, source: Source) -> None:
        """Add a workflow, or the workflows that a Terraform file makes."""
        if not spec.source_path.endswith(files.TERRAFORM):
            self._place(spec, source)
            return
        others = [files.read(path).value for path in files.beside(spec.source_path)]
        module = Module([source, *(o for o in others if o is not None)], spec.template_values)
        place = Place(spec.project, spec.project_number, spec.region)
        found = module.workflows(source, place)
        for one in found:
            if one.problem is not None:
                self.diagnostics.append(one.problem)
                continue
            text, path = one.heredoc, spec.source_path
            if one.path is not None:
                path, text = self._read(one, spec)
            if text is not None:
                notes = module.defaults_used(text.text)
                self.diagnostics += [note for note in notes if note not in self.diagnostics]
                made = _spec(spec, one, path, module.values(one), len(found))
                self._place(replace(made, functions=dict(_functions(module, one))), text)

    def settled(self, named: Iterable[str]) -> tuple[WorkflowSpec, ...]:
        """The workflows; a file that a Terraform file renders is none beside it.

        Raises:
            InputError: a Terraform file that was named makes no workflow.
        """
        made = {w.source_path for w in self.workflows} | {
            d.at.source.name for d in self.diagnostics if hasattr(d.at, "source")
        }
        for path in named:
            if path.endswith(files.TERRAFORM) and path not in made and path not in self._followed:
                raise InputError(
                    f"{path} has no workflow",
                    help="it is looked for in resources of the type google_workflows_workflow",
                )
        return tuple(self.workflows)

    def _read(self, one: TerraformWorkflow, spec: WorkflowSpec) -> tuple[str, Source | None]:
        assert one.path is not None, "only called for a file"
        found = files.Folder(spec.source_path).matching(one.path)
        if len(found) != 1:
            self.diagnostics.append(
                Diagnostic(
                    rule=TERRAFORM_SOURCE,
                    message=f"there is no file `{one.path}`, the definition of {one.name}",
                    at=one.at,
                    help="a path is relative to the folder of the Terraform file",
                )
            )
            return one.path, None
        self._followed.add(spec.source_path)
        read = files.read(found[0])
        self.diagnostics += read.diagnostics
        # What is named by itself goes; what another resource makes of the same file stays.
        same = {
            w.name
            for w in self.workflows
            if w.at is None and not w.template_values and w.source_path == found[0]
        }
        self.workflows = [w for w in self.workflows if w.name not in same]
        self._followed.add(found[0])
        return found[0], read.value

    def _place(self, spec: WorkflowSpec, source: Source) -> None:
        if spec.at is None and not spec.template_values and spec.source_path in self._followed:
            return
        name, number = spec.name, 1
        while name in self.sources and any(w.name == name for w in self.workflows):
            number += 1
            name = f"{spec.name}-{number}"
        self.workflows.append(replace(spec, name=name))
        self.sources[name] = source


def _functions(
    module: Module, workflow: TerraformWorkflow
) -> Iterator[tuple[ResourceName, Literal["1", "2"]]]:
    """The functions of a module by full name, with holes where it is not all known."""
    for address, generation in module.functions(workflow):
        url = parsed(shown(of_template(address)) or "")
        at = None if url is None else function_at(url)
        if at is not None:
            yield function_name(*at), generation


def _spec(
    spec: WorkflowSpec,
    one: TerraformWorkflow,
    path: str,
    values: Mapping[str, object],
    siblings: int,
) -> WorkflowSpec:
    account = one.service_account
    own = spec.at is not None and siblings == 1
    return replace(
        spec,
        name=spec.name if own else one.name,
        source_path=path,
        project=one.place.project,
        project_number=one.place.project_number,
        region=one.place.region,
        templating=one.templating or "none",
        service_account=spec.service_account if account is None else Existing(*account),
        env={**one.env, **spec.env},
        open_env={name: value for name, value in one.open_env.items() if name not in spec.env},
        template_values=values,
    )
