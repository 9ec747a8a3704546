"""`make fuzz`: hostile definitions through everything between text and grants.

Usage: fuzz.py [CORPUS] [--cases N] [--seed N] [--jobs N]

Each case is a mutated, truncated or spliced definition of CORPUS (default: the project's own
templates), or a generated one. It must end without an exception within BUDGET seconds. A case is
told by its seed: the same seed gives the same text.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from wfprov.app.inspect import inspect
from wfprov.core.facts import Facts
from wfprov.core.span import Source, Span
from wfprov.desired.model import AccessPolicy, WorkflowSpec
from wfprov.language.terraform import Module, Place
from wfprov.store.facts import open_facts

ROOT = Path(__file__).parents[1]
BUDGET = 10.0
"""Seconds for one case of at most LONGEST characters, on a machine that does other things too."""
LONGEST = 20_000

SIGNS = [*"{}[]:,#&*!|>'\"%@`$-?\t\n\r \0\ufeff\x85\u2028", "${", "$${", "}", "%{ if x }", "- ",
         ": ", "<<: *a", "&a", "*a", "---\n", "\\u0000", "\\", "(", ")", "not ", " in ", "//",
         "99999999999999999999", "1e999", "-", "null", "~", "\U000f0000", "é", "😀"]  # fmt: skip
WORDS = ["main", "params", "steps", "call", "args", "result", "assign", "switch", "condition",
         "next", "end", "break", "continue", "for", "value", "index", "in", "range", "parallel",
         "branches", "shared", "try", "retry", "except", "as", "raise", "return", "http.get",
         "http.post", "sys.log", "googleapis.storage.v1.objects.get", "googleapis.run.v1.x.y",
         "url", "auth", "type", "OIDC", "OAuth2", "https://a-1.europe-west1.run.app",
         "${a}", '${b + "x"}', '${map.get(a, "k")}', "${sub(a)}", "${a.b[c]}", "sub"]  # fmt: skip
LEAVES = ["a", "b", "m", "1", "2.5", '"x"', '"https://a.example/"', "true", "null", "[a, 1]",
          'sys.get_env("U")', "m.k", "a[b]"]  # fmt: skip
OPERATORS = ["+", "-", "*", "/", "//", "%", "<", "==", "!=", "in", "and", "or", "not in"]
FUNCTIONS = ["len", "keys", "default", "map.get", "text.split", "json.decode", "if", "sub",
             "list.concat", "text.replace_all", "http.get", "string", "int",
             "uuid.generate"]  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How one case went."""

    seed: int
    kind: str
    seconds: float
    sites: int
    failure: str | None


def samples(folder: Path) -> list[str]:
    """The definitions under a folder."""
    found = (p for p in sorted(folder.rglob("*")) if p.suffix in {".yaml", ".json", ".tf"})
    return [p.read_text(encoding="utf-8", errors="replace")[:LONGEST] for p in found]


def case(seed: int, texts: list[str]) -> tuple[str, str]:
    """The kind and the text of a case."""
    rng = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    kind = rng.choice(["mutated", "mutated", "mutated", "truncated", "spliced", "generated"])
    if kind == "generated":
        return kind, generated(rng)
    text = rng.choice(texts)
    if kind == "truncated":
        return kind, text[: rng.randrange(len(text) + 1)]
    if kind == "spliced":
        other = rng.choice(texts)
        return kind, text[: rng.randrange(len(text) + 1)] + other[rng.randrange(len(other) + 1) :]
    for _ in range(rng.choice([1, 1, 2, 5, 30])):
        text = mutated(rng, text)
    return kind, text[:LONGEST]


