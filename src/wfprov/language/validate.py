"""Checks a definition's tree for what the service refuses at deployment, and for known traps."""

from __future__ import annotations

from wfprov.core.diagnostic import Diagnostic
from wfprov.language.ast import Definition
from wfprov.language.bounds import check_bounds
from wfprov.language.findings import Findings
from wfprov.language.jumps import check_jumps
from wfprov.language.naming import check_names
from wfprov.language.rules import UNSHARED_WRITE
from wfprov.language.scopes import Outline, Scope, outline
from wfprov.language.symbols import SymbolChecker


def validate(definition: Definition) -> tuple[Diagnostic, ...]:
    """What is wrong with a definition that could be read, by place.

    It comes on top of what `parse` reports about the form.
    """
    findings = Findings(definition.source)
    symbols = SymbolChecker(definition, findings)
    for procedure in definition.procedures.values():
        outlined = outline(procedure)
        symbols.check(outlined)
        check_names(outlined, findings)
        check_jumps(outlined, findings)
        check_bounds(outlined, findings)
        _check_sharing(outlined, findings)
    return findings.sorted()


def _check_sharing(outlined: Outline, findings: Findings) -> None:
    """Report writes of parallel branches to variables from outside that are not shared.

    Source: https://cloud.google.com/workflows/docs/reference/syntax/parallel-steps (not opened)
    """
    for scope in outlined.scope.everywhere():
        for name, span in scope.writes:
            owner = scope.owner(name)
            boundary = _unshared_boundary(scope, owner, name)
            # What is assigned only after the parallel step need not exist when it runs.
            if (
                owner is not None
                and boundary is not None
                and owner.names[name].start < boundary.span.start
            ):
                findings.add(
                    UNSHARED_WRITE,
                    span,
                    f"{name!r} comes from outside the parallel step and is not shared.",
                    help=f"Add it to 'shared: [{name}]' of the parallel step, or use another name.",
                )


def _unshared_boundary(scope: Scope, owner: Scope | None, name: str) -> Scope | None:
    """The innermost parallel scope, between a write and its owner, that does not share a name."""
    for inner in scope.outwards():
        if inner is owner:
            return None
        if inner.is_parallel and name not in inner.shared:
            return inner
    return None
