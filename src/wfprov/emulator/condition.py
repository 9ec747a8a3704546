"""IAM conditions: the subset of CEL that policies use.

    expr   = or ; or = and {"||" and} ; and = not {"&&" not}
    not    = "!" not | relation
    relation = value [("==" | "!=" | "<" | "<=" | ">" | ">=" | "in") value]
    value  = primary {"." name ["(" [expr {"," expr}] ")"]}
    primary = string | number | "true" | "false" | name ["(" args ")"] | "[" list "]" | "(" expr ")"

Functions: startsWith, endsWith, contains, extract, hasOnly,
timestamp, duration, and the getters of a timestamp.

Source: https://cloud.google.com/iam/docs/conditions-overview (not opened)
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LONGEST: Final = 4096
_DEEPEST: Final = 100
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<string>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<mark>\|\||&&|==|!=|<=|>=|[<>!().,\[\]]))"
)

Environment = Mapping[str, Any]
Evaluate = Callable[[Environment], Any]


class ConditionError(Exception):
    """An expression that does not parse, or cannot be evaluated on this request."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def compiled(expression: str) -> Evaluate:
    """A function from attributes (`{"resource.name": ..., "request.time": datetime}`) to a value.

    Raises:
        ConditionError: the expression is not in the subset.
    """
    if len(expression) > _LONGEST:
        raise ConditionError("expression too long")
    return _Parser(_tokens(expression)).whole()


