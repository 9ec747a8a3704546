"""The JSON Schemas of wfprov.yaml and environments/ENV.yaml: each key with its help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wfprov.desired.answers import EXAMPLES, GENERATIONS, SHAPES, SITE_ID
from wfprov.desired.layer import (
    CALL_LOG_LEVELS,
    CUSTOM_ROLES,
    EXECUTION_HISTORY_LEVELS,
    IDENTITIES,
    LEVELS,
    TEMPLATINGS,
)
from wfprov.desired.shapes import (
    ADDRESS,
    API,
    CRYPTO_KEY,
    DOMAIN,
    ENDPOINT,
    LABEL_KEY,
    LABEL_VALUE,
    MAX_DESCRIPTION,
    MAX_ENV_VALUE_BYTES,
    MAX_ENV_VARS,
    MAX_LABELS,
    PERMISSION,
    PERMISSION_ON,
    PROJECT,
    PROJECT_NUMBER,
    REGION,
    RESERVED_LABELS,
    RESERVED_PREFIXES,
    ROLE,
    STACK,
    WORKFLOW,
)
from wfprov.render.schemas.shape import (
    BOOLEAN,
    COUNT,
    EDITORS,
    FILLED,
    closed,
    document,
    listed,
    matching,
    one_of,
    optional,
)
from wfprov.render.schemas.trigger import account, trigger

HELP: Final[Mapping[str, str]] = {
    "version": "The version of this format: 1.",
    "stack": "The name that marks what the stack owns, as a label and in descriptions.",
    "workflows": "The workflows by name. In an environment: what differs there.",
    "policy": "Which grants may be made, and how.",
    "project": "The id of the project that the workflows are deployed to.",
    "project_number": "The number of that project. Optional: it is read live. Written down, "
    "addresses that hold it are understood without asking the cloud.",
    "region": "The region that the workflows are deployed to, such as europe-west1.",
    "endpoint": "`cloud`, `embedded` (the control plane in wfprov itself), or an address.",
    "endpoints": "Addresses of single APIs, by short name: {run: https://...}.",
    "universe_domain": "The domain of another universe of Google's APIs.",
    "source": "The definition: a file beside this one, or a glob of several.",
    "templating": "What renders the definition before it is deployed; `auto` looks at it.",
    "service_account": "`dedicated` (the default: one for each workflow), the e-mail address of an "
    "account that is there, or {shared: NAME}.",
    "env": "Environment variables, which `sys.get_env` reads. No secrets: everybody who may read "
    "the workflow reads them.",
    "call_log_level": "Which calls the service logs.",
    "execution_history_level": "How much of each execution's history the service keeps.",
    "description": "What the workflow is for; the console shows it.",
    "labels": "Labels of the workflow.",
    "crypto_key": "A key of Cloud KMS: projects/P/locations/L/keyRings/R/cryptoKeys/K.",
    "deletion_protection": "Whether wfprov refuses to delete the workflow.",
    "triggers": "What starts the workflow: schedules, events.",
    "arguments": "What is known of the runtime argument: calls that depend on it become exact.",
    "template_values": "Values for the placeholders of a template, by name.",
    "answers": "What the definition cannot tell, by the id of the call: main.STEP. "
    "`wfprov inspect` shows what is asked, and the lines to write here.",
    "forbidden_roles": "Roles that are never granted; a plan that needs one is blocked.",
    "dedicated_identity": "`required`: no workflow runs as the project's default account.",
    "custom_roles": "When a custom role is made: never, when-narrower (than predefined roles by "
    "more than the threshold), or always.",
    "custom_role_threshold": "How many permissions in excess a predefined role may hold before "
    "`when-narrower` makes a custom role.",
    "prefer_roles": "The role that answers a permission: {run.routes.invoke: roles/run.invoker}.",
    "new_access": "Which access a change may add (`plan --new-access`), read from its base.",
    "allow": "Rules for new access that passes.",
    "deny": "Rules for new access that never passes.",
    "role": "A role, or a permission of a custom role; * stands for any text.",
    "on": "The full name of what the grant is on; * stands for any text.",
    "principal": "The e-mail address of who gets it; * stands for any text.",
    "workflow": "The workflow that asks for it; * stands for any text.",
    "level": "project: grants on whole projects or above; resource: those below.",
}
"""What each key is for."""

_VALUE: Final[dict[str, object]] = {
    "type": ["string", "number", "boolean"],
    "maxLength": MAX_ENV_VALUE_BYTES,
}


def config_schema() -> dict[str, object]:
    """The schema of wfprov.yaml."""
    properties: dict[str, object] = {
        "version": {"const": 1},
        "stack": matching(STACK.pattern),
        "workflows": _workflows(),
        "policy": _policy(),
    }
    return document("wfprov.yaml", closed(_told(properties), ("workflows",)), EDITORS)


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
    return document("wfprov environment", _written(properties), EDITORS)


def _workflows() -> dict[str, object]:
    return _keyed(WORKFLOW.pattern, optional(_workflow()))


def _workflow() -> dict[str, object]:
    label = matching(LABEL_VALUE.pattern)
    return _written(
        {
            "source": FILLED,
            "templating": one_of(TEMPLATINGS),
            "service_account": account(),
            "env": {
                **_keyed(f"(?!{'|'.join(RESERVED_PREFIXES)}).+", _VALUE),
                "maxProperties": MAX_ENV_VARS,
            },
            "call_log_level": one_of(CALL_LOG_LEVELS),
            "execution_history_level": one_of(EXECUTION_HISTORY_LEVELS),
            "description": {**FILLED, "maxLength": MAX_DESCRIPTION},
            "labels": {
                **_keyed(f"(?!{'|'.join(RESERVED_LABELS)}){LABEL_KEY.pattern}", label),
                "maxProperties": MAX_LABELS,
            },
            "crypto_key": matching(CRYPTO_KEY.pattern),
            "deletion_protection": BOOLEAN,
            "triggers": listed(trigger()),
            "arguments": True,
            "template_values": {"type": "object"},
            "answers": _keyed(SITE_ID.pattern, _answer()),
            "project": matching(PROJECT.pattern),
            "region": matching(REGION.pattern),
        }
    )


def _answer() -> dict[str, object]:
    generation = one_of([*GENERATIONS, *map(int, GENERATIONS)])

    def told(kind: str) -> dict[str, object]:
        shape = SHAPES.get(kind)
        return FILLED if shape is None else matching(shape.pattern)

    values: dict[str, dict[str, object]] = {
        "external": FILLED,
        "cloud_run": told("cloud_run"),
        "cloud_run_job": told("cloud_run_job"),
        "function": closed({"name": told("function"), "generation": generation}),
        "iap": closed({"resource": told("iap")}),
        "private": told("private"),
        "api_method": told("api_method"),
        "permissions": {**listed(matching(PERMISSION_ON.pattern)), "minItems": 1},
        "host": told("host"),
        "workspace": FILLED,
    }
    shown = {
        kind: {**value, "description": f"For example {EXAMPLES[kind]}."}
        for kind, value in values.items()
    }
    return {**closed(shown, ()), "minProperties": 1, "maxProperties": 1}


def _policy() -> dict[str, object]:
    role = matching(ROLE.pattern)
    return _written(
        {
            "forbidden_roles": listed(role),
            "dedicated_identity": one_of(IDENTITIES),
            "custom_roles": one_of(CUSTOM_ROLES),
            "custom_role_threshold": COUNT,
            "prefer_roles": _keyed(PERMISSION.pattern, role),
            "new_access": _written({"allow": listed(_rule()), "deny": listed(_rule())}),
        }
    )


def _rule() -> dict[str, object]:
    words: dict[str, object] = dict.fromkeys(("role", "on", "principal", "workflow"), FILLED)
    return {**_written({**words, "level": one_of(LEVELS)}), "minProperties": 1}


def _written(properties: dict[str, object]) -> dict[str, object]:
    """An object of which nothing has to be written; a key without a value is as if left out."""
    return closed(_told({name: optional(schema) for name, schema in properties.items()}), ())


def _told(properties: Mapping[str, object]) -> dict[str, object]:
    """The properties, each with its help, which an editor shows."""
    return {
        name: {"allOf": [schema], "description": HELP[name]}
        if isinstance(schema, bool)
        else {**schema, "description": HELP[name]}
        for name, schema in properties.items()
        if isinstance(schema, Mapping | bool)
    }


def _keyed(pattern: str, values: object) -> dict[str, object]:
    return {
        "type": "object",
        "patternProperties": {f"^(?:{pattern})$": values},
        "additionalProperties": False,
    }
