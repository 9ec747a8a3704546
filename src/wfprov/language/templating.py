"""Tells whether a definition is a template that another tool renders before deployment."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final, Literal, TypeAlias

from wfprov.core.span import Source

Templating: TypeAlias = Literal["none", "terraform", "cloudbuild", "auto"]
Kind: TypeAlias = Literal["terraform", "cloudbuild"]

_OPENING: Final = re.compile(r"\$\{")
# https://developer.hashicorp.com/terraform/language/expressions/references (not opened)
_REFERENCE: Final = re.compile(
    r"\$\{\s*(?:(?P<root>var|local|module)\.[A-Za-z_]|data\.google\w*\.|google_\w+\."
    r"|path\.(?:module|root|cwd)\b|each\.(?:key|value)\b|terraform\.workspace\b)"
)
# https://developer.hashicorp.com/terraform/language/functions/templatefile (not opened)
_EXTENSIONS: Final = (".tftpl", ".tmpl", ".tpl")
_MOST_LOOKED_AT: Final = 5000


# https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values (not opened)
_SUBSTITUTION: Final = re.compile(
    r"\$\{(?:_[A-Z0-9_]+|PROJECT_ID|PROJECT_NUMBER|LOCATION|BUILD_ID|TRIGGER_NAME|REPO_NAME"
    r"|REPO_FULL_NAME|BRANCH_NAME|TAG_NAME|REF_NAME|REVISION_ID|COMMIT_SHA|SHORT_SHA"
    r"|SERVICE_ACCOUNT(?:_EMAIL)?)\}"
)
_BARE: Final = re.compile(r"(?<!\$)\$\{")


def kind_of(source: Source, templating: Templating) -> Kind | None:
    """Which tool renders the text: for Terraform and Cloud Build `$${...}` is an expression.

    In doubt (`auto`) it is Terraform when the file's name says so, when `$${` occurs, or when every
    `${...}` begins as a reference of Terraform and none of their roots is a variable of the
    workflow; and Cloud Build when every single `${...}` is one of its substitutions. None: nobody.
    """
    if templating != "auto":
        return None if templating == "none" else templating
    text = source.text
    if source.name.endswith(_EXTENSIONS):
        return "terraform"
    singles = list(islice(_BARE.finditer(text), _MOST_LOOKED_AT))
    if singles and all(_SUBSTITUTION.match(text, single.start()) for single in singles):
        return "cloudbuild"
    return "terraform" if "$${" in text or _has_only_references(text) else None


def is_template(source: Source, templating: Templating) -> bool:
    """Whether `${...}` is another tool's in this text, and `$${...}` the workflow's."""
    return kind_of(source, templating) is not None


def _has_only_references(text: str) -> bool:
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
