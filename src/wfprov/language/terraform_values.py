"""What expressions of a Terraform module come to: literals, locals and attributes are followed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Protocol

from wfprov.core.span import Source
from wfprov.language import hcl
from wfprov.language.rendering import Fragment, evaluated, lookup, rendered
from wfprov.language.terraform_address import Place, followed
from wfprov.language.terraform_functions import UNKNOWN, Unknown
from wfprov.language.tokens import HOLE

_HOLE: Final = re.compile(HOLE)
_LITERAL: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?|true|false")
_LONGEST: Final = 20_000
_DEEPEST: Final = 10


class Written(Protocol):
    """Where a module writes what its names stand for."""

    def given(self, reference: str) -> object:
        """What the user wrote for a reference."""

    def local(self, name: str) -> tuple[Source, hcl.Range] | None:
        """Where a local is defined."""

    def attribute(self, kind: str, label: str, name: str) -> tuple[Source, hcl.Range] | None:
        """Where an attribute of a resource is written."""

    def lacks(self, kind: str, label: str, name: str) -> bool:
        """Whether the resource is there and does not write the attribute."""


class Resolver:
    """The values of expressions, each worked out once; `each` are those of one instance."""

    def __init__(
        self,
        module: Written,
        place: Place,
        variables: Mapping[str, object],
        each: Mapping[str, object],
    ) -> None:
        self._module = module
        self._place = place
        self._variables = lookup({"var": variables, "each": each})
        self._done: dict[tuple[int, hcl.Range], object] = {}

    def value(self, source: Source, place: hcl.Range, depth: int = 0) -> object:
        """What an expression comes to; a fragment where it is known in part."""
        key = (id(source), place)
        if key not in self._done:
            self._done[key] = UNKNOWN  # what refers to itself
            self._done[key] = self._value(source, place, depth)
        return self._done[key]

    def reference(self, reference: str, depth: int = 0) -> object:
        """What a reference stands for; a fragment where it is known in part."""
        return followed(
            reference, lambda name: self._told(name, depth), self._place, self._module.lacks
        )

    def _value(self, source: Source, place: hcl.Range, depth: int) -> object:
        text = source.text
        code = text[slice(*place)]
        if depth > _DEEPEST or len(code) > _LONGEST:
            return UNKNOWN
        if _LITERAL.fullmatch(code):
            if code in ("true", "false"):
                return code == "true"
            return float(code) if "." in code else int(code)
        quoted = hcl.string(text, place)
        if quoted is not None:
            return self._text(quoted, depth)
        listed = hcl.items(text, place)
        if listed is not None:
            return [self.value(source, item, depth + 1) for item in listed]
        mapped = hcl.entries(text, place)
        if mapped is not None:
            return {k: self.value(source, v, depth + 1) for k, v in mapped.items()}
        made = evaluated(code, lambda reference: self.reference(reference, depth + 1))
        if isinstance(made, Mapping | list):
            return made
        hole = f"${{{code}}}"
        return self._text(hole, depth) if _HOLE.fullmatch(hole) and "<<" not in code else UNKNOWN

    def _text(self, template: str, depth: int) -> object:
        if "${" not in template and "%{" not in template:
            return template
        if depth > _DEEPEST:
            return UNKNOWN
        made = rendered(
            template, lambda reference: self.reference(reference, depth + 1), "terraform"
        )
        if len(made.text) > _LONGEST:
            return UNKNOWN
        return Fragment(made.text) if "${" in made.text or "%{" in made.text else made.text

    def _told(self, reference: str, depth: int) -> object:
        """What the user or the module writes for a reference."""
        given = self._module.given(reference)
        if not isinstance(given, Unknown):
            return given
        data = "data." if reference.startswith("data.") else ""
        kind, _, rest = reference.removeprefix(data).partition(".")
        name, _, attribute = rest.partition(".")
        where = None
        if kind == "local":
            where = self._module.local(name)
            if where is not None and attribute:
                return lookup({"local": {name: self.value(*where, depth)}})(reference)
        elif re.fullmatch(r"\w+", attribute):
            where = self._module.attribute(data + kind, name, attribute)
            if where is not None and isinstance(self.value(*where, depth), Unknown):
                return Fragment(f"${{{reference}}}")  # written, and not known
        if where is not None:
            return self.value(*where, depth)
        return self._variables(reference) if kind in ("var", "each") else UNKNOWN
