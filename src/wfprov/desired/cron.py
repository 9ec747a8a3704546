"""Whether Cloud Scheduler can read a schedule.

    schedule = minute hour day month weekday | english
    field    = item ("," item)*
    item     = "*" ["/" step] | value ["-" value ["/" step]]
    english  = "every" number unit [range] | ("every" | ordinals) days ["of" months] time

Source: https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules (2026-11-23)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MONTHS: Final = (
    "JAN",
    "FEB",
    "MAR",
    "APR",
    "MAY",
    "JUN",
    "JUL",
    "AUG",
    "SEP",
    "OCT",
    "NOV",
    "DEC",
)
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LONGEST_MONTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MOST_ITEMS: Final = 60


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    first: int
    last: int
    words: tuple[str, ...] = ()


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _DAYS),
)
_ITEM: Final = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\w+))?")

_TIME: Final = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_DAY: Final = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_ORDINAL: Final = r"(?:\d{1,2}(?:st|nd|rd|th)?|first|second|third|fourth|fifth)"
_ENGLISH: Final = re.compile(
    rf"every \d+ (?:hours?|mins?|minutes?)(?: (?:from {_TIME} to {_TIME}|synchronized))?"
    rf"|(?:every|{_ORDINAL}(?:,{_ORDINAL})*) (?:day|{_DAY}(?:,{_DAY})*)"
    rf"(?: of (?:month|{_MONTH}(?:,{_MONTH})*))? {_TIME}"
    rf"|{_ORDINAL}(?:,{_ORDINAL})* of (?:month|{_MONTH}(?:,{_MONTH})*) {_TIME}",
    re.IGNORECASE,
)


def problem(schedule: str) -> str:
    """What is wrong with a schedule, in words; empty when it can be read and comes true."""
    parts = schedule.split()
    if _ENGLISH.fullmatch(" ".join(parts)):
        return ""
    if parts and parts[0].lower() == "every":
        return "what follows `every` is no interval"
    if len(parts) != len(_FIELDS):
        many = f"{len(parts)} fields" if len(parts) != 1 else "1 field"
        return f"it has {many}, and a schedule has five"
    values = []
    for field, text in zip(_FIELDS, parts, strict=True):
        found = _values(field, text)
        if isinstance(found, str):
            return found
        values.append(found)
    _, _, days, months, _ = values
    if parts[4] == "*" and min(days) > max(_LONGEST_MONTHS[m - 1] for m in months):
        return f"no such month has a day {min(days)}: it never comes"
    return ""


def _values(field: _Field, text: str) -> frozenset[int] | str:
    """The values that a field names, or what is wrong with it."""
    items = text.split(",")
    if len(items) > _MOST_ITEMS:
        return f"the {field.name} lists too much"
    found: set[int] = set()
    for item in items:
        match = _ITEM.fullmatch(item)
        if match is None:
            return f"`{item[:20]}` is no {field.name}"
        low, high = _number(field, match[1]), _number(field, match[2])
        if None in (low, high):
            return (
                f"`{item[:20]}` is no {field.name}: it is a number from {field.first} to "
                f"{field.last}{' or ' + field.words[0] + '...' if field.words else ''}"
            )
        step = match[3]
        if step is not None and (not step.isdecimal() or not 0 < int(step[:4]) <= field.last):
            return f"`{item[:20]}` has no step that a {field.name} can have"
        if step is not None and match[1] and not match[2]:
            return f"`{item[:20]}` has a step and no range: write {match[1]}-{field.last}/{step}"
        first = field.first if low is None or low < 0 else low
        last = field.last if not match[1] else first if high is None or high < 0 else high
        if last < first:
            return f"`{item[:20]}` ends before it begins"
        found.update(range(first, last + 1, int(step or 1)))
    return frozenset(found)


def _number(field: _Field, text: str | None) -> int | None:
    """A value of a field; -1 where nothing is written, None where it is none."""
    if text is None:
        return -1
    if text.upper() in field.words:
        return field.words.index(text.upper()) + field.first
    if text.isdecimal() and len(text) <= 2 and field.first <= int(text) <= field.last:  # noqa: PLR2004
        return int(text)
    return None
