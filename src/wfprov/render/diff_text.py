"""What two environments do not have in common, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wfprov.core.span import Span
from wfprov.desired.compare import Aspect, Difference, Item
from wfprov.iam.grant import Grant
from wfprov.render.json import FORMAT_VERSION, grant_document, location
from wfprov.render.names import counted, short_name
from wfprov.render.place import Places
from wfprov.render.style import PLAIN, Style, safe

_ASPECTS: Final[dict[Aspect, str]] = {
    "workflow": "the workflow itself",
    "identity": "runs as",
    "grant": "",
    "api": "API",
    "env": "environment variable",
    "question": "open question:",
}


def difference_text(found: Difference, left: str, right: str, style: Style = PLAIN) -> str:
    """Two lists: what only `left` has, what only `right` has; and how much is the same."""
    lines: list[str] = []
    for items, here, there in ((found.left, left, right), (found.right, right, left)):
        if items:
            lines += [*_side(items, safe(here), safe(there), style), ""]
    same = f"{counted(found.both, 'thing')} {'is' if found.both == 1 else 'are'} in both."
    lines.append(same if found.due else f"{safe(left)} and {safe(right)} do not differ: {same}")
    return "\n".join(lines)


def difference_document(found: Difference, left: str, right: str) -> dict[str, object]:
    """The same for machines."""
    places = Places()
    return {
        "format_version": FORMAT_VERSION,
        "left": left,
        "right": right,
        "only_left": [_document(item, places) for item in found.left],
        "only_right": [_document(item, places) for item in found.right],
        "both": found.both,
    }


def _side(items: Sequence[Item], here: str, there: str, style: Style) -> Iterator[str]:
    places = Places()
    yield style.paint(f"{here} has, and {there} lacks", "bold")
    workflow = ""
    for item in items:
        if item.workflow != workflow:
            workflow = item.workflow
            yield f"  {style.paint(safe(workflow), 'cyan')}"
        yield f"    {_thing(item, style)}"
        if item.aspect in {"grant", "question"}:
            for at in item.at:
                yield style.paint(f"      {_where(item, at, places)}", "dim")


def _thing(item: Item, style: Style) -> str:
    if item.grant is not None:
        grant = item.grant
        role = style.paint(safe(_role(grant)), "green")
        condition = f"  if {safe(grant.condition.expression)}" if grant.condition else ""
        whose = "" if grant.principal == "workflow" else f"  to {safe(grant.principal)}"
        return f"{role} on {safe(short_name(grant.on, ''))}{whose}{condition}"
    word = _ASPECTS[item.aspect]
    return word if item.aspect == "workflow" else f"{word} {safe(item.shown)}"


def _role(grant: Grant) -> str:
    custom = grant.custom_role
    return f"custom role ({', '.join(custom.permissions)})" if custom else grant.role_name


def _where(item: Item, at: Span, places: Places) -> str:
    line = places.start(at)[0]
    return f"{safe(', '.join(item.sites))}  {safe(at.source.name)}:{line}"


def _document(item: Item, places: Places) -> dict[str, object]:
    return {
        "workflow": item.workflow,
        "aspect": item.aspect,
        "what": item.shown,
        "compared_as": item.what,
        "grant": item.grant and grant_document(item.grant),
        "because": list(item.sites),
        "locations": [location(at, places) for at in item.at],
    }
