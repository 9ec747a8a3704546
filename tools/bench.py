"""`make bench`: figures, each a ratio measured in one run, with what it is held against.

Usage: bench.py [CORPUS], a folder of definitions (default: the project's own templates).
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from wfprov.analysis.calls import Known
from wfprov.analysis.interpret import analyse
from wfprov.app.inspect import inspect
from wfprov.core.span import Source
from wfprov.desired.model import AccessPolicy, WorkflowSpec
from wfprov.language.parser import parse
from wfprov.language.validate import validate
from wfprov.store.facts import open_facts

ROOT = Path(__file__).parents[1]
RUNS = 5


def best(work: Callable[[], object]) -> float:
    """The shortest of some runs, in seconds: the one that the machine disturbed least."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def is_yaml(text: str) -> bool:
    """Whether PyYAML loads it."""
    try:
        yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError:
        return False
    return True


def definitions(folder: Path) -> list[Source]:
    """The definitions under a folder that are valid YAML."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in {".yaml", ".tftpl"})
    sources = [Source(str(p), p.read_text(encoding="utf-8")) for p in paths]
    return [s for s in sources if is_yaml(s.text)]


def corpus(folder: Path) -> None:
    """Inspecting every definition in one process against loading it with PyYAML."""
    sources = definitions(folder)
    size = sum(len(s.text.encode()) for s in sources)

    def inspect_all() -> None:
        facts = open_facts()
        for source in sources:
            spec = WorkflowSpec(
                name="bench", source_path=source.name, project="demo-project", region="us-central1"
            )
            inspect(spec, source, facts, AccessPolicy())

    def analyse_all() -> None:
        for source in sources:
            tree = parse(source).value
            if tree is not None:
                validate(tree)
                analyse(tree, Known(project="demo-project", region="us-central1"))

    pure = best(lambda: [yaml.load(s.text, yaml.SafeLoader) for s in sources])
    fast = best(lambda: [yaml.load(s.text, yaml.CSafeLoader) for s in sources])
    followed = best(analyse_all)
    ours = best(inspect_all)
    print(f"inspect, {len(sources)} definitions, {size / 1000:.0f} KB, one process, best of {RUNS}")
    print(f"  PyYAML SafeLoader (pure Python)  {pure:.3f} s")
    print(f"  PyYAML CSafeLoader (libyaml)     {fast:.3f} s")
    print(
        f"  wfprov parse, check, analyse     {followed:.3f} s = {followed / pure:.2f} x SafeLoader"
    )
    print(f"  wfprov inspect, grants and all   {ours:.3f} s = {ours / pure:.2f} x SafeLoader")


def start_up() -> None:
    """The whole process of cheap commands against an empty Python."""
    command = str(Path(sys.executable).with_name("wfprov"))
    flagship = str(ROOT / "templates" / "order-intake" / "workflow.yaml")

    def process(*arguments: str) -> float:
        def run() -> None:
            subprocess.run(arguments, capture_output=True, check=False)

        run()
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    bare = process(sys.executable, "-c", "pass")
    print(f"whole process, median of {RUNS}")
    print(f"  python -c pass          {bare * 1000:.0f} ms")
    for arguments in (("--help",), ("check", flagship), ("inspect", flagship)):
        took = process(command, *arguments)
        name = " ".join(("wfprov", arguments[0]))
        print(f"  {name:<22}  {took * 1000:.0f} ms = {took / bare:.1f} x")


def main() -> None:
    """Prints every figure, with the collector set as the command sets it."""
    gc.freeze()
    gc.set_threshold(50_000)
    corpus(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "templates")
    start_up()


if __name__ == "__main__":
    main()
