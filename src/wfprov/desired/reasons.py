"""The places that ask for something, as a plan keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat

from wfprov.core.span import Source, Span
from wfprov.desired.graph import Because, Blocked, BlockReason
from wfprov.desired.model import Inspected, WorkflowSpec
from wfprov.iam.grant import Grant


def because_of(one: Inspected, grant: Grant) -> Iterator[Because]:
    """The places that ask for a grant, by site, with the permissions that each asks for."""
    by_site: dict[tuple[str, str], set[str]] = {}
    opened: dict[tuple[str, str], set[str]] = {}
    places: dict[str, Span] = {}
    for r, breadth in zip(grant.because, grant.opened or repeat(""), strict=False):
        key = r.site, r.need.when or ""
        by_site.setdefault(key, set()).add(r.need.permission)
        opened.setdefault(key, set()).update({breadth} - {""})
        places.setdefault(r.site, r.at)
    for (site, when), permissions in sorted(by_site.items()):
        found = reason_of(one.workflow, site, places[site])
        yield replace(
            found,
            permissions=tuple(sorted(permissions)),
            when=when,
            breadth=", ".join(sorted(opened[site, when])),
        )


def reason_of(spec: WorkflowSpec, site: str, at: Span) -> Because:
    """One place; `site` is the id of a call site or the key of a setting."""
    line, column = _position(at.source, at.start)
    return Because(workflow=spec.name, site=site, file=at.source.name, line=line, column=column)


def blocked_by(reason: BlockReason, because: Because, message: str) -> Blocked:
    """What stands in the way at the place of a reason."""
    return Blocked(
        reason=reason,
        workflow=because.workflow,
        site=because.site,
        file=because.file,
        line=because.line,
        column=because.column,
        message=message,
    )


def _position(source: Source, offset: int) -> tuple[int, int]:
    before = source.text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
