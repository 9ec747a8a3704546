"""What values and expressions are, given what the variables may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingABC
from collections.abc import Sequence as SequenceABC
from itertools import product
from math import prod
from typing import Final, Protocol

from wfprov.analysis.access import element, member, written
from wfprov.analysis.domain import (
    Abstract,
    Const,
    Hole,
    ListOf,
    MapOf,
    Never,
    Unknown,
    alternatives,
)
from wfprov.analysis.environment import Environment, Path
from wfprov.analysis.lattice import NEVER, NULL, WEIGHT, join, join_all
from wfprov.analysis.library import FUNCTIONS, applied
from wfprov.analysis.operators import binary, negated, negative
from wfprov.analysis.platform import Platform
from wfprov.analysis.sites import is_certain, is_outbound
from wfprov.analysis.strings import each, text_of
from wfprov.core.span import Span
from wfprov.language import hcl
from wfprov.language.ast import (
    Attribute,
    Binary,
    Broken,
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
    TemplateHole,
    TemplateText,
    Unary,
    Value,
)
from wfprov.language.tokens import HOLE, hole_name

_HOLE: Final = re.compile(f"({HOLE})")
_MOST_SIDES: Final = 8
_PLAIN: Final = re.compile(
    r"(?!(?:true|false|null|inf|nan)\Z)[A-Za-z/].*", re.IGNORECASE | re.DOTALL
)


class Caller(Protocol):
    """What carries out calls that leave the library."""

    def outbound(self, call: FunctionCall, args: SequenceABC[Abstract]) -> Abstract:
        """The result of an outbound call."""

    def subworkflow(self, call: FunctionCall, args: SequenceABC[Abstract]) -> Abstract:
        """The result of a subworkflow."""


_NO_CELLS: Final[MappingABC[int, Abstract]] = {}


class Evaluator:
    """Evaluates in the place that it is in: `cells` holds what other branches may have written.

    `unset` are the variables of the environment that were read though the workflow has none such,
    where nothing takes the null that they give.
    """

    def __init__(self, platform: Platform, procedures: frozenset[str], caller: Caller) -> None:
        self._platform = platform
        self._procedures = procedures
        self._caller = caller
        self._plain: dict[int, Abstract] = {}
        self.cells: MappingABC[int, Abstract] = _NO_CELLS
        self.depth = 0
        self.unset: dict[Span, str] = {}
        self._takes_null = 0

    def value(self, value: Value, env: Environment) -> Abstract:
        """What a YAML value is."""
        kind = type(value)
        if kind is Scalar:
            return Const(value.value)  # type: ignore[union-attr] # decided by kind, for speed
        if kind is Expression:
            made = self.expression(value.expr, env)  # type: ignore[union-attr] # as above
            if type(made) is Never:
                return Unknown(Hole("failing", value.span))
            return made if made.weight <= WEIGHT else Unknown(Hole("large", value.span))
        known = self._plain.get(id(value))
        if known is not None:
            return known
        match value:
            case Mapping():
                return self._mapping(value, env)
            case Sequence(items):
                made = ListOf(tuple(self.value(item, env) for item in items))
                if made.weight > WEIGHT:
                    return Unknown(Hole("large", value.span))
                self._keep(value, made)
                return made
            case Broken():
                for call in value.calls:
                    # As the inventory reads it: what only may be a call is looked into.
                    for part in (call,) if is_certain(call.function) else call.args:
                        self.expression(part, env)
                return Unknown(Hole("expression", value.span))
            case TemplateText():
                return _template(value)
            case Scalar() | Expression():
                raise AssertionError

    def _keep(self, value: Mapping | Sequence, made: Abstract) -> None:
        """Remembers a value that holds no expression."""
        parts = (
            value.items
            if isinstance(value, Sequence)
            else tuple(part for entry in value.entries for part in entry)
        )
        if all(type(part) is Scalar or id(part) in self._plain for part in parts):
            self._plain[id(value)] = made

    def _mapping(self, value: Mapping, env: Environment) -> Abstract:
        table: dict[str, Abstract] = {}
        rest: Abstract | None = None
        for key, held in value.entries:
            inner = self.value(held, env)
            name = self.value(key, env)
            choices = tuple(alternatives(name))
            if len(choices) == 1 and isinstance(name, Const):
                table[_key(name)] = inner
                continue
            rest = join(NULL, inner) if rest is None else join(rest, inner)
            table = {known: join(old, inner) for known, old in table.items()}
        made = MapOf(tuple(table.items()), rest)
        if made.weight > WEIGHT:
            return Unknown(Hole("large", value.span))
        self._keep(value, made)
        return made

    def expression(self, expr: Expr, env: Environment) -> Abstract:
        """What an expression is; Never when it is an error."""
        self.depth += 1
        try:
            return self._expression(expr, env)
        finally:
            self.depth -= 1

    def _expression(self, expr: Expr, env: Environment) -> Abstract:
        match expr:
            case Literal():
                return Const(expr.value)
            case Name():
                return self._name(expr, env)
            case Binary():
                return self._binary(expr, env)
            case FunctionCall():
                return self._call(expr, env)
            case Attribute() | Index():
                return self._access(expr, env)
            case Unary(operator, operand):
                inner = self.expression(operand, env)
                if operator == "not":
                    return negated(inner)
                return negative(inner) if operator == "-" else inner
            case ListLiteral(items):
                made = ListOf(tuple(self._whole(item, env) for item in items))
                return made if made.weight <= WEIGHT else Unknown(Hole("large", expr.span))
            case MapLiteral():
                return self._map_literal(expr, env)
            case TemplateText():
                return _template(expr)

    def _whole(self, expr: Expr, env: Environment) -> Abstract:
        made = self.expression(expr, env)
        return Unknown(Hole("failing", expr.span)) if isinstance(made, Never) else made

    def _binary(self, expr: Binary, env: Environment) -> Abstract:
        # The tree of a long sum grows to the left; a loop goes down it.
        spine: list[Binary] = []
        left: Expr = expr
        while type(left) is Binary:
            spine.append(left)
            left = left.left
        compared = spine[0].operator in ("==", "!=")
        self._takes_null += compared
        made = self.expression(left, env)
        for node in reversed(spine):
            made = binary(node.operator, made, self.expression(node.right, env))
        self._takes_null -= compared
        return made

    def _map_literal(self, expr: MapLiteral, env: Environment) -> Abstract:
        table: dict[str, Abstract] = {}
        rest: Abstract | None = None
        for key, held in expr.entries:
            name, inner = self.expression(key, env), self._whole(held, env)
            if isinstance(name, Const):
                table[_key(name)] = inner
            else:
                rest = join(NULL, inner) if rest is None else join(rest, inner)
                table = {known: join(old, inner) for known, old in table.items()}
        made = MapOf(tuple(table.items()), rest)
        return made if made.weight <= WEIGHT else Unknown(Hole("large", expr.span))

    def _name(self, expr: Name, env: Environment) -> Abstract:
        number = env.variables.numbers.get(expr.name)
        if number is None:
            return Unknown(Hole(expr.name, expr.span))
        value = env.get(number)
        cell = self.cells.get(number) if self.cells else None
        if cell is not None:
            return cell if value is None else join(value, cell)
        if env.facts and (number, ()) in env.facts:
            return env.facts[(number, ())]
        return Unknown(Hole(expr.name, expr.span)) if value is None else value

    def _access(self, expr: Attribute | Index, env: Environment) -> Abstract:
        spine: list[Attribute | Index] = []
        base: Expr = expr
        while isinstance(base, Attribute | Index):
            spine.append(base)
            base = base.value
        made = self.expression(base, env)
        path: Path | None = self.path(base, env) if env.facts else None
        for node in reversed(spine):
            if type(node) is Attribute:
                key: str | None = node.name
                made = member(made, node.name)
            else:
                assert isinstance(node, Index)
                place = self.expression(node.index, env)
                key = place.value if _is_text(place) else None  # type: ignore[union-attr,assignment] # decided by _is_text
                made = element(made, place)
            if path is not None:
                path = None if key is None else (path[0], (*path[1], key))
                if path is not None and path in env.facts:
                    made = env.facts[path]
        return made

    def path(self, expr: Expr, env: Environment) -> Path | None:
        """The path that an expression reads, when it is one of constant keys."""
        keys: list[str] = []
        while True:
            match expr:
                case Name(name):
                    number = env.variables.numbers.get(name)
                    if number is None or number in self.cells:
                        return None
                    return number, tuple(reversed(keys))
                case Attribute(value, name):
                    keys.append(name)
                    expr = value
                case Index(value, Literal(str() as key)) | FunctionCall(
                    "map.get", (value, Literal(str() as key))
                ):
                    keys.append(key)
                    expr = value
                case _:
                    return None

    def _call(self, expr: FunctionCall, env: Environment) -> Abstract:
        function = expr.function
        takes_null = function in ("default", "if", "get_type")
        self._takes_null += takes_null
        args = [self._whole(arg, env) for arg in expr.args]
        self._takes_null -= takes_null
        if function in self._procedures:
            return self._caller.subworkflow(expr, args)
        if is_outbound(function):
            return self._caller.outbound(expr, args)
        if function == "map.get" and env.facts:
            path = self.path(expr, env)
            if path is not None and path in env.facts:
                return env.facts[path]
        return self.library(function, args, expr.span)

    def library(self, function: str, args: SequenceABC[Abstract], at: Span) -> Abstract:
        """What a function that calls nothing outside returns."""
        if function == "sys.get_env":
            default = args[1] if len(args) > 1 else NULL
            return each(args[0], lambda name: self._variable(name, default, at)) if args else NEVER
        made = applied(function, args) if function in FUNCTIONS else None
        return Unknown(Hole(function, at)) if made is None else made

    def _variable(self, name: Abstract, default: Abstract, at: Span) -> Abstract:
        match name:
            case Const(str() as text):
                if default == NULL and not self._takes_null and self._platform.is_unset(text):
                    self.unset[at] = text
                return self._platform.variable(text, default, at)
            case _:
                return join(Unknown(Hole("env", at)), default)

    def stored(
        self, target: Expr, value: Abstract, env: Environment
    ) -> tuple[int, Abstract] | None:
        """The variable that an assignment changes and what it then holds; None for no variable."""
        keys: list[Abstract] = []
        while isinstance(target, Attribute | Index):
            if isinstance(target, Attribute):
                keys.append(Const(target.name))
            else:
                keys.append(self._whole(target.index, env))
            target = target.value
        if not isinstance(target, Name):
            return None
        number = env.variables.numbers[target.name]
        if not keys:
            return number, value
        base = env.get(number)
        cell = self.cells.get(number)
        if cell is not None:
            base = cell if base is None else join(base, cell)
        keys.reverse()
        made = written(base, keys, value)
        if isinstance(made, Never) or made.weight > WEIGHT:
            made = Unknown(Hole(target.name, target.span))
        return number, made


def _is_text(value: Abstract) -> bool:
    return isinstance(value, Const) and isinstance(value.value, str)


def _key(value: Const) -> str:
    match value.value:
        case str() as text:
            return text
        case None:
            return "null"
        case bool() as flag:
            return "true" if flag else "false"
        case number:
            return str(number)


def _template(value: TemplateText) -> Abstract:
    """Terraform's text: its holes are named as they are written, which may be of any type alone."""
    parts = [
        Hole(part.text, part.span) if isinstance(part, TemplateHole) else part
        for part in value.parts
    ]
    sides = [_sides(part, alone=len(parts) == 1) for part in parts]
    if 1 < prod(map(len, sides)) <= _MOST_SIDES:
        return join_all(
            text_of([piece for side in chosen for piece in side]) for chosen in product(*sides)
        )
    if len(parts) == 1 and isinstance(parts[0], Hole):
        return Unknown(parts[0])
    return text_of(parts)


def _sides(part: str | Hole, *, alone: bool) -> tuple[tuple[str | Hole, ...], ...]:
    """What a part comes to: one of two texts for `c ? "a" : "b"`, else itself alone."""
    if isinstance(part, str):
        return ((part,),)
    chosen = hcl.choice(part.name, (0, len(part.name)))
    made: list[tuple[str | Hole, ...]] = []
    for start, end in () if chosen is None else chosen[1:]:
        code = part.name[start:end].strip()
        quoted = hcl.string(code, (0, len(code)))
        # What Terraform writes may be an expression, or of another type to YAML than a text.
        is_text = not alone or _PLAIN.match(quoted or "") is not None
        if quoted is None or "%{" in quoted or "$${" in quoted or not is_text:
            return ((part,),)
        made.append(
            tuple(
                Hole(hole_name(piece), part.at) if at % 2 else piece
                for at, piece in enumerate(_HOLE.split(quoted))
                if piece
            )
        )
    return tuple(made) or ((part,),)
