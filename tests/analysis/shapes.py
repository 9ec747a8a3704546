"""Definitions of any size, one function for each shape that definitions grow in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final


def assigns(size: int) -> str:
    """One variable, assigned again and again."""
    steps = "".join(f"- s{i}: {{assign: [{{u: '${{u}}'}}]}}\n" for i in range(size))
    return f"- init: {{assign: [{{u: 'https://a.com'}}]}}\n{steps}{_get('u')}"


def variables(size: int) -> str:
    """Each step assigns a variable of its own from the one before."""
    return "- init: {assign: [{v0: 1}]}\n" + "".join(
        f"- s{i}: {{assign: [{{v{i}: '${{v{i - 1} + 1}}'}}]}}\n" for i in range(1, size)
    )


def calls(size: int) -> str:
    """A row of calls."""
    return "".join(
        f"- s{i}: {{call: http.get, args: {{url: 'https://a{i}.com'}}, result: r{i}}}\n"
        for i in range(size)
    )


def cases(size: int) -> str:
    """One switch, each case of which assigns a variable and goes on."""
    return "- s:\n    switch:\n" + "".join(
        f"    - {{condition: '${{k == \"{i}\"}}', assign: [{{u{i}: {i}}}]}}\n" for i in range(size)
    )


def switches(size: int) -> str:
    """A row of switches, each of which may assign a variable of its own."""
    return "".join(
        f"- s{i}: {{switch: [{{condition: '${{k{i}}}', assign: [{{v{i}: {i}}}]}}]}}\n"
        for i in range(size)
    )


def correlated(size: int) -> str:
    """A row of switches, each of which may assign the same two variables."""
    return (
        "- init: {assign: [{u: 'https://a.com'}, {w: 1}]}\n"
        + "".join(
            f"- s{i}: {{switch: [{{condition: '${{k{i}}}', "
            f"assign: [{{u: 'https://a{i}.com'}}, {{w: {i}}}]}}]}}\n"
            for i in range(size)
        )
        + "- get: {call: http.get, args: {url: '${u}', query: {w: '${w}'}}}\n"
    )


def backwards(size: int) -> str:
    """Each step jumps to the one above it."""
    return f"- first: {{next: s{size - 1}}}\n" + "".join(
        f"- s{i}: {{assign: [{{v{i}: {i}}}], next: {f's{i - 1}' if i else 'end'}}}\n"
        for i in range(size)
    )


def polls(size: int) -> str:
    """Polling loops, one after the other."""
    return "".join(
        f"- a{i}: {{call: http.get, args: {{url: 'https://a{i}.com'}}, result: r{i}}}\n"
        f"- b{i}: {{switch: [{{condition: '${{r{i}.body.done}}', next: c{i}}}]}}\n"
        f"- w{i}: {{call: sys.sleep, args: {{seconds: 5}}, next: a{i}}}\n"
        f"- c{i}: {{assign: [{{x{i}: 1}}]}}\n"
        for i in range(size // 4)
    )


def restarts(size: int) -> str:
    """Every second step may go back to the first."""
    return "- init: {assign: [{u: 0}]}\n" + "".join(
        f"- a{i}: {{assign: [{{v{i}: 1}}]}}\n"
        f"- s{i}: {{switch: [{{condition: '${{k{i} < 9}}', next: init}}]}}\n"
        for i in range(size // 2)
    )


def loops(size: int) -> str:
    """Loops inside loops, over two items each."""
    call = "{call: http.get, args: {url: '${\"https://a.com/\" + x + y}'}}"
    inner = "{for: {value: y, in: [1, 2], steps: [{g: " + call + "}]}}"
    outer = "{for: {value: x, in: [1, 2], steps: [{h: " + inner + "}]}}"
    return "".join(f"- f{i}: {outer}\n" for i in range(size // 3))


def parallel(size: int) -> str:
    """One parallel step with many branches."""
    return "- p:\n    parallel:\n      shared: [u]\n      branches:\n" + "".join(
        f"      - b{i}: {{steps: [{{g{i}: {{call: http.get, args: {{url: 'https://a{i}.com'}}, "
        "result: u}}]}\n"
        for i in range(size // 2)
    )


def descents(size: int) -> str:
    """Subworkflows, each of which calls the next one."""
    last = size // 2
    return (
        "main:\n  steps:\n  - go: {call: f0, args: {x: a}}\n"
        + "".join(
            f"f{i}:\n  params: [x]\n  steps:\n"
            f"  - s: {{call: f{i + 1}, args: {{x: '${{x}}'}}, result: r}}\n"
            "  - t: {return: '${r}'}\n"
            for i in range(last)
        )
        + f"f{last}:\n  params: [x]\n  steps:\n"
        "  - g: {call: http.get, args: {url: '${\"https://\" + x}'}}\n"
    )


def wrapper(size: int) -> str:
    """One subworkflow, called from everywhere."""
    steps = "".join(
        f"  - s{i}: {{call: w, args: {{u: 'https://a{i}.com'}}, result: r}}\n" for i in range(size)
    )
    return (
        f"main:\n  steps:\n{steps}"
        "w:\n  params: [u]\n  steps:\n  - g: {call: http.get, args: {url: '${u}'}, result: r}\n"
        "  - t: {return: '${r.body}'}\n"
    )


def addresses(size: int) -> str:
    """A loop over a long list of addresses."""
    items = ", ".join(f"'https://a{i}.com'" for i in range(size))
    return (
        f"- init: {{assign: [{{l: [{items}]}}]}}\n"
        "- f: {for: {value: x, in: '${l}', steps: [{g: {call: http.get, args: {url: '${x}'}}}]}}\n"
    )


def lookups(size: int) -> str:
    """A map whose entries are set one by one."""
    return "- a: {assign: [{m: {}}]}\n" + "".join(
        f"- s{i}: {{assign: [{{m.k{i}: {i}}}]}}\n" for i in range(size)
    )


def text(size: int) -> str:
    """A string that grows with each step."""
    steps = "".join(f"- s{i}: {{assign: [{{u: '${{u + \"{i}\"}}'}}]}}\n" for i in range(size))
    return f"- init: {{assign: [{{u: 'https://a.com/'}}]}}\n{steps}{_get('u')}"


def tries(size: int) -> str:
    """A row of tries with handlers."""
    return "".join(
        f"- t{i}: {{try: {{call: http.get, args: {{url: 'https://a{i}.com'}}, result: r{i}}}, "
        f"except: {{as: e, steps: [{{x{i}: {{assign: [{{err: '${{e}}'}}]}}}}]}}}}\n"
        for i in range(size // 2)
    )


def guarded(size: int) -> str:
    """One try around many calls."""
    return (
        "- t:\n    try:\n      steps:\n"
        + "".join(
            f"      - s{i}: {{call: http.get, args: {{url: 'https://a{i}.com'}}, result: r{i}}}\n"
            for i in range(size)
        )
        + "    except: {as: e, steps: [{x: {raise: '${e}'}}]}\n"
    )


def unreached(size: int) -> str:
    """Calls after the end."""
    return "- a: {return: 1}\n" + calls(size)


def _get(name: str) -> str:
    return f"- get: {{call: http.get, args: {{url: '${{{name}}}'}}}}\n"


SHAPES: Final[dict[str, Callable[[int], str]]] = {
    shape.__name__: shape
    for shape in (
        assigns,
        variables,
        calls,
        cases,
        switches,
        correlated,
        backwards,
        polls,
        restarts,
        loops,
        parallel,
        descents,
        wrapper,
        addresses,
        lookups,
        text,
        tries,
        guarded,
        unreached,
    )
}
"""Each shape by its name: the text of a definition of about so many steps."""
