"""Checks numbers and kinds: how many there may be of something, and what a key may hold."""

from __future__ import annotations

import math

from wfprov.core.span import Span
from wfprov.language.ast import (
    Assign,
    Block,
    For,
    Mapping,
    Parallel,
    Procedure,
    Raise,
    Retry,
    Return,
    Scalar,
    Sequence,
    Step,
    Switch,
    Try,
    Value,
)
from wfprov.language.findings import Findings
from wfprov.language.limits import (
    MAX_ASSIGNMENTS,
    MAX_BRANCHES,
    MAX_CASES,
    MAX_MAIN_PARAMS,
    MAX_PARALLEL_DEPTH,
    MAX_PARAMS,
    MAX_STEPS,
    MIN_BRANCHES,
)
from wfprov.language.rules import (
    INVALID_VALUE,
    PARALLEL_TOO_DEEP,
    RETURN_IN_BRANCH,
    TOO_FEW_BRANCHES,
    TOO_MANY,
)
from wfprov.language.scopes import Outline, Place

_RANGE_LENGTH = 2


def check_bounds(outline: Outline, findings: Findings) -> None:
    """Report what exceeds a limit of the service, and literal values that a key cannot hold."""
    procedure = outline.procedure
    _check_params(procedure, findings)
    _at_most(MAX_STEPS, len(procedure.steps), "steps in a list", procedure.name_span, findings)
    for place in outline.places:
        _check_step(place.step, findings)
        _check_place(place, findings)


def _check_params(procedure: Procedure, findings: Findings) -> None:
    count = len(procedure.params)
    if not count:
        return
    at = procedure.params[0].span.to(procedure.params[-1].span)
    if procedure.name == "main":
        _at_most(MAX_MAIN_PARAMS, count, "parameters of main", at, findings)
    else:
        _at_most(MAX_PARAMS, count, "parameters of a subworkflow", at, findings)


def _check_place(place: Place, findings: Findings) -> None:
    """Report what may not stand inside a parallel step, or not so deep.

    Source: https://cloud.google.com/workflows/docs/reference/syntax/parallel-steps (read in part
    2026-11-23; returns and the depth are what others report)
    """
    match place.step.body:
        case Return(span=span):
            if any(scope.is_parallel for scope in place.scope.outwards()):
                findings.add(
                    RETURN_IN_BRANCH,
                    span,
                    "A return inside a parallel step.",
                    help="Assign to a shared variable, and return after the parallel step.",
                )
        case Parallel(span=span):
            depth = 1 + sum(scope.is_parallel for scope in place.scope.outwards())
            if depth > MAX_PARALLEL_DEPTH:
                findings.add(
                    PARALLEL_TOO_DEEP,
                    span,
                    f"{depth} parallel steps stand inside each other; the service is said to run "
                    f"{MAX_PARALLEL_DEPTH}.",
                    help="Put this one into a workflow of its own.",
                )
        case _:
            pass


def _check_step(step: Step, findings: Findings) -> None:
    match step.body:
        case Assign(assignments, span):
            _at_most(MAX_ASSIGNMENTS, len(assignments), "assignments in a step", span, findings)
        case Switch(cases, span):
            _at_most(MAX_CASES, len(cases), "conditions in a switch", span, findings)
            for case in cases:
                match case.condition:
                    case Scalar(bool()):
                        pass
                    case Scalar() | Sequence() as condition:
                        _wrong(condition, "A condition is an expression or a boolean.", findings)
                    case _:
                        pass
        case For() as loop:
            _check_loop(loop, findings)
        case Parallel() as parallel:
            _check_parallel(parallel, findings)
        case Try(retry=Retry() as retry):
            _check_retry(retry, findings)
        case Raise(Scalar(value) as raised) if not isinstance(value, str):
            _wrong(raised, "'raise' takes a text, a map or an expression.", findings)
        case Raise(Sequence() as raised):
            _wrong(raised, "'raise' takes a text, a map or an expression.", findings)
        case Block(steps, span):
            _at_most(MAX_STEPS, len(steps), "steps in a list", span, findings)
        case _:
            pass


def _check_loop(loop: For, findings: Findings) -> None:
    _at_most(MAX_STEPS, len(loop.steps), "steps in a list", loop.span, findings)
    if isinstance(loop.items, Scalar):
        _wrong(loop.items, "'in' takes a list, or an expression that gives one.", findings)
    match loop.range:
        case Sequence(items) as bounds:
            if len(items) != _RANGE_LENGTH:
                _wrong(bounds, "'range' takes two numbers: the first and the last.", findings)
            for item in items:
                if isinstance(item, Scalar) and not _is_number(item, least=-math.inf):
                    _wrong(item, "A bound of 'range' is a number or an expression.", findings)
        case Scalar() as bounds:
            _wrong(bounds, "'range' takes two numbers: [first, last].", findings)
        case _:
            pass


def _check_parallel(parallel: Parallel, findings: Findings) -> None:
    count = len(parallel.branches)
    if count:
        _at_most(MAX_BRANCHES, count, "branches in a parallel step", parallel.span, findings)
        if count < MIN_BRANCHES:
            findings.add(
                TOO_FEW_BRANCHES,
                parallel.branches[0].span,
                "A parallel step has two branches at least.",
                help="Write the steps of a single branch without 'parallel'.",
            )
    if parallel.loop is not None:
        _check_loop(parallel.loop, findings)
    if parallel.exception_policy not in (None, "continueAll"):
        findings.add(
            INVALID_VALUE,
            parallel.span,
            f"There is no exception policy {parallel.exception_policy!r}.",
            help="The only one is continueAll, which is the default.",
        )
    limit = parallel.concurrency_limit
    if isinstance(limit, Scalar) and (
        not isinstance(limit.value, int) or isinstance(limit.value, bool) or limit.value < 1
    ):
        _wrong(limit, "'concurrency_limit' takes a whole number from 1.", findings)


def _check_retry(retry: Retry, findings: Findings) -> None:
    if isinstance(retry.policy, Scalar):
        _wrong(
            retry.policy,
            "'retry' takes a map, or an expression such as ${http.default_retry}.",
            findings,
        )
    predicate = retry.parts.get("predicate")
    if isinstance(predicate, Scalar):
        _wrong(
            predicate,
            "'predicate' takes an expression that names a subworkflow or a library function.",
            findings,
        )
    retries = retry.parts.get("max_retries")
    if isinstance(retries, Scalar) and not _is_number(retries):
        _wrong(retries, "'max_retries' takes a number from 0, or an expression.", findings)
    match retry.parts.get("backoff"):
        case Mapping(entries):
            for key, value in entries:
                if isinstance(value, Scalar | Sequence | Mapping) and not _is_number(value):
                    name = key.value if isinstance(key, Scalar) else "a backoff's value"
                    _wrong(value, f"{name!r} takes a number from 0, or an expression.", findings)
        case Scalar() | Sequence() as backoff:
            _wrong(backoff, "'backoff' takes a map.", findings)
        case _:
            pass


def _is_number(value: Value, least: float = 0) -> bool:
    number = value.value if isinstance(value, Scalar) else None
    return isinstance(number, int | float) and not isinstance(number, bool) and number >= least


def _wrong(value: Value, message: str, findings: Findings) -> None:
    findings.add(INVALID_VALUE, value.span, message)


def _at_most(limit: int, count: int, what: str, at: Span, findings: Findings) -> None:
    if count > limit:
        findings.add(TOO_MANY, at, f"{count:,} {what}; the service takes at most {limit:,}.")
