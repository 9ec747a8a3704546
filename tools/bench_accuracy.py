"""`make bench`: what wfprov finds in public definitions, against two other readings of them.

Usage: bench_accuracy.py CORPUS, a folder with `defs/` and optionally `groundtruth.jsonl`: rows of a
definition (`def_id`) and the roles that its people granted (`grants`: role, purpose).

Call sites are held against a plain walk of the YAML for `call:` keys; grants against what the
people who wrote the definitions had granted for the same calls. What they granted is no truth: it
may be too much, too little, or for something else.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml

from wfprov.app.inspect import inspect
from wfprov.core.address import RoleName
from wfprov.core.span import Source
from wfprov.desired.model import AccessPolicy, Inspected, WorkflowSpec
from wfprov.store.facts import open_facts

OUTBOUND = re.compile(
    r"(http\.|googleapis\.|gke\.|events\.|experimental\.executions\.|shell\.)|sys\.log$"
)
IN_EXPRESSION = re.compile(r"\b(googleapis(?:\.\w+)+)\s*\(")
BASIC = {"roles/owner", "roles/editor", "roles/viewer"}


def walked(node: object, seen: set[int]) -> Iterator[str]:
    """The outbound calls that a plain walk of the YAML finds; an alias counts once."""
    if isinstance(node, dict | list):
        if id(node) in seen:
            return
        seen.add(id(node))
    if isinstance(node, dict):
        name = node.get("call")
        if isinstance(name, str) and OUTBOUND.match(name.strip()):
            yield name.strip()
        for key, value in node.items():
            yield from walked(key, seen)
            yield from walked(value, seen)
    elif isinstance(node, list):
        for item in node:
            yield from walked(item, seen)
    elif isinstance(node, str) and "${" in node:
        yield from IN_EXPRESSION.findall(node)


def looked_at(path: Path) -> Inspected:
    """A definition with nothing told but a project and a region."""
    spec = WorkflowSpec(
        name="bench", source_path=str(path), project="demo-project", region="us-central1",
        templating="auto",
    )  # fmt: skip
    text = path.read_text(encoding="utf-8")
    return inspect(spec, Source(str(path), text), open_facts(), AccessPolicy())


def main() -> None:
    """Prints the figures."""
    corpus = Path(sys.argv[1])
    truth = corpus / "groundtruth.jsonl"
    rows = [json.loads(line) for line in truth.open()] if truth.is_file() else []
    humans = {row["def_id"]: row["grants"] for row in rows if row.get("quality") != "dubious"}
    facts = open_facts()
    count: Counter[str] = Counter()
    for path in sorted(p for p in (corpus / "defs").rglob("*") if p.is_file()):
        one = looked_at(path)
        count["definitions"] += 1
        try:
            tree = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 (texts only)
        except yaml.YAMLError:
            count["not YAML"] += 1
            continue
        there = Counter(walked(tree, set()))
        found = Counter(use.site.function for use in one.sites)
        count["sites there"] += there.total()
        count["sites found"] += (there & found).total()
        count["sites invented"] += (found - there).total()
        count["targets"] += sum(len(use.targets) for use in one.sites)
        count["questions"] += len(one.questions)
        needs = {n.permission for use in one.sites for t in use.targets for n in t.needs}
        granted = list(humans.get(str(path.relative_to(corpus / "defs")), ()))
        called = [
            g["role"]
            for g in granted
            if g.get("purpose") in {"call", "logging"} and not g.get("uncertain")
        ]
        for name in called:
            role = facts.role(RoleName(name))
            held = role.permissions if role is not None else frozenset()
            home = name.removeprefix("roles/").partition(".")[0]
            own = {p for p in needs & held if name in BASIC or p.partition(".")[0] == home}
            count["roles of people"] += 1
            count["roles explained"] += bool(own)
        if called:
            allowed = {
                p
                for g in granted
                if (role := facts.role(RoleName(g["role"]))) is not None
                for p in role.permissions
            }
            count["needs"] += len(needs)
            count["needs that people granted"] += len(needs & allowed)

    def share(part: str, whole: str) -> str:
        return f"{count[part]} of {count[whole]} ({100 * count[part] / max(count[whole], 1):.1f} %)"

    print(f"{count['definitions']} definitions, {count['not YAML']} of them not YAML")
    print(f"  call sites found (recall)         {share('sites found', 'sites there')}")
    print(f"  sites that only wfprov lists      {count['sites invented']} (unknown functions)")
    print(f"  targets with a question           {share('questions', 'targets')}")
    if humans:
        print(f"  roles of people explained (recall) {share('roles explained', 'roles of people')}")
        print(f"  needs that people granted too (precision) "
              f"{share('needs that people granted', 'needs')}")  # fmt: skip


if __name__ == "__main__":
    main()
