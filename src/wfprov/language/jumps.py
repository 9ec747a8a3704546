"""Checks the names of steps and the jumps between them.

Source: https://cloud.google.com/workflows/docs/reference/syntax/jumps (not opened)
Source: https://cloud.google.com/workflows/docs/release-notes#March_04_2024 (not opened)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Final

from wfprov.core.diagnostic import Related
from wfprov.language.findings import Findings
from wfprov.language.rules import BREAK_OUTSIDE_LOOP, DUPLICATE_STEP, JUMP_ACROSS, UNDEFINED_STEP
from wfprov.language.scopes import Outline, Place, Scope

_LOOPS: Final = frozenset({"for", "parallel for"})


@dataclass(slots=True)
class _Named:
    """The steps of one name: the first, and by identity all of them and where they stand."""

    first: Place
    steps: set[int]
    regions: set[int]


def check_jumps(outline: Outline, findings: Findings) -> None:
    """Report duplicate steps, and jumps that lead nowhere or across a loop or branch."""
    steps: dict[str, _Named] = {}
    for place in outline.places:
        name = place.step.name
        if name is None:
            continue
        same = steps.get(name)
        if same is None:
            same = steps[name] = _Named(place, {id(place.step)}, set())
        if id(place.step) not in same.steps:
            findings.add(
                DUPLICATE_STEP,
                place.step.name_span,
                f"{outline.procedure.name!r} has two steps named {name!r}.",
                help="Rename one of them.",
                related=(Related(same.first.step.name_span, "the first one"),),
            )
        same.steps.add(id(place.step))
        same.regions.add(id(place.scope.region))
    for place in outline.places:
        if place.step.next is not None:
            _check_jump(place, steps, findings)


def _check_jump(place: Place, steps: dict[str, _Named], findings: Findings) -> None:
    jump = place.step.next
    assert jump is not None
    target = jump.target
    if target == "end" or "${" in target:
        return
    if target in ("break", "continue"):
        if not any(scope.kind in _LOOPS for scope in place.scope.outwards()):
            findings.add(BREAK_OUTSIDE_LOOP, jump.span, f"{target!r} stands outside any loop.")
        return
    targets = steps.get(target)
    if targets is None:
        findings.add(
            UNDEFINED_STEP,
            jump.span,
            f"There is no step {target!r} in this workflow.",
            help=findings.nearest(target, chain(steps, ("end",))),
        )
        return
    here = place.scope.region
    if id(here) in targets.regions:
        return
    there = targets.first.scope.region
    findings.add(
        JUMP_ACROSS,
        jump.span,
        f"The jump to {target!r} leads {_across(here, there)}, which the service refuses.",
        help="Leave a loop with 'next: break', and jump from a step outside."
        if any(scope.kind in _LOOPS for scope in here.outwards())
        else "Move the step, or what it does, to this side.",
        related=(Related(targets.first.step.name_span, "the step"),),
    )


def _across(here: Scope, there: Scope) -> str:
    names = {"for": "a loop", "parallel for": "a parallel loop", "branch": "a parallel branch"}
    if there in here.outwards():
        return f"out of {names[here.kind]}"
    return f"into {names.get(there.kind, 'another workflow')}"
