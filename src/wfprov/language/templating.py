"""Tells whether a definition is a template that Terraform renders before deployment."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from wfprov.core.span import Source

Templating: TypeAlias = Literal["none", "terraform", "auto"]

_OPENING: Final = re.compile(r"\$\{")
# https://developer.hashicorp.com/terraform/language/expressions/references (2026-11-23)
_REFERENCE: Final = re.compile(
    r"\$\{\s*(?:(?P<root>var|local|module)\.[A-Za-z_]|data\.google\w*\.|google_\w+\."
    r"|path\.(?:module|root|cwd)\b|each\.(?:key|value)\b|terraform\.workspace\b)"
)
# https://developer.hashicorp.com/terraform/language/functions/templatefile (2026-11-23)
_EXTENSIONS: Final = (".tftpl", ".tmpl", ".tpl")
_MOST_LOOKED_AT: Final = 5000


def is_template(source: Source, templating: Templating) -> bool:
    """Whether `${...}` is Terraform's in this text, and `$${...}` an expression of the workflow.

    In doubt (`auto`) it is when the file's name says so, when `$${` occurs, or when every `${...}`
    begins as a reference of Terraform and none of their roots is a variable of the workflow.
    """
    if templating != "auto":
        return templating == "terraform"
    text = source.text
    if source.name.endswith(_EXTENSIONS) or "$${" in text:
        return True
    openings = 0
    roots: set[str] = set()
    for opening in _OPENING.finditer(text):
        reference = _REFERENCE.match(text, opening.start())
        if reference is None:
            return False
        roots.add(reference["root"] or "")
        openings += 1
        if openings > _MOST_LOOKED_AT:
            break
    return openings > 0 and not any(
        re.search(
            rf"(?m)(?:^|[-\s\"',\[{{]){root}\"?\s*:|:\s*{root}\s*$|[\[,]\s*{root}\s*[\],]", text
        )
        for root in roots
        if root
    )
