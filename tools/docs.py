"""Reference pages of the site, made from the code each time that the site is built.

MkDocs calls `on_files` (mkdocs.yml names this file as a hook). The pages are written nowhere, so
none of them can be stale; `python tools/docs.py DIR` writes them into a folder to read.

Source: https://www.mkdocs.org/dev-guide/plugins/#on_files (not opened)
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

import typer

from wfprov.app.rulebook import FIRM, every_rule
from wfprov.cli.main import app
from wfprov.core.rule import Rule, Severity
from wfprov.render.schemas import SCHEMAS

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ORDER: Final = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
FILES: Final = ("config", "environment")
TITLES: Final = {"config": "wfprov.yaml", "environment": "environments/ENV.yaml"}
ROOT: Final = Path(__file__).parents[1]
MARKED: Final = re.compile(r"<!-- not run: (.+?) -->\n```console\n\$ (.+)")
MADE: Final = "<!-- made by tools/docs.py from the code; edit the code -->\n\n"


def pages() -> dict[str, str]:
    """Every generated page: its path below docs/ and its Markdown."""
    found = {"reference/cli.md": commands_page(), "reference/configuration.md": keys_page(FILES)}
    found["reference/json.md"] = keys_page([n for n in SCHEMAS if n not in FILES])
    found["reference/not-run.md"] = not_run_page()
    found["rules/index.md"] = rules_page()
    found |= {f"rules/{rule.slug}.md": rule_page(rule) for rule in every_rule()}
    return {path: MADE + text for path, text in found.items()}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """MkDocs' hook: adds the generated pages."""
    from mkdocs.structure.files import File

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


# Commands in the pages that no test runs


def not_run_page() -> str:
    """Every block of commands with the marker that keeps the tests from running it, and why."""
    rows = ["| page | first command | why |", "|---|---|---|"]
    for page in sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md"]):
        for why, command in MARKED.findall(page.read_text(encoding="utf-8")):
            rows.append(f"| {page.relative_to(ROOT)} | `{_cell(command)}` | {_cell(why)} |")
    head = "# Commands that are not run\n\nEvery other `console` block is run by the tests.\n\n"
    return head + "\n".join(rows) + "\n"


# Rules


def rules_page() -> str:
    """The list of all rules."""
    rules = every_rule()
    lines = [
        "# Rules",
        "",
        (
            f"{len(rules)} kinds of finding, from reading a text to auditing live grants. "
            "`wfprov catalog lookup SLUG` prints the same page in a terminal; a comment "
            '`# wfprov: ignore[SLUG] reason="..." until=YYYY-MM-DD` leaves a finding out, except '
            "where the service itself refuses the definition."
        ),
    ]
    for severity in ORDER:
        chosen = [rule for rule in rules if rule.severity is severity]
        lines += ["", f"## {severity.capitalize()}s ({len(chosen)})", "", "| rule | finds |"]
        lines.append("|---|---|")
        lines += [f"| [{r.slug}]({r.slug}.md) | {_cell(r.summary)} |" for r in chosen]
    return "\n".join(lines) + "\n"


def rule_page(rule: Rule) -> str:
    """One rule: what it finds, why that matters, what to do, and who says so."""
    ignoring = (
        "No comment leaves it out: the service refuses the definition, or a grant is not proven."
        if rule.slug in FIRM
        else "A comment on the line, or the one above, leaves one finding out, with a reason and a "
        f'day:\n\n```yaml\n# wfprov: ignore[{rule.slug}] reason="..." until=YYYY-MM-DD\n```'
    )
    parts = [f"# {rule.slug}", f"**{rule.severity}**: {rule.summary}", rule.docs.strip()]
    if rule.source:
        parts.append("Source: " + re.sub(r"(https?://[^\s,;)]+)", r"<\1>", rule.source))
    parts += ["## Ignoring it", ignoring, "[All rules](index.md)"]
    return "\n\n".join(parts) + "\n"


# Commands


def commands_page() -> str:
    """Every command: usage, arguments, options, examples."""
    root: Any = typer.main.get_command(app)
    parts = ["# Commands", root.help or ""]
    for words, command in _commands(root, ("wfprov",)):
        parts.append(f"## `{' '.join(words)}`")
        parts.append(str(command.help or "").strip())
        usage = [_value(p) for p in command.params if p.param_type_name == "argument"]
        parts.append("```text\n" + " ".join([*words, *usage, "[OPTIONS]"]) + "\n```")
        rows = [_option(p) for p in command.params if p.name != "help"]
        if rows:
            parts.append("| argument or option | does |\n|---|---|\n" + "\n".join(rows))
        if command.epilog:
            parts.append(str(command.epilog).replace("\n\n  `", "\n\n- `"))
    return "\n\n".join(parts) + "\n"


def _commands(group: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*words, name))
        elif not command.hidden:
            yield (*words, name), command


def _value(parameter: Any) -> str:
    """What is written for it: its own word, its choices, or its name."""
    kind = parameter.type_descriptor.annotation
    choices = "|".join(map(str, get_args(kind))) if get_origin(kind) is Literal else ""
    return str(parameter.metavar or choices or parameter.name.upper())


def _option(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = f"`{_value(parameter)}`"
    else:
        value = "" if parameter.is_flag else f" {_value(parameter)}"
        name = ", ".join(f"`{spelling}{value}`" for spelling in parameter.opts)
    default = parameter.default
    shown = "" if default in (None, False, "", ()) or callable(default) else f" Default: {default}."
    return f"| {_cell(name)} | {_cell((parameter.help or '') + shown)} |"


# Schemas


def keys_page(names: Sequence[str]) -> str:
    """What each file or document holds, key by key."""
    title = "Configuration" if tuple(names) == FILES else "JSON outputs"
    parts = [f"# {title}"]
    for name in names:
        parts.append(f"## {TITLES.get(name, f'`{name}`')}")
        parts.append(f"`wfprov schema {name}` prints its JSON Schema.")
        schema = SCHEMAS[name]()
        rows = list(dict.fromkeys(_keys(schema, "")))
        heads = "| key | is | means |\n|---|---|---|\n"
        parts.append(heads + "\n".join(f"| `{k}` | {_cell(t)} | {_cell(d)} |" for k, t, d in rows))
    return "\n\n".join(parts) + "\n"


def _keys(schema: Any, path: str) -> Iterator[tuple[str, str, str]]:
    if not isinstance(schema, Mapping):
        return
    for word in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(word, ()):
            yield from _keys(one, path)
    for key, value in schema.get("properties", {}).items():
        below = f"{path}.{key}" if path else key
        about = value.get("description", "") if isinstance(value, Mapping) else ""
        yield below, _type(value), about
        yield from _keys(value, below)
    for value in schema.get("patternProperties", {}).values():
        yield from _keys(value, f"{path}.NAME")
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from _keys(schema["additionalProperties"], f"{path}.NAME")
    if isinstance(schema.get("items"), Mapping):
        yield from _keys(schema["items"], f"{path}[]")


def _type(schema: Mapping[str, Any] | bool) -> str:  # noqa: FBT001 (a JSON Schema)
    if isinstance(schema, bool):
        return "any"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{'null' if one is None else one}`" for one in schema["enum"])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            kinds = [_type(one) for one in schema[word]]
            return " or ".join(kind for kind, _ in groupby(k for k in kinds if k != "null"))
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(one for one in kind if one != "null")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return {"object": "map", "boolean": "true or false"}.get(kind, str(kind))


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 (the program and a folder)
        sys.exit("python tools/docs.py DIR")
    for path, text in pages().items():
        file = Path(sys.argv[1]) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
