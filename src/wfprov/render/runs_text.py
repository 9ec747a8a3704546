"""One report of several runs: the shards of an apply, and the runs that mended a failed one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from wfprov.core.address import Address, ResourceName
from wfprov.render.names import counted
from wfprov.render.plan_text import thing
from wfprov.render.style import PLAIN, Style, safe

_ENDS: Final = ("change_done", "failed", "unknown", "not_started")
"""How a step may end, the best first: what a later run has done is done."""

_WORDS: Final = {"failed": "FAIL", "unknown": "?   ", "not_started": "--  "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """What became of each step over all runs.

    `open` names the runs that never came to their end: they were killed, or go on. `errors` are
    those that ended a run before its first step; `missing` the shards of which there is no run.
    """

    steps: Mapping[tuple[str, str, str], Mapping[str, Any]]
    open: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    requests: int = 0
    interrupted: bool = False
    project: str = field(default="")

    @classmethod
    def of(cls, files: Mapping[str, Sequence[Mapping[str, Any]]]) -> Self:
        """The runs by the names of their files."""
        steps: dict[tuple[str, str, str], Mapping[str, Any]] = {}
        errors: list[str] = []
        ended: dict[str, Mapping[str, Any]] = {}
        project = ""
        shards: set[str] = set()
        for name, events in files.items():
            for event in events:
                match event["kind"]:
                    case "planned":
                        project = project or str(event.get("project", ""))
                        shards.add(str(event.get("shard") or "1/1"))
                    case "error":
                        errors.append(f"{name}: {event['error']['message']}")
                    case "summary":
                        ended[name] = event
                    case kind if kind in _ENDS:
                        step = event["step"]
                        key = (step["type"], step["address"], step["part"])
                        was = steps.get(key)
                        if was is None or _rank(event) <= _rank(was):
                            steps[key] = event
                    case _:
                        pass
        return cls(
            steps=steps,
            open=tuple(name for name in files if name not in ended),
            errors=tuple(errors),
            missing=_missing(shards),
            requests=sum(int(s.get("requests", 0)) for s in ended.values()),
            interrupted=any(bool(s.get("interrupted")) for s in ended.values()),
            project=project,
        )

    @property
    def ok(self) -> bool:
        """Whether every run came to its end and all of their steps are done."""
        left = any(event["kind"] != "change_done" for event in self.steps.values())
        return not (left or self.open or self.errors or self.missing)


def runs_text(runs: Runs, style: Style = PLAIN) -> str:
    """What is not done, with why, and the counts."""
    return "\n".join(_lines(runs, style))


def _lines(runs: Runs, style: Style) -> Iterator[str]:
    counts = dict.fromkeys(_ENDS, 0)
    for (kind, address, part), event in sorted(runs.steps.items()):
        counts[event["kind"]] += 1
        if event["kind"] == "change_done":
            continue
        name = thing(Address(kind, ResourceName(address)), runs.project)
        yield f"  {_WORDS[event['kind']]}  {part} {name}"
        if "error" in event:
            yield f"          {safe(str(event['error']['message']))}"
    for words in runs.errors:
        yield f"  {safe(words)}"
    for name in runs.open:
        yield f"  {safe(name)} has no end: the run was killed, or goes on"
    if runs.missing:
        yield f"  there is no run of shard {', '.join(runs.missing)}"
    total = sum(counts.values())
    if runs.ok:
        words = f"Done: {counted(total, 'step')} made, {counted(runs.requests, 'request')}."
        yield style.paint(words, "bold", "green")
        return
    unknown = f" {counts['unknown']} unknown," if counts["unknown"] else ""
    words = (
        f"{counts['change_done']} of {counted(total, 'step')} done, {counts['failed']} failed,"
        f"{unknown} {counts['not_started']} not started."
    )
    yield style.paint(words, "bold")
    yield "Run again the shards that failed: what was done is found and kept."


def _missing(shards: Iterable[str]) -> tuple[str, ...]:
    """The shards that nobody has run, of the largest number of shards that somebody has."""
    seen = set(shards)
    count = max((int(shard.partition("/")[2]) for shard in seen), default=1)
    every = (f"{index}/{count}" for index in range(1, count + 1))
    return tuple(shard for shard in every if count > 1 and shard not in seen)


def _rank(event: Mapping[str, Any]) -> int:
    return _ENDS.index(event["kind"])
