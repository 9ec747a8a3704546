"""Who may do what through which workflow, as a graph: workflow, identity, role, resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from wfprov.catalog.target import SERVICE_AGENT, WORKFLOW_IDENTITY, Kind, TargetUse
from wfprov.core.address import is_pattern, segment_after
from wfprov.core.credential import masked
from wfprov.core.span import Span
from wfprov.desired.model import Inspected
from wfprov.desired.names import identity_email
from wfprov.iam.grant import Grant
from wfprov.render.names import KINDS, counted, short_name
from wfprov.render.place import Places

Sort: TypeAlias = Literal["grant", "question", "none"]

_PROJECT: Final = "//cloudresourcemanager.googleapis.com/projects/"
_BEFORE: Final = 2
_AFTER: Final = 7
_WIDEST: Final = 160
_UNSEEN: Final = frozenset({Kind.LOGGING, Kind.CALLBACK})
"""What is called without leaving the workflow: without a grant it is no part of a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A call that asks for a grant, and the lines around it.

    `first` is the number of the first line shown, `line` and `column` that of the call, from 1.
    Lines are shown without the indentation that they share: there the call begins at
    `shown_column`, from 0, and is `width` long.
    """

    site: str
    file: str
    line: int
    column: int
    shown_column: int
    width: int
    first: int
    lines: tuple[str, ...]
    permission: str = ""
    on: str = ""
    when: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One way from a workflow to a resource: a grant, an open question, or a call without IAM.

    `identity`, `role` and `resource` are as they are shown and compared; `kind` groups resources,
    `label` is the resource in a few words. `answer` is the YAML that settles a question.
    """

    sort: Sort
    workflow: str
    identity: str
    role: str
    resource: str
    label: str
    kind: str
    project_level: bool = False
    excess: int = 0
    inert: int = 0
    remarks: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    message: str = ""
    answer: str = ""
    because: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """All ways, in the order of the workflows; `sources` is where each workflow is written."""

    sources: Mapping[str, str]
    edges: tuple[Edge, ...]

    @property
    def grants(self) -> int:
        """How many of them are grants."""
        return sum(edge.sort == "grant" for edge in self.edges)

    @property
    def questions(self) -> int:
        """How many are open questions."""
        return sum(edge.sort == "question" for edge in self.edges)


def graph(inspected: Sequence[Inspected]) -> Graph:
    """The graph of what was inspected."""
    places = Places()
    return Graph(
        sources={one.workflow.name: one.workflow.source_path for one in inspected},
        edges=tuple(edge for one in inspected for edge in _edges(one, places)),
    )


def _edges(one: Inspected, places: Places) -> Iterator[Edge]:
    granted = {r.site for grant in one.grants for r in grant.because}
    for grant in one.grants:
        yield _of_grant(grant, one, places)
    asked: set[tuple[str, str]] = set()
    for use in one.sites:
        for target in use.targets:
            question = target.question
            what = target.resource or target.url or target.api_method or use.site.function
            if question is None and (use.site.id in granted or target.kind in _UNSEEN):
                continue
            if question is None and (target.needs or (target.kind, what) in asked):
                continue
            asked.add((str(target.kind), what))
            yield Edge(
                sort="none" if question is None else "question",
                workflow=one.workflow.name,
                identity=_identity(target.principal, one),
                role="no grant needed" if question is None else "open question",
                resource=what,
                label=_shown(what, target, one),
                kind=KINDS[target.kind],
                message="" if question is None else question.message,
                answer="" if question is None else question.answer,
                because=(_reason(use.site.id, use.site.span, places),),
            )


def _of_grant(grant: Grant, one: Inspected, places: Places) -> Edge:
    remarks = []
    if grant.condition is not None:
        remarks.append(f"condition: {grant.condition.title}")
    if grant.breadth:
        remarks.append(grant.breadth)
    return Edge(
        sort="grant",
        workflow=one.workflow.name,
        identity=_identity(grant.principal, one),
        role=_role(grant),
        resource=grant.on,
        label=_in_words(grant.on, one),
        kind=_collection(grant.on),
        project_level=grant.on.startswith(_PROJECT),
        excess=grant.excess,
        inert=grant.inert,
        remarks=tuple(remarks),
        permissions=tuple(map(str, grant.custom_role.permissions)) if grant.custom_role else (),
        because=tuple(
            _reason(
                r.site,
                r.at,
                places,
                permission=r.need.permission,
                on=_in_words(r.need.on, one),
                when=r.need.when or "",
                source=r.need.source if r.need.source.startswith("https://") else "",
            )
            for r in grant.because
        ),
    )


def _identity(principal: str, one: Inspected) -> str:
    if principal == WORKFLOW_IDENTITY:
        return identity_email(one.workflow)
    if principal == SERVICE_AGENT:
        return "Workflows service agent"
    return principal


def _shown(what: str, target: TargetUse, one: Inspected) -> str:
    if target.resource is not None:
        return _in_words(target.resource, one)
    return what.partition("?")[0].removeprefix("https://")


def _in_words(name: str, one: Inspected) -> str:
    """A resource in a few words; a project of which nothing is known is not named."""
    owner = segment_after(name, "projects") or ""
    return short_name(name, owner if is_pattern(owner) else one.workflow.project)


def _role(grant: Grant) -> str:
    custom = grant.custom_role
    if custom is None:
        return grant.role_name
    return f"custom role of {counted(len(custom.permissions), 'permission')} ({custom.id})"


def _collection(name: str) -> str:
    """What a resource is one of: `secrets`, `projects`."""
    parts = name.removeprefix("//").split("/")
    if parts[0] == "run.googleapis.com" and len(parts) > 1:
        return f"Cloud Run {parts[-2]}"
    return parts[-2] if len(parts) > 1 else parts[0]


def _reason(
    site: str,
    at: Span,
    places: Places,
    *,
    permission: str = "",
    on: str = "",
    when: str = "",
    source: str = "",
) -> Reason:
    lines = places.lines(at.source)
    line, column = lines.position(at.start)
    end_line, end_column = lines.position(at.end)
    last_line, _ = lines.position(len(at.source.text))
    first, last = max(line - _BEFORE, 1), min(line + _AFTER, last_line)
    shown = [masked(lines.text(n)) for n in range(first, last + 1)]
    margin = min((len(text) - len(text.lstrip(" ")) for text in shown if text.strip()), default=0)
    width = end_column - column if end_line == line else 1
    return Reason(
        site=site,
        file=at.source.name,
        line=line,
        column=column,
        shown_column=max(column - 1 - margin, 0),
        width=max(width, 1),
        first=first,
        lines=tuple(text[margin : margin + _WIDEST].rstrip() for text in shown),
        permission=permission,
        on=on,
        when=when,
        source=source,
    )
