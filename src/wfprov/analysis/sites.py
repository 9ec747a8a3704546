"""The outbound calls that stand in a definition's text, each with its id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from wfprov.language.ast import (
    Assign,
    Attribute,
    Binary,
    Broken,
    Call,
    Definition,
    Expr,
    Expression,
    FunctionCall,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Mapping,
    Name,
    Scalar,
    Sequence,
    Step,
    TemplateText,
    Try,
    Unary,
    Value,
)
from wfprov.language.references import own_values, steps_in

_LIBRARY: Final = frozenset(
    "base64 hash json list map math retry sys text time uuid http".split()  # noqa: SIM905
)
"""Modules of the standard library whose functions stay inside, but for `http` and `sys.log`.

Source: https://cloud.google.com/workflows/docs/reference/stdlib/overview (2026-11-23)
"""

_HTTP_POLICIES: Final = "http.default_retry"

CallNode: TypeAlias = Call | FunctionCall

CallKey: TypeAlias = tuple[int, int]
"""Where a call stands in the text: the same for every node that an alias makes of it."""


def key_of(call: CallNode | Try) -> CallKey:
    """The key of a call; a try's, whose retry may call a subworkflow, is that of its text."""
    span = call.span if isinstance(call, Try) else call.function_span
    return span.start, span.end


def is_outbound(function: str) -> bool:
    """Whether a call of this name, which is no subworkflow's, leaves the workflow."""
    head, dot, _ = function.partition(".")
    if not dot:
        return head.startswith("gcloud")
    if head == "http":
        return not function.startswith(_HTTP_POLICIES)
    return function == "sys.log" or head not in _LIBRARY


def is_certain(function: str) -> bool:
    """Whether the name is one of a documented outbound function's form."""
    return is_outbound(function) and function.partition(".")[0] in {
        "http",
        "sys",
        "googleapis",
        "gke",
        "events",
        "experimental",
        "shell",
    }


@dataclass(frozen=True, slots=True, eq=False)
class Inventory:
    """Every call in the text, by where it stands.

    `outbound` is in text order; `ids` also has the places of calls to subworkflows, and of tries,
    whose retry may call one.
    """

    outbound: dict[CallKey, tuple[str, CallNode]]
    ids: dict[CallKey, str]

    def id_of(self, call: CallNode | Try) -> str:
        """The id of the place where a call stands."""
        return self.ids[key_of(call)]


def inventory(definition: Definition) -> Inventory:
    """The calls of a definition; what an alias repeats is one call."""
    found: list[tuple[int, CallNode, str]] = []
    ids: dict[CallKey, str] = {}
    procedures = frozenset(definition.procedures)
    seen: set[int] = set()
    for procedure in definition.procedures.values():
        for param in procedure.params:
            if param.default is not None:
                for inner in _calls_in(param.default, seen):
                    found.append((len(found), inner, f"{procedure.name}.{param.name}"))
        stack: list[tuple[Step, str]] = [
            (step, procedure.name) for step in reversed(procedure.steps)
        ]
        while stack:
            step, outer = stack.pop()
            if id(step) in seen:
                continue
            seen.add(id(step))
            here = outer if step.name is None else f"{outer}.{step.name}"
            if isinstance(step.body, Try):
                ids[key_of(step.body)] = here
            for part in parts_of_step(step):
                if isinstance(part, Call):
                    if id(part) not in seen:
                        seen.add(id(part))
                        found.append((len(found), part, here))
                else:
                    for inner in _calls_in(part, seen):
                        found.append((len(found), inner, here))
            stack.extend((inner, here) for inner in reversed(tuple(steps_in(step))))
    found.sort(key=lambda item: (item[1].function_span.start, item[0]))
    outbound: dict[CallKey, tuple[str, CallNode]] = {}
    counts: Counter[str] = Counter()
    for _, call, here in found:
        key = key_of(call)
        if key in outbound:
            continue
        ids.setdefault(key, here)
        if call.function in procedures or not is_outbound(call.function):
            continue
        counts[here] += 1
        site = here if counts[here] == 1 else f"{here}#{counts[here]}"
        ids[key] = site
        outbound[key] = (site, call)
    return Inventory(outbound, ids)


def parts_of_step(step: Step) -> Iterator[Call | Value | Expr]:
    """The call, the paths assigned to and the values that belong to a step itself."""
    match step.body:
        case Assign(assignments):
            yield from (a.target for a in assignments if not isinstance(a.target, Name))
        case Call() as call:
            yield call
        case _:
            pass
    yield from own_values(step)


def _calls_in(root: Value | Expr, seen: set[int]) -> Iterator[FunctionCall]:
    """The function calls in a value or expression, in no certain order."""
    stack: list[Value | Expr] = [root]
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind is Scalar or kind is Literal or kind is Name or kind is TemplateText:
            continue
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case Expression(expr):
                stack.append(expr)
            case FunctionCall(args=args):
                yield node
                stack.extend(args)
            case Broken(calls=calls):
                for call in calls:
                    if is_certain(call.function):
                        stack.append(call)
                    else:
                        stack.extend(call.args)
            case Sequence(items) | ListLiteral(items):
                stack.extend(items)
            case Mapping(entries):
                for key, value in entries:
                    stack.extend((key, value))
            case MapLiteral(entries):
                for name, held in entries:
                    stack.extend((name, held))
            case Attribute(value=value):
                stack.append(value)
            case Index(value, index):
                stack.extend((value, index))
            case Unary(operand=operand):
                stack.append(operand)
            case Binary(left=left, right=right):
                stack.extend((left, right))
            case Scalar() | Literal() | Name() | TemplateText():
                pass