def mutated(rng: random.Random, text: str) -> str:
    """The text with one change."""
    at = rng.randrange(len(text) + 1)
    end = min(len(text), at + rng.choice([0, 1, 1, 3, 40]))
    lines = text.splitlines(keepends=True)
    match rng.randrange(6):
        case 0:
            return f"{text[:at]}{rng.choice(SIGNS)}{text[end:]}"
        case 1:
            return text[:at] + rng.choice(WORDS) + text[end:]
        case 2:
            return text[:at] + text[end:]
        case 3 if lines:
            del lines[rng.randrange(len(lines))]
        case 4 if lines:
            first = rng.randrange(len(lines))
            block = lines[first : first + rng.choice([1, 3, 10])]
            place = rng.randrange(len(lines) + 1)
            lines[place:place] = block * rng.choice([1, 1, 2, 20])
        case 5 if lines:
            line = rng.randrange(len(lines))
            lines[line] = " " * rng.choice([1, 2, 4]) + lines[line]
        case _:
            pass
    return "".join(lines)


def generated(rng: random.Random) -> str:
    """A definition of the right form, mostly, with names that need not exist."""
    names = [f"s{i}" for i in range(rng.choice([1, 5, 20]))]
    procedures = {
        "main": {"params": ["a"], "steps": _steps(rng, names, 3)},
        "sub": {"params": ["a", {"b": _value(rng, 2)}], "steps": _steps(rng, names, 2)},
    }
    return json.dumps(procedures, indent=rng.choice([None, 1]))


def _steps(rng: random.Random, names: list[str], depth: int) -> list[object]:
    return [{rng.choice(names): _body(rng, names, depth)} for _ in range(rng.randrange(6))]


def _body(rng: random.Random, names: list[str], depth: int) -> dict[str, object]:
    inner = partial(_steps, rng, names, depth - 1)
    loop = {"value": "v", "in": _value(rng, 2), "steps": [] if depth <= 0 else inner()}
    forms: list[dict[str, object]] = [
        {"assign": [{rng.choice(["a", "b", "m.k", "m[a]"]): _value(rng, 3)} for _ in range(3)]},
        {"call": rng.choice(["http.get", "http.post", "sub", "sys.log", rng.choice(WORDS)]),
         "args": {"url": _value(rng, 3), "auth": {"type": rng.choice(["OIDC", "OAuth2"])},
                  "a": _value(rng, 2)}, "result": rng.choice(["a", "b"])},
        {"switch": [{"condition": _expression(rng, 3), "next": rng.choice([*names, "end"])}]},
        {"return": _value(rng, 2)},
        {"next": rng.choice([*names, "end", "break", "continue"])},
        {"raise": _value(rng, 1)},
    ]  # fmt: skip
    if depth > 0:
        forms += [
            {"for": loop},
            {"parallel": {"shared": ["a"], "for": loop}},
            {"parallel": {"branches": [{n: {"steps": inner()}} for n in ("p", "q")]}},
            {"try": {"steps": inner()}, "retry": "${http.default_retry}",
             "except": {"as": "e", "steps": inner()}},
            {"steps": inner()},
            {"switch": [{"condition": _expression(rng, 2), "steps": inner()}]},
        ]  # fmt: skip
    return rng.choice(forms)


def _value(rng: random.Random, depth: int) -> object:
    match rng.randrange(6):
        case 0:
            return rng.choice(["https://a.example/x", "x", 1, None, True, 1.5])
        case 1 if depth:
            return [_value(rng, depth - 1) for _ in range(rng.randrange(4))]
        case 2 if depth:
            return {rng.choice(["url", "k", "${a}"]): _value(rng, depth - 1) for _ in range(2)}
        case _:
            return _expression(rng, depth)


def _expression(rng: random.Random, depth: int) -> str:
    return "${" + _inner(rng, depth) + "}"


def _inner(rng: random.Random, depth: int) -> str:
    if depth <= 0:
        return rng.choice(LEAVES)
    if rng.randrange(2):
        arguments = ", ".join(_inner(rng, depth - 1) for _ in range(rng.randrange(1, 4)))
        return f"{rng.choice(FUNCTIONS)}({arguments})"
    left, right = _inner(rng, depth - 1), _inner(rng, depth - 1)
    return f"{rng.choice(['', 'not ', '-'])}{left} {rng.choice(OPERATORS)} {right}"


