"""Outbound calls: what the analysis hands to the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wfprov.analysis.domain import Abstract, Hole
from wfprov.core.span import Span


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OutboundCall:
    """One way in which a call site is reached, with what is known of its arguments then.

    `args` is by name (positional arguments have been given their names). The arguments that decide
    the target are free of alternatives: a site with two possible URLs has two OutboundCalls.
    `auth` is never missing a hole: an unknown auth block is Unknown. `via` holds ids of the calling
    sites, outermost first. `open_args`: the whole argument map is not known, others may be set.
    `places`: where arguments stand in the text, `auth` and what is in it as `auth.type`.
    """

    site: str
    via: tuple[str, ...]
    function: str
    args: Mapping[str, Abstract]
    open_args: Hole | None = None
    span: Span
    places: Mapping[str, Span] = field(default_factory=dict)

    def place_of(self, path: str) -> Span:
        """Where an argument stands, or what it is in; else the function's name."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, self.span)

    def arg(self, name: str) -> Abstract | None:
        """The argument, or None when it is not given."""
        return self.args.get(name)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Site:
    """A call in the text.

    `id` is `main.step`, `sub.outer.inner`, with `#2` for the second call of one step. `span` is
    the function's name at the call. Dead code has `reachable` False and no calls.
    """

    id: str
    function: str
    span: Span
    reachable: bool
    calls: tuple[OutboundCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known from outside the definition; None is not known.

    `arguments` is the runtime argument as far as it is known, JSON-like; `env` the user's
    environment variables, `open_env` those of which only a part is known, `*` among
    them when there may be others.
    """

    project: str | None = None
    project_number: str | None = None
    region: str | None = None
    workflow: str | None = None
    service_account: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    open_env: Mapping[str, Abstract] = field(default_factory=dict)
    arguments: object = None
    env_is_whole: bool = False
