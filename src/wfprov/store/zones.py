"""The names of the time zones that the tz database has."""

from __future__ import annotations

import zoneinfo


def time_zones() -> frozenset[str]:
    """Every name, `Europe/Berlin`, from the system or else from the package tzdata."""
    return frozenset(zoneinfo.available_timezones())
