"""Every outbound call of a definition, and each way in which it is reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from wfprov.analysis.arguments import places
from wfprov.analysis.calls import Known, OutboundCall, Site
from wfprov.analysis.domain import Abstract, Hole
from wfprov.analysis.execute import BUDGET, BudgetSpentError, Machine
from wfprov.analysis.lattice import join
from wfprov.analysis.outcome import Descent, Entry, Outbound, Outcome, Summary
from wfprov.analysis.platform import Platform
from wfprov.analysis.rules import (
    ANALYSIS_LIMIT,
    TOO_MANY_WAYS,
    UNREACHABLE_STEP,
    UNSET_VARIABLE,
    UNUSED_SUBWORKFLOW,
)
from wfprov.analysis.shapes import NoShapes, Shapes
from wfprov.analysis.sites import CallNode, Inventory, inventory
from wfprov.analysis.ways import WAYS, expanded, is_deciding, merged
from wfprov.core.diagnostic import Diagnostic, in_order
from wfprov.core.span import Span
from wfprov.language.ast import Definition, Step
from wfprov.language.references import steps_in

_PATHS: Final = 20_000
"""How many calls of subworkflows are followed to tell ways apart."""

_VIAS: Final = 64
"""How many paths to a call with the same arguments are told apart."""

_CALLERS: Final = 100
"""How many calls of subworkflows a path names; those further in are left out of it.

