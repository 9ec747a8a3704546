"""A permission that a principal must have, and the calls that ask for it."""

from __future__ import annotations

from dataclasses import dataclass

from wfprov.catalog.target import Need
from wfprov.core.address import ResourceName
from wfprov.core.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A need with its principal resolved and the site that has it.

    `principal` is `workflow`, `service_agent` or an e-mail; `site` a site's id, `at` its place.
    """

    principal: str
    need: Need
    site: str
    at: Span

    @property
    def on(self) -> ResourceName:
        """The resource on which the permission is checked."""
        return self.need.on
