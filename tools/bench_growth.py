"""How the time of parsing, checking and analysing grows with a definition, from 10 to 10,000 steps.

Each row is a shape of definitions that the tests grow too (tests/analysis/shapes.py). A tenfold
definition that takes ten times as long is linear.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "analysis"))

from shapes import SHAPES

from wfprov.analysis.calls import Known
from wfprov.analysis.interpret import analyse
from wfprov.core.span import Source
from wfprov.language.parser import parse
from wfprov.language.validate import validate

SIZES = (10, 100, 1_000, 10_000)
RUNS = {10: 9, 100: 5, 1_000: 3, 10_000: 1}


def seconds(text: str, runs: int) -> float:
    """The shortest of some runs."""
    times = []
    for _ in range(runs):
        gc.collect()
        start = time.process_time()
        definition = parse(Source("w.yaml", text)).value
        assert definition is not None, "the shapes are valid"
        validate(definition)
        analyse(definition, Known())
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Prints the CPU time of each size and the growth of each tenfold."""
    gc.freeze()
    gc.set_threshold(50_000)
    print(f"{'shape':<24}" + "".join(f"{size:>10,}" for size in SIZES) + "   growth, each tenfold")
    last = []
    for shape, make in SHAPES.items():
        took = [seconds(make(size), RUNS[size]) for size in SIZES]
        growth = [more / less for less, more in pairwise(took)]
        last.append(growth[-1])
        shown = "".join(f"{t * 1000:>7.1f} ms" for t in took)
        print(f"{shape:<24}{shown}   " + "  ".join(f"{g:4.1f} x" for g in growth), flush=True)
    print(f"1,000 to 10,000 steps: median {statistics.median(last):.1f} x, most {max(last):.1f} x")


if __name__ == "__main__":
    main()
