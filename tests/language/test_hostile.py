"""Definitions made to exhaust the reader."""

from __future__ import annotations

import sys
import time
from types import FrameType

import pytest

from wfprov.core.span import Source
from wfprov.language.findings import MAX_FINDINGS
from wfprov.language.parser import parse
from wfprov.language.validate import validate

NESTED = "main: {steps: " + "[{s: {steps: " * 1000
HOSTILE = {
    "brackets": "[" * 131_000,
    "braces": "{a: " * 30_000,
    "dashes": "- " * 60_000,
    "question marks": "? " * 20_000,
    "nested steps": NESTED,
    "nested steps, closed": NESTED + "[]" + "}}]" * 1000 + "}",
    "brackets in an expression": "- a: {return: '${" + "(" * 60_000 + "}'}",
    "a long sum": "- a:\n    return: ${" + "+".join(["a"] * 30_000) + "}",
    "a string without end": '- a:\n    return: ${"' + 'a\\"' * 30_000,
    "calls without end": "- a:\n    return: ${" + "f(" * 1900 + "}",
    "aliases of aliases": "a: &a [1, 1]\n"
    + "".join(
        f"{c}: &{c} [{', '.join(['*' + b] * 9)}]\n"
        for b, c in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "steps of steps": "x0: &x0\n  steps:\n  - a: {return: 1}\n"
    + "".join(f"x{i}: &x{i}\n  steps:\n  - s: *x{i - 1}\n  - t: *x{i - 1}\n" for i in range(1, 40)),
    "merged maps": "a: &a {" + ", ".join(f"k{i}: 1" for i in range(5000)) + "}\n"
    + "".join(f"b{i}: {{<<: *a}}\n" for i in range(1000)),
    "duplicate keys": "a: 1\n" * 20_000,
    "unknown keys": "- s: {" + ", ".join(f"k{i}: 1" for i in range(10_000)) + "}",
    "undefined names": "- s:\n    assign:\n"
    + "".join(f"    - v{i}: ${{w{i}}}\n" for i in range(4000)),
    "holes without end": 'a: "' + "${" * 40_000 + '"',
    "escapes": "$${" * 40_000,
    "unquoted colons": '- a: ${{{{"x: " + y\n' * 5000,
    "anchors": "".join(f"- &a{i} x\n" for i in range(10_000)),
    "digits": "- a: {return: " + "9" * 100_000 + "}",
    "jumps to nowhere": "".join(f"- s{i}: {{next: n{i}}}\n" for i in range(5000)),
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_definition_is_read_in_bounded_time_with_bounded_findings(text):
    start = time.process_time()
    checked = parse(Source("hostile.yaml", text))
    more = validate(checked.value) if checked.value is not None else ()
    # Generous for a slow machine; what is quadratic takes minutes.
    assert time.process_time() - start < 10
    assert max(len(checked.diagnostics), len(more)) <= MAX_FINDINGS


def calls(work) -> int:
    """How many functions a piece of work calls, Python's and the interpreter's own."""
    count = 0

    def note(_frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_ten_thousand_steps_are_read_in_linear_time():
    def work(count: int) -> int:
        text = "main:\n  steps:\n" + "".join(
            f"  - s{i}:\n      assign:\n        - v: ${{1 + {i}}}\n" for i in range(count)
        )

        def read() -> None:
            checked = parse(Source("many.yaml", text))
            assert checked.value is not None
            assert checked.value.main is not None
            assert len(checked.value.main.steps) == count
            validate(checked.value)

        return calls(read)

    work(10)
    assert work(3000) < 12 * work(300)


def test_steps_of_one_name_are_compared_in_linear_time():
    def work(count: int) -> int:
        checked = parse(Source("many.yaml", "- s: {next: s}\n" * count))
        assert checked.value is not None
        return calls(lambda: validate(checked.value))

    work(10)
    assert work(3000) < 12 * work(300)
