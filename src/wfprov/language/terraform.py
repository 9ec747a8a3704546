"""The workflows of a Terraform module, and what its resources tell of the values they use.

A heredoc is read where it stands: its text is a source in which all else is blank. Of expressions
only literals, locals and attributes of resources are followed; the rest stays to be filled in.

Source: https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/workflows_workflow
(not opened)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, Literal

from wfprov.core.diagnostic import Diagnostic
from wfprov.core.span import Source, Span
from wfprov.language import hcl
from wfprov.language.rendering import Fragment, lookup
from wfprov.language.rules_text import TERRAFORM_DEFAULT, TERRAFORM_SOURCE
from wfprov.language.templating import Kind
from wfprov.language.terraform_address import FUNCTION, FUNCTIONS, PROVIDED, Place, known
from wfprov.language.terraform_functions import UNKNOWN, Unknown
from wfprov.language.terraform_values import Resolver

__all__ = ["WORKFLOW", "Module", "Place", "TerraformWorkflow", "excerpt", "known"]

WORKFLOW: Final = "google_workflows_workflow"
ANY_VARIABLE: Final = "*"
_LOCAL: Final = re.compile(r"local\.(?P<name>[\w-]+)")
_MODULE_PATH: Final = re.compile(r"^\$\{path\.(?:module|root|cwd)\}/")
_DEEPEST: Final = 10
_MOST_WORKFLOWS: Final = 100
_MOST_READ: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformWorkflow:
    """One `google_workflows_workflow`.

    Its definition is `heredoc`, or the file `path` as the module names it; both None when it cannot
    be found, as `problem` says then. `templating` None is a file that is deployed as it stands.
    `service_account` is set when it is written out. `variables` are those of a templatefile, `each`
    the key and value of one instance of a `for_each`.
    `open_env` are environment variables whose values are templates that are not wholly known;
    `ANY_VARIABLE` is among them when even the names are not.
    """

    name: str
    at: Span
    heredoc: Source | None = None
    path: str | None = None
    templating: Kind | None = "terraform"
    variables: Mapping[str, object] = field(default_factory=dict)
    place: Place = field(default_factory=Place)
    service_account: tuple[str, Span] | None = None
    each: Mapping[str, object] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    open_env: Mapping[str, tuple[str, Span]] = field(default_factory=dict)
    problem: Diagnostic | None = None


class Module:
    """The `.tf` files of one folder, read together; `given` are values that a user wrote."""

    def __init__(self, sources: Iterable[Source], given: Mapping[str, object]) -> None:
        self._given = given
        self._blocks = [
            (source, block)
            for source in sources
            if len(source.text) <= _MOST_READ
            for block in hcl.blocks(source.text)
        ]
        self._resources = {
            block.labels: (source, block)
            for source, block in self._blocks
            if block.kind == "resource" and len(block.labels) == 2  # noqa: PLR2004
        }
        self._data = {
            block.labels: (source, block)
            for source, block in self._blocks
            if block.kind == "data" and len(block.labels) == 2  # noqa: PLR2004
        }
        self._defaults = {
            block.labels[0]: (source, block.attributes["default"])
            for source, block in self._blocks
            if block.kind == "variable" and len(block.labels) == 1 and "default" in block.attributes
        }
        self._locals = {
            name: (source, place)
            for source, block in self._blocks
            if block.kind == "locals"
            for name, place in block.attributes.items()
        }

        self._referred = {
            found["name"]: found["kind"]
            for source in {id(source): source for source, _ in self._blocks}.values()
            for found in FUNCTION.finditer(source.text)
        }

    def workflows(self, source: Source, place: Place) -> tuple[TerraformWorkflow, ...]:
        """The workflows that a file of the module makes, at most a hundred."""
        place = replace(place, provider=self._provided(place))
        found = (
            self._workflow(source, block, place, each)
            for (kind, _), (where, block) in self._resources.items()
            if kind == WORKFLOW and where is source
            for each in self._instances(source, block, place)
        )
        return tuple(islice(found, _MOST_WORKFLOWS))

    def _provided(self, place: Place) -> str | None:
        """The project of resources that write none; None when the provider does not tell it."""
        for source, block in self._blocks:
            if block.kind == "provider" and block.labels == ("google",):
                where = block.attributes.get("project")
                if where is not None and "alias" not in block.attributes:
                    project = Resolver(self, place, {}, {}).value(source, where)
                    return project if isinstance(project, str) and project else None
        return None

    def _instances(
        self, source: Source, block: hcl.Block, place: Place
    ) -> Iterator[Mapping[str, object]]:
        """`key` and `value` of each instance of a resource; nothing of one whose are not known.

        Source: https://developer.hashicorp.com/terraform/language/meta-arguments/for_each
        (not opened)
        """
        where = block.attributes.get("for_each")
        base = TerraformWorkflow(name="", at=Span(source, *block.at), place=place)
        made = UNKNOWN if where is None else self._resolver(base).value(source, where)
        if isinstance(made, Mapping) and made:
            yield from ({"key": key, "value": made[key]} for key in sorted(made))
        elif isinstance(made, list) and made and all(isinstance(key, str) for key in made):
            yield from ({"key": key, "value": key} for key in made)
        else:
            yield {}

    def _resolver(self, workflow: TerraformWorkflow) -> Resolver:
        return Resolver(self, workflow.place, self._variables(workflow), workflow.each)

    def values(self, workflow: TerraformWorkflow) -> Mapping[str, object]:
        """What is known of the names that the workflow's definition may use."""
        variables = self._variables(workflow)
        at = Resolver(self, workflow.place, variables, workflow.each)
        values: dict[str, object] = {
            "local": {name: at.value(*where) for name, where in self._locals.items()},
            "var": variables,
            **({"each": workflow.each} if workflow.each else {}),
            **({PROVIDED: workflow.place.provider} if workflow.place.provider else {}),
        }
        data: dict[str, object] = {}
        values["data"] = data
        for blocks, where in ((self._resources, values), (self._data, data)):
            for (kind, label), (source, block) in blocks.items():
                known = where.setdefault(kind, {})
                assert isinstance(known, dict)
                owner = f"data.{kind}" if where is data else kind
                known[label] = {
                    name: Fragment(f"${{{owner}.{label}.{name}}}")  # written, and not known
                    if isinstance(value := at.value(source, place), Unknown)
                    else value
                    for name, place in block.attributes.items()
                }
        return _over(self._given, {**values, **workflow.variables})

    def functions(self, workflow: TerraformWorkflow) -> Iterator[tuple[str, Literal["1", "2"]]]:
        """The address of each function that the module defines or refers to, and its generation.

        What is not known of an address stands in it as in a template. Of those that `for_each` or
        `count` makes each one that is referred to is told of, beside the one in general.
        """
        resolver = self._resolver(workflow)
        named = {f"{kind}.{label}": kind for kind, label in self._resources}
        named |= {f"data.{kind}.{label}": kind for kind, label in self._data}
        named |= self._referred
        for name, kind in named.items():
            if kind in FUNCTIONS:
                generation, attribute = FUNCTIONS[kind]
                found = resolver.reference(f"{name}.{attribute}")
                if isinstance(found, str | Fragment):
                    yield found if isinstance(found, str) else found.template, generation

    def _variables(self, workflow: TerraformWorkflow) -> Mapping[str, object]:
        """Variables that the workflow's place tells: `region = var.region`, in the provider too."""
        own_values = Resolver(self, workflow.place, {}, workflow.each)
        found: dict[str, object] = {
            name: value
            for name, where in self._defaults.items()
            if not isinstance(value := own_values.value(*where), Unknown) and value != ""
        }
        place = workflow.place
        here = (workflow.at.start, workflow.at.end)
        for source, block in self._blocks:
            own = source is workflow.at.source and block.at == here
            if own or (block.kind == "provider" and block.labels[:1] == ("google",)):
                for name, value in (("project", place.project), ("region", place.region)):
                    where = block.attributes.get(name)
                    code = "" if where is None else source.text[slice(*where)]
                    if value is not None and re.fullmatch(r"var\.[\w-]+", code):
                        found[code.removeprefix("var.")] = value
        return found

    def _workflow(
        self, source: Source, block: hcl.Block, place: Place, each: Mapping[str, object]
    ) -> TerraformWorkflow:
        instance = Resolver(self, place, {}, each)

        def literal(name: str) -> str | None:
            where = block.attributes.get(name)
            value = None if where is None else hcl.string(source.text, where)
            if each and where is not None:
                made = instance.value(source, where)
                value = made if isinstance(made, str) else None
            return value if value and "${" not in value and "%{" not in value else None

        account = literal("service_account")
        project = literal("project")
        base = TerraformWorkflow(
            name=literal("name") or "-".join([block.labels[1], *map(str, [*each.values()][:1])]),
            each=each,
            at=Span(source, *block.at),
            place=replace(
                place,
                project=project or place.project,
                project_number=None
                if project not in {None, place.project}
                else place.project_number,
                region=literal("region") or place.region,
            ),
            service_account=None
            if account is None
            else (account.rpartition("/")[2], Span(source, *block.attributes["service_account"])),
        )
        base = self._with_env(base, source, block.attributes.get("user_env_vars"))
        where = block.attributes.get("source_contents")
        if where is None:
            return replace(base, problem=_problem(base.at, "it has no source_contents"))
        source, where = self._followed(source, where)
        if lines := hcl.heredoc(source.text, where):
            return replace(base, heredoc=excerpt(source, *lines))
        return self._from_file(base, source, where)

    def _with_env(
        self, base: TerraformWorkflow, source: Source, where: hcl.Range | None
    ) -> TerraformWorkflow:
        """The workflow with its environment variables, as far as the module tells them."""
        if where is None:
            return base
        resolver = self._resolver(base)
        written = hcl.entries(source.text, where)
        values: Mapping[str, tuple[object, hcl.Range]]
        if written is not None:
            values = {name: (resolver.value(source, at), at) for name, at in written.items()}
        else:
            made = resolver.value(source, where)
            if not isinstance(made, Mapping):
                made = {ANY_VARIABLE: UNKNOWN}
            values = {name: (value, where) for name, value in made.items()}
        env: dict[str, str] = {}
        open_env: dict[str, tuple[str, Span]] = {}
        for name, (value, at) in values.items():
            match value:
                case Fragment(template):
                    open_env[name] = (template, Span(source, *at))
                case bool() | int() | str():
                    env[name] = str(value).lower() if isinstance(value, bool) else str(value)
                case _:
                    open_env[name] = (f"${{user_env_vars.{name}}}", Span(source, *at))
        return replace(base, env=env, open_env=open_env)

    def _followed(self, source: Source, where: hcl.Range) -> tuple[Source, hcl.Range]:
        """The expression that a local stands for, without what only takes space away."""
        for _ in range(_DEEPEST):
            called = hcl.call(source.text, where)
            if called is not None and called[0] in ("trimspace", "chomp") and len(called[1]) == 1:
                where = called[1][0]
                continue
            local = _LOCAL.fullmatch(source.text, *where)
            if local is None or local["name"] not in self._locals:
                break
            source, where = self._locals[local["name"]]
        return source, where

    def _from_file(
        self, base: TerraformWorkflow, source: Source, where: hcl.Range
    ) -> TerraformWorkflow:
        called = hcl.call(source.text, where)
        if called is not None and called[0] in ("file", "templatefile") and called[1]:
            resolver = self._resolver(base)
            named = resolver.value(source, called[1][0])
            path = named.template if isinstance(named, Fragment) else named
            path = _MODULE_PATH.sub("", path) if isinstance(path, str) else None
            if path and "${" not in path:
                given = resolver.value(source, called[1][1]) if called[1][1:] else None
                values = given if isinstance(given, Mapping) else {}
                return replace(
                    base,
                    path=path,
                    templating="terraform" if called[0] == "templatefile" else None,
                    variables={k: v for k, v in values.items() if not isinstance(v, Unknown)},
                )
        shown = " ".join(source.text[slice(*where)].split())[:80]
        at = Span(source, *where)
        return replace(base, problem=_problem(at, f"`{shown}` is not read"))

    def local(self, name: str) -> tuple[Source, hcl.Range] | None:
        """Where a local is defined."""
        return self._locals.get(name)

    def attribute(self, kind: str, label: str, name: str) -> tuple[Source, hcl.Range] | None:
        """Where an attribute of a resource is written."""
        held = self._data if kind.startswith("data.") else self._resources
        source, block = held.get((kind.removeprefix("data."), label), (None, None))
        if source is None or block is None or name not in block.attributes:
            return None
        return source, block.attributes[name]

    def lacks(self, kind: str, label: str, name: str) -> bool:
        """Whether the resource is there and does not write the attribute."""
        held = self._data if kind.startswith("data.") else self._resources
        return (kind.removeprefix("data."), label) in held and self.attribute(
            kind, label, name
        ) is None

    def defaults_used(self, text: str) -> tuple[Diagnostic, ...]:
        """A note for each variable that is taken at its default, in a definition or the module."""
        texts = [text, *{source.name: source.text for source, _ in self._blocks}.values()]
        return tuple(
            Diagnostic(
                rule=TERRAFORM_DEFAULT,
                message=f"var.{name} is taken at its default, {shown}",
                at=Span(source, *where),
                help="give another value under `template_values:`, as `var: {" + name + ": ...}`",
            )
            for name, (source, where) in self._defaults.items()
            if isinstance(self.given(f"var.{name}"), Unknown)
            and (shown := " ".join(source.text[slice(*where)].split())[:40]) not in ('""', "null")
            and any(re.search(rf"\bvar\.{re.escape(name)}\b", one) for one in texts)
        )

    def given(self, reference: str) -> object:
        """What the user wrote for a reference."""
        return lookup(self._given)(reference)


def excerpt(source: Source, start: int, end: int) -> Source:
    """A source that holds one range of another, at its places; what stands before is blank."""
    blank = re.sub(r"[^\r\n]", " ", source.text[:start])
    return Source(source.name, blank + source.text[start:end])


def _over(upper: Mapping[str, object], lower: Mapping[str, object]) -> Mapping[str, object]:
    """Maps merged by key, at every depth."""
    merged = dict(lower)
    for key, value in upper.items():
        below = lower.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = _over(value, below) if both else value  # type: ignore[arg-type]
    return merged


def _problem(at: Span, why: str) -> Diagnostic:
    return Diagnostic(
        rule=TERRAFORM_SOURCE,
        message=f"the definition of this workflow is not found: {why}",
        at=at,
        help="write source_contents as a heredoc, or as file(...) or templatefile(...) of a path",
    )
