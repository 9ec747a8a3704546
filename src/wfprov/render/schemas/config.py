"""The JSON Schemas of wfprov.yaml and environments/ENV.yaml, for editors."""

from __future__ import annotations

from wfprov.desired.answers import GENERATIONS
from wfprov.desired.layer import (
    CALL_LOG_LEVELS,
    CUSTOM_ROLES,
    EXECUTION_HISTORY_LEVELS,
    IDENTITIES,
    TEMPLATINGS,
)
from wfprov.desired.shapes import (
    ADDRESS,
    API,
    CRYPTO_KEY,
    DOMAIN,
    EMAIL,
    ENDPOINT,
    LABEL_KEY,
    LABEL_VALUE,
    MAX_DESCRIPTION,
    MAX_ENV_VARS,
    MAX_LABELS,
    PERMISSION,
    PROJECT,
    PROJECT_NUMBER,
    REGION,
    ROLE,
    SHARED_NAME,
    STACK,
    WORKFLOW,
)
from wfprov.render.schemas.shape import (
    BOOLEAN,
    COUNT,
    FILLED,
    closed,
    document,
    listed,
    mapped,
    matching,
    one_of,
    optional,
)

_SCALAR = {"type": ["string", "number", "boolean"]}


def config_schema() -> dict[str, object]:
    """The schema of wfprov.yaml."""
    properties = {
        "version": {"const": 1},
        "stack": matching(STACK.pattern),
        "workflows": _workflows(),
        "policy": _policy(),
    }
    return document("wfprov.yaml", closed(properties, ("workflows",)))


def environment_schema() -> dict[str, object]:
    """The schema of an environment file."""
    number = matching(PROJECT_NUMBER.pattern)
    properties = {
        "project": matching(PROJECT.pattern),
        "project_number": {"anyOf": [number, {"type": "integer", "minimum": 1}]},
        "region": matching(REGION.pattern),
        "endpoint": matching(ENDPOINT.pattern),
        "endpoints": _keyed(API.pattern, matching(ADDRESS.pattern)),
        "universe_domain": matching(DOMAIN.pattern),
        "stack": matching(STACK.pattern),
        "workflows": _workflows(),
        "policy": _policy(),
    }
    return document("wfprov environment", _written(properties))


def _workflows() -> dict[str, object]:
    return _keyed(WORKFLOW.pattern, optional(_workflow()))


def _workflow() -> dict[str, object]:
    label = matching(LABEL_VALUE.pattern)
    return _written(
        {
            "source": FILLED,
            "templating": one_of(TEMPLATINGS),
            "service_account": {
                "anyOf": [
                    {"const": "dedicated"},
                    matching(EMAIL.pattern),
                    closed({"shared": matching(SHARED_NAME.pattern)}),
                ]
            },
            "env": {
                **_keyed("(?!GOOGLE|WORKFLOWS).+", _SCALAR),
                "maxProperties": MAX_ENV_VARS,
            },
            "call_log_level": one_of(CALL_LOG_LEVELS),
            "execution_history_level": one_of(EXECUTION_HISTORY_LEVELS),
            "description": {**FILLED, "maxLength": MAX_DESCRIPTION},
            "labels": {**_keyed(LABEL_KEY.pattern, label), "maxProperties": MAX_LABELS},
            "crypto_key": matching(CRYPTO_KEY.pattern),
            "deletion_protection": BOOLEAN,
            "triggers": listed(_trigger()),
            "arguments": True,
            "template_values": {"type": "object"},
            "answers": mapped(_answer()),
            "project": matching(PROJECT.pattern),
            "region": matching(REGION.pattern),
        }
    )


def _trigger() -> dict[str, object]:
    schedule = {"schedule": FILLED, "time_zone": FILLED, "argument": True}
    return {
        "anyOf": [closed(schedule, ("schedule",)), closed({"eventarc": {"type": "object"}})],
    }


def _answer() -> dict[str, object]:
    generation = one_of([*GENERATIONS, *map(int, GENERATIONS)])
    values = {
        "external": FILLED,
        "cloud_run": FILLED,
        "cloud_run_job": FILLED,
        "function": closed({"name": FILLED, "generation": generation}),
        "iap": closed({"resource": FILLED}),
        "private": FILLED,
        "api_method": FILLED,
        "permissions": {**listed(matching(PERMISSION.pattern)), "minItems": 1},
        "host": FILLED,
        "workspace": FILLED,
    }
    return {**closed(values, ()), "minProperties": 1, "maxProperties": 1}


def _policy() -> dict[str, object]:
    role = matching(ROLE.pattern)
    return _written(
        {
            "forbidden_roles": listed(role),
            "dedicated_identity": one_of(IDENTITIES),
            "custom_roles": one_of(CUSTOM_ROLES),
            "custom_role_threshold": COUNT,
            "prefer_roles": _keyed(PERMISSION.pattern, role),
        }
    )


def _written(properties: dict[str, object]) -> dict[str, object]:
    """An object of which nothing has to be written; a key without a value is as if left out."""
    return closed({name: optional(schema) for name, schema in properties.items()}, ())


def _keyed(pattern: str, values: object) -> dict[str, object]:
    return {
        "type": "object",
        "patternProperties": {f"^(?:{pattern})$": values},
        "additionalProperties": False,
    }
