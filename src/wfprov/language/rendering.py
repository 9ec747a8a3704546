r"""Renders a template as far as its values are known, and remembers where each character came from.

```
template  = { text | "$${" | "%%{" | "${" expression "}" | directive }
directive = "%{" [ "~" ] statement [ "~" ] "}"
statement = "if" condition | "else" | "endif" | "for" name [ "," name ] "in" list | "endfor"
```

What is not known stays as it is written, a template still. `~` beside `{` or `}` takes away the
blanks next to it, up to the end of that line and with it: the next line keeps its indentation.

Source: https://developer.hashicorp.com/terraform/language/expressions/strings (not opened)
Source: https://github.com/hashicorp/hcl/blob/main/hclsyntax/parser_template.go (2026-11-28)
Source: https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values
(not opened)
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from wfprov.core.span import Source, Span
from wfprov.language import hcl
from wfprov.language.directives import DEEPEST, PART, Block, Part, blocks
from wfprov.language.limits import MAX_READ
from wfprov.language.terraform_functions import UNKNOWN, Unknown, applied

Lookup: TypeAlias = Callable[[str], object]
"""The value of a reference as it is written, `var.region`; `UNKNOWN` when it has none."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A value that is itself a piece of template, with what is not known still to be filled in."""

    template: str


_CLOUD_BUILD: Final = re.compile(
    r"(?P<escape>\$\$(?=\{))|(?P<dollar>\$\$)"
    r"|\$(?:\{(?P<braced>[A-Z_][A-Z0-9_]*)\}|(?P<bare>[A-Z_][A-Z0-9_]*))"
)
_IF: Final = re.compile(r"if\b(?P<condition>.*)", re.DOTALL)
_FOR: Final = re.compile(
    r"for\s+(?:(?P<key>[A-Za-z_]\w*)\s*,\s*)?(?P<name>[A-Za-z_]\w*)\s+in\s+(?P<list>.*)", re.DOTALL
)
_REFERENCE: Final = re.compile(
    r"[A-Za-z_][\w-]*(?:\.[\w-]+|\[\s*(?:\d+|\"[^\"$]*\"|[A-Za-z_][\w.]*)\s*\])*"
)
_STRING: Final = re.compile(r'"(?:[^"\\$%]|[$%](?!\{)|\\["\\nt])*+"')
_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
_COMPARISON: Final = re.compile(r"(?P<left>[^=!]+)(?P<sign>==|!=)(?P<right>[^=]+)")
_COMPREHENSION: Final = re.compile(r"\[\s*for\s")
_KEY: Final = re.compile(r"[^.\[\]\s\"]+")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text, and which range of the template each stretch of it came from.

    `stretches` are (start here, start there, end there); a stretch as long there as here is a copy.
    """

    text: str
    stretches: tuple[tuple[int, int, int], ...]
    _starts: list[int] = field(default_factory=list, repr=False, compare=False)

    def place(self, span: Span, source: Source) -> Span:
        """Where a place of the rendered text stands in the template."""
        start = self._original(span.start)[0]
        end = start if span.end == span.start else self._original(span.end - 1)[1]
        return Span(source, start, max(start, end))

    def _original(self, at: int) -> tuple[int, int]:
        """The range that the character at an offset came from."""
        if not self._starts:
            self._starts.extend(start for start, _, _ in self.stretches)
        index = max(bisect_right(self._starts, at) - 1, 0)
        if index >= len(self.stretches):
            return at, at
        start, begin, end = self.stretches[index]
        later = self.stretches[index + 1][0] if index + 1 < len(self.stretches) else len(self.text)
        if later - start == end - begin:
            return begin + at - start, min(begin + at - start + 1, max(end, begin))
        return begin, end


def rendered(
    text: str,
    known: Lookup,
    kind: Literal["terraform", "cloudbuild"],
    *,
    choices_as_holes: bool = False,
) -> Rendered:
    """The template with all filled in that is known, what is not left as a template of Terraform.

    An expression of the workflow stays `$${...}`. When the result would be far larger than any
    definition, the template stays as it is. With `choices_as_holes` an open choice within a line,
    `%{if c}a%{else}b%{endif}`, is written as what it means, `${c ? "a" : "b"}`.
    """
    writer = _Writer(text, known, choices_as_holes=choices_as_holes)
    try:
        if kind == "cloudbuild":
            writer.cloud_build()
        else:
            writer.block(blocks(text, stripped=True), {})
            if writer.is_open:  # a directive that stays must stay on a line of its own
                writer = _Writer(text, known, choices_as_holes=choices_as_holes)
                writer.block(blocks(text, stripped=False), {})
    except _TooLargeError:
        return Rendered(text, ((0, 0, len(text)),))
    return Rendered("".join(writer.parts), tuple(writer.stretches))


def evaluated(code: str, known: Lookup) -> object:
    """What an expression of Terraform comes to; unknown where it is not certain."""
    return _Writer("", known).value(code, {})


def deployed(text: str) -> str:
    """The definition that a template is in which nothing is left to be filled in."""
    return text.replace("$${", "${").replace("%%{", "%{")


def open_parts(text: str) -> tuple[tuple[int, int], ...]:
    """Where a template still holds what must be filled in before it can be deployed."""
    return tuple(part.span() for part in PART.finditer(text) if part["escape"] is None)


def lookup(values: Mapping[str, object]) -> Lookup:
    """References looked up in maps of maps and lists, or under the whole reference as the key."""

    def known(reference: str) -> object:
        if reference in values:
            return values[reference]
        here: object = values
        for step in _KEY.findall(reference):
            if isinstance(here, Mapping) and step in here:
                here = here[step]
            elif isinstance(here, Sequence) and not isinstance(here, str) and step.isdecimal():
                if int(step) >= len(here):
                    return UNKNOWN
                here = here[int(step)]
            else:
                return UNKNOWN
        return here

    return known


class _TooLargeError(Exception):
    pass


class _Writer:
    def __init__(self, text: str, known: Lookup, *, choices_as_holes: bool = False) -> None:
        self._text = text
        self._known = known
        self._choices_as_holes = choices_as_holes
        self._length = 0
        self.is_open = False
        self.parts: list[str] = []
        self.stretches: list[tuple[int, int, int]] = []

    def block(self, block: Block, names: Mapping[str, object]) -> None:
        """Write what a block comes to, or all of it where nothing tells."""
        opening, body = block.branches[0]
        code = "" if opening is None else opening["code"].strip(" ~")
        if opening is None or block.closing is None:
            self._unsettled(block, names)
        elif condition := _IF.fullmatch(code):
            value = self.value(condition["condition"], names)
            if isinstance(value, bool):
                chosen = block.branches[0 if value else 1 :][:1]
                for _, parts in chosen:
                    self._write(parts, names)
            else:
                self._unsettled(block, names)
        elif (loop := _FOR.fullmatch(code)) and len(block.branches) == 1:
            items = _items(self.value(loop["list"], names))
            if items is None:
                self._unsettled(block, {**names, loop["name"]: UNKNOWN, loop["key"] or "": UNKNOWN})
                return
            for key, item in items:
                more = {loop["name"]: item} | ({loop["key"]: key} if loop["key"] else {})
                self._write(body, {**names, **more})
        else:
            self._unsettled(block, names)

    def _unsettled(self, block: Block, names: Mapping[str, object]) -> None:
        if self._choices_as_holes and (hole := self._choice(block)) is not None:
            assert block.branches[0][0] is not None, "a choice begins"
            assert block.closing is not None, "a choice ends"
            self._put(hole, block.branches[0][0].start(), block.closing.end())
            return
        self.is_open = self.is_open or block.branches[0][0] is not None
        for opening, parts in block.branches:
            if opening is not None:
                self._copy(*opening.span())
            self._write(parts, names)
        if block.closing is not None:
            self._copy(*block.closing.span())

    def _choice(self, block: Block) -> str | None:
        """The conditional expression that an `if` within one line is; None for anything else."""
        opening, closing = block.branches[0][0], block.closing
        if opening is None or closing is None or len(block.branches) > 2:  # noqa: PLR2004
            return None
        code = _IF.fullmatch(opening["code"].strip(" ~"))
        if code is None or "\n" in self._text[opening.start() : closing.end()]:
            return None
        ends = [mark.start() for mark, _ in block.branches[1:] if mark is not None]
        starts = [mark.end() for mark, _ in block.branches if mark is not None]
        sides = [
            self._text[start:end]
            for start, end in zip(starts, [*ends, closing.start()], strict=True)
        ]
        if any(set(side) & {'"', "\\"} or "%{" in side for side in sides):
            return None
        one, other = [*sides, ""][:2]
        return f'${{{code["condition"].strip()} ? "{one}" : "{other}"}}'

    def _write(self, parts: Iterable[Part], names: Mapping[str, object]) -> None:
        for part in parts:
            if isinstance(part, Block):
                self.block(part, names)
            elif isinstance(part, tuple):
                self._copy(*part)
            elif part["hole"] is None:
                self._copy(*part.span())
            else:
                written = _written(self.value(part["hole"][2:-1], names))
                if written is None:
                    self._copy(*part.span())
                else:
                    self._put(written, *part.span())

    def cloud_build(self) -> None:
        """Write a text with the substitutions of Cloud Build."""
        done = 0
        for part in _CLOUD_BUILD.finditer(self._text):
            if part["escape"] is not None:
                continue
            self._copy(done, part.start())
            done = part.end()
            name = part["braced"] or part["bare"]
            if name is None:
                self._put("$", *part.span())
                continue
            written = _written(self._known(name))
            self._put(f"${{{name}}}" if written is None else written, *part.span())
        self._copy(done, len(self._text))

    def _copy(self, start: int, end: int) -> None:
        self._put(self._text[start:end], start, end)

    def _put(self, written: str, start: int, end: int) -> None:
        self._length += len(written)
        if self._length > MAX_READ or len(self.parts) > MAX_READ // 4:
            raise _TooLargeError
        if written:
            self.stretches.append((self._length - len(written), start, end))
            self.parts.append(written)

    def value(self, code: str, names: Mapping[str, object], depth: int = 0) -> object:
        """The value of the small part of Terraform's language that is read: see the module."""
        code = code.strip().strip("~").strip()
        if code in ("true", "false"):
            return code == "true"
        if _STRING.fullmatch(code):
            return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), code[1:-1])
        if _NUMBER.fullmatch(code):
            return float(code) if "." in code else int(code)
        if _REFERENCE.fullmatch(code):
            name = _KEY.match(code)
            assert name is not None, "a reference begins with a name"
            return (lookup(names) if name.group() in names else self._known)(code)
        if depth < DEEPEST:
            made = self._made(code, names, depth + 1)
            if not isinstance(made, Unknown):
                return made
        if code.startswith("!") and depth < DEEPEST:
            value = self.value(code[1:], names, depth + 1)
            return not value if isinstance(value, bool) else UNKNOWN
        if comparison := _COMPARISON.fullmatch(code):
            left = self.value(comparison["left"], names, depth + 1)
            right = self.value(comparison["right"], names, depth + 1)
            if all(isinstance(side, str | int | float) for side in (left, right)):
                same = left == right and isinstance(left, str) == isinstance(right, str)
                return same == (comparison["sign"] == "==")
        return UNKNOWN

    def _made(self, code: str, names: Mapping[str, object], depth: int) -> object:
        """What a list, a map, a call of a function or a choice of two comes to."""
        whole = (0, len(code))
        listed = hcl.items(code, whole)
        if listed is not None and not _COMPREHENSION.match(code):
            return [self.value(code[slice(*item)], names, depth) for item in listed]
        entries = hcl.entries(code, whole)
        if entries is not None:
            return {k: self.value(code[slice(*v)], names, depth) for k, v in entries.items()}
        called = hcl.call(code, whole)
        if called is not None:
            args = [self.value(code[slice(*arg)], names, depth) for arg in called[1]]
            return applied(called[0], args)
        chosen = hcl.choice(code, whole)
        if chosen is not None:
            verdict = self.value(code[slice(*chosen[0])], names, depth)
            if isinstance(verdict, bool):
                return self.value(code[slice(*chosen[1 if verdict else 2])], names, depth)
        return UNKNOWN


def _items(value: object) -> list[tuple[object, object]] | None:
    """What a loop goes through, with keys; a map in the order of its keys."""
    if isinstance(value, Mapping):
        return sorted(value.items(), key=lambda entry: str(entry[0]))
    if isinstance(value, list | tuple):
        return list(enumerate(value))
    return None


def _written(value: object) -> str | None:
    """A value as it comes to stand in the text; None for what has no text."""
    match value:
        case Fragment(template):
            return template
        case bool():
            return "true" if value else "false"
        case str():
            return value.replace("${", "$${").replace("%{", "%%{")
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case _:
            return None
