"""Reports for people: findings, and what a definition calls, needs and is granted."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from wfprov.catalog.target import (
    WORKFLOW_IDENTITY,
    Certainty,
    Kind,
    Need,
    Question,
    TargetUse,
    Tier,
)
from wfprov.core.diagnostic import Diagnostic
from wfprov.desired.model import Inspected, SiteUse
from wfprov.desired.names import identity_email
from wfprov.iam.grant import Grant
from wfprov.render.names import KINDS, counted, place_in_words, short_name
from wfprov.render.place import Places
from wfprov.render.snippet import WIDTH, snippet
from wfprov.render.style import PLAIN, Style, cells, padded, safe, safe_lines

_WIDEST_ID: Final = 36
_WIDEST_ROLE: Final = 44


def report(diagnostics: Sequence[Diagnostic], style: Style = PLAIN, width: int = WIDTH) -> str:
    """Every finding with its snippet, a blank line between them."""
    places = Places()
    return "\n\n".join(snippet(d, places, style, width) for d in diagnostics)


def inspection(inspected: Sequence[Inspected], style: Style = PLAIN, width: int = WIDTH) -> str:
    """What each definition calls, needs and is granted, and what is still to be answered."""
    places = Places()
    blocks = [
        "\n".join(line.rstrip() for line in _workflow(one, places, style, width))
        for one in inspected
    ]
    return "\n\n".join(blocks)


def _workflow(one: Inspected, places: Places, style: Style, width: int) -> Iterator[str]:
    workflow = one.workflow
    counts = [counted(len(one.sites), "call"), counted(len(one.grants), "grant")]
    if one.questions:
        counts.append(counted(len(one.questions), "question"))
    name, source, tail = safe(workflow.name), safe(workflow.source_path), ", ".join(counts)
    blanks = max(width - cells(name) - cells(source) - cells(tail) - 2, 2)
    yield f"{style.paint(name, 'bold')}  {source}{' ' * blanks}{style.paint(tail, 'dim')}"
    if one.sites:
        yield ""
        yield from _sites(one, places, style, width)
    for principal in dict.fromkeys(grant.principal for grant in one.grants):
        yield ""
        yield f"Grants for {style.paint(_principal(one, principal), 'bold')}"
        grants = [grant for grant in one.grants if grant.principal == principal]
        yield from _grants(grants, workflow.project, style, width)
    for site, question in one.questions:
        yield ""
        yield from _question(site.id, question, style, width)


def _sites(one: Inspected, places: Places, style: Style, width: int) -> Iterator[str]:
    """A table of the calls; where a row would be too wide, each call under its id."""
    ids = [min(cells(safe(use.site.id)), _WIDEST_ID) for use in one.sites]
    first = max(ids)
    second = max(len(places.short(use.site.span)) for use in one.sites)
    room = max(width - first - second - 8, 30)
    project = one.workflow.project
    plain = (line for use in one.sites for line in _site(use, project, PLAIN, room))
    stacked = max(map(cells, plain)) > width - first - second - 6
    for use in one.sites:
        site = safe(use.site.id)
        at = places.short(use.site.span)
        if stacked:
            yield f"  {style.paint(site, 'cyan')}  {style.paint(at, 'dim')}"
            yield from (f"    {line}" for line in _site(use, project, style, width - 8))
            continue
        if cells(site) > first:
            yield f"  {style.paint(site, 'cyan')}"
            site = ""
        lead = style.paint(padded(site, first), "cyan")
        for number, line in enumerate(_site(use, project, style, room)):
            if number:
                yield f"  {' ' * first}  {' ' * second}  {line}"
            else:
                yield f"  {lead}  {style.paint(padded(at, second), 'dim')}  {line}"


def _site(use: SiteUse, project: str | None, style: Style, room: int) -> Iterator[str]:
    call = safe(use.site.function)
    if not use.site.reachable:
        yield f"{call}  {style.paint('never reached: asks for nothing', 'dim')}"
        return
    if not use.targets:
        yield call
    for target in use.targets:
        mark = style.paint("  ?", "bold", "yellow") if target.question else ""
        yield "  ".join([call, *filter(None, _target(target, call))]) + mark
        if target.via:
            yield style.paint(f"  by way of {safe(' > '.join(target.via))}", "dim")
        for need in target.needs:
            yield from (f"  {row}" for row in _need(need, target, project, style, room - 2))
        if not target.needs:  # what to do instead of a grant
            for row in _hanging(safe(target.note), room - 2):
                yield f"  {style.paint(row, 'dim')}"


def _target(target: TargetUse, call: str) -> Iterator[str]:
    """What a line says behind the call's name, which may tell it all."""
    if target.api_method is None and call.startswith("http."):
        yield target.auth.type if target.auth else "no auth"
    if target.api_method is not None and call.endswith(target.api_method):
        return
    if target.kind not in {Kind.LOGGING, Kind.CALLBACK}:
        yield KINDS[target.kind]
        yield _reached(target)