def run(text: str, facts: Facts) -> int:
    """Takes a text through the whole of inspect; the number of sites.

    Raises:
        AssertionError: a finding or a site has a place outside the text.
    """
    source = Source("fuzz.yaml", text)
    spec = WorkflowSpec(
        name="fuzz", source_path=source.name, project="acme-prod", region="europe-west1"
    )
    found = inspect(spec, source, facts, AccessPolicy())
    places = [d.at for d in found.diagnostics] + [use.site.span for use in found.sites]
    for place in places:
        if isinstance(place, Span):
            assert place.source is source, "a place in another text"
            assert 0 <= place.start <= place.end <= len(text), "a place outside the text"
    Module([source], {}).workflows(source, Place())
    return len(found.sites)


@cache
def known_facts() -> Facts:
    """Google's facts, opened once in each process."""
    return open_facts()


def outcome(seed: int, texts: list[str]) -> Outcome:
    """One case, made and run."""
    kind, text = case(seed, texts)
    facts = known_facts()
    start = time.perf_counter()
    failure, sites = None, 0
    try:
        sites = run(text, facts)
    except Exception as problem:  # noqa: BLE001 (what must not happen)
        last = traceback.extract_tb(problem.__traceback__)[-1]
        failure = f"{type(problem).__name__}: {problem} ({Path(last.filename).name}:{last.lineno})"
    seconds = time.perf_counter() - start
    if failure is None and seconds > BUDGET:
        failure = f"{seconds:.1f} s, more than {BUDGET} s"
    return Outcome(seed, kind, seconds, sites, failure)


def smallest(text: str, facts: Facts) -> str:
    """Lines taken out of a failing text while it fails the same way."""

    def fails(lines: list[str]) -> str | None:
        try:
            run("".join(lines), facts)
        except Exception as problem:  # noqa: BLE001 (what must not happen)
            last = traceback.extract_tb(problem.__traceback__)[-1]
            return f"{type(problem).__name__} {last.filename}:{last.lineno}"
        return None

    lines = text.splitlines(keepends=True)
    how = fails(lines)
    size = max(len(lines) // 2, 1)
    while how is not None and size:
        at = 0
        while at < len(lines):
            fewer = lines[:at] + lines[at + size :]
            if fails(fewer) == how:
                lines = fewer
            else:
                at += size
        size //= 2
    return "".join(lines)


def main() -> int:
    """Runs the cases and prints the figures; 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="?", type=Path, default=ROOT / "templates")
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=None, help="processes (default: one a core)")
    given = parser.parse_args()
    texts = samples(given.corpus)
    start = time.perf_counter()
    seeds = range(given.seed, given.seed + given.cases)
    with multiprocessing.Pool(given.jobs) as pool:
        outcomes = list(pool.imap_unordered(partial(outcome, texts=texts), seeds, chunksize=50))
    kinds = Counter(o.kind for o in outcomes)
    failed = sorted((o for o in outcomes if o.failure), key=lambda o: o.seed)
    print(f"{len(outcomes)} cases from {len(texts)} definitions in "
          f"{time.perf_counter() - start:.0f} s: {len(failed)} failed")  # fmt: skip
    print("  " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    print(f"  {sum(o.sites for o in outcomes)} call sites found")
    for slow in sorted(outcomes, key=lambda o: -o.seconds)[:5]:
        print(f"  slowest: seed {slow.seed} ({slow.kind}) {slow.seconds:.2f} s of {BUDGET:.0f} s")
    shown: set[str] = set()
    for one in failed:
        assert one.failure is not None
        if one.failure not in shown and len(shown) < 20:  # noqa: PLR2004
            shown.add(one.failure)
            print(f"seed {one.seed} ({one.kind}): {one.failure}")
            print(smallest(case(one.seed, texts)[1], open_facts())[:2000])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
