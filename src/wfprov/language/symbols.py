"""Checks what names stand for: variables, functions, subworkflows.

Source: https://cloud.google.com/workflows/docs/troubleshooting (not opened)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Final

from wfprov.core.diagnostic import Related
from wfprov.core.rule import Confidence
from wfprov.core.span import Span
from wfprov.language.ast import (
    Assign,
    Attribute,
    Broken,
    Call,
    Definition,
    Expr,
    Expression,
    FunctionCall,
    Index,
    Literal,
    Mapping,
    Name,
    Scalar,
    TemplateText,
)
from wfprov.language.ast import Sequence as SequenceValue
from wfprov.language.findings import Findings
from wfprov.language.limits import MAX_INTEGER
from wfprov.language.references import own_values, parts, scalars
from wfprov.language.rules import (
    BLOCKING_IN_EXPRESSION,
    INTEGER_TOO_LARGE,
    INVALID_VALUE,
    LITERAL_FUNCTION_CALL,
    UNDEFINED_NAME,
    UNKNOWN_FUNCTION,
    UNKNOWN_MODULE,
    WRONG_ARGUMENTS,
)
from wfprov.language.rules_text import FRAGMENT, TEXT_WITH_EXPRESSION
from wfprov.language.scopes import Outline, Place, Scope
from wfprov.language.stdlib import CONSTANTS, FUNCTIONS, MODULES, OPEN_MODULES, is_blocking

_LOOKS_LIKE_CALL: Final = re.compile(r"([a-z_][a-z0-9_.]*)\(.*\)\Z", re.DOTALL)
_INSIDE_TEXT: Final = re.compile(r"\$\{\s*([A-Za-z_][A-Za-z0-9_]*)")


class SymbolChecker:
    """Checks the names in a definition, procedure by procedure."""

    def __init__(self, definition: Definition, findings: Findings) -> None:
        self._definition = definition
        self._procedures = definition.procedures
        self._findings = findings

    def check(self, outline: Outline) -> None:
        """Report what is wrong with the names of one procedure."""
        for place in outline.places:
            self._place(place, outline)
        for param in outline.procedure.params:
            if param.default is not None:
                # Google does not say what a default may refer to: only calls are looked at.
                for leaf in scalars(param.default):
                    if isinstance(leaf, Expression):
                        for part in parts(leaf.expr):
                            if isinstance(part, FunctionCall):
                                self._function_call(part)

    def _place(self, place: Place, outline: Outline) -> None:
        body = place.step.body
        if isinstance(body, Call):
            self._call(body)
        elif isinstance(body, Assign):
            for assignment in body.assignments:
                self._target(assignment.target, place.scope, outline)
        for value in own_values(place.step):
            for leaf in scalars(value):
                match leaf:
                    case Expression(expr):
                        self._expression(expr, place.scope, outline)
                    case Broken(calls=calls):
                        for call in calls:
                            self._function_call(call)
                    case Scalar(str() as text):
                        self._text(leaf, text, place.scope)
                    case Scalar(int() as number, span):
                        self._integer(number, span)
                    case Scalar() | TemplateText():
                        pass

    def _target(self, target: Expr, scope: Scope, outline: Outline) -> None:
        while isinstance(target, Attribute | Index):
            if isinstance(target, Index):
                self._expression(target.index, scope, outline)
            target = target.value

    def _expression(self, expr: Expr, scope: Scope, outline: Outline) -> None:
        roots: set[int] = set()
        for part in parts(expr):
            match part:
                case FunctionCall():
                    self._function_call(part)
                    if is_blocking(part.function):
                        self._findings.add(
                            BLOCKING_IN_EXPRESSION,
                            part.function_span,
                            f"{part.function} is a blocking function and may not be called inside "
                            "an expression.",
                            help="Call it by a step of its own, with 'call:' and 'result:'.",
                        )
                case Attribute():
                    path = _dotted(part)
                    if path is not None and id(part) not in roots:
                        # The parts of a path are visited next; only its root needs a meaning.
                        roots |= {id(inner) for inner in parts(part)}
                        self._path(path, part, scope, outline)
                case Literal(int() as number, at):
                    self._integer(number, at)
                case Name(name, span) if id(part) not in roots:
                    self._name(name, span, scope, outline)
                case _:
                    pass

    def _path(self, path: str, at: Attribute, scope: Scope, outline: Outline) -> None:
        root, _, _ = path.partition(".")
        if scope.owner(root) is None and root in MODULES:
            if path not in CONSTANTS and path not in FUNCTIONS and root not in OPEN_MODULES:
                self._findings.add(
                    UNKNOWN_FUNCTION,
                    at.span,
                    f"{path!r} is not in the standard library.",
                    help=self._findings.nearest(path, {*CONSTANTS, *FUNCTIONS}),
                )
            return
        span = Span(at.span.source, at.span.start, at.span.start + len(root))
        self._name(root, span, scope, outline)

    def _name(self, name: str, span: Span, scope: Scope, outline: Outline) -> None:
        if scope.owner(name) is not None or name in self._procedures:
            return
        if name in MODULES or name in FUNCTIONS:
            message = f"{name!r} is part of the standard library, not a variable."
            self._findings.add(UNDEFINED_NAME, span, message, help="Call one of its functions.")
            return
        elsewhere = next(
            (inner for inner in outline.scope.everywhere() if name in inner.names), None
        )
        if elsewhere is not None:
            self._findings.add(
                UNDEFINED_NAME,
                span,
                f"{name!r} cannot be seen here: it is local to the {_NAMES[elsewhere.kind]} that "
                "gives it a value.",
                help=f"Assign {name!r} before that {_NAMES[elsewhere.kind]}.",
                related=(Related(elsewhere.names[name], "its value comes from here"),),
            )
            return
        others = [
            other.name
            for other in self._procedures.values()
            if any(param.name == name for param in other.params)
        ]
        message = f"{name!r} is neither a variable nor a subworkflow."
        if others:
            message += f" It is a parameter of {others[0]!r}, which is seen there only."
        advice = self._findings.nearest(name, scope.names_seen())
        if name in ("var", "local", "module", "data"):
            advice = (
                "Terraform fills in ${...} with one $; with two it is the workflow's own."
                if self._definition.template
                else "If Terraform renders this file, set 'templating: terraform' and write the "
                "workflow's own expressions as $${...}."
            )
        self._findings.add(UNDEFINED_NAME, span, message, help=advice)

    def _call(self, call: Call) -> None:
        if not call.function:
            return
        if "${" in call.function:
            if not self._definition.template:
                self._findings.add(
                    INVALID_VALUE,
                    call.function_span,
                    "The function of a call is a fixed name, not an expression.",
                    help="Choose among several calls with a switch.",
                )
            return
        names: Sequence[str] | None = None
        positional = 0
        match call.args:
            case None:
                names = ()
            case Mapping(entries):
                keys = [key.value for key, _ in entries if isinstance(key, Scalar)]
                names = [key for key in keys if isinstance(key, str)]
                if len(names) != len(entries):
                    names = None
            case SequenceValue(items):
                positional = len(items)
                names = ()
            case _:
                pass
        self._function(call.function, call.function_span, names, positional)

    def _function_call(self, call: FunctionCall) -> None:
        self._function(call.function, call.function_span, (), len(call.args))

    def _function(
        self,
        function: str,
        at: Span,
        names: Sequence[str] | None,
        positional: int,
    ) -> None:
        """Check one call; `names` is None when its arguments are not all known."""
        if function in self._procedures:
            procedure = self._procedures[function]
            params = [param.name for param in procedure.params]
            needed = [param.name for param in procedure.params if param.default is None]
            self._arguments(function, at, params, needed, names=names, positional=positional)
            return
        if function in FUNCTIONS:
            known = FUNCTIONS[function]
            needed = list(known.params[: known.required])
            params = list(known.params)
            self._arguments(function, at, params, needed, names=names, positional=positional)
            return
        root, dot, _ = function.partition(".")
        if dot:
            if root in OPEN_MODULES:
                return
            if root in MODULES:
                message = f"{function!r} is not in the standard library."
            else:
                message = f"There is no module {root!r} in the standard library."
            self._findings.add(
                UNKNOWN_FUNCTION if root in MODULES else UNKNOWN_MODULE,
                at,
                message,
                help=self._findings.nearest(function, FUNCTIONS),
            )
            return
        if self._definition.template:
            self._findings.add(
                FRAGMENT,
                at,
                f"The subworkflow {function!r} is not in this file.",
                help="Nothing is known of what it calls.",
            )
            return
        self._findings.add(
            UNDEFINED_NAME,
            at,
            f"{function!r} is neither a subworkflow nor a function of the standard library.",
            help=self._findings.nearest(
                function, chain((name for name in self._procedures if name != "main"), FUNCTIONS)
            ),
        )

    def _arguments(
        self,
        function: str,
        at: Span,
        params: Sequence[str],
        needed: Sequence[str],
        *,
        names: Sequence[str] | None,
        positional: int,
    ) -> None:
        if names is None:
            return
        if positional > len(params):
            self._findings.add(
                WRONG_ARGUMENTS,
                at,
                f"{function} takes {len(params)} arguments; {positional} are given.",
                help=f"In order: {', '.join(params)}." if params else "",
            )
        for name in names:
            if name not in params:
                self._findings.add(
                    WRONG_ARGUMENTS,
                    at,
                    f"{function} has no parameter {name!r}.",
                    help=self._findings.nearest(name, params),
                )
        given = {*params[:positional], *names}
        written = sorted(given & _LOGGED)
        if function == "sys.log" and len(written) != 1:
            self._findings.add(
                WRONG_ARGUMENTS,
                at,
                "sys.log takes one of data, text and json; "
                + (f"{' and '.join(written)} are given." if written else "none is given."),
            )
        missing = [name for name in needed if name not in given]
        if missing:
            self._findings.add(
                WRONG_ARGUMENTS,
                at,
                f"{function} needs {', '.join(map(repr, missing))}.",
            )

    def _integer(self, number: int, at: Span) -> None:
        if not -MAX_INTEGER - 1 <= number <= MAX_INTEGER:
            self._findings.add(
                INTEGER_TOO_LARGE,
                at,
                "This number does not fit into 64 bits.",
                help="Put it in quotes, if it is a text of digits.",
            )

    def _text(self, scalar: Scalar, text: str, scope: Scope) -> None:
        if "${" in text:
            if "\n" in text:
                return  # a script has variables of its own
            for inside in _INSIDE_TEXT.finditer(text):
                if scope.owner(inside[1]) is not None or inside[1] in MODULES:
                    self._findings.add(
                        TEXT_WITH_EXPRESSION,
                        scalar.span,
                        "The ${...} inside this text is not evaluated: an expression is a whole "
                        "value.",
                        help='Write one expression: ${"text " + variable}.',
                    )
                    return
            return
        called = _LOOKS_LIKE_CALL.match(text)
        if called is not None and (called[1] in FUNCTIONS or called[1] in self._procedures):
            self._findings.add(
                LITERAL_FUNCTION_CALL,
                scalar.span,
                f"This is the text {text[:40]!r}, not a call of {called[1]}.",
                help="Put it in ${ } to have it evaluated.",
                confidence=Confidence.MEDIUM,
            )


# https://cloud.google.com/workflows/docs/reference/stdlib/sys/log (not opened)
_LOGGED: Final = frozenset({"data", "text", "json"})
_NAMES: Final = {
    "procedure": "workflow",
    "for": "loop",
    "parallel for": "parallel loop",
    "branch": "branch",
    "except": "except",
}


def _dotted(expr: Expr) -> str | None:
    """`a.b.c`, when an expression is a name with fields and nothing else."""
    words: list[str] = []
    while isinstance(expr, Attribute):
        words.append(expr.name)
        expr = expr.value
    if not isinstance(expr, Name):
        return None
    return ".".join([expr.name, *reversed(words)])
