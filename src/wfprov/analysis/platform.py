"""What the platform tells a workflow about itself: environment variables and callback addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from wfprov.analysis.calls import Known
from wfprov.analysis.domain import Abstract, Const, Hole, ListOf, MapOf, Text, Unknown
from wfprov.analysis.lattice import NULL, WEIGHT, join
from wfprov.analysis.strings import text_of
from wfprov.core.span import Span
from wfprov.language.tokens import HOLE, hole_name

_BUILT_IN: Final[Mapping[str, str]] = {
    "GOOGLE_CLOUD_LOCATION": "region",
    "GOOGLE_CLOUD_PROJECT_ID": "project",
    "GOOGLE_CLOUD_PROJECT_NUMBER": "project_number",
    "GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME": "service_account",
    "GOOGLE_CLOUD_WORKFLOW_ID": "workflow",
    "GOOGLE_CLOUD_WORKFLOW_REVISION_ID": "revision",
    "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID": "execution",
}
"""Environment variables that every workflow has, and the hole that each is.

Source: https://cloud.google.com/workflows/docs/reference/environment-variables (2026-11-23)
"""

_HOLE: Final = re.compile(HOLE)
_RESERVED: Final = ("GOOGLE", "WORKFLOWS")
"""How no variable of a user begins.

Source: https://cloud.google.com/workflows/docs/use-environment-variables (2026-11-23)
"""


class Platform:
    """What is known of the workflow's surroundings, as abstract values."""

    __slots__ = ("_facts", "_known")

    def __init__(self, known: Known) -> None:
        self._known = known
        self._facts: dict[str, str | None] = {
            "project": known.project,
            "project_number": known.project_number,
            "region": known.region,
            "workflow": known.workflow,
            "service_account": known.service_account,
        }

    def fact(self, name: str, at: Span | None = None) -> str | Hole:
        """The project, region and so on, or the hole of that name."""
        value = self._facts.get(name)
        return Hole(name, at) if value is None else value

    def variable(self, name: str, default: Abstract, at: Span) -> Abstract:
        """What `sys.get_env(name, default)` returns.

        Source: https://cloud.google.com/workflows/docs/reference/stdlib/sys/get_env (2026-11-23)
        """
        if name in _BUILT_IN:
            return text_of((self.fact(_BUILT_IN[name], at),))
        if name in self._known.env:
            return Const(self._known.env[name])
        if name in self._known.open_env:
            return self._known.open_env[name]
        if self.is_unset(name):
            return default
        unknown = Unknown(Hole(f"env:{name}", at))
        return unknown if default == NULL else join(unknown, default)

    def is_unset(self, name: str) -> bool:
        """Whether the workflow certainly has no environment variable of that name."""
        known = self._known
        return (
            known.env_is_whole
            and not {name, "*"} & {*known.env, *known.open_env}
            and name not in _BUILT_IN
            and not name.startswith(_RESERVED)
        )

    def argument(self, at: Span | None) -> Abstract:
        """The runtime argument."""
        if self._known.arguments is None:
            return Unknown(Hole("args", at))
        return bounded(partly_known(self._known.arguments, "args", at), Hole("args", at))

    def callback_url(self, at: Span) -> Text | Const:
        """The address that events.create_callback_endpoint makes.

        Source: https://cloud.google.com/workflows/docs/reference/executions/rest/v1/projects.locations.workflows.executions.callbacks (2026-11-23)
        """  # noqa: E501 - an address
        return text_of(
            (
                "https://workflowexecutions.googleapis.com/v1/projects/",
                self.fact("project", at),
                "/locations/",
                self.fact("region", at),
                "/workflows/",
                self.fact("workflow", at),
                "/executions/",
                Hole("execution", at),
                "/callbacks/",
                Hole("callback", at),
            )
        )


def of_template(template: str) -> Abstract:
    """The text that a template of Terraform comes to: a hole for each `${...}` in it."""
    parts: list[str | Hole] = []
    done = 0
    for found in _HOLE.finditer(template):
        parts += [template[done : found.start()], Hole(hole_name(found.group()))]
        done = found.end()
    return text_of((*parts, template[done:]))


def bounded(value: Abstract, hole: Hole) -> Abstract:
    """The value, or any value when it holds more than can be followed."""
    return Unknown(hole) if value.weight > WEIGHT else value


def decoded(text: str) -> Abstract | None:
    """The value that a JSON text says; None when it is not JSON."""
    try:
        return _exact(json.loads(text), 0)
    except (ValueError, RecursionError):
        return None


def _exact(value: object, depth: int) -> Abstract:
    match value:
        case None | bool() | int() | float() | str():
            return Const(value)
        case dict() if depth < 100:  # noqa: PLR2004 - as deep as definitions are read
            return MapOf(tuple((str(k), _exact(v, depth + 1)) for k, v in value.items()))
        case list() if depth < 100:  # noqa: PLR2004
            return ListOf(tuple(_exact(item, depth + 1) for item in value))
        case _:
            return Unknown(Hole("deep"))


def partly_known(value: object, name: str, at: Span | None, depth: int = 0) -> Abstract:
    """A value of which a user wrote down what is known: its maps may have other keys."""
    match value:
        case Mapping() if depth < 100:  # noqa: PLR2004
            entries = tuple(
                (str(key), partly_known(held, f"{name}.{key}", at, depth + 1))
                for key, held in value.items()
            )
            return MapOf(entries, Unknown(Hole(f"{name}.*", at)))
        case list() | tuple() if depth < 100:  # noqa: PLR2004
            return ListOf(
                tuple(
                    partly_known(item, f"{name}[{i}]", at, depth + 1)
                    for i, item in enumerate(value)
                )
            )
        case None | bool() | int() | float() | str():
            return Const(value)
        case _:
            return Unknown(Hole(name, at))
