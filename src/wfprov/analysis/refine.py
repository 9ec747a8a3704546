"""What a condition that holds, or does not, says of the variables in it."""

from __future__ import annotations

from wfprov.analysis.domain import Abstract, Const, ListOf, MapOf, Text, Unknown, alternatives
from wfprov.analysis.environment import Environment
from wfprov.analysis.evaluate import Evaluator
from wfprov.analysis.lattice import FALSE, NULL, TRUE, join_all
from wfprov.analysis.operators import equal
from wfprov.language.ast import Binary, Expr, Expression, FunctionCall, Unary, Value


def refined(
    condition: Value, env: Environment, evaluator: Evaluator, *, holds: bool
) -> Environment | None:
    """The store where the condition holds (or not); None where that cannot be."""
    if not isinstance(condition, Expression):
        return env
    return _refined(condition.expr, env, evaluator, holds)


def _refined(expr: Expr, env: Environment, see: Evaluator, holds: bool) -> Environment | None:  # noqa: FBT001
    match expr:
        case Unary("not", operand):
            return _refined(operand, env, see, not holds)
        case Binary("and" | "or" as operator, left, right):
            if holds is (operator == "or"):
                return env  # one of the two decides, it is not known which
            first = _refined(left, env, see, holds)
            return None if first is None else _refined(right, first, see, holds)
        case Binary("==" | "!=" as operator, left, right):
            same = holds is (operator == "==")
            for path_side, other in ((left, right), (right, left)):
                if _calls(path_side) or _calls(other):
                    return env
                wanted = see.expression(other, env)
                if isinstance(wanted, Const):
                    return _equal(path_side, (wanted,), env, see, same=same)
            return env
        case Binary("in" | "not in" as operator, left, right):
            if _calls(left) or _calls(right):
                return env
            return _inside(left, right, env, see, inside=holds is (operator == "in"))
        case _ if not _calls(expr) and see.path(expr, env) is not None:
            truths = (TRUE,) if holds else (FALSE, NULL)
            return _equal(expr, truths, env, see, same=True)
        case _:
            return env


def _calls(expr: Expr) -> bool:
    """Whether reading it again would carry out a call again."""
    return isinstance(expr, FunctionCall) and expr.function != "map.get"


def _equal(
    expr: Expr,
    wanted: tuple[Abstract, ...],
    env: Environment,
    see: Evaluator,
    *,
    same: bool,
) -> Environment | None:
    path = see.path(expr, env)
    if path is None:
        return env
    held = see.expression(expr, env)
    kept: list[Abstract] = []
    for choice in alternatives(held):
        verdicts = [equal(choice, want) for want in wanted]
        if not same:
            if True not in verdicts:
                kept.append(choice)
        elif isinstance(choice, Unknown | Text):
            kept.extend(w for w, verdict in zip(wanted, verdicts, strict=True) if verdict is None)
        elif any(verdict is not False for verdict in verdicts):
            kept.append(choice)
    if not kept:
        return None
    value = join_all(kept)
    return env if value == held else env.learn(path, value)


def _inside(
    left: Expr,
    right: Expr,
    env: Environment,
    see: Evaluator,
    *,
    inside: bool,
) -> Environment | None:
    holder = see.expression(right, env)
    match holder:
        case ListOf(items, None) if all(isinstance(item, Const) for item in items):
            return _equal(left, items, env, see, same=inside)
        case _:
            pass
    key = see.expression(left, env)
    path = see.path(right, env)
    if path is None or not isinstance(key, Const) or not isinstance(key.value, str):
        return env
    kept: list[Abstract] = []
    for choice in alternatives(holder):
        if isinstance(choice, MapOf) and choice.rest is None:
            if (key.value in dict(choice.entries)) is inside:
                kept.append(choice)
        else:
            kept.append(choice)
    if not kept:
        return None
    value = join_all(kept)
    return env if value == holder or NULL in kept else env.learn(path, value)
