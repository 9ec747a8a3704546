"""Questions: what only the user can tell, with the exact lines to write in wfprov.yaml."""

from __future__ import annotations

import re
from typing import Final

from wfprov.catalog.request import Request
from wfprov.catalog.target import Question
from wfprov.catalog.url import HOLE, is_hole, masked
from wfprov.language.stdlib import FUNCTIONS

CONFIGURED = frozenset({"project", "project_number", "region", "workflow", "service_account"})
"""Holes that the environment fills; they are no question."""

RESERVED = ("env:GOOGLE", "env:WORKFLOWS")
"""How the holes of variables begin that nobody can set.

Source: https://cloud.google.com/workflows/docs/use-environment-variables (2026-11-23)
"""


def holes_in(text: str) -> tuple[str, ...]:
    """The names of the holes in a text, those left out that the environment fills."""
    names = (hole[1:-1] for hole in HOLE.findall(text))
    return tuple(dict.fromkeys(name for name in names if name not in CONFIGURED))


def ask(request: Request, message: str, answer: str, hole: str = "") -> Question:
    """A question whose answer is written under the site's id: `answer` is the YAML after it."""
    return Question(
        hole=hole,
        origin=origin(hole),
        message=message,
        answer="workflows:\n"
        f"  {_key(request.place.workflow)}:\n"
        "    answers:\n"
        f"      {_site(request)}: {answer}",
    )


def ask_value(request: Request, message: str, hole: str, fallback: str) -> Question:
    """A question that a known argument or environment variable settles; else `fallback`."""
    lines = setting(hole)
    if lines is None:
        return ask(request, message, fallback, hole)
    return Question(
        hole=hole,
        origin=origin(hole),
        message=message,
        answer=f"workflows:\n  {_key(request.place.workflow)}:\n    {lines}",
    )


_BY_LENGTH: Final = sorted((name for name in FUNCTIONS if "." in name), key=len, reverse=True)
_ORIGINS: Final = {
    "": "the definition",
    "error": "an error that is caught",
    "failing": "an expression that fails when it is run",
    "expression": "an expression that cannot be read",
    "number": "a number that is not known",
    "double": "a number with decimals, whose form is not known",
    "string": "a text that is not known",
    "key": "a key that is not known",
    "type": "a type that is not known",
    "time": "a time that is not known",
    "uuid": "a UUID that is not known",
    "execution": "the execution, which is not known",
    "callback": "the callback, which is not known",
    "many": "more values than are told apart",
    "long": "a text longer than is followed",
    "large": "a value larger than is followed",
    "limit": "a value that is not followed further",
    "generation_of_the_function": "what the address does not tell",
    "network_project": "what the definition does not tell",
    "iap_project": "what the address does not tell",
    "iap_resource": "what the address does not tell",
}
"""Holes that are named for how they come about; a variable of that name is meant as well."""


def origin(hole: str) -> str:
    """Where a hole comes from, in words."""
    if hole in _ORIGINS:
        return _ORIGINS[hole]
    if hole.startswith(RESERVED):
        return f"the environment variable {hole[4:]}, which no workflow has"
    if found := re.fullmatch(r"env:(\w+)(.*)", hole):
        return f"the environment variable {found[1]}" + (f" ({found[2]})" if found[2] else "")
    if hole.startswith("template:") or re.match(r"(?:var|local)\.", hole):
        return f"the template's {hole.removeprefix('template:')}"
    if hole.startswith("result:"):
        return f"the result of step {hole[7:].partition('.')[0]}"
    if re.match(r"args\b", hole):
        return "the runtime argument"
    if hole.startswith("account_of_"):
        return hole.removeprefix("account_of_").replace("_", " ")
    if hole.startswith("account_of:"):
        parts = hole.split("/")
        return f"the instance template {parts[-1]} of {parts[1]}"
    first, _, rest = hole.partition(".")
    if first == "error" and rest:
        return f"an error that is caught (.{rest})"
    if function := next((name for name in _BY_LENGTH if hole.startswith(name)), None):
        return f"what `{function}` gives"
    return f"the variable {hole}"


def setting(hole: str) -> str | None:
    """The line of a workflow's configuration that fills a hole, None when none does."""
    if re.fullmatch(r"env:\w+", hole) and not hole.startswith(RESERVED):
        return f"env: {{{hole[4:]}: VALUE}}"
    if found := re.fullmatch(r"template:(\w+)", hole):
        return f"template_values: {{{found[1]}: VALUE}}"
    if found := re.fullmatch(r"(var|local)\.([\w-]+)", hole):
        return f"template_values: {{{found[1]}: {{{found[2]}: VALUE}}}}"
    if re.fullmatch(r"args(\.\w+)+", hole):
        keys = hole.split(".")[1:]
        return "arguments: " + "".join(f"{{{key}: " for key in keys) + "VALUE" + "}" * len(keys)
    return None


def _key(name: str) -> str:
    return "NAME" if is_hole(masked(name).text) else name


def _site(request: Request) -> str:
    site = request.call.site
    if request.call.via:
        site = f"{site}@{request.call.via[-1]}"
    plain = re.fullmatch(r"[\w.@ -]*\w", site) is not None and site[0] not in "-@ "
    return site if plain else '"' + site.replace("\\", "\\\\").replace('"', '\\"') + '"'
