"""The tree of a definition: procedures, steps, values and expressions, each with its place.

Nodes compare by identity (`eq=False`): a YAML alias makes one node reachable twice, and a pass
that must not visit it twice keeps the nodes it has seen.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from typing import TypeAlias

from wfprov.core.span import Source, Span

Primitive: TypeAlias = bool | int | float | str | None

# --- expressions: what stands inside `${ }` ---


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A number, string, boolean or null."""

    value: Primitive
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class ListLiteral:
    """`[a, b]`."""

    items: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class MapLiteral:
    """`{"a": 1}`: not in Google's list of elements, read all the same."""

    entries: tuple[tuple[Expr, Expr], ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A variable."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """`value.name`."""

    value: Expr
    name: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """`value[index]`."""

    value: Expr
    index: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class FunctionCall:
    """`text.split(a, b)`: a library function, a connector helper or a subworkflow, positional."""

    function: str
    args: tuple[Expr, ...]
    span: Span
    function_span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Unary:
    """`not a`, `-a`, `+a`; `operator` is `not`, `-` or `+`."""

    operator: str
    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Binary:
    """`a OP b`; OP one of `* / // % + - < <= > >= == != in and or` and `not in`."""

    operator: str
    left: Expr
    right: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class TemplateHole:
    """A place that Terraform fills in before deployment; `text` is what fills it: `var.region`."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class TemplateText:
    """A text with holes that Terraform fills in, as a value or inside an expression.

    No two literal parts stand side by side, none is empty, and there is at least one hole. As an
    expression it is a string literal with holes, or one bare hole, which may be of any type.
    """

    parts: tuple[str | TemplateHole, ...]
    span: Span


Expr: TypeAlias = (
    Literal
    | ListLiteral
    | MapLiteral
    | Name
    | Attribute
    | Index
    | FunctionCall
    | Unary
    | Binary
    | TemplateText
)

# --- values: what stands in YAML where an expression may stand ---


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A plain value without an expression."""

    value: Primitive
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A scalar that is one whole `${...}`."""

    expr: Expr
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Broken:
    """A scalar that begins as an expression but does not parse; `text` is what it says.

    `calls` are the function calls that could still be read out of it.
    """

    text: str
    span: Span
    calls: tuple[FunctionCall, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A YAML list."""

    items: tuple[Value, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """A YAML map; a key may be an expression."""

    entries: tuple[tuple[Value, Value], ...]
    span: Span

    def get(self, key: str) -> Value | None:
        """The value of a literal string key, or None."""
        for name, value in self.entries:
            if isinstance(name, Scalar) and name.value == key:
                return value
        return None


Value: TypeAlias = Scalar | Expression | Broken | TemplateText | Sequence | Mapping

# --- steps ---


@dataclass(frozen=True, slots=True, eq=False)
class Next:
    """`next: target`; target is a step name, `end`, `break` or `continue`."""

    target: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """`target: value`; the target is Name, Attribute or Index over such, rooted in a Name."""

    target: Name | Attribute | Index
    value: Value
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Assign:
    """`assign:`, in order."""

    assignments: tuple[Assignment, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Call:
    """`call:`; args is a map (by name), a list (by position), an expression or None."""

    function: str
    function_span: Span
    args: Value | None
    result: str | None
    result_span: Span | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One condition of a switch; `step` is what it carries, unnamed (its `next` included)."""

    condition: Value
    step: Step | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Switch:
    """`switch:`; the first true case runs."""

    cases: tuple[Case, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class For:
    """`for:`; exactly one of `items` (`in:`) and `range` in a valid definition."""

    value: str
    value_span: Span
    index: str | None
    items: Value | None
    range: Value | None
    steps: tuple[Step, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """One named branch of a parallel step."""

    name: str
    steps: tuple[Step, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Parallel:
    """`parallel:` over branches or over a loop."""

    branches: tuple[Branch, ...]
    loop: For | None
    shared: tuple[tuple[str, Span], ...]
    concurrency_limit: Value | None
    exception_policy: str | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Retry:
    """`retry:`; `policy` is a whole policy as one value, or the parts are given.

    `parts` holds `predicate`, `max_retries` and `backoff` as far as they are written. A predicate
    may name a subworkflow: it is called with the error.
    """

    policy: Value | None
    parts: MappingABC[str, Value]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Except:
    """`except:`; `variable` is the name after `as`."""

    variable: str | None
    steps: tuple[Step, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Try:
    """`try:`; a single unnamed step body is one Step without a name."""

    steps: tuple[Step, ...]
    retry: Retry | None
    handler: Except | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Raise:
    """`raise:`."""

    value: Value
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Return:
    """`return:`."""

    value: Value
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """`steps:`."""

    steps: tuple[Step, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Nothing:
    """A step that only jumps, or one whose body could not be read."""

    span: Span


Body: TypeAlias = Assign | Call | Switch | For | Parallel | Try | Raise | Return | Block | Nothing


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Step:
    """A step; the body of a case or of a short `try` has no name.

    `span` covers name and body; `name_span` is the body's own start where there is no name.
    """

    name: str | None
    name_span: Span
    body: Body
    next: Next | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Param:
    """A parameter, with the value it has when the caller gives none."""

    name: str
    default: Value | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Procedure:
    """The main workflow or a subworkflow."""

    name: str
    name_span: Span
    params: tuple[Param, ...]
    steps: tuple[Step, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A definition; `procedures` holds `main`, if there is one, and the subworkflows, in order.

    A `template` is rendered by Terraform before it is deployed: other files may add to it.
    """

    source: Source
    procedures: MappingABC[str, Procedure] = field(default_factory=dict)
    template: bool = False

    @property
    def main(self) -> Procedure | None:
        """The main workflow."""
        return self.procedures.get("main")