def allows(expression: str, environment: Environment) -> bool:
    """Whether the condition is met; an expression that fails grants nothing, as in the cloud."""
    try:
        return compiled(expression)(environment) is True
    except ConditionError:
        return False


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ConditionError(f"unexpected character {text[at]!r}")
        kind = str(found.lastgroup)
        tokens.append(_Token(kind, found[kind]))
        at = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Evaluate:
        result = self._or()
        if self._at != len(self._tokens):
            raise ConditionError(f"unexpected {self._tokens[self._at].text!r}")
        return result

    def _peek(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        return "" if token is None or token.kind == "string" else token.text

    def _take(self, text: str) -> bool:
        if self._peek() == text:
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise ConditionError(f"expected {text!r}")

    def _or(self) -> Evaluate:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ConditionError("expression too deep")
        parts = [self._and()]
        while self._take("||"):
            parts.append(self._and())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else lambda env: _any_of(parts, env)

    def _and(self) -> Evaluate:
        parts = [self._not()]
        while self._take("&&"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda env: _all_of(parts, env)

    def _not(self) -> Evaluate:
        turns = 0
        while self._take("!"):
            turns += 1
        inner = self._relation()
        if turns == 0:
            return inner
        return lambda env: _truth(inner(env)) ^ bool(turns % 2)

    def _relation(self) -> Evaluate:
        left = self._value()
        operator = self._peek()
        if operator not in ("==", "!=", "<", "<=", ">", ">=", "in"):
            return left
        self._at += 1
        right = self._value()
        return lambda env: _compare(operator, left(env), right(env))

    def _value(self) -> Evaluate:
        value = self._primary()
        while self._take("."):
            name = self._name()
            self._expect("(")
            value = _method(value, name, self._arguments(")"))
        return value

    def _primary(self) -> Evaluate:
        if self._at >= len(self._tokens):
            raise ConditionError("the expression ends too early")
        token = self._tokens[self._at]
        self._at += 1
        match token.kind:
            case "string":
                text = re.sub(r"\\(.)", r"\1", token.text[1:-1])
                return lambda _: text
            case "number":
                number = float(token.text)
                return lambda _: number
            case "name":
                return self._named(token.text)
            case _:
                pass
        if token.text == "(":
            inner = self._or()
            self._expect(")")
            return inner
        if token.text == "[":
            items = self._arguments("]")
            return lambda env: [item(env) for item in items]
        raise ConditionError(f"unexpected {token.text!r}")

    def _named(self, first: str) -> Evaluate:
        if first in ("true", "false"):
            return lambda _: first == "true"
        if self._take("("):
            arguments = self._arguments(")")
            if first not in ("timestamp", "duration") or len(arguments) != 1:
                raise ConditionError(f"unknown function {first!r}")
            read = _timestamp if first == "timestamp" else _duration
            return lambda env: read(arguments[0](env))
        path = first
        while self._peek() == "." and self._following_is_attribute():
            self._at += 1
            path += "." + self._name()
        return lambda env: _attribute(env, path)

    def _following_is_attribute(self) -> bool:
        after = self._tokens[self._at + 2] if self._at + 2 < len(self._tokens) else None
        return after is None or after.text != "("

    def _name(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if token is None or token.kind != "name":
            raise ConditionError("expected a name after '.'")
        self._at += 1
        return token.text

    def _arguments(self, end: str) -> list[Evaluate]:
        found: list[Evaluate] = []
        if self._take(end):
            return found
        while True:
            found.append(self._or())
            if self._take(end):
                return found
            self._expect(",")


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConditionError("not a truth value")
    return value


def _any_of(parts: list[Evaluate], env: Environment) -> bool:
    """CEL's "||": true wins over an error on the other side."""
    failure: ConditionError | None = None
    for part in parts:
        try:
            if _truth(part(env)):
                return True
        except ConditionError as error:
            failure = error
    if failure is not None:
        raise failure
    return False


def _all_of(parts: list[Evaluate], env: Environment) -> bool:
    failure: ConditionError | None = None
    for part in parts:
        try:
            if not _truth(part(env)):
                return False
        except ConditionError as error:
            failure = error
    if failure is not None:
        raise failure
    return True


def _compare(operator: str, left: Any, right: Any) -> bool:
    if operator == "in":
        return isinstance(right, list) and left in right
    if operator in ("==", "!="):
        return bool((left == right) is (operator == "=="))
    if type(left) is not type(right) or isinstance(left, (bool, list)):
        raise ConditionError("no such comparison")
    match operator:
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
        case _:
            return bool(left >= right)


def _attribute(env: Environment, path: str) -> Any:
    if path not in env:
        raise ConditionError(f"no attribute {path!r} here")
    return env[path]


def _timestamp(text: Any) -> datetime:
    try:
        read = datetime.fromisoformat(str(text))
    except ValueError:
        raise ConditionError(f"not a timestamp: {text!r}") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _duration(text: Any) -> timedelta:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(h|m|s)", str(text))
    if found is None:
        raise ConditionError(f"not a duration: {text!r}")
    return timedelta(seconds=float(found[1]) * {"h": 3600, "m": 60, "s": 1}[found[2]])


def _method(target: Evaluate, name: str, arguments: list[Evaluate]) -> Evaluate:
    if name not in _METHODS:
        raise ConditionError(f"unknown function {name!r}")
    function = _METHODS[name]

    def call(env: Environment) -> Any:
        try:
            return function(target(env), *(argument(env) for argument in arguments))
        except (TypeError, AttributeError, re.error, ZoneInfoNotFoundError) as error:
            raise ConditionError(f"{name} does not apply here") from error

    return call


def _extract(text: str, template: str) -> str:
    before, _, rest = template.partition("{")
    after = rest.partition("}")[2]
    start = text.find(before)
    if start < 0:
        return ""
    start += len(before)
    end = text.find(after, start) if after else len(text)
    return "" if end < 0 else text[start:end]


def _local(moment: datetime, zone: str | None) -> datetime:
    return moment.astimezone(ZoneInfo(zone) if zone else UTC)


_METHODS: Final[dict[str, Callable[..., Any]]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
    "extract": _extract,
    "hasOnly": lambda values, allowed: set(values) <= set(allowed),
    "getAttribute": lambda source, name, default: (source or {}).get(name, default),
    "getFullYear": lambda t, zone=None: float(_local(t, zone).year),
    "getMonth": lambda t, zone=None: float(_local(t, zone).month - 1),
    "getDate": lambda t, zone=None: float(_local(t, zone).day),
    "getDayOfMonth": lambda t, zone=None: float(_local(t, zone).day - 1),
    "getDayOfWeek": lambda t, zone=None: float((_local(t, zone).weekday() + 1) % 7),
    "getDayOfYear": lambda t, zone=None: float(_local(t, zone).timetuple().tm_yday - 1),
    "getHours": lambda t, zone=None: float(_local(t, zone).hour),
    "getMinutes": lambda t, zone=None: float(_local(t, zone).minute),
}
