"""JSON Schemas of what wfprov reads and writes, by the name that `wfprov schema` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from wfprov.render.schemas.audit import audit_schema
from wfprov.render.schemas.config import config_schema, environment_schema
from wfprov.render.schemas.events import events_schema
from wfprov.render.schemas.inspect import inspect_schema
from wfprov.render.schemas.plan import plan_schema

SCHEMAS: Final[Mapping[str, Callable[[], dict[str, object]]]] = {
    "config": config_schema,
    "environment": environment_schema,
    "events": events_schema,
    "inspect": inspect_schema,
    "plan": plan_schema,
    "audit": audit_schema,
}
