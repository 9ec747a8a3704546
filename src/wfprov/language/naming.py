"""Checks the names that a definition gives: to subworkflows, parameters, steps and branches.

Source: https://cloud.google.com/workflows/docs/reference/syntax/subworkflows (read in part
2026-11-23)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wfprov.core.diagnostic import Related
from wfprov.core.span import Span
from wfprov.language.ast import Parallel, Procedure
from wfprov.language.findings import Findings
from wfprov.language.rules import (
    DUPLICATE_NAME,
    PARAMETER_AFTER_DEFAULT,
    RESERVED_NAME,
    SHARED_NOT_DEFINED,
)
from wfprov.language.scopes import Outline
from wfprov.language.stdlib import FUNCTIONS, MODULES

_JUMPS: Final = {
    "end": "ends the workflow",
    "break": "leaves the loop",
    "continue": "goes on with the loop's next item",
}


def check_names(outline: Outline, findings: Findings) -> None:
    """Report names that stand twice where once is meant, and those that mean something else."""
    procedure = outline.procedure
    _check_procedure(procedure, findings)
    for place in outline.places:
        step = place.step
        if step.name in _JUMPS:
            findings.add(
                RESERVED_NAME,
                step.name_span,
                f"'next: {step.name}' {_JUMPS[step.name]}; it never goes to this step.",
                help="Give the step another name.",
            )
        if isinstance(step.body, Parallel):
            branches = ((branch.name, branch.span) for branch in step.body.branches)
            _once(branches, "branch", findings)
            _once(step.body.shared, "shared variable", findings)
            for name, span in step.body.shared:
                if place.scope.owner(name) is None:
                    findings.add(
                        SHARED_NOT_DEFINED,
                        span,
                        f"{name!r} is shared but does not exist outside the parallel step.",
                        help=findings.nearest(name, place.scope.names_seen()),
                    )


def _check_procedure(procedure: Procedure, findings: Findings) -> None:
    if procedure.name in MODULES or procedure.name in FUNCTIONS:
        findings.add(
            RESERVED_NAME,
            procedure.name_span,
            f"{procedure.name!r} is part of the standard library, too.",
            help="Give the subworkflow another name.",
        )
    _once(((param.name, param.span) for param in procedure.params), "parameter", findings)
    first = next((param for param in procedure.params if param.default is not None), None)
    if first is None:
        return
    for param in procedure.params[procedure.params.index(first) :]:
        if param.default is None:
            findings.add(
                PARAMETER_AFTER_DEFAULT,
                param.span,
                f"{param.name!r} has no default and follows {first.name!r}, which has one.",
                help="Put the parameters with a default last.",
                related=(Related(first.span, "the first one with a default"),),
            )


def _once(names: Iterable[tuple[str, Span]], what: str, findings: Findings) -> None:
    seen: dict[str, Span] = {}
    for name, span in names:
        if name in seen:
            findings.add(
                DUPLICATE_NAME,
                span,
                f"The {what} {name!r} stands twice.",
                help="Remove or rename one of the two.",
                related=(Related(seen[name], "first here"),),
            )
        seen.setdefault(name, span)
