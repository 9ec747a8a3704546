"""What was said of the deployer before the first change, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from wfprov.plan.allowed import Preflight
from wfprov.render.names import short_name
from wfprov.render.style import Style, safe

_MOST: Final = 5
"""Resources that are named of those that lack the same."""


def deployer_words(found: Preflight | None) -> str:
    """A sentence for the summary of a plan; empty when nobody was asked, or something is lacking.

    What could not be asked is named in `deployer_lines`.
    """
    if found is None or not found.ok:
        return ""
    some = "all of it that can be asked" if found.unasked else "all of it"
    return f"Deployer may do {some} (checked)."


def deployer_lines(found: Preflight, project: str, style: Style, width: int) -> Iterator[str]:
    """Each permission that is lacking with its resources and the least role, and what is open."""
    if found.lacking:
        head = "To apply this, whoever runs it here still needs:"
        yield style.paint(head, "bold", "yellow")
    lacks: dict[tuple[str, str], list[str]] = {}
    for lack in found.lacking:
        lacks.setdefault((lack.permission, lack.role), []).append(lack.resource)
    for (permission, role), resources in lacks.items():
        least = f"least role: {role}" if role else "no predefined role may be granted for it"
        yield from _wrapped(f"{permission} on {_named(resources, project)}", width, "  ", "    ")
        yield from _wrapped(least, width, "    ", "    ")
    opens: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in found.unasked:
        opens.setdefault((one.why, one.permissions), []).append(one.resource)
    if opens:
        yield style.paint("Whether the deployer may do this was not checked:", "bold")
    for (why, permissions), resources in opens.items():
        words = f"{', '.join(permissions)} on {_named(resources, project)}: {why}"
        yield from _wrapped(words, width, "  ", "    ")


def _named(resources: Iterable[str], project: str) -> str:
    names = [short_name(resource, project or None) for resource in resources]
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def _wrapped(text: str, width: int, indent: str, hang: str) -> list[str]:
    return textwrap.wrap(
        safe(text),
        width,
        initial_indent=indent,
        subsequent_indent=hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