The service stops an execution whose calls stand deeper than 20 inside each other.
Source: https://cloud.google.com/workflows/quotas (2026-11-23, not opened)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """The outbound calls of a definition, in text order, and what was found on the way."""

    sites: tuple[Site, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


def analyse(
    definition: Definition,
    known: Known,
    shapes: Shapes | None = None,
    *,
    budget: int = BUDGET,
) -> Analysis:
    """Every outbound call in the text, with what is known of its arguments each way it is reached.

    Nothing that can happen is left out: whatever a run of the workflow calls, a call of that site
    stands for it. A call in code that never runs is unreachable. Without a main workflow every
    subworkflow is taken as one that may be started. `budget` bounds how many steps are followed,
    beyond twenty for each step of the definition; when it is spent, every call may have any
    arguments, and a diagnostic says so.
    """
    listed = inventory(definition)
    machine = Machine(definition, Platform(known), shapes or NoShapes(), budget)
    entries = ["main"] if "main" in definition.procedures else list(definition.procedures)
    ways = _Ways(listed)
    spent = False
    try:
        for name in entries:
            ways.collect(machine.start(name))
    except BudgetSpentError:
        spent = True
    diagnostics = [*ways.diagnostics(), *_unset(machine)]
    if spent:
        place = Span(definition.source, 0, 0)
        diagnostics.append(
            Diagnostic(
                rule=ANALYSIS_LIMIT,
                message="The definition is too involved to be followed to the end, so each of its "
                "calls is taken as possible with any arguments.",
                at=place,
                help="Split it into workflows of their own, or write loops as 'for'.",
            )
        )
    else:
        diagnostics.extend(_dead_anywhere(definition, known, entries, machine.seen, budget))
    sites = []
    for key, (site, call) in listed.outbound.items():
        calls = ways.of(site)
        if spent:
            calls = (
                *calls,
                OutboundCall(
                    site=site,
                    via=(),
                    function=call.function,
                    args={},
                    open_args=Hole("limit", call.function_span),
                    span=call.function_span,
                ),
            )
        sites.append(
            Site(
                id=site,
                function=call.function,
                span=call.function_span,
                reachable=spent or key in machine.met,
                calls=calls,
            )
        )
    return Analysis(sites=tuple(sites), diagnostics=in_order(diagnostics))


@dataclass(slots=True, eq=False)
class _SiteWays:
    """The ways of one site: distinct arguments, and for each the paths that lead to it."""

    call: CallNode
    found: dict[object, tuple[dict[str, Abstract], Hole | None, dict[tuple[str, ...], None]]] = (
        field(default_factory=dict)
    )
    whole: bool = True


class _Ways:
    """Gathers the ways of all sites, going down from the procedures that may be started."""

    def __init__(self, listed: Inventory) -> None:
        self._listed = listed
        self._sites: dict[str, _SiteWays] = {}
        self._flat: dict[Summary, tuple[list[Outbound], list[Descent]]] = {}
        self._expanded: dict[Outbound, list[tuple[object, dict[str, Abstract]]]] = {}
        self._paths = _PATHS

    def collect(self, start: Summary) -> None:
        """Adds the ways from one procedure.

        Each run of a procedure is followed first along one shortest path, so that none is missed
        when there are more paths than are told apart.
        """
        first: dict[Summary, tuple[str, ...]] = {start: ()}
        level: list[tuple[Summary, tuple[str, ...]]] = [(start, ())]
        others: list[tuple[Summary, tuple[str, ...], tuple[Summary, ...]]] = []
        while level:
            following: list[tuple[Summary, tuple[str, ...]]] = []
            for summary, via in level:
                outbound, descents = self._flattened(summary)
                for entry in outbound:
                    self._add(entry, via)
                for descent in descents:
                    if descent.summary not in first:
                        path = self._path(via, descent)
                        first[descent.summary] = path
                        following.append((descent.summary, path))
            level = following
        others.append((start, (), (start,)))
        while others and self._paths > 0:
            summary, via, stack = others.pop()
            outbound, descents = self._flattened(summary)
            if via != first[summary]:
                for entry in outbound:
                    self._add(entry, via)
            if len(stack) > _CALLERS:
                continue
            for descent in descents:
                if descent.summary not in stack:
                    self._paths -= 1
                    path = self._path(via, descent)
                    others.append((descent.summary, path, (*stack, descent.summary)))

    def _path(self, via: tuple[str, ...], descent: Descent) -> tuple[str, ...]:
        return via if len(via) >= _CALLERS else (*via, self._listed.id_of(descent.call))

    def _flattened(self, summary: Summary) -> tuple[list[Outbound], list[Descent]]:
        flat = self._flat.get(summary)
        if flat is None:
            flat = ([], [])
            if summary.outcome is not None:
                for entry in _entries(summary.outcome):
                    if isinstance(entry, Outbound):
                        flat[0].append(entry)
                    elif isinstance(entry, Descent):
                        flat[1].append(entry)
            self._flat[summary] = flat
        return flat

    def _add(self, entry: Outbound, via: tuple[str, ...]) -> None:
        site = self._listed.id_of(entry.call)
        ways = self._sites.get(site)
        if ways is None:
            ways = _SiteWays(entry.call)
            self._sites[site] = ways
        made = self._expanded.get(entry)
        if made is None:
            args, whole = expanded(entry.call.function, entry.args)
            made = [(_decisive(entry, way), way) for way in args]
            self._expanded[entry] = made
            ways.whole &= whole
        for key, way in made:
            known = ways.found.get(key)
            if known is None:
                ways.found[key] = (dict(way), entry.open_args, {via: None})
                continue
            for name, value in way.items():
                if known[0][name] is not value:
                    known[0][name] = join(known[0][name], value)
            if len(known[2]) < _VIAS:
                known[2][via] = None

    def of(self, site: str) -> tuple[OutboundCall, ...]:
        """The calls of a site."""
        ways = self._sites.get(site)
        if ways is None:
            return ()
        function, written = ways.call.function, places(ways.call)
        found = list(ways.found.values())
        if len(found) > WAYS:
            ways.whole = False
            opened = next((hole for _, hole, _ in found if hole is not None), None)
            one = merged([args for args, _, _ in found], function)
            found = [(one, opened, dict.fromkeys(via for _, _, vias in found for via in vias))]
        calls = [
            OutboundCall(
                site=site,
                via=via,
                function=function,
                args=args,
                open_args=opened,
                span=ways.call.function_span,
                places=written,
            )
            for args, opened, vias in found
            for via in vias
        ]
        if len(calls) > WAYS and len(found) <= WAYS:
            first = {id(call.args): call for call in reversed(calls)}
            rest = [call for call in calls if first[id(call.args)] is not call]
            calls = [*reversed(first.values()), *rest][:WAYS]
        return tuple(calls)

    def diagnostics(self) -> Iterator[Diagnostic]:
        """A note for each site whose ways are not told apart."""
        for site, ways in self._sites.items():
            if not ways.whole or len(ways.found) > WAYS:
                yield Diagnostic(
                    rule=TOO_MANY_WAYS,
                    message=f"{ways.call.function} in {site} is reached in more than {WAYS} ways; "
                    "they are shown as one.",
                    at=ways.call.function_span,
                    help="What is not told apart stands as {many}.",
                )


def _decisive(entry: Outbound, way: dict[str, Abstract]) -> object:
    """What tells a way from others: which arguments are given, and what those are that decide."""
    function = entry.call.function
    deciding = frozenset(item for item in way.items() if is_deciding(function, item[0]))
    return deciding, frozenset(way), entry.open_args


def _entries(outcome: Outcome) -> Iterator[Entry]:
    """What was met in an outcome, in text order, regions inside it included."""
    stack: list[Iterator[Entry]] = [_own(outcome)]
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
        elif isinstance(entry, Outcome):
            stack.append(_own(entry))
        else:
            yield entry


def _own(outcome: Outcome) -> Iterator[Entry]:
    for met in outcome.met.values():
        yield from met


def _unset(machine: Machine) -> Iterator[Diagnostic]:
    """A note for each environment variable that is read and not set."""
    for at, name in machine.evaluator.unset.items():
        yield Diagnostic(
            rule=UNSET_VARIABLE,
            message=f"The workflow has no environment variable {name}, so this is null.",
            at=at,
            help=f"Write `env: {{{name}: VALUE}}`, or a default: sys.get_env(NAME, DEFAULT).",
        )


def _dead_anywhere(
    definition: Definition, known: Known, entries: list[str], seen: set[int], budget: int
) -> list[Diagnostic]:
    """Notes for what never runs wherever it is deployed: not for what one environment rules out."""
    found = list(_dead(definition, seen))
    if not found or known == Known():
        return found
    anywhere = Machine(definition, Platform(Known()), NoShapes(), budget)
    try:
        for name in entries:
            anywhere.start(name)
    except BudgetSpentError:
        return []
    return list(_dead(definition, seen | anywhere.seen))


def _dead(definition: Definition, seen: set[int]) -> Iterator[Diagnostic]:
    """A note for each unused subworkflow, and for each outermost step that is never reached."""
    for procedure in definition.procedures.values():
        stack: list[Step] = list(reversed(procedure.steps))
        reached = [step for step in stack if id(step.body) in seen]
        if stack and not reached and procedure.name != "main":
            yield Diagnostic(
                rule=UNUSED_SUBWORKFLOW,
                message=f"Nothing that runs calls {procedure.name}.",
                at=procedure.name_span,
            )
            continue
        while stack:
            step = stack.pop()
            if id(step.body) in seen or step.name is None:
                stack.extend(reversed(tuple(steps_in(step))))
            else:
                yield Diagnostic(
                    rule=UNREACHABLE_STEP,
                    message=f"No path leads to {step.name}.",
                    at=step.name_span,
                )