def _reached(target: TargetUse) -> str:
    if target.api_method is not None:
        return safe(target.api_method)
    if target.kind in {Kind.EXTERNAL, Kind.UNKNOWN} or target.resource is None:
        return safe(target.url or "")
    return safe(place_in_words(target.resource))


def _need(
    need: Need, target: TargetUse, project: str | None, style: Style, room: int
) -> Iterator[str]:
    remarks = []
    if need.principal is not None and need.principal != target.principal:
        remarks.append(f"by {need.principal}")
    if need.when is not None:
        remarks.append(f"when {need.when}")
    if need.tier is Tier.DERIVED:
        remarks.append("derived: never applied without an answer")
    if target.confidence is not Certainty.EXACT:
        remarks.append(str(target.confidence))
    remark = safe(f"({'; '.join(remarks)})" if remarks else "")
    line = safe(f"{need.permission} on {short_name(need.on, project)}")
    if cells(line) + cells(remark) + 2 <= room:
        yield f"{line}  {style.paint(remark, 'dim')}" if remark else line
        return
    yield from _hanging(line, room)
    yield from (f"  {style.paint(row, 'dim')}" for row in _hanging(remark, room - 2))


def _hanging(text: str, room: int) -> list[str]:
    """Rows of a width, those after the first set in; a word that is longer stays whole."""
    return textwrap.wrap(
        text, room, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _principal(one: Inspected, principal: str) -> str:
    workflow = identity_email(one.workflow)
    return safe(workflow if principal == WORKFLOW_IDENTITY else principal.replace("_", " "))


def _grants(
    grants: Sequence[Grant], project: str | None, style: Style, width: int
) -> Iterator[str]:
    """A table of the grants; where a row would be too wide, each grant in lines of its own."""
    roles = [safe(grant.role_name) for grant in grants]
    first = min(max(map(cells, roles)), _WIDEST_ROLE)
    scopes = [safe(short_name(grant.on, project)) for grant in grants]
    second = max(map(cells, scopes))
    reasons = [f"because {safe(', '.join(grant.sites))}" for grant in grants]
    widest = max(
        max(map(cells, roles)) + second + max(map(cells, reasons)) + 9,
        first + max(cells(_remark(grant)) for grant in grants) + 6,
    )
    if widest > width:
        for grant, role, scope, reason in zip(grants, roles, scopes, reasons, strict=True):
            yield f"  {style.paint(role, 'green')}  on {scope}"
            for text, colour in ((reason, ""), (_remark(grant), "dim")):
                for row in _hanging(text, width - 6):
                    yield f"      {style.paint(row, colour) if colour else row}"
        return
    for grant, role, scope, reason in zip(grants, roles, scopes, reasons, strict=True):
        remark = _remark(grant)
        shown = style.paint(padded(role, first), "green")
        line = f"  {shown}  on {padded(scope, second)}  {reason}"
        fits = first + cells(line) - cells(shown) + cells(remark) + 4 <= width
        if remark and fits:
            yield f"{line}  {style.paint(f'({remark})', 'dim')}"
            continue
        yield line
        if remark:
            yield f"  {' ' * first}  {style.paint(f'({remark})', 'dim')}"


def _remark(grant: Grant) -> str:
    remarks = []
    if grant.custom_role is not None:
        remarks.append(f"custom role: {', '.join(grant.custom_role.permissions)}")
    if grant.condition is not None:
        remarks.append(grant.condition.title)
    if grant.excess:
        remarks.append(f"{grant.excess} more than asked")
    if grant.inert:
        remarks.append(f"{grant.inert} inert")
    if grant.breadth:
        remarks.append(grant.breadth)
    return safe("; ".join(remarks))


def _question(site: str, question: Question, style: Style, width: int) -> Iterator[str]:
    mark = style.paint("?", "bold", "yellow")
    text = safe(f"{site}: {question.message}")
    rows = textwrap.wrap(text, max(width - 2, 20), break_long_words=False, break_on_hyphens=False)
    for number, row in enumerate(rows):
        yield f"  {row}" if number else f"{mark} {row}"
    yield "  Write in wfprov.yaml:"
    yield from (f"      {line}" for line in safe_lines(question.answer.rstrip("\n")))
