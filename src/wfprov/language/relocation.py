"""Moves what was read from a rendered text back to the places of the template."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Final, TypeVar, cast

from wfprov.core.diagnostic import Diagnostic, Related
from wfprov.core.span import Source, Span
from wfprov.language.ast import Definition
from wfprov.language.rendering import Rendered

T = TypeVar("T")

_LEAVES: Final = (str, int, float, bool, type(None))


def relocated(definition: Definition, rendering: Rendered, source: Source) -> Definition:
    """The same tree with its places in the template; a value that stood twice is still one."""
    mover = _Mover(definition.source, rendering, source)
    procedures = {name: mover.moved(one) for name, one in definition.procedures.items()}
    return Definition(source, procedures, definition.template)


def relocated_finding(finding: Diagnostic, rendering: Rendered, source: Source) -> Diagnostic:
    """The same finding with its places in the template."""
    if not isinstance(finding.at, Span):
        return finding
    return replace(
        finding,
        at=rendering.place(finding.at, source),
        related=tuple(Related(rendering.place(r.at, source), r.message) for r in finding.related),
    )


class _Mover:
    def __init__(self, old: Source, rendering: Rendered, source: Source) -> None:
        self._old = old
        self._rendering = rendering
        self._source = source
        self._moved: dict[int, object] = {}

    def moved(self, root: T) -> T:
        """The value with every place in it moved; without recursion, for trees may be deep."""
        waiting: list[object] = [root]
        while waiting:
            value = waiting[-1]
            if not self._is_done(value):
                parts = [part for part in _parts(value) if not self._is_done(part)]
                if parts:
                    waiting += parts
                    continue
                self._moved[id(value)] = self._again(value)
            waiting.pop()
        return cast("T", self._done(root))

    def _is_done(self, value: object) -> bool:
        return isinstance(value, _LEAVES) or id(value) in self._moved

    def _done(self, value: object) -> object:
        return value if isinstance(value, _LEAVES) else self._moved[id(value)]

    def _again(self, value: object) -> object:
        if isinstance(value, Span):
            return (
                self._rendering.place(value, self._source) if value.source is self._old else value
            )
        if isinstance(value, tuple):
            return tuple(self._done(item) for item in value)
        if is_dataclass(value) and not isinstance(value, type):
            parts = {f.name: self._done(getattr(value, f.name)) for f in fields(value)}
            return replace(value, **parts)
        return value


def _parts(value: object) -> tuple[object, ...]:
    """What a value of the tree is made of."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, Span) or not is_dataclass(value):
        return ()
    return tuple(getattr(value, f.name) for f in fields(value))
