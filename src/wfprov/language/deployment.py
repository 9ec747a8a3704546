"""The text that is deployed: what a template comes to once it is rendered."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from wfprov.core.span import Source, Span
from wfprov.language.rendering import Lookup, deployed, open_parts, rendered
from wfprov.language.templating import Templating, kind_of


@dataclass(frozen=True, slots=True)
class Deployment:
    """A definition as the service gets it; `unfilled` are places that nothing fills in.

    While there are any, the text is a template still and cannot be deployed.
    """

    text: str
    unfilled: tuple[Span, ...] = ()


def deployment(source: Source, templating: Templating, values: Lookup) -> Deployment:
    """What a source comes to: itself, unless another tool renders it."""
    kind = kind_of(source, templating)
    if kind is None:
        return Deployment(source.text)
    rendering = rendered(source.text, values, kind)
    unfilled = tuple(
        rendering.place(Span(source, start, end), source)
        for start, end in open_parts(rendering.text)
    )
    return Deployment(textwrap.dedent(_without_blank_lines(deployed(rendering.text))), unfilled)


def _without_blank_lines(text: str) -> str:
    """The text from its first line on that is not blank."""
    start = len(text) - len(text.lstrip())
    return text[text.rfind("\n", 0, start) + 1 :]
